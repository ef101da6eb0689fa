/** @file How signals go through the model, forwards and backwards: whether units are dead, saturated, or gradients vanish. */
import { graphInput } from '../attribution/program.ts';
import { headOf, outputOf, seedOf } from '../attribution/target.ts';
import type { Compiled, ModelGraph, Target } from '../attribution/types.ts';
import { backward } from '../autodiff/backward.ts';
import { gradient } from '../autodiff/rule-sets.ts';
import { dependents, type Graph } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { Counter, type Histogram } from '../tensor/histogram.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { activationsOf, type Activation, type ActivationInfo } from './activations.ts';
import type { Inside } from './inside.ts';
import type { LoadedModel } from './open.ts';

export interface LayerHealth {
  readonly layer: ActivationInfo;
  /** Of all elements over all images. */
  readonly histogram: Histogram;
  readonly min: number;
  readonly mean: number;
  readonly deviation: number;
  readonly max: number;
  readonly nonFinite: number;
  /** Share of elements that are exactly zero. */
  readonly zeros: number;
  /** Channels that are exactly zero at every position of every image. */
  readonly dead: number;
  /** Share of elements at the flat ends of a bounded activation; null for operators without such ends. */
  readonly saturated: number | null;
  /** Root mean square over images of ‖∂F/∂activation‖₂; null where F does not depend on the layer. */
  readonly gradientNorm: number | null;
}

/** Where an activation is flat: closer than this share of its range to a bound. */
const FLAT = 0.01;
const BOUNDS: Readonly<Record<string, readonly [number, number]>> = {
  Sigmoid: [0, 1],
  HardSigmoid: [0, 1],
  Tanh: [-1, 1],
  Softsign: [-1, 1],
};

/** Collects over images, so that a batch costs one pass forwards and one backwards for each. */
export class Checkup {
  readonly #target: Target;
  readonly #loaded: Pick<LoadedModel, 'model' | 'engine'>;
  readonly #records: readonly LayerRecord[];
  /** Of those, the ones that F depends on. */
  readonly #reached: readonly LayerRecord[];
  #images = 0;

  constructor(loaded: Pick<LoadedModel, 'model' | 'engine'>, target: Target) {
    const { model } = loaded;
    this.#loaded = loaded;
    this.#target = target;
    this.#records = activationsOf(model).map((activation) => new LayerRecord(activation));
    const y = outputOf(model, target);
    this.#reached = this.#records.filter(({ activation: { value } }) => dependents([value], [y]).has(y));
  }

  get images(): number {
    return this.#images;
  }

  /** Takes in one more image: `inside` holds its activations, `x` is the image as the model is fed. */
  async add(inside: Inside, x: FloatTensor): Promise<void> {
    for (const record of this.#records) record.add((await inside.maps(record.activation.info.id)).data);
    const [norms] = await this.#norms(x);
    this.#reached.forEach((record, i) => record.addGradient(norms[i]));
    this.#images++;
  }

  layers(): LayerHealth[] {
    return this.#records.map((record) => record.health(this.#images));
  }

  /** Squares of the gradients' norms at every layer that F depends on, from one walk back. */
  async #norms(x: FloatTensor): Promise<[Float32Array]> {
    const { model, engine } = this.#loaded;
    if (this.#reached.length === 0) return [new Float32Array()];
    const layers = this.#reached.map((record) => record.activation);
    const build = () => normGraph(model, layers, this.#target);
    const program: Compiled = await engine.program(`gradient norms/${headOf(this.#target)}`, build, { batch: 1 });
    const [result] = await program.run([x, seedOf({ model, target: this.#target })]);
    const norms = ((await result.read()).data as Float32Array).slice();
    result.dispose();
    return [norms];
  }
}

function normGraph(model: ModelGraph, layers: readonly Activation[], target: Target): Graph {
  const g = new Builder();
  const y = outputOf(model, target);
  const seed = graphInput('seed', y.shape);
  const slopes = backward(g, gradient, { y, seed, xs: layers.map(({ value }) => value) });
  const squares = slopes.map((slope) => {
    const axes = slope.shape.slice(1).map((_, i) => i + 1);
    return g.reshape(g.reduceSum(g.square(slope), axes), [slope.shape[0], 1]);
  });
  return { name: 'gradient norms', inputs: [model.input, seed], outputs: [g.concat(squares, 1)] };
}

class LayerRecord {
  readonly activation: Activation;
  readonly #counter = new Counter();
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
    this.#alive = new Uint8Array(activation.info.channels);
  }

  /** `data`: channel by channel. */
  add(data: Float32Array): void {
    this.#counter.add(data);
    const bounds = BOUNDS[this.activation.info.op];
    for (const v of data) {
      if (!Number.isFinite(v)) continue;
      this.#sum += v;
      this.#squares += v * v;
      if (v === 0) this.#zeros++;
      if (v < this.#min) this.#min = v;
      if (v > this.#max) this.#max = v;
      if (bounds && isFlat(v, bounds)) this.#flat++;
    }
    this.#elements += data.length;
    this.#findLife(data);
  }

  addGradient(square: number): void {
    this.#reached = true;
    this.#gradient += square;
  }

  health(images: number): LayerHealth {
    const { info } = this.activation;
    const finite = this.#elements - this.#counter.nonFinite;
    const mean = this.#sum / finite;
    return {
      layer: info,
      histogram: this.#counter.histogram(),
      min: this.#min,
      mean,
      deviation: Math.sqrt(Math.max(0, this.#squares / finite - mean * mean)),
      max: this.#max,
      nonFinite: this.#counter.nonFinite,
      zeros: this.#zeros / this.#elements,
      dead: this.#alive.filter((alive) => alive === 0).length,
      saturated: BOUNDS[info.op] ? this.#flat / this.#elements : null,
      gradientNorm: this.#reached ? Math.sqrt(this.#gradient / images) : null,
    };
  }

  #findLife(data: Float32Array): void {
    const size = data.length / this.#alive.length;
    for (let c = 0; c < this.#alive.length; c++)
      for (let i = c * size; i < (c + 1) * size && this.#alive[c] === 0; i++) if (data[i] !== 0) this.#alive[c] = 1;
  }
}

const isFlat = (v: number, [low, high]: readonly [number, number]): boolean =>
  v - low < FLAT * (high - low) || high - v < FLAT * (high - low);
