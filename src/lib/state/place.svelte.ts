/**
 * @file Where on the page a person is, and what is picked there: one selection for all views. Each place has an address, and
 * the browser's back and forward go from place to place.
 */

export type ViewName = (typeof VIEWS)[number];
export type InsideTab = (typeof TABS)[number];

export const VIEWS = ['explain', 'compare', 'inside', 'signals'] as const;
export const TABS = ['maps', 'filters', 'maximise'] as const;

/** What is picked; everything below a layer belongs to it. */
export interface Selection {
  /** An activation, by the name that the model file gives it; null before anything is picked. */
  readonly layer: string | null;
  readonly channel: number | null;
  /** Row and column in the layer: with a channel a neuron, without one a place in all of them; null for the whole channel. */
  readonly position: { readonly y: number; readonly x: number } | null;
}

export const NOTHING: Selection = { layer: null, channel: null, position: null };

/** Short texts by name, in the view's own words. */
export type Details = Readonly<Record<string, string>>;

const NO_DETAILS: Details = {};

/** Whether a fragment means to be a place behind the first view, be it a damaged one. */
export const isPlace = (fragment: string): boolean => /^#(compare|inside|signals)(?![\w-])/.test(fragment);

/** What is to be known of an activation to pick in it. */
interface Pickable {
  readonly id: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export class Place {
  view = $state<ViewName>('explain');
  tab = $state<InsideTab>('maps');
  selection = $state.raw<Selection>(NOTHING);
  /** By view, or by tab of Look inside. */
  #said = $state.raw<Readonly<Record<string, Details>>>({});
  readonly #onlayer: (layer: string) => void;

  /** `onlayer`: told of each layer that is picked. */
  constructor(onlayer: (layer: string) => void = () => undefined) {
    this.#onlayer = onlayer;
  }

  /** What else the present view needs to be found again, in short words: a view that has such things sets and reads them. */
  get details(): Details {
    return this.said(this.view === 'inside' ? this.tab : this.view);
  }

  set details(details: Details) {
    this.say(this.view === 'inside' ? this.tab : this.view, details);
  }

  /** Details of a view that may not be the present one; they stay when the person goes elsewhere. */
  said(where: ViewName | InsideTab): Details {
    return this.#said[where] ?? NO_DETAILS;
  }

  say(where: ViewName | InsideTab, details: Details): void {
    if (JSON.stringify(details) !== JSON.stringify(this.said(where))) this.#said = { ...this.#said, [where]: details };
  }

  go(view: ViewName, tab: InsideTab = this.tab): void {
    this.view = view;
    this.tab = tab;
  }

  /** Another layer's channels are other channels. */
  pickLayer(layer: string | null): void {
    if (layer !== this.selection.layer) this.selection = { ...NOTHING, layer };
    if (layer !== null) this.#onlayer(layer);
  }

  pickChannel(channel: number | null): void {
    this.selection = { ...this.selection, channel, position: null };
  }

  pickNeuron(channel: number, y: number, x: number): void {
    this.selection = { ...this.selection, channel, position: { y, x } };
  }

  /** A place in `layer`, of the channel that is picked there or, without one, of any. */
  pickPosition(layer: string, y: number, x: number): void {
    this.pickLayer(layer);
    this.selection = { ...this.selection, position: { y, x } };
  }

  /**
   * Another model has other layers: keeps what is picked where `layers` have it, else picks `first`. Returns what could not be
   * kept, as a phrase; '' where nothing was lost.
   */
  adaptTo(layers: readonly Pickable[], first: string | null): string {
    const { layer, channel, position } = this.selection;
    const found = layers.find(({ id }) => id === layer);
    if (!found) {
      this.selection = { ...NOTHING, layer: first };
      return layer === null ? '' : `the layer “${layer}”`;
    }
    if (channel !== null && channel >= found.channels) {
      this.selection = { ...NOTHING, layer };
      return `channel ${channel} in “${layer}”, which has ${found.channels}`;
    }
    if (position && (position.y >= found.height || position.x >= found.width)) {
      this.selection = { layer, channel, position: null };
      return `the place (${position.x}, ${position.y}) in “${layer}”, which is ${found.width} × ${found.height}`;
    }
    return '';
  }
}
