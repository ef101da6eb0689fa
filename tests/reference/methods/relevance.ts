/**
 * @file LRP neuron by neuron: every layer is written out as a matrix by feeding it one unit vector after another, and each
 * rule is a loop over contributions zᵢⱼ = xᵢ·wᵢⱼ, as its paper has it. No transposed operator and no changed weights.
 */
import { Value } from '../../../src/lib/graph/graph.ts';
import { Builder } from '../../../src/lib/ops/builder.ts';
import { evaluate } from '../interpreter.ts';
import { ref } from '../tensor.ts';

export type Build = (g: Builder, x: Value) => Value;

/**
 * A part of a network. `layer`: affine, with weights, under the layer's rule. `sum`: affine without weights of its own, as
 * average pooling, in proportion. `max`: each output is the largest of its inputs. `pass`: elementwise. `skip`: x + f(x).
 */
export type Block =
  | { readonly kind: 'layer'; readonly place: Place; readonly build: Build }
  | { readonly kind: 'sum' | 'max' | 'pass'; readonly build: Build }
  | { readonly kind: 'skip'; readonly blocks: readonly Block[] };

export type Place = 'first' | 'middle' | 'last';

/** The contributions zᵢⱼ of the inputs to one output j, its bias, what it hands back; returns each input's share. */
export type Rule = (neuron: Neuron) => number[];

export interface Neuron {
  readonly z: readonly number[];
  readonly w: readonly number[];
  readonly x: readonly number[];
  readonly bias: number;
  readonly R: number;
  readonly low: readonly number[];
  readonly high: readonly number[];
}

const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const positive = (v: number): number => (v > 0 ? v : 0);
const negative = (v: number): number => (v < 0 ? v : 0);
const over = (share: number, total: number, epsilon = 0): number =>
  total + epsilon === 0 ? 0 : share / (total + (total < 0 ? -epsilon : epsilon));

export const rules = {
  epsilon:
    (epsilon: number): Rule =>
    ({ z, bias, R }) =>
      z.map((v) => over(v * R, sumOf(z) + bias, epsilon)),
  gamma:
    (gamma: number): Rule =>
    ({ z, bias, R }) => {
      const favoured = sumOf(z) + bias < 0 ? negative : positive;
      const raised = (v: number) => v + gamma * favoured(v);
      return z.map((v) => over(raised(v) * R, sumOf(z.map(raised)) + raised(bias)));
    },
  gammaByWeight:
    (gamma: number): Rule =>
    ({ x, w, bias, R }) => {
      const z = w.map((v, i) => x[i] * (v + gamma * positive(v)));
      return z.map((v) => over(v * R, sumOf(z) + bias));
    },
  alphaBeta:
    (alpha: number, beta: number): Rule =>
    ({ z, bias, R }) => {
      const [up, down] = [sumOf(z.map(positive)) + positive(bias), sumOf(z.map(negative)) + negative(bias)];
      return z.map((v) => alpha * over(positive(v) * R, up) - beta * over(negative(v) * R, down));
    },
  plusByWeight:
    (): Rule =>
    ({ x, w, bias, R }) => {
      const z = w.map((v, i) => x[i] * positive(v));
      return z.map((v) => over(v * R, sumOf(z) + positive(bias)));
    },
  flat:
    (): Rule =>
    ({ w, R }) =>
      w.map((v) => (v === 0 ? 0 : R / w.filter((u) => u !== 0).length)),
  wSquare:
    (): Rule =>
    ({ w, R }) =>
      w.map((v) => over(v * v * R, sumOf(w.map((u) => u * u)))),
  box:
    (): Rule =>
    ({ z, w, low, high, R }) => {
      const shares = z.map((v, i) => v - low[i] * positive(w[i]) - high[i] * negative(w[i]));
      return shares.map((v) => over(v * R, sumOf(shares)));
    },
};

interface Shaped {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

function run(build: Build, x: Shaped): Shaped {
  const input = new Value('float32', x.shape);
  const [y] = evaluate([build(new Builder(), input)], new Map([[input, ref('float32', x.shape, x.data)]]));
  return { shape: y.shape, data: [...y.data] };
}

export const forward = (blocks: readonly Block[], x: Shaped): Shaped =>
  blocks.reduce((v, block) => {
    if (block.kind !== 'skip') return run(block.build, v);
    const around = forward(block.blocks, v);
    return { ...v, data: v.data.map((a, i) => a + around.data[i]) };
  }, x);

interface Matrix {
  /** columns[i][j] = wᵢⱼ */
  readonly columns: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

const matrices = new Map<Build, Matrix>();

function matrixOf(build: Build, x: Shaped): Matrix {
  const made = matrices.get(build) ?? writtenOut(build, x);
  matrices.set(build, made);
  return made;
}

function writtenOut(build: Build, x: Shaped): Matrix {
  const bias = run(build, { ...x, data: x.data.map(() => 0) }).data;
  const columns = x.data.map((_, i) => {
    const unit = x.data.map((_v, k) => (k === i ? 1 : 0));
    // Weights that are not there are exactly 0: the flat rule counts them.
    return run(build, { ...x, data: unit })
      .data.map((v, j) => v - bias[j])
      .map((v) => (Math.abs(v) < 1e-12 ? 0 : v));
  });
  return { columns, bias };
}

export interface Setting {
  /** Whether biases are among the sums. */
  readonly bias: boolean;
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly rules: Readonly<Record<Place, Rule>>;
}

function throughAffine(build: Build, x: Shaped, R: readonly number[], rule: Rule, setting: Setting): number[] {
  const { columns, bias } = matrixOf(build, x);
  const into = x.data.map(() => 0);
  R.forEach((relevance, j) => {
    const w = columns.map((column) => column[j]);
    const z = w.map((v, i) => v * x.data[i]);
    const neuron = {
      z,
      w,
      x: x.data,
      R: relevance,
      bias: setting.bias ? bias[j] : 0,
      low: setting.low,
      high: setting.high,
    };
    rule(neuron).forEach((share, i) => (into[i] += share));
  });
  return into;
}

function throughMaximum(build: Build, x: Shaped, R: readonly number[]): number[] {
  const reaches = matrixOf(build, x).columns;
  const into = x.data.map(() => 0);
  R.forEach((relevance, j) => {
    const members = x.data.map((_, i) => i).filter((i) => reaches[i][j] > 0);
    into[members.reduce((best, i) => (x.data[i] > x.data[best] ? i : best))] += relevance;
  });
  return into;
}

/** What arrives at the input of `blocks` when `R` is handed back from their output. */
export function relevance(blocks: readonly Block[], x: Shaped, R: readonly number[], setting: Setting): number[] {
  const inputs = blocks.reduce((all, block) => [...all, forward([block], all[all.length - 1])], [x]);
  return blocks.reduceRight<readonly number[]>((flow, block, k) => {
    const at = inputs[k];
    if (block.kind === 'skip') {
      const around = forward(block.blocks, at).data;
      const part = (own: readonly number[], other: readonly number[]) =>
        flow.map((r, i) => over(own[i] * r, own[i] + other[i]));
      const inner = relevance(block.blocks, at, part(around, at.data), setting);
      return part(at.data, around).map((r, i) => r + inner[i]);
    }
    if (block.kind === 'layer') return throughAffine(block.build, at, flow, setting.rules[block.place], setting);
    if (block.kind === 'max') return throughMaximum(block.build, at, flow);
    if (block.kind === 'sum') return throughAffine(block.build, at, flow, rules.epsilon(0), { ...setting, bias: true });
    return flow;
  }, R) as number[];
}
