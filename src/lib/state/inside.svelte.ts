/** @file What is known of the open model's inside: its layers, the picked layer's activations on the image. */
import type { LabClient } from '../worker/client.ts';
import type { ActivationInfo, FeatureMaps, InputChoice, ModelInfo } from '../worker/api.ts';
import type { Feed } from './inquiry.svelte.ts';
import type { Place } from './place.svelte.ts';
import type { Question } from './question.svelte.ts';

export type { ActivationInfo, FeatureMaps };

/** The part of the workspace that the inside is looked at from. */
export interface Looked {
  readonly model: ModelInfo | null;
  readonly feed: Feed | null;
  readonly question: Pick<Question, 'layer'>;
}

export class Inside {
  /** In forward order; of the model that was listed last. */
  layers = $state.raw<readonly ActivationInfo[]>([]);
  /** Of the picked layer on the image; those of the question before stay on show until these are there. */
  maps = $state.raw<FeatureMaps | null>(null);
  /** Whether `maps` are about to be replaced. */
  working = $state(false);
  problem = $state('');
  /** What an address named and the model has not. */
  note = $state('');
  readonly lab: LabClient['inside'];
  readonly place: Place;
  readonly #looked: Looked;
  /** The model whose layers are listed. */
  #listed = $state('');
  /** The question that `maps` answer, or are about to. */
  #asked = '';

  constructor(lab: LabClient, looked: Looked, place: Place) {
    this.lab = lab.inside;
    this.place = place;
    this.#looked = looked;
  }

  /** Whether `layers` are those of the open model. */
  readonly listed: boolean = $derived.by(() => this.#listed !== '' && this.#listed === keyOf(this.#looked.model));

  readonly layer: ActivationInfo | null = $derived.by(
    () => (this.listed && this.layers.find(({ id }) => id === this.place.selection.layer)) || null,
  );

  /** An image for each input of the model; null while one is missing. */
  readonly choices: readonly InputChoice[] | null = $derived.by(() => {
    const { feed } = this.#looked;
    return feed && [{ image: feed.image, preprocessing: feed.preprocessing }, ...(feed.others ?? [])];
  });

  /** Call when the open model changes. */
  async list(): Promise<void> {
    const key = keyOf(this.#looked.model);
    if (key === this.#listed) return;
    const outcome = await this.lab.layers();
    if (!outcome.ok) return this.#fail(outcome);
    // What the address of the first visit names must be there; what another model had may be missing.
    const first = this.#listed === '';
    this.layers = outcome.value;
    this.maps = null;
    this.#asked = '';
    this.#listed = key;
    this.adapt(first);
  }

  /** Call when the selection changes: an address may name what the model has not. `tell`: whether to say so. */
  adapt(tell = true): void {
    if (!this.listed) return;
    const maps = this.layers.filter(({ height, width }) => height * width > 1);
    const common = this.layers.find(({ id }) => id === this.#looked.question.layer);
    const lost = this.place.adaptTo(this.layers, (common ?? maps[0] ?? this.layers[0])?.id ?? null);
    if (lost && tell) this.note = `${this.#looked.model?.name} does not have ${lost}. The nearest it has is shown.`;
  }

  /** Call when the picked layer, the image or its preprocessing changes. Asks nothing that is answered already. */
  async look(): Promise<void> {
    const { choices, layer } = this;
    const key = JSON.stringify([this.#listed, this.#looked.feed?.turn, choices, layer?.id]);
    if (!choices || !layer) return;
    if (key === this.#asked) return this.#name();
    this.#asked = key;
    this.working = true;
    const outcome = await this.lab.maps(choices, layer.id);
    if (key !== this.#asked) return;
    this.working = false;
    if (outcome.ok) this.#show(outcome.value);
    else this.#fail(outcome);
  }

  /** Asks again what failed. */
  async retry(): Promise<void> {
    this.problem = '';
    await this.list();
    await this.look();
  }

  /** The layer `by` further on in forward order. */
  step(by: number): void {
    const at = this.layers.findIndex(({ id }) => id === this.layer?.id);
    const next = this.layers.at(Math.min(this.layers.length - 1, Math.max(0, at + by)));
    if (at >= 0 && next) this.place.pickLayer(next.id);
  }

  #show(maps: FeatureMaps): void {
    this.maps = maps;
    this.#name();
  }

  /** A place was picked without a channel: the one that answers most there. */
  #name(): void {
    const { maps, working } = this;
    const { layer, channel, position } = this.place.selection;
    if (!maps || working || maps.layer.id !== layer || channel !== null || !position) return;
    this.place.pickNeuron(strongestAt(maps, position), position.y, position.x);
  }

  #fail({ reason, message }: { readonly reason: 'cancelled' | 'failed'; readonly message: string }): void {
    this.#asked = '';
    if (reason === 'failed') this.problem = message;
  }
}

/** The outputs of one model have different layers. */
const keyOf = (model: ModelInfo | null): string => (model ? `${model.sha256} ${model.output}` : '');

/** The channel with the largest activation at a place. */
export function strongestAt(
  { layer: { channels, width, prefix }, data }: Pick<FeatureMaps, 'layer' | 'data'>,
  { y, x }: { readonly y: number; readonly x: number },
): number {
  const size = data.length / channels;
  const at = (channel: number) => data[channel * size + prefix + y * width + x];
  let best = 0;
  for (let channel = 1; channel < channels; channel++)
    if (at(channel) > at(best) || Number.isNaN(at(best))) best = channel;
  return best;
}
