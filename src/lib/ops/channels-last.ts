/**
 * @file Convolution and pooling on channels-last data [N, …, C], as TensorFlow.js has kernels for them. They exist between lowering
 * (`runtime/lower/channels-last.ts`) and running alone: no file has them, nothing flows back through them.
 */
import { concreteShape, type Shape } from '../graph/dim.ts';
import { TFJS } from '../graph/graph.ts';
import { int, ints, string } from './attributes.ts';
import { defineOp, type InferSite } from './define.ts';
import { convolve, poolMaximum, poolMean, sendToMaxima, type FusedActivation } from './tensorflow-windows.ts';
import { slidingWindows, type WindowAttributes, type Windows } from './windows.ts';

/** As ONNX's, with all pads in numbers. */
const windowed = { dilations: ints(null), pads: ints(null), strides: ints(null) };

type Windowed = Omit<WindowAttributes, 'autoPad'>;

const windowsOver = (x: Shape, kernel: readonly number[], attrs: Windowed): Windows =>
  slidingWindows(x.slice(1, -1) as number[], kernel, { ...attrs, autoPad: 'NOTSET' });

defineOp('Conv', {
  domain: TFJS,
  doc: 'ONNX’s Conv of x [N, …, C] with weights [k…, C / group, M], then `activation`; group is 1 or C',
  attrs: { ...windowed, group: int(1), activation: string('') },
  infer: ({ x: [x, w], attrs, where }) => {
    const [channels, outChannels] = concreteShape(w.shape.slice(-2), where);
    if (x.shape.at(-1) !== channels * attrs.group)
      throw new RangeError(
        `input has ${x.shape.at(-1)} channels, the weights expect ${attrs.group} groups of ${channels}.`,
      );
    const { output } = windowsOver(x.shape, w.shape.slice(0, -2) as number[], attrs);
    return [{ dtype: x.dtype, shape: [x.shape[0], ...output, outChannels] }];
  },
  run: (tf, [x, w, bias], { attrs }) => {
    const windows = windowsOver(x.shape, w.shape.slice(0, -2), attrs);
    return [convolve(tf, x, w, bias, { windows, ...attrs, activation: attrs.activation as FusedActivation })];
  },
});

const pooled = { ...windowed, kernel_shape: ints([]) };

interface Pooled extends Windowed {
  readonly kernelShape: readonly number[];
}

const inferPooled = ({ x: [x], attrs }: InferSite<Pooled>) => {
  const { output } = windowsOver(x.shape, attrs.kernelShape, attrs);
  return [{ dtype: x.dtype, shape: [x.shape[0], ...output, x.shape[x.shape.length - 1]] }];
};

defineOp('MaxPool', {
  domain: TFJS,
  doc: 'the maximum of each window of x [N, …, C]; padding never wins',
  attrs: pooled,
  infer: inferPooled,
  run: (tf, [x], { attrs }) => [poolMaximum(tf, x, windowsOver(x.shape, attrs.kernelShape, attrs))],
});

defineOp('AveragePool', {
  domain: TFJS,
  doc: 'the mean of each window of x [N, …, C], over its elements within x',
  attrs: pooled,
  infer: inferPooled,
  run: (tf, [x], { attrs }) => [poolMean(tf, x, windowsOver(x.shape, attrs.kernelShape, attrs))],
});

defineOp('MaxPoolGrad', {
  domain: TFJS,
  doc: 'adds dy of each window to the first element of x [N, …, C] that is the maximum of that window; zero elsewhere',
  attrs: pooled,
  infer: ({ x: [x] }) => [{ dtype: x.dtype, shape: x.shape }],
  run: (tf, [x, dy], { attrs }) => [sendToMaxima(tf, x, dy, windowsOver(x.shape, attrs.kernelShape, attrs))],
});

defineOp('Step', {
  domain: TFJS,
  doc: '1 where x > 0, else 0, as a number: a comparison, and the cast of its answer, in one kernel',
  infer: ({ x: [x] }) => [{ dtype: x.dtype, shape: x.shape }],
  run: (tf, [x]) => [tf.step(x)],
});
