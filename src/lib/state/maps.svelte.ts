/** @file How the feature maps of the picked layer are looked at: order, scale, size, and the value under the cursor. */
import type { ActivationInfo, FeatureMaps, Statistics, Target } from '../worker/api.ts';
import { MAP_ORDERS, type MapOrder, limitsOf, rankingOf, ranksOf } from './maps-order.ts';
import { perWorkspace } from './per-workspace.svelte.ts';
import type { Details } from './place.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

export type { ActivationInfo, FeatureMaps, MapOrder, Statistics, Target };

/** A value of the layer: `element` counts a channel's values, those of tokens before the grid first. */
export interface MapCursor {
  readonly channel: number;
  readonly element: number;
}

const LEAST_TILE = 16;
const ZOOM_STEP = 1.3;

export class Maps {
  order = $state<MapOrder>('index');
  /** One scale for all channels, or for each its own. */
  shared = $state(false);
  /** How much larger than what suits the layer. */
  zoom = $state(1);
  cursor = $state.raw<MapCursor | null>(null);
  /** Whether the picked channel is shown large. */
  enlarged = $state(false);
  problem = $state('');
  #weighed = $state.raw<{ readonly maps: FeatureMaps; readonly target: string; readonly values: Float32Array } | null>(
    null,
  );
  /** The details that were read or written last. */
  #said: Details | null = null;
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    this.recall();
  }

  /** Takes what the place says, where an address or a link changed it since. */
  recall(): void {
    const said = this.#workspace.place.said('maps');
    if (said === this.#said) return;
    this.#said = said;
    this.order = MAP_ORDERS.find((order) => order === said.order) ?? 'index';
    this.shared = said.scale === 'shared';
  }

  remember(): void {
    const { order, shared } = this;
    const { place } = this.#workspace;
    place.say('maps', { ...(order !== 'index' && { order }), ...(shared && { scale: 'shared' }) });
    this.#said = place.said('maps');
  }

  readonly shown: FeatureMaps | null = $derived.by(() => this.#workspace.inside.maps);

  /** What a contribution is a contribution to; null while there is no prediction. */
  readonly target: Target | null = $derived.by(() => {
    const { prediction, question } = this.#workspace;
    return prediction && question.target(prediction.top.map(({ index }) => index));
  });

  /** Of the channels on show, to the target of now; null until they are known. */
  readonly contributions: Float32Array | null = $derived.by(() => {
    const found = this.#weighed;
    return found && found.maps === this.shown && found.target === JSON.stringify(this.target) ? found.values : null;
  });

  /** Channels in the order on show. */
  readonly ranking: Uint32Array = $derived(rankingOf(this.shown?.channels ?? [], this.order, this.contributions));

  /** Where each channel stands in it. */
  readonly ranks: Uint32Array = $derived(ranksOf(this.ranking));

  readonly limits: Float32Array = $derived(
    this.shown ? limitsOf(this.shown.channels, this.shown.whole, this.shared) : new Float32Array(),
  );

  /** Names of the channels where they are the model's classes, which the last layer's are. */
  readonly names: readonly string[] | null = $derived.by(() => {
    const { model, inside } = this.#workspace;
    const layer = this.shown?.layer;
    const last = inside.layers.at(-1);
    if (!model || !layer || last?.id !== layer.id || layer.channels !== model.classes) return null;
    return model.labels.length === model.classes ? model.labels : null;
  });

  nameOf(channel: number): string {
    if (this.shown?.layer.attention) return `Head ${channel}`;
    return this.names ? `Class ${channel}, ${this.names[channel]}` : `Channel ${channel}`;
  }

  /** Asks what each channel on show adds to the target, where that is not known yet. */
  async weigh(): Promise<void> {
    const { inside } = this.#workspace;
    const [maps, target, { choices }] = [this.shown, this.target, inside];
    if (!maps || !target || !choices || this.contributions) return;
    const outcome = await inside.lab.contributions(choices, maps.layer.id, target);
    if (outcome.ok) this.#weighed = { maps, target: JSON.stringify(target), values: outcome.value };
    else if (outcome.reason === 'failed') this.problem = outcome.message;
  }

  /** Call when other maps are on show: what was pointed at may not be there. */
  settle(): void {
    const { cursor, shown } = this;
    if (!shown) this.enlarged = false;
    if (cursor && (!shown || cursor.channel >= shown.layer.channels || cursor.element >= this.perChannel))
      this.cursor = null;
  }

  /** Values of one channel. */
  get perChannel(): number {
    const layer = this.shown?.layer;
    return layer ? layer.prefix + layer.height * layer.width : 0;
  }

  zoomBy(steps: number): void {
    this.zoom = Math.min(ZOOM_STEP ** 8, Math.max(ZOOM_STEP ** -5, this.zoom * ZOOM_STEP ** steps));
  }

  /** The size of a map that was found to suit, as the person wants it. */
  tile(suits: number): number {
    return Math.max(LEAST_TILE, Math.round(suits * this.zoom));
  }

  /** Moves the cursor by places of the order on show; the first move puts it on the first. */
  step(places: number): void {
    this.stepTo(this.cursor ? this.ranks[this.cursor.channel] + places : 0);
  }

  /** Moves the cursor to a place of the order on show, or as near as there is one. */
  stepTo(rank: number): void {
    const last = this.ranking.length - 1;
    if (last < 0) return;
    const channel = this.ranking[Math.min(last, Math.max(0, rank))];
    this.cursor = { channel, element: this.cursor?.element ?? this.shown!.layer.prefix };
  }

  /** Moves the cursor within its channel's map. */
  stepWithin(dx: number, dy: number): void {
    const layer = this.shown?.layer;
    if (!layer) return;
    if (!this.cursor) return this.stepTo(0);
    const { channel, element } = this.cursor;
    const at = Math.max(0, element - layer.prefix);
    const x = Math.min(layer.width - 1, Math.max(0, (at % layer.width) + dx));
    const y = Math.min(layer.height - 1, Math.max(0, Math.floor(at / layer.width) + dy));
    this.cursor = { channel, element: layer.prefix + y * layer.width + x };
  }

  valueAt({ channel, element }: MapCursor): number {
    return this.shown!.data[channel * this.perChannel + element];
  }

  /** Picks a channel for the whole page and shows it large. */
  enlarge(channel: number): void {
    this.#workspace.place.pickChannel(channel);
    this.enlarged = true;
    void this.weigh();
  }
}

/** The one of a workspace: it outlives the view that shows it, and is loaded with it. */
export const mapsOf = perWorkspace((workspace) => new Maps(workspace));
