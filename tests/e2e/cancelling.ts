/** A model that two right runtimes cannot agree on. */
import { float32, int64 } from '../../src/lib/tensor/tensor.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { onnxFile } from '../formats/build-file.ts';

const [CHANNELS, SIDE] = [32, 24];

/**
 * A convolution minus the same convolution with its channels in another order: zero but for rounding, which differs from
 * runtime to runtime, and is made large. Both convolutions agree everywhere; the first that differs is "difference".
 */
export function cancelling(): Uint8Array {
  const rng = random(5);
  const normal = (shape: readonly number[], scale: number) =>
    float32(
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => scale * rng.normal()),
    );
  const order = Array.from({ length: CHANNELS }, (_, i) => (i * 13 + 5) % CHANNELS);
  const straight = normal([CHANNELS, CHANNELS, 3, 3], 1);
  const crossed = float32(straight.shape, new Float32Array(straight.data.length));
  for (let out = 0; out < CHANNELS; out++)
    order.forEach((from, to) => {
      const at = (channel: number) => (out * CHANNELS + channel) * 9;
      crossed.data.set(straight.data.subarray(at(from), at(from) + 9), at(to));
    });
  const pads = { attrs: { pads: [1, 1, 1, 1] } };
  return onnxFile({
    nodes: [
      { op: 'Conv', in: ['image', 'w'], out: ['stem'], ...pads },
      { op: 'Sigmoid', in: ['stem'], out: ['features'] },
      { op: 'Conv', in: ['features', 'straight.w'], out: ['straight'], ...pads },
      { op: 'Gather', in: ['features', 'order'], out: ['shuffled'], attrs: { axis: 1 } },
      { op: 'Conv', in: ['shuffled', 'crossed.w'], out: ['crossed'], ...pads },
      { op: 'Sub', in: ['straight', 'crossed'], out: ['difference'] },
      { op: 'Mul', in: ['difference', 'scale'], out: ['large'] },
      { op: 'Sigmoid', in: ['large'], out: ['squashed'] },
      { op: 'GlobalAveragePool', in: ['squashed'], out: ['pooled'] },
      { op: 'Flatten', in: ['pooled'], out: ['flat'] },
      { op: 'Gemm', in: ['flat', 'head.w'], out: ['scores'] },
    ],
    inputs: { image: ['N', 3, SIDE, SIDE] },
    outputs: ['scores'],
    weights: {
      w: normal([CHANNELS, 3, 3, 3], 0.5),
      'straight.w': straight,
      'crossed.w': crossed,
      order: int64([CHANNELS], order),
      scale: float32([], [1e6]),
      'head.w': normal([CHANNELS, 4], 1),
    },
  });
}
