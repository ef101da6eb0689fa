/** @file The same graph written at opset 20 and at opset 17 computes the same, for any number of examples. */
import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { repeat } from '../../src/lib/graph/repeat.ts';
import { writeModel } from '../../src/lib/formats/onnx/write.ts';
import '../../src/lib/ops/index.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { lowerForFile } from '../../src/lib/runtime/lower/lower.ts';
import { float32, toNumbers } from '../../src/lib/tensor/tensor.ts';
import { gaussian } from '../attribution/models.ts';
import { relativeMiss } from './compare.ts';
import { runFile, runGraph } from './shared.ts';

const g = new Builder();
const x = new Value('float32', [N, 2, 4, 4], { name: 'x' });
const graphOf = (...outputs: Value[]) => ({ name: 'test', inputs: [x], outputs });
const fed = gaussian([3, 2, 4, 4], 1);
const file = (...outputs: Value[]) =>
  writeModel(lowerForFile(graphOf(...outputs)), { batch: 'any', opset: 17, weights: 'embedded' });

/** Operators whose form is another one at opset 17. */
const cases: Readonly<Record<string, () => readonly Value[]>> = {
  ReduceMax: () => [g.apply('ReduceMax', [x, g.ints([1, -1])], { keepdims: 0 })],
  ReduceL2: () => [g.apply('ReduceL2', [x, g.ints([2])])],
  Split: () => g.applyAll('Split', [x], { axis: -1, num_outputs: 2 }, { outputs: ['', ''] }),
  Pad: () => [g.apply('Pad', [x, g.ints([1, 0, 2, 1]), g.scalar(0.5), g.ints([-1, 2])])],
  Resize: () => [g.apply('Resize', [x, null, null, g.ints([7, 9])], { axes: [2, 3], mode: 'linear', antialias: 1 })],
  AveragePool: () => [g.apply('AveragePool', [x], { kernel_shape: [2, 2], dilations: [1, 1] })],
  Gelu: () => [g.apply('Gelu', [x]), g.apply('Gelu', [x], { approximate: 'tanh' })],
  Mish: () => [g.apply('Mish', [x])],
  Swish: () => [g.apply('Swish', [x])],
  Expand: () => [g.expand(g.reduceSum(x, [1, 2, 3]), [N, 2, 4, 4]), g.reshape(x, [N, 32])],
};

describe('opset 17', () => {
  it.each(Object.keys(cases))('%s', async (name) => {
    const outputs = cases[name]();
    const wanted = await runGraph(graphOf(...outputs), [fed], { batch: 3 });
    const written = file(...outputs);
    const got = await runFile(written.bytes, [['x', fed]], written.outputs);
    wanted.forEach((want, i) => expect(relativeMiss(got[i], want), `output ${i}`).toBeLessThan(1e-5));
  });

  it('refuses by name what it cannot say', () => {
    expect(() =>
      file(g.apply('Pad', [x, g.ints([0, 0, 1, 1, 0, 0, 1, 1])], { mode: 'wrap' }, { name: 'round' })),
    ).toThrow(/^Pad \(node "round"\): ONNX opset 17 cannot say this: it pads with the other end of the axis\./);
    const dilated = { kernel_shape: [2, 2], dilations: [2, 2] };
    expect(() => file(g.apply('AveragePool', [x], dilated))).toThrow(/its windows have holes/);
  });
});

describe('what is repeated', () => {
  it('is computed once for each row, with what it reads from outside', async () => {
    const weights = [0.5, -2, 3];
    const rows = g.constant(float32([3, 1, 1, 1, 1], weights));
    const squared = g.square(x);
    const [sum, product] = repeat({
      states: [g.zerosLike(x), g.expand(g.scalar(1), x.shape)],
      rows: [rows],
      step: ([sum, product], [w]) => [g.add(sum, g.mul(w, squared)), g.mul(product, g.add(x, w))],
    });
    const written = file(sum, product);
    const [gotSum, gotProduct] = await runFile(written.bytes, [['x', fed]], written.outputs);
    const values = toNumbers(fed);
    const literal = (of: (v: number) => number) => float32(fed.shape, values.map(of));
    const total = weights.reduce((a, w) => a + w);
    expect(
      relativeMiss(
        gotSum,
        literal((v) => total * v * v),
      ),
    ).toBeLessThan(1e-5);
    expect(
      relativeMiss(
        gotProduct,
        literal((v) => weights.reduce((p, w) => p * (v + w), 1)),
      ),
    ).toBeLessThan(1e-5);
  });

  it('must keep the shape of its states', () => {
    const step = ([state]: readonly Value[]) => [g.reduceSum(state, [1])];
    expect(() => repeat({ states: [x], rows: [g.constant(float32([2, 1], [1, 2]))], step })).toThrow(
      /state 0 begins as \[N,2,4,4\] and becomes \[N,1,4,4\]/,
    );
  });
});
