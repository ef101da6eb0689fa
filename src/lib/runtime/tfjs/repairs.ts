/**
 * @file Kernels that TensorFlow.js's GPU backends lack for five and six axes, or have wrong, by others that they have right.
 * What each does in version 4.22 stands at its repair; docs/decisions/0022-tfjs.md tells how it was found.
 */
import type { KernelConfig, NamedAttrMap, NamedTensorInfoMap } from '@tensorflow/tfjs-core';
import type { TensorFlow, TfTensor } from '../../ops/tensorflow.ts';

/** The backends whose kernels are shaders. */
export type GpuBackend = 'webgpu' | 'webgl';

type Inputs = Readonly<Record<string, TfTensor>>;
/** null where the backend's own kernel is right. */
type Repair = (tf: TensorFlow, inputs: Inputs, attrs: NamedAttrMap) => TfTensor | null;

/** The axes that their shaders can go through: above, WGSL's `vec5` cannot be indexed, and WebGL's does not compile. */
const MOST_AXES = 4;

/** x as [before, length of `axis`, after]. */
function around(tf: TensorFlow, x: TfTensor, axis: number): TfTensor {
  const product = (lengths: readonly number[]) => lengths.reduce((n, d) => n * d, 1);
  return tf.reshape(x, [product(x.shape.slice(0, axis)), x.shape[axis], product(x.shape.slice(axis + 1))]);
}

/** `along` one axis after another, each on a view [before, length, after]; `changes` tells which axes it leaves alone. */
function axisByAxis(
  tf: TensorFlow,
  x: TfTensor,
  changes: (axis: number) => boolean,
  along: (view: TfTensor, axis: number) => TfTensor,
): TfTensor {
  return x.shape.reduce((value, _, axis) => {
    if (!changes(axis)) return value;
    const y = along(around(tf, value, axis), axis);
    return tf.reshape(y, value.shape.with(axis, y.shape[1] as number));
  }, x);
}

/** WebGPU and WebGL: beyond four axes the shader does not compile, and WebGPU drops all commands that wait with it. */
const pad: Repair = (tf, { x }, attrs) => {
  const { paddings, constantValue } = attrs as unknown as { paddings: [number, number][]; constantValue: number };
  if (x.rank <= MOST_AXES) return null;
  return axisByAxis(
    tf,
    x,
    (axis) => paddings[axis].some((p) => p > 0),
    (view, axis) => tf.pad(view, [[0, 0], paddings[axis], [0, 0]], constantValue),
  );
};

/** Beyond four axes both read the tensor back in the middle of the run, which ends the GPU process of some browsers. */
const tile: Repair = (tf, { x }, attrs) => {
  const { reps } = attrs as { reps: number[] };
  if (x.rank <= MOST_AXES) return null;
  return axisByAxis(
    tf,
    x,
    (axis) => reps[axis] !== 1,
    (view, axis) => tf.tile(view, [1, reps[axis], 1]),
  );
};

/** Both throw beyond four axes. The three have one shape. */
const select: Repair = (tf, { condition, t, e }) => {
  if (t.rank <= MOST_AXES) return null;
  const flat = [condition, t, e].map((v) => tf.reshape(v, [-1]));
  return tf.reshape(tf.where(flat[0], flat[1], flat[2]), t.shape);
};

/**
 * WebGPU writes the axis' length into the shader and takes the same shader for other lengths, and raises 2 to a power in
 * floats, which a GPU may round down. Both throw beyond four axes. Here sums of 1, 2, 4, … elements are added up.
 */
const cumsum: Repair = (tf, { x }, attrs) => {
  const { axis, exclusive, reverse } = attrs as unknown as { axis: number; exclusive: boolean; reverse: boolean };
  const view = around(tf, x, axis);
  const [before, length, after] = view.shape as [number, number, number];
  const shifted = (value: TfTensor, by: number): TfTensor => {
    const rest = tf.slice(value, [0, reverse ? by : 0, 0], [before, length - by, after]);
    return tf.pad(rest, [[0, 0], reverse ? [0, by] : [by, 0], [0, 0]]);
  };
  let sum = exclusive ? shifted(view, 1) : view;
  for (let reach = 1; reach < length; reach *= 2) sum = tf.add(sum, shifted(sum, reach));
  return tf.reshape(sum, x.shape);
};

/**
 * WebGPU calls whole numbers and truth values float32 without rewriting them, and the shaders that take its word for it, such as
 * the one that transposes, do not compile. Multiplied by one, they are.
 */
const cast: Repair = (tf, { x }, attrs) =>
  attrs.dtype === 'float32' && (x.dtype === 'int32' || x.dtype === 'bool')
    ? tf.engine().runKernel<TfTensor>('Multiply', { a: x, b: tf.scalar(1) })
    : null;

/** WebGPU's shader for more than two axes hands whole numbers and truth values to a function of floats, and does not compile. */
const transpose: Repair = (tf, { x }, attrs) =>
  x.dtype === 'float32'
    ? null
    : tf.cast(tf.transpose(tf.cast(x, 'float32'), (attrs as { perm: number[] }).perm), x.dtype);

type Repairs = Readonly<Record<string, Repair>>;

const both: Repairs = { PadV2: pad, Tile: tile, Select: select, Cumsum: cumsum };

const repairs: Readonly<Record<GpuBackend, Repairs>> = {
  webgl: both,
  webgpu: { ...both, Cast: cast, Transpose: transpose },
};

const repaired = new Set<GpuBackend>();

/** Puts the repairs in the places of the kernels, for all of the worker. Call once the backend's kernels are registered. */
export function repairKernels(tf: TensorFlow, backend: GpuBackend): void {
  if (repaired.has(backend)) return;
  repaired.add(backend);
  for (const [kernelName, repair] of Object.entries(repairs[backend])) {
    const own = tf.getKernel(kernelName, backend);
    tf.unregisterKernel(kernelName, backend);
    tf.registerKernel(repairedKernel(tf, own, repair));
  }
}

const repairedKernel = (tf: TensorFlow, own: KernelConfig, repair: Repair): KernelConfig => ({
  ...own,
  kernelFunc: (call) => {
    const inputs = call.inputs as NamedTensorInfoMap as Inputs;
    return repair(tf, inputs, call.attrs ?? {}) ?? own.kernelFunc(call);
  },
});
