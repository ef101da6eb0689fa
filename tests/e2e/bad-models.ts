/** Small models that something is wrong with, or that lack what a view is about. */
import { random } from '../../src/lib/tensor/random.ts';
import { float32, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { type NodeSpec, onnxFile } from '../formats/build-file.ts';

const { normal } = random(5);
const filled = (shape: number[], value: () => number): FloatTensor =>
  float32(shape, Float32Array.from({ length: shape.reduce((a, b) => a * b) }, value));
const noise = (...shape: number[]) => filled(shape, () => 0.2 * normal());
const all = (value: number, ...shape: number[]) => filled(shape, () => value);

const CLASSES = 5;

const model = (name: string, nodes: readonly NodeSpec[], weights: Readonly<Record<string, FloatTensor>>) => ({
  name: `${name}.onnx`,
  bytes: Buffer.from(onnxFile({ inputs: { image: ['N', 3, 24, 24] }, nodes, weights, outputs: ['scores'] })),
});

const conv: NodeSpec = { op: 'Conv', in: ['image', 'kernel'], out: ['conv'], attrs: { pads: [1, 1, 1, 1] } };
const headOn = (features: string): NodeSpec[] => [
  { op: 'GlobalAveragePool', in: [features], out: ['pooled'] },
  { op: 'Flatten', in: ['pooled'], out: ['flat'] },
  { op: 'MatMul', in: ['flat', 'head'], out: ['scores'] },
];
const kernels = { kernel: noise(6, 3, 3, 3), head: noise(6, CLASSES) };

export const withoutConvolution = model(
  'dense',
  [
    { op: 'Flatten', in: ['image'], out: ['pixels'] },
    { op: 'Gemm', in: ['pixels', 'first'], out: ['hidden'] },
    { op: 'Relu', in: ['hidden'], out: ['active'] },
    { op: 'Gemm', in: ['active', 'second'], out: ['scores'] },
  ],
  { first: noise(3 * 24 * 24, 8), second: noise(8, CLASSES) },
);

/** All that comes behind “still” is the same for every image. */
export const constantLayer = model(
  'constant',
  [
    conv,
    { op: 'Sub', in: ['conv', 'far'], out: ['below'] },
    { op: 'Relu', in: ['below'], out: ['still'] },
    ...headOn('still'),
  ],
  { ...kernels, far: all(1e4, 1) },
);

/** The root of what is negative at some places is no number; the sum over them neither. */
export const notFinite = model('nan', [conv, { op: 'Sqrt', in: ['conv'], out: ['root'] }, ...headOn('root')], kernels);
