/** @file What is known of the open model's inside: its layers, the picked layer's activations on the image. */
import type { LabClient } from '../worker/client.ts';
import type { ActivationInfo, FeatureMaps, InputChoice, ModelInfo } from '../worker/api.ts';
import type { Feed } from './inquiry.svelte.ts';
import type { Place } from './place.svelte.ts';

export type { ActivationInfo, FeatureMaps };

/** The part of the workspace that the inside is looked at from. */
export interface Looked {
  readonly model: ModelInfo | null;
  readonly feed: Feed | null;
}

export class Inside {
  /** In forward order; of the model named by `#of`. */
  layers = $state.raw<readonly ActivationInfo[]>([]);
  /** Of the picked layer on the image; those of the question before stay on show until these are there. */
  maps = $state.raw<FeatureMaps | null>(null);
  /** Whether `maps` are about to be replaced. */
  working = $state(false);
  problem = $state('');
  readonly lab: LabClient['inside'];
  readonly place: Place;
  readonly #looked: Looked;

  constructor(lab: LabClient, looked: Looked, place: Place) {
    this.lab = lab.inside;
    this.place = place;
    this.#looked = looked;
  }

  readonly layer: ActivationInfo | null = $derived.by(
    () => this.layers.find(({ id }) => id === this.place.selection.layer) ?? null,
  );

  /** An image for each input of the model; null while one is missing. */
  readonly choices: readonly InputChoice[] | null = $derived.by(() => {
    const { feed } = this.#looked;
    return feed && [{ image: feed.image, preprocessing: feed.preprocessing }, ...(feed.others ?? [])];
  });

  /** Call when the open model changes. */
  async list(): Promise<void> {
    const outcome = await this.lab.layers();
    if (!outcome.ok) return this.#fail(outcome);
    this.layers = outcome.value;
    this.maps = null;
    const maps = this.layers.filter(({ height, width }) => height * width > 1);
    this.place.adaptTo(
      this.layers.map(({ id }) => id),
      (maps[0] ?? this.layers[0])?.id ?? null,
    );
  }

  /** Call when the picked layer, the image or its preprocessing changes. */
  async look(): Promise<void> {
    const { choices, layer } = this;
    if (!choices || !layer) return;
    this.working = true;
    const outcome = await this.lab.maps(choices, layer.id);
    if (!outcome.ok && outcome.reason === 'cancelled') return;
    this.working = false;
    if (outcome.ok) this.maps = outcome.value;
    else this.#fail(outcome);
  }

  #fail({ reason, message }: { readonly reason: 'cancelled' | 'failed'; readonly message: string }): void {
    if (reason === 'failed') this.problem = message;
  }
}
