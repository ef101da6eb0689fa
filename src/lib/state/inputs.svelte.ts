/** @file The image inputs of the open model: what stands before each of them, and which one is looked at. */
import type { InputChoice, ModelInfo, Preprocessing } from '../worker/api.ts';
import type { LabClient } from '../worker/client.ts';
import { Picture } from './picture.svelte.ts';

/** `because`: the words behind "because"; '' where nothing in the files says it. */
interface Expected {
  readonly preprocessing: Preprocessing;
  readonly because: string;
}

export class InputSlot {
  /** In the model. */
  name = $state('');
  preprocessing = $state.raw<Preprocessing | null>(null);
  /** What the model's files say or let guess of it; null where it is known otherwise. */
  expected = $state.raw<Expected | null>(null);
  readonly picture: Picture;

  constructor(lab: LabClient) {
    this.picture = new Picture(lab);
  }
}

export class Inputs {
  /** One for each image input of the model, in its order; one before any model is open. */
  slots = $state.raw<readonly InputSlot[]>([]);
  #selected = $state(0);
  readonly #lab: LabClient;

  constructor(lab: LabClient) {
    this.#lab = lab;
    this.slots = [new InputSlot(lab)];
  }

  get selected(): number {
    return this.#selected;
  }

  /** The one that is shown, that the next image goes to, and whose preprocessing is set. */
  get current(): InputSlot {
    return this.slots[this.#selected];
  }

  get several(): boolean {
    return this.slots.length > 1;
  }

  /** Names of inputs that wait for an image. */
  readonly missing: readonly string[] = $derived(
    this.slots.filter(({ picture }) => !picture.info).map(({ name }) => name),
  );

  /** What each is fed; null while one of them is not known. */
  readonly choices: readonly InputChoice[] | null = $derived.by(() => {
    const known = this.slots.flatMap(({ picture: { info }, preprocessing }) =>
      info && preprocessing ? [{ image: info.id, preprocessing }] : [],
    );
    return known.length === this.slots.length ? known : null;
  });

  select(i: number): void {
    if (i >= 0 && i < this.slots.length) this.#selected = i;
  }

  /** Why the current one is fed as it is, as long as that is what its files say or let guess; null where there is no more to say. */
  readonly reason: string | null = $derived.by(() => {
    const { expected, preprocessing } = this.current;
    return expected && expected.preprocessing === preprocessing ? expected.because : null;
  });

  /** As many as `model` has inputs. Images stay where they are; `known`: what the first of them expect. */
  adapt(model: ModelInfo, known: readonly (Preprocessing | undefined)[]): void {
    const inputs = [{ ...model.input, preprocessing: model.preprocessing }, ...(model.others ?? [])];
    const slots = inputs.map((_, i) => this.slots[i] ?? new InputSlot(this.#lab));
    this.slots.slice(inputs.length).forEach(({ picture }) => picture.close());
    this.#selected = Math.min(this.#selected, slots.length - 1);
    this.slots = slots;
    slots.forEach((slot, i) => {
      slot.name = inputs[i].name;
      slot.preprocessing = known[i] ?? inputs[i].preprocessing;
      slot.expected = known[i] ? null : inputs[i];
    });
    const empty = slots.findIndex(({ picture }) => !picture.info);
    if (this.several && this.current.picture.info && empty !== -1) this.select(empty);
  }

  /** Which inputs `count` new images go to: all of them where there are enough, else first those that wait for one. */
  takers(count: number): number[] {
    const all = [...this.slots.keys()];
    if (count >= all.length) return all;
    const waits = (i: number) => (this.slots[i].picture.info ? 1 : 0);
    const away = (i: number) => (i === this.#selected ? 0 : 1);
    return all.sort((a, b) => waits(a) - waits(b) || away(a) - away(b) || a - b).slice(0, count);
  }
}
