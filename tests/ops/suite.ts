/** @file What must hold for every operator, checked against the float64 reference interpreter. */
import { expect } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { deepliftComplete, gradient } from '../../src/lib/autodiff/rule-sets.ts';
import { bindShape } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { cloneBetween } from '../../src/lib/graph/rewrite.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { isFloat } from '../../src/lib/tensor/dtype.ts';
import { evaluate } from '../reference/interpreter.ts';
import { seedOf, uniform } from '../reference/random.ts';
import { count, ref, type RefTensor } from '../reference/tensor.ts';
import { bindCase, type Case, type Variable } from './case.ts';

/** What the batch axis N is bound to. */
export const BATCH = 2;

export interface Instance {
  readonly g: Builder;
  readonly variables: readonly { readonly value: Value; readonly spec: Variable }[];
  readonly outputs: readonly Value[];
}

export function instantiate(op: string, c: Case): Instance {
  const g = new Builder();
  const variables: { value: Value; spec: Variable }[] = [];
  const inputs = c.inputs.map((input, i) => {
    if (input === null || input instanceof Value) return input;
    const value = new Value(input.dtype, input.shape, { name: `x${i}` });
    variables.push({ value, spec: input });
    return value;
  });
  const names = Array.from({ length: c.outputs ?? 1 }, (_, i) => `y${i}`);
  return { g, variables, outputs: g.applyAll(op, inputs, c.attrs, { outputs: names, domain: c.domain }) };
}

type Feeds = Map<Value, RefTensor>;

function draw(spec: Variable, random: () => number): number {
  const { low = -2, high = 2, avoid = [] } = spec;
  if (!isFloat(spec.dtype)) return low + Math.floor(random() * (high - low + 1));
  for (;;) {
    const v = low + (high - low) * random();
    if (avoid.every((kink) => Math.abs(v - kink) > 0.05)) return v;
  }
}

export function randomFeeds({ variables }: Instance, random: () => number): Feeds {
  return new Map(
    variables.map(({ value, spec }) => {
      const shape = bindShape(spec.shape, BATCH);
      const values = spec.values ?? Array.from({ length: count(shape) }, () => draw(spec, random));
      return [value, ref(spec.dtype, shape, values)];
    }),
  );
}

const inner = (a: RefTensor, b: RefTensor): number => a.data.reduce((sum, v, i) => sum + v * b.data[i], 0);
const minus = (a: RefTensor, b: RefTensor): RefTensor => ({ ...a, data: a.data.map((v, i) => v - b.data[i]) });
const randomLike = (y: Value, random: () => number): RefTensor => {
  const shape = bindShape(y.shape, BATCH);
  return ref(
    'float32',
    shape,
    Array.from({ length: count(shape) }, () => 2 * random() - 1),
  );
};

/** Every output comes out with the element type and the shape that inference promised, for N and for a number. */
export function checkInference(op: string, c: Case): void {
  const instance = instantiate(op, c);
  const concrete = instantiate(op, bindCase(c, BATCH));
  const results = evaluate(instance.outputs, randomFeeds(instance, uniform(seedOf(op))), BATCH);
  instance.outputs.forEach((y, i) => {
    expect({ dtype: y.dtype, shape: bindShape(y.shape, BATCH) }).toEqual({
      dtype: results[i].dtype,
      shape: [...results[i].shape],
    });
    expect(concrete.outputs[i].shape).toEqual(bindShape(y.shape, BATCH));
  });
}

/** The float inputs that depend on the image, and the float outputs. */
export const floatParts = ({ variables, outputs }: Instance) => ({
  xs: variables.map((v) => v.value).filter((v) => isFloat(v.dtype)),
  ys: outputs.filter((y) => isFloat(y.dtype)),
});

/** ∂(Σ seed·y)/∂x by central differences of the reference forward pass. */
function centralDifferences(y: Value, x: Value, feeds: Feeds, seed: RefTensor): RefTensor {
  const at = feeds.get(x)!;
  const value = (i: number, moved: number) => {
    const data = at.data.with(i, moved);
    return inner(evaluate([y], new Map([...feeds, [x, { ...at, data }]]), BATCH)[0], seed);
  };
  const slopes = Array.from(at.data, (v, i) => {
    const h = 1e-5 * Math.max(1, Math.abs(v));
    return (value(i, v + h) - value(i, v - h)) / (v + h - (v - h));
  });
  return ref('float32', at.shape, slopes);
}

