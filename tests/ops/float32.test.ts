/** DeepLIFT's multipliers as a device computes them: the sum survives float32. */
import { beforeAll, expect, it } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { deepliftComplete } from '../../src/lib/autodiff/rule-sets.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { cloneBetween } from '../../src/lib/graph/rewrite.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { allocate, isFloat } from '../../src/lib/tensor/dtype.ts';
import { toNumbers, type Tensor } from '../../src/lib/tensor/tensor.ts';
import { seedOf, uniform } from '../reference/random.ts';
import type { RefTensor } from '../reference/tensor.ts';
import type { Case } from './case.ts';
import { cases } from './cases/index.ts';
import { BATCH, instantiate, randomFeeds } from './suite.ts';

let runtime: Runtime;
beforeAll(async () => {
  runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
});

function onDevice({ dtype, shape, data: values }: RefTensor): Tensor {
  const data = allocate(dtype, values.length);
  values.forEach((v, i) => (data[i] = (data instanceof BigInt64Array ? BigInt(v) : v) as never));
  return { dtype, shape, data };
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** |Σ m·Δx − Σ Δy| over the sum of the terms' sizes, as computed in float32. */
async function gap(op: string, c: Case, title: string): Promise<number> {
  const instance = instantiate(op, c);
  const variables = instance.variables.map((v) => v.value);
  const xs = variables.filter((v) => isFloat(v.dtype));
  const [y] = instance.outputs;
  const random = uniform(seedOf(title));
  const [now, then] = [randomFeeds(instance, random), randomFeeds(instance, random)];
  const twins = new Map(xs.map((v) => [v, new Value(v.dtype, v.shape, { name: `${v.name}′` })]));
  const reference = cloneBetween(twins, [y]);
  const seed = instance.g.expand(instance.g.scalar(1), y.shape);
  const multipliers = backward(instance.g, deepliftComplete, { y, seed, xs, reference });
  const graph = { name: title, inputs: [...variables, ...twins.values()], outputs: [y, reference(y), ...multipliers] };
  const feeds = [...variables.map((v) => onDevice(now.get(v)!)), ...xs.map((v) => onDevice(then.get(v)!))];
  const program = await runtime.compile(graph, { batch: BATCH });
  const [ys, ysThen, ...ms] = (await Promise.all((await program.run(feeds)).map((t) => t.read()))).map(toNumbers);
  await program.dispose();
  const changes = ys.map((v, i) => v - ysThen[i]);
  const terms = xs.flatMap((v, k) =>
    ms[k].map((m, i) => m * (Math.fround(now.get(v)!.data[i]) - Math.fround(then.get(v)!.data[i]))),
  );
  const size = sum(changes.map(Math.abs)) + sum(terms.map(Math.abs));
  return Math.abs(sum(terms) - sum(changes)) / Math.max(size, 1e-6);
}

const rows = Object.entries(cases).flatMap(([op, list]) =>
  list
    .map((c, i) => ({ op, c, title: `${op}: ${c.title ?? `case ${i + 1}`}` }))
    .filter(
      ({ c }) => c.additive !== false && c.inputs.some((v) => v && !(v instanceof Value) && v.dtype === 'float32'),
    )
    .filter(({ op: name, c }) => isFloat(instantiate(name, c).outputs[0].dtype)),
);

it.each(rows)('$title', async ({ op, c, title }) => {
  expect(await gap(op, c, title)).toBeLessThan(1e-6);
});
