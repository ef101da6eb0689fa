/** Values far from 0 stay finite in float32: nothing overflows in a branch that is not taken. */
import { beforeAll, describe, expect, it } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { deepliftComplete, gradient } from '../../src/lib/autodiff/rule-sets.ts';
import { Value, topologicalOrder, type Graph } from '../../src/lib/graph/graph.ts';
import { cloneBetween } from '../../src/lib/graph/rewrite.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { float32, toNumbers, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { cases } from './cases/index.ts';
import { instantiate } from './suite.ts';
import { activation } from './cases/activation.ts';

const FAR = [-3e4, -88.8, -50, -20, -1e-30, 0, 1e-30, 20, 50, 88.8, 3e4];

let runtime: Runtime;
beforeAll(async () => {
  runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
});

async function run(graph: Graph, feeds: readonly FloatTensor[]): Promise<number[][]> {
  const program = await runtime.compile(graph);
  const results = await Promise.all((await program.run(feeds)).map((t) => t.read()));
  await program.dispose();
  return results.map(toNumbers);
}

describe.each(Object.keys(activation).filter((op) => op !== 'PRelu'))('%s', (op) => {
  it('has a finite slope everywhere', async () => {
    const g = new Builder();
    const x = new Value('float32', [FAR.length], { name: 'x' });
    const y = g.apply(op, [x]);
    const [dx] = backward(g, gradient, { y, seed: g.expand(g.scalar(1), y.shape), xs: [x] });
    const [slopes] = await run({ name: op, inputs: [x], outputs: [dx] }, [float32([FAR.length], FAR)]);
    expect(slopes.filter((v) => !Number.isFinite(v) || Math.abs(v) > 2)).toEqual([]);
  });

  it('sums to the change of the output between any two of them', async () => {
    const pairs = FAR.flatMap((a) => FAR.map((b): [number, number] => [a, b]));
    const g = new Builder();
    const [x, xRef] = ['x', 'x′'].map((name) => new Value('float32', [pairs.length], { name }));
    const y = g.apply(op, [x]);
    const reference = cloneBetween(new Map([[x, xRef]]), [y]);
    const [m] = backward(g, deepliftComplete, { y, seed: g.expand(g.scalar(1), y.shape), xs: [x], reference });
    const feeds = [0, 1].map((i) =>
      float32(
        [pairs.length],
        pairs.map((p) => p[i]),
      ),
    );
    const [ms, ys, yRefs] = await run({ name: op, inputs: [x, xRef], outputs: [m, y, reference(y)] }, feeds);
    const gaps = pairs.map(
      ([a, b], i) => Math.abs(ms[i] * (a - b) - (ys[i] - yRefs[i])) / Math.max(1, Math.abs(a), Math.abs(b)),
    );
    expect(ms.every(Number.isFinite)).toBe(true);
    expect(Math.max(...gaps)).toBeLessThan(1e-6);
  });
});

/** Correct on every device, but computed on the CPU in the middle of a GPU graph. */
const OFF_THE_GPU = new Set([
  'Sign',
  'Softsign',
  'Round',
  'Selu',
  'Celu',
  'Mod',
  'Or',
  'Xor',
  'Sum',
  'Mean',
  'OneHot',
  'SpaceToDepth',
  'Size',
  'ConstantOfShape',
  'EyeLike',
  'NonZero',
  'MaxUnpool',
  'Col2Im',
  'GroupNormalization',
  'LogSoftmax',
  'IsNaN',
  'IsInf',
]);

it('rules emit only operators that GPUs run', () => {
  const emitted = new Set<string>();
  for (const [op, rows] of Object.entries(cases)) {
    for (const c of rows) {
      const { g, variables, outputs } = instantiate(op, c);
      const xs = variables.map((v) => v.value).filter((v) => v.dtype === 'float32');
      for (const y of outputs.filter((v) => v.dtype === 'float32')) {
        const reference = cloneBetween(new Map(xs.map((v) => [v, new Value(v.dtype, v.shape)])), [y]);
        const own = new Set([...topologicalOrder([y, reference(y)])]);
        const seed = new Value('float32', y.shape);
        for (const rules of [gradient, deepliftComplete]) {
          for (const node of topologicalOrder(backward(g, rules, { y, seed, xs, reference }))) {
            if (!own.has(node) && OFF_THE_GPU.has(node.op)) emitted.add(`${op} → ${node.op}`);
          }
        }
      }
    }
  }
  expect([...emitted]).toEqual([]);
});