/** The gradient graph gives what central differences of the forward pass give, for every input. */
export function checkGradient(op: string, c: Case): void {
  if (c.conventional) return;
  const instance = instantiate(op, c);
  const random = uniform(seedOf(op) + 1);
  const feeds = randomFeeds(instance, random);
  const { xs, ys } = floatParts(instance);
  for (const y of ys) {
    const seed = new Value('float32', y.shape, { name: 'seed' });
    const dy = randomLike(y, random);
    const gradients = backward(instance.g, gradient, { y, seed, xs });
    const results = evaluate(gradients, new Map([...feeds, [seed, dy]]), BATCH);
    xs.forEach((x, i) => {
      expect(gradients[i].shape, `gradient of ${x.name}`).toEqual(x.shape);
      expectClose(results[i], centralDifferences(y, x, feeds, dy), 1e-6, `∂${y.name}/∂${x.name}`);
    });
  }
}

/** max|a − b| ≤ tolerance · max(1, max|b|) */
export function expectClose(actual: RefTensor, expected: RefTensor, tolerance: number, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape);
  const size = expected.data.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
  const gap = actual.data.reduce(
    (most, v, i) => Math.max(most, Object.is(v, expected.data[i]) ? 0 : Math.abs(v - expected.data[i])),
    0,
  );
  expect(gap / size, `${what}: [${actual.data}] against [${expected.data}]`).toBeLessThanOrEqual(tolerance);
}

type Pairing = (near: Feeds, spec: ReadonlyMap<Value, Variable>, random: () => number) => Feeds;

const mapFeeds = (feeds: Feeds, f: (v: number, value: Value) => number): Feeds =>
  new Map(
    [...feeds].map(([value, t]) => [value, isFloat(t.dtype) ? { ...t, data: t.data.map((v) => f(v, value)) } : t]),
  );

/** Reference inputs x′ for given inputs x. */
const pairings: Readonly<Record<string, Pairing>> = {
  'another point': (x, spec, random) => mapFeeds(x, (_, value) => draw(spec.get(value)!, random)),
  'half of the elements equal': (x, spec, random) =>
    mapFeeds(x, (v, value) => (random() < 0.5 ? v : draw(spec.get(value)!, random))),
  'the same point': (x) => x,
  'far apart': (x, spec, random) =>
    mapFeeds(x, (v, value) => {
      const { low, high } = spec.get(value)!;
      if (low === undefined || high === undefined) return 60 * random() - 30;
      return v - low < high - v ? high : low;
    }),
};

/** Multipliers times differences of the inputs sum to seed times the difference of the output: exact, whatever the pair. */
export function checkDeepLift(op: string, c: Case): void {
  const instance = instantiate(op, c);
  const { xs, ys } = floatParts(instance);
  if (xs.length === 0 || c.additive === false) return;
  const random = uniform(seedOf(op) + 2);
  const feeds = randomFeeds(instance, random);
  const spec = new Map(instance.variables.map((v) => [v.value, v.spec]));
  const subsets = xs.length > 1 ? [xs, ...xs.map((v) => [v])] : [xs];
  for (const [name, pairing] of Object.entries(pairings)) {
    const reference = pairing(feeds, spec, random);
    for (const y of ys) {
      for (const varying of subsets) {
        expectComplete(
          instance.g,
          y,
          varying,
          feeds,
          reference,
          randomLike(y, random),
          `${y.name} by ${varying.map((v) => v.name)}, ${name}`,
        );
      }
    }
  }
}

function expectComplete(
  g: Builder,
  y: Value,
  xs: readonly Value[],
  feeds: Feeds,
  reference: Feeds,
  dy: RefTensor,
  what: string,
): void {
  const twins = new Map(xs.map((v) => [v, new Value(v.dtype, v.shape, { name: `${v.name}′` })]));
  const onReference = cloneBetween(twins, [y]);
  const seed = new Value('float32', y.shape, { name: 'seed' });
  const multipliers = backward(g, deepliftComplete, { y, seed, xs, reference: onReference });
  const all = new Map([...feeds, ...xs.map((v): [Value, RefTensor] => [twins.get(v)!, reference.get(v)!]), [seed, dy]]);
  const [now, then, ...ms] = evaluate([y, onReference(y), ...multipliers], all, BATCH);
  const terms = xs.map((v, i) => minus(feeds.get(v)!, reference.get(v)!).data.map((d, j) => d * ms[i].data[j]));
  const scores = terms.reduce((sum, t) => sum + t.reduce((a, b) => a + b, 0), 0);
  const size = terms.reduce((sum, t) => sum + t.reduce((a, b) => a + Math.abs(b), 0), 1);
  const change = inner(minus(now, then), dy);
  expect(
    ms.every((m) => m.data.every(Number.isFinite)),
    `${what}: multipliers are finite`,
  ).toBe(true);
  expect(
    Math.abs(scores - change) / (size + Math.abs(change)),
    `${what}: ${scores} against ${change}`,
  ).toBeLessThanOrEqual(1e-9);
}
