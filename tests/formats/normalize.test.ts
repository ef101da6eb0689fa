/** Operator sets of the past and onnxruntime's own operators, against onnxruntime running the file as it is. */
import { describe, expect, it } from 'vitest';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { float32, int64, makeTensor, sizeOf, type Tensor } from '../../src/lib/tensor/tensor.ts';
import { onnxFile, type FileSpec } from './build-file.ts';
import { mismatch } from './compare.ts';
import { runFile, runGraph } from './shared.ts';

const wave = (shape: readonly number[]): Tensor<'float32'> =>
  float32(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => 3 * Math.sin(2.3 * i + 0.4)),
  );

type Row = readonly [title: string, spec: FileSpec];

const one = (
  op: string,
  opset: number,
  shape: readonly number[],
  attrs: FileSpec['nodes'][number]['attrs'] = {},
  weights: FileSpec['weights'] = {},
  domain = '',
  out = ['y'],
): Row => [
  `${domain}${domain && '.'}${op} of opset ${opset} ${JSON.stringify(Object.keys(attrs))}`,
  {
    nodes: [{ op, in: ['x', ...Object.keys(weights)], out, attrs, domain }],
    inputs: { x: shape },
    outputs: out.filter((name) => name !== ''),
    weights,
    opset,
  },
];

const image = [1, 2, 4, 4];
const ms = 'com.microsoft';
const kernel = wave([3, 2, 3, 3]);

