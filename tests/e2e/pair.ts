import { random } from '../../src/lib/tensor/random.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { onnxFile } from '../formats/build-file.ts';

const { normal } = random(3);
const noise = (shape: number[], scale: number) =>
  float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => scale * normal()),
  );

/** One convolution for both images; the score of the pair weighs where their features differ. */
export const sameThing = {
  name: 'same-thing.onnx',
  bytes: Buffer.from(
    onnxFile({
      inputs: { left: ['N', 3, 48, 48], right: ['N', 3, 48, 48] },
      nodes: [
        ...['left', 'right'].flatMap((side) => [
          {
            op: 'Conv',
            in: [side, 'kernel'],
            out: [`${side} conv`],
            attrs: { kernel_shape: [5, 5], strides: [2, 2], pads: [2, 2, 2, 2] },
          },
          { op: 'Relu', in: [`${side} conv`], out: [`${side} features`] },
          { op: 'GlobalAveragePool', in: [`${side} features`], out: [`${side} pooled`] },
        ]),
        { op: 'Sub', in: ['left pooled', 'right pooled'], out: ['difference'] },
        { op: 'Abs', in: ['difference'], out: ['distance'] },
        { op: 'Flatten', in: ['distance'], out: ['distances'] },
        { op: 'MatMul', in: ['distances', 'weight'], out: ['different'] },
      ],
      weights: { kernel: noise([8, 3, 5, 5], 0.3), weight: noise([8, 1], 1) },
      outputs: ['different'],
    }),
  ),
};
