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
  /** Row and column in the layer, of a neuron; null for the whole channel. */
  readonly position: { readonly y: number; readonly x: number } | null;
}

const NOTHING: Selection = { layer: null, channel: null, position: null };

export class Place {
  view = $state<ViewName>('explain');
  tab = $state<InsideTab>('maps');
  selection = $state.raw<Selection>(NOTHING);

  go(view: ViewName, tab: InsideTab = this.tab): void {
    this.view = view;
    this.tab = tab;
  }

  /** Another layer's channels are other channels. */
  pickLayer(layer: string | null): void {
    if (layer !== this.selection.layer) this.selection = { ...NOTHING, layer };
  }

  pickChannel(channel: number | null): void {
    this.selection = { ...this.selection, channel, position: null };
  }

  pickNeuron(channel: number, y: number, x: number): void {
    this.selection = { ...this.selection, channel, position: { y, x } };
  }

  /** Another model has other layers; `layers`: its names. */
  adaptTo(layers: readonly string[], first: string | null): void {
    const { layer } = this.selection;
    if (layer === null || !layers.includes(layer)) this.selection = { ...NOTHING, layer: first };
  }
}