const rows: readonly Row[] = [
  one('Clip', 7, image, { min: -1.5, max: { float: 2 } }),
  one('Clip', 7, image, { max: 0.5 }),
  one('Pad', 7, image, { pads: [0, 0, 1, 2, 0, 0, 0, 1], value: 0.5, mode: 'constant' }),
  one('Pad', 9, image, { pads: [0, 0, 1, 1, 0, 0, 1, 1], mode: 'reflect' }),
  one('Slice', 7, image, { starts: [1, 0], ends: [Number.MAX_SAFE_INTEGER, 3], axes: [2, 3] }),
  one('Slice', 9, [3, 4], { starts: [1, -3], ends: [3, -1] }),
  one('Squeeze', 7, [2, 1, 3, 1], { axes: [1, 3] }),
  one('Unsqueeze', 11, [2, 3], { axes: [0, 3] }),
  one('ReduceSum', 11, image, { axes: [2, 3], keepdims: 0 }),
  one('ReduceMean', 13, image, { axes: [-1], keepdims: 1 }),
  one('ReduceMax', 12, image, { axes: [1] }),
  one('ReduceL2', 13, image, { axes: [1, 2], keepdims: 0 }),
  one('Split', 7, [2, 5], { axis: 1, split: [2, 3] }, {}, '', ['a', 'b']),
  one('Split', 11, [2, 6], { axis: -1 }, {}, '', ['a', 'b', 'c']),
  one('Split', 18, [2, 5], { axis: 1, num_outputs: 2 }, {}, '', ['a', 'b']),
  one('Softmax', 7, [2, 3, 2, 2], {}),
  one('Softmax', 11, [2, 3, 4], { axis: 2 }),
  one('Softmax', 11, [2, 3, 4], { axis: -2 }),
  one('LogSoftmax', 9, [2, 3, 4], { axis: 1 }),
  one('Softmax', 11, [2, 6, 1, 1], { axis: 1 }),
  one('Upsample', 7, image, { scales: { floats: [1, 1, 2, 3] }, mode: 'nearest' }),
  one('Upsample', 7, image, { scales: { floats: [1, 1, 2, 2] }, mode: 'linear' }),
  one('Upsample', 9, image, { mode: 'nearest' }, { scales: float32([4], [1, 1, 2, 2]) }),
  one('Upsample', 9, image, { mode: 'linear' }, { scales: float32([4], [1, 1, 1.5, 2]) }),
  one('Resize', 10, image, { mode: 'nearest' }, { scales: float32([4], [1, 1, 2, 0.5]) }),
  one('Resize', 10, image, { mode: 'linear' }, { scales: float32([4], [1, 1, 2, 2]) }),
  one(
    'Resize',
    11,
    image,
    { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
    { roi: float32([0], []), scales: float32([0], []), sizes: int64([4], [1, 2, 7, 5]) },
  ),
  one(
    'Resize',
    13,
    image,
    { mode: 'nearest' },
    { roi: float32([8], [0, 0, 0, 0, 1, 1, 1, 1]), scales: float32([4], [1, 1, 2, 2]) },
  ),
  one('Dropout', 7, image, { ratio: 0.5 }),
  one(
    'BatchNormalization',
    7,
    image,
    { epsilon: 0.01, momentum: 0.9 },
    { s: float32([2], [1, 2]), b: float32([2], [0.5, -1]), m: float32([2], [0.1, 0.2]), v: float32([2], [1.5, 0.5]) },
  ),
  one(
    'BatchNormalization',
    9,
    image,
    {},
    { s: float32([2], [1, 2]), b: float32([2], [0.5, -1]), m: float32([2], [0.1, 0.2]), v: float32([2], [1.5, 0.5]) },
  ),
  [
    'TopK of opset 9',
    {
      nodes: [{ op: 'TopK', out: ['y', 'i'], attrs: { k: 3, axis: 1 } }],
      inputs: { x: [2, 5] },
      outputs: ['y'],
      opset: 9,
    },
  ],
  one('DepthToSpace', 9, [1, 8, 2, 2], { blocksize: 2 }),
  one('MaxPool', 7, image, { kernel_shape: [3, 3], auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  one('AveragePool', 7, image, { kernel_shape: [2, 2], pads: [1, 1, 0, 0], count_include_pad: 1 }),
  one(
    'GroupNormalization',
    18,
    [2, 4, 3, 3],
    { num_groups: 2, epsilon: 0.01 },
    { s: float32([2], [1, 3]), b: float32([2], [0.5, -1]) },
  ),
  one(
    'GroupNormalization',
    21,
    [2, 4, 3, 3],
    { num_groups: 2 },
    { s: float32([4], [1, 3, 2, -1]), b: float32([4], [0.5, -1, 0, 2]) },
  ),
  one('Gelu', 17, image, {}, {}, ms),
  one('FastGelu', 17, [2, 3], {}, {}, ms),
  one('FastGelu', 17, [2, 3], {}, { b: float32([3], [0.1, -0.5, 1]) }, ms),
  one('BiasGelu', 17, [2, 3], {}, { b: float32([3], [0.1, -0.5, 1]) }, ms),
  one('QuickGelu', 17, [2, 3], { alpha: 1.702 }, {}, ms),
  one(
    'FusedConv',
    17,
    image,
    { activation: 'Relu', pads: [1, 1, 1, 1] },
    { w: kernel, b: float32([3], [0.1, 0.2, -3]) },
    ms,
  ),
  one('FusedConv', 17, image, { activation: 'LeakyRelu', activation_params: { floats: [0.1] } }, { w: kernel }, ms),
  one('FusedConv', 17, image, { activation: 'Clip', activation_params: { floats: [0, 6] } }, { w: kernel }, ms),
  one('FusedMatMul', 17, [4, 3], { transA: 1, transB: 1, alpha: 0.5 }, { w: wave([5, 4]) }, ms),
  one('FusedGemm', 17, [4, 3], { transB: 1, activation: 'Relu' }, { w: wave([5, 3]), c: wave([5]) }, ms),
  one(
    'SkipLayerNormalization',
    17,
    [2, 3, 4],
    { epsilon: 0.001 },
    { skip: wave([2, 3, 4]), gamma: wave([4]), beta: wave([4]), bias: float32([4], [1, 2, 3, 4]) },
    ms,
  ),
  one('SimplifiedLayerNormalization', 16, [2, 4], { axis: -1, epsilon: 0.001 }, { s: wave([4]) }),
];

describe('what changed between operator sets', () => {
  it.each(rows)('%s: computes what onnxruntime makes of the file', async (_, spec) => {
    const bytes = onnxFile(spec);
    const x = wave(spec.inputs.x as number[]);
    const expected = await runFile(bytes, [['x', x]], spec.outputs);
    const { graph } = readOnnx(bytes, 'test.onnx', { batched: false });
    const got = await runGraph(graph, [x]);
    expect(got.map((t, i) => mismatch(t, expected[i], 1e-4, 1e-5))).toEqual(spec.outputs.map(() => null));
  });

  /** Older than what onnxruntime runs: values by hand. */
  const run = async (spec: FileSpec, x: Tensor<'float32'>) => [
    ...(await runGraph(readOnnx(onnxFile(spec), 'old.onnx', { batched: false }).graph, [x]))[0].data,
  ];
  const x23 = float32([2, 3], [1, 2, 3, 4, 5, 6]);

  it('Add of opset 6: broadcasts b from the axis named', async () => {
    const spec: FileSpec = {
      nodes: [{ op: 'Add', in: ['x', 'b'], attrs: { broadcast: 1, axis: 0 } }],
      inputs: { x: [2, 3] },
      outputs: ['y'],
      weights: { b: float32([2], [10, 20]) },
      opset: 6,
    };
    expect(await run(spec, x23)).toEqual([11, 12, 13, 24, 25, 26]);
  });

  it('Reshape of opset 1, Cast of opset 1, Concat without an axis', async () => {
    const nodes: FileSpec['nodes'] = [
      { op: 'Reshape', in: ['x'], out: ['a'], attrs: { shape: [3, 2] } },
      { op: 'Cast', in: ['a'], out: ['b'], attrs: { to: 'INT32' } },
      { op: 'Cast', in: ['b'], out: ['c'], attrs: { to: 'FLOAT' } },
      { op: 'Concat', in: ['c', 'a'], out: ['y'] },
    ];
    expect(
      await run({ nodes, inputs: { x: [2, 3] }, outputs: ['y'], opset: 3 }, float32([2, 3], [1.5, 2, 3, 4, 5, 6])),
    ).toEqual([1, 2, 1.5, 2, 3, 4, 3, 4, 5, 6, 5, 6]);
  });

  it('PRelu of opset 6: one slope a channel', async () => {
    const spec: FileSpec = {
      nodes: [{ op: 'PRelu', in: ['x', 's'] }],
      inputs: { x: [1, 2, 1, 2] },
      outputs: ['y'],
      weights: { s: float32([2], [0.5, 2]) },
      opset: 6,
    };
    expect(await run(spec, float32([1, 2, 1, 2], [-1, -2, -3, 4]))).toEqual([-0.5, -1, -6, 4]);
  });

  it('Tile of opset 1: one axis, one count', async () => {
    const weights = {
      tiles: makeTensor('int64', [1], BigInt64Array.of(2n)),
      axis: makeTensor('int64', [1], BigInt64Array.of(1n)),
    };
    expect(
      await run(
        {
          nodes: [{ op: 'Tile', in: ['x', 'tiles', 'axis'] }],
          inputs: { x: [2, 3] },
          outputs: ['y'],
          weights,
          opset: 5,
        },
        x23,
      ),
    ).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
  });

  it('refuses an attribute that it does not know rather than leave it out', () => {
    const bytes = onnxFile({
      nodes: [{ op: 'Relu', name: 'r', attrs: { twist: 1 } }],
      inputs: { x: [2] },
      outputs: ['y'],
    });
    expect(() => readOnnx(bytes, 'm.onnx')).toThrow('m.onnx: Relu (node "r"): attribute twist is not supported.');
  });
});
