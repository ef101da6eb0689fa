/** @file The weights of a layer, which Keras tells apart by their order alone. */
import { toFloat32, type FloatTensor, type Tensor } from '../../tensor/tensor.ts';

export interface LayerWeight {
  /** Last part: "kernel", "moving_mean". */
  readonly name: string;
  readonly tensor: Tensor;
}

/** In the layer's own order (Keras: trainable first in order of creation, then the others). `path`: names of layers, outermost first; [] never. */
export interface WeightSource {
  of(path: readonly string[]): readonly LayerWeight[];
}

/** A length that is open is any length. */
type Wanted = readonly (number | null)[];

const fits = (shape: readonly number[], wanted: Wanted): boolean =>
  shape.length === wanted.length && wanted.every((d, i) => d === null || d === shape[i]);

/** A layer's weights, taken one after another. */
export class Weights {
  readonly #all: readonly LayerWeight[];
  #next = 0;

  constructor(all: readonly LayerWeight[]) {
    this.#all = all;
  }

  /** The next weight in float32. Throws a RangeError where there is none or its shape is another. */
  take(what: string, wanted?: Wanted): FloatTensor {
    const found = this.#all[this.#next++];
    if (!found)
      throw new RangeError(
        `its ${what} is missing, the file has ${this.#all.length} weights for it. The file is incomplete: save or convert the model again.`,
      );
    const { shape } = found.tensor;
    if (wanted && !fits(shape, wanted))
      throw new RangeError(
        `its ${what} has the shape [${shape}], the layer needs [${wanted.map((d) => d ?? 'any')}]. The weights are those of another model: save or convert it again.`,
      );
    return toFloat32(found.tensor);
  }

  /** The next one where `present`, else null. */
  takeIf(present: boolean, what: string, wanted?: Wanted): FloatTensor | null {
    return present ? this.take(what, wanted) : null;
  }

  /** The first and the second half: those of two layers in one. */
  halves(): [Weights, Weights] {
    const half = this.#all.length / 2;
    return [new Weights(this.#all.slice(0, half)), new Weights(this.#all.slice(half))];
  }
}
