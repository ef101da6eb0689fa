/** @file The weights of Keras layers, wherever they are kept. */
import type { Tensor } from '../../tensor/tensor.ts';

export interface LayerWeight {
  /** The last part of its name in the file, "kernel" or "moving_mean"; Keras 3 writes numbers. */
  readonly name: string;
  readonly tensor: Tensor;
}

export interface WeightSource {
  /**
   * The weights of a layer in its own order: trainable ones in order of creation, then the others. `path`: names of layers,
   * those of nested models first; never empty.
   */
  of(path: readonly string[]): readonly LayerWeight[];
}
