/** @file What is counted of one layer's activations and gradients, image by image. */
import { Counter, type Histogram } from '../tensor/histogram.ts';
import type { Activation, ActivationInfo } from './activations.ts';
import { saturationOf, type Saturation } from './saturation.ts';

export interface LayerHealth {
  readonly layer: ActivationInfo;
  /** Of all elements over all images. */
  readonly histogram: Histogram;
  /** Of the finite elements; NaN where there is none. */
  readonly min: number;
  readonly mean: number;
  readonly deviation: number;
  readonly max: number;
  /** Elements over all images, and how many of them are NaN or infinite. */
  readonly elements: number;
  readonly nonFinite: number;
  /** Share of elements that are exactly zero. */
  readonly zeros: number;
  /** Channels that are exactly zero at every position of every image. */
  readonly dead: number;
  /** Share of what `saturation` counts; null for operators without a flat end. */
  readonly saturated: number | null;
  /** In words; '' for operators without a flat end. */
  readonly saturation: string;
  /** Root mean square over images of ‖∂F/∂activation‖₂; null where F does not depend on the layer. */
  readonly gradientNorm: number | null;
}

export class LayerRecord {
  readonly activation: Activation;
  readonly #counter = new Counter();
  readonly #saturation: Saturation | null;
  /** Of each channel: 1 once it was anything but zero. */
  readonly #alive: Uint8Array;
  #elements = 0;
  #sum = 0;
  #squares = 0;
  #zeros = 0;
  #flat = 0;
  #min = Infinity;
  #max = -Infinity;
  #gradient = 0;
  #reached = false;

  constructor(activation: Activation) {
    this.activation = activation;
    this.#saturation = saturationOf(activation.value);
    this.#alive = new Uint8Array(activation.info.channels);
  }

  /** `data`: channel by channel. */
  add(data: Float32Array): void {
    this.#counter.add(data);
    const holds = this.#saturation?.holds;
    for (const v of data) {
      if (!Number.isFinite(v)) continue;
      this.#sum += v;
      this.#squares += v * v;
      if (v === 0) this.#zeros++;
      if (v < this.#min) this.#min = v;
      if (v > this.#max) this.#max = v;
      if (holds?.(v)) this.#flat++;
    }
    this.#elements += data.length;
    this.#findLife(data);
  }

  /** `norm`: ‖∂F/∂activation‖₂ on one more image. */
  addGradient(norm: number): void {
    this.#reached = true;
    this.#gradient += norm * norm;
  }

  health(images: number): LayerHealth {
    const nonFinite = this.#counter.nonFinite;
    const finite = this.#elements - nonFinite;
    const mean = this.#sum / finite;
    const saturation = this.#saturation;
    return {
      layer: this.activation.info,
      histogram: this.#counter.histogram(),
      min: finite > 0 ? this.#min : NaN,
      mean,
      deviation: Math.sqrt(Math.max(0, this.#squares / finite - mean * mean)),
      max: finite > 0 ? this.#max : NaN,
      elements: this.#elements,
      nonFinite,
      zeros: this.#zeros / this.#elements,
      dead: this.#alive.reduce((n, alive) => n + 1 - alive, 0),
      saturated: saturation && (this.#flat * saturation.group) / this.#elements,
      saturation: saturation?.rule ?? '',
      gradientNorm: this.#reached ? Math.sqrt(this.#gradient / images) : null,
    };
  }

  #findLife(data: Float32Array): void {
    const size = data.length / this.#alive.length;
    for (let c = 0; c < this.#alive.length; c++)
      for (let i = c * size; i < (c + 1) * size && this.#alive[c] === 0; i++) if (data[i] !== 0) this.#alive[c] = 1;
  }
}
