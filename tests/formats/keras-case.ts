/** @file How a case says what a layer is given and what it has to give. */
import { tf } from './tfjs-models.ts';

export type Symbolic = tf.SymbolicTensor;
/** Dimensions of one example. */
type Shape = readonly number[];

/** TF.js' own layer. */
export interface Made {
  readonly inputs: readonly Shape[];
  readonly build: (x: Symbolic[]) => Symbolic | Symbolic[];
  /** Inputs are whole numbers below this. */
  readonly whole?: number;
}

/** A layer as Keras writes it, its weights' shapes, and what it computes. */
export interface Written {
  readonly inputs: readonly Shape[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: readonly Shape[];
  readonly truth: (x: tf.Tensor, w: readonly tf.Tensor[], all: readonly tf.Tensor[]) => tf.Tensor;
  /** Inputs are whole numbers below this. */
  readonly whole?: number;
  /** Read as TF.js reads it; else as Keras 3 does. */
  readonly dialect?: 'keras' | 'tfjs-layers';
}

export type Row = readonly (Made | Written)[];

export const image: Shape = [7, 6, 3];
export const planes: Shape = [3, 7, 6];
export const volume: Shape = [5, 4, 6, 2];
export const line: Shape = [8, 3];
export const vector: Shape = [5];

/** One layer on one input. */
export const on = (input: Shape, layer: () => tf.layers.Layer, whole?: number): Made => ({
  inputs: [input],
  build: ([x]) => layer().apply(x) as Symbolic,
  ...(whole && { whole }),
});

/** One layer on several inputs. */
export const joining = (inputs: readonly Shape[], layer: () => tf.layers.Layer): Made => ({
  inputs,
  build: (x) => layer().apply(x) as Symbolic,
});

export const written = (
  input: Shape,
  config: Written['config'],
  truth: Written['truth'],
  weights: readonly Shape[] = [],
): Written => ({ inputs: [input], config, weights, truth });

/** A layer of TF.js that works, but not in a model: it gets its own output shape wrong. */
export const called = (
  input: Shape,
  layer: () => tf.layers.Layer,
  config: Written['config'],
  whole?: number,
): Written => ({
  ...written(input, config, (x) => layer().call(x, {}) as tf.Tensor),
  dialect: 'tfjs-layers',
  ...(whole && { whole }),
});

/** Nothing. */
export const same: Written['truth'] = (x) => x;

export const first = { dataFormat: 'channelsFirst' } as const;

/** From the centres of pixels. */
export const bilinear = (x: tf.Tensor, size: [number, number]) =>
  tf.image.resizeBilinear(x as tf.Tensor4D, size, false, true);
