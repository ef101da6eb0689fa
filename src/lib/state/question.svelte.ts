/** @file What is asked: which method, about which class, against which baseline. Survives a change of model where it can. */
import type {
  AttributionRequest,
  BaselineChoice,
  ImageId,
  MethodInfo,
  ModelInfo,
  Neuron,
  Target,
  Through,
} from '../worker/api.ts';
import { type OptionValues, valuesFor } from './options.ts';

export type { BaselineChoice, MethodInfo, Target };
export type TargetKind = Target['kind'];

/** Shown first, where the model allows it. */
const FIRST_METHOD = 'integrated-gradients';

export class Question {
  method = $state('');
  /** Changed options, by method: a method tried again has what it had. */
  changed = $state.raw<Readonly<Record<string, OptionValues>>>({});
  kind = $state<TargetKind>('logit');
  /** The class the person chose; null follows the model's first guess. */
  chosen = $state<number | null>(null);
  /** The second class of a difference; null takes the best of the others. */
  other = $state<number | null>(null);
  /** What is explained in place of a class. */
  neuron = $state.raw<Neuron | null>(null);
  /** The neuron that methods which ask for one go through; what is open follows the image. */
  through = $state.raw<Through | null>(null);
  baseline = $state.raw<BaselineChoice>({ kind: 'black' });
  /** Of a baseline of several images: all that are open for it. */
  images = $state.raw<readonly ImageId[]>([]);
  layer = $state<string | null>(null);
  /** Of methods that can explain the image or a layer: the layer. */
  explainsLayer = $state(false);
  seed = $state(0);

  /** Keeps what the new model knows too; classes and neurons mean something else there. */
  adaptTo(model: ModelInfo): void {
    const usable = model.methods.filter((method) => method.unavailable === null);
    if (!usable.some(({ id }) => id === this.method)) {
      this.method = (usable.find(({ id }) => id === FIRST_METHOD) ?? usable.at(0))?.id ?? '';
    }
    if (!model.layers.some(({ id }) => id === this.layer)) this.layer = model.defaultLayer;
    this.chosen = this.other = this.neuron = this.through = null;
    if (model.classes < 2 && this.kind !== 'probability') this.kind = 'logit';
  }

  /** The layer that `method` is asked about; null where it explains the image. */
  layerOf({ needs, layers }: MethodInfo): string | null {
    return needs.layer || (layers && this.explainsLayer) ? this.layer : null;
  }

  /** The neuron that `method` goes through; null where it is left to the image, undefined where the method goes everywhere. */
  throughOf({ needs }: MethodInfo): Through | null | undefined {
    return needs.neuron ? this.through : undefined;
  }

  /** Methods that ask for other images are compared with those, whichever baseline is chosen for the others. */
  baselineOf({ needs }: MethodInfo): BaselineChoice {
    const { baseline, images } = this;
    return needs.images || baseline.kind === 'images' ? { kind: 'images', images } : baseline;
  }

  optionsOf(method: MethodInfo): OptionValues {
    return valuesFor(method.options, this.changed[method.id] ?? {});
  }

  setOption(method: MethodInfo, name: string, value: unknown): void {
    this.changed = { ...this.changed, [method.id]: { ...this.changed[method.id], [name]: value } };
  }

  /** Forgets the changed options of `method`. */
  resetOptions(method: MethodInfo): void {
    this.changed = { ...this.changed, [method.id]: {} };
  }

  /** Whether the class is the model's first guess, whatever that is. */
  get followsGuess(): boolean {
    return this.chosen === null && this.neuron === null;
  }

  /** A class, in place of a neuron too. */
  choose(index: number): void {
    this.chosen = index;
    this.neuron = null;
  }

  /** What is explained, given the classes in the order of their probability. Beside a neuron the class is kept for going back. */
  asked(ranked: readonly number[]): Pick<AttributionRequest, 'target' | 'neuron'> | null {
    const target = this.target(ranked);
    if (!target || !this.neuron) return target && { target };
    return { target: { kind: 'logit', index: target.index }, neuron: this.neuron };
  }

  /** F of a class, given the classes in the order of their probability. */
  target(ranked: readonly number[]): Target | null {
    const index = this.chosen ?? ranked.at(0);
    if (index === undefined) return null;
    if (this.kind !== 'difference') return { kind: this.kind, index };
    const other = this.other !== null && this.other !== index ? this.other : ranked.find((i) => i !== index);
    return other === undefined ? { kind: 'logit', index } : { kind: 'difference', index, other };
  }
}
