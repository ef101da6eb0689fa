/** @file The weights of the open model: which one is looked at, how, and what is known of it. */
import { writeNpy } from '../tensor/npy.ts';
import { float32 } from '../tensor/tensor.ts';
import type { Outcome, WeightInfo, WeightPicture, WeightSummary, WeightView } from '../worker/api.ts';
import type { Inside } from './inside.svelte.ts';

export type { WeightInfo, WeightPicture, WeightSummary, WeightView };

/** Ways to see a kernel, and `matrix` for everything. */
export type Look = 'colour' | 'norm' | 'input' | 'filter' | 'matrix';

/** Longest side of a picture of a matrix; a larger one is shown whole by its strongest numbers, or by window. */
export const MATRIX_SIDE = 256;

/** Elements that are fetched at once for a file: the worker answers others in between. */
const PORTION = 2 ** 21;

/** Where a window of a matrix begins. */
export interface Corner {
  readonly row: number;
  readonly column: number;
}

/** The lengths of a kernel's axes. */
export function kernelOf({ shape, channelAxis }: WeightInfo): { filters: number; inputs: number; places: number } {
  const [filters, inputs] = channelAxis === 1 ? [shape[1], shape[0]] : shape;
  return { filters, inputs, places: shape.slice(2).reduce((a, b) => a * b, 1) };
}

/** What makes sense for a weight, the best first; a vector is read as numbers alone. */
export function looksOf(info: WeightInfo): readonly Look[] {
  if (info.role === 'vector') return [];
  if (info.role !== 'kernel') return ['matrix'];
  const { inputs, places } = kernelOf(info);
  if (places === 1) return ['matrix'];
  if (inputs === 1) return ['input', 'matrix'];
  return inputs === 3 ? ['colour', 'norm', 'input', 'filter', 'matrix'] : ['norm', 'input', 'filter', 'matrix'];
}

export class Filters {
  list = $state.raw<readonly WeightInfo[] | null>(null);
  summary = $state.raw<WeightSummary | null>(null);
  picture = $state.raw<WeightPicture | null>(null);
  problem = $state('');
  sharedScale = $state(false);
  /** Of `look` "input". */
  input = $state(0);
  /** Where the window of a large matrix begins; null for the whole of it. */
  corner = $state.raw<Corner | null>(null);
  /** 0…1 while a file is being put together. */
  saving = $state<number | null>(null);
  #chosen = $state.raw<{ readonly id: string; readonly layer: string | null } | null>(null);
  #wanted = $state<Look | null>(null);
  /** The weight of `picture`. */
  #drawn = '';
  readonly inside: Inside;

  constructor(inside: Inside) {
    this.inside = inside;
  }

  /** What was chosen, until another layer is picked; else what made the layer, else the first filters. */
  readonly weight: WeightInfo | null = $derived.by(() => {
    const list = this.list ?? [];
    const { layer } = this.inside.place.selection;
    const chosen = this.#chosen?.layer === layer ? list.find(({ id }) => id === this.#chosen?.id) : undefined;
    const made = layer === null ? undefined : list.find(({ makes }) => makes.includes(layer));
    return chosen ?? made ?? list.find(({ role }) => role === 'kernel') ?? list[0] ?? null;
  });

  /** Whether the weight was chosen by name rather than by its layer. */
  readonly deliberate: boolean = $derived(this.weight !== null && this.#chosen?.id === this.weight.id);

  /** Whether the weight made the layer that is picked. */
  readonly made: boolean = $derived.by(
    () => this.weight?.makes.includes(this.inside.place.selection.layer ?? '') ?? false,
  );

  /** The picked channel, where it is one of this weight. */
  readonly channel: number | null = $derived.by(() => (this.made ? this.inside.place.selection.channel : null));

  readonly looks: readonly Look[] = $derived(this.weight ? looksOf(this.weight) : []);

  readonly look: Look | null = $derived(this.looks.find((look) => look === this.#wanted) ?? this.looks[0] ?? null);

  readonly view: WeightView | null = $derived.by(() => {
    const { weight, look } = this;
    if (!weight || !look) return null;
    if (look === 'matrix') return this.#matrixView(weight);
    if (look === 'input') return { kind: 'input', input: Math.min(this.input, kernelOf(weight).inputs - 1) };
    if (look === 'filter') return { kind: 'filter', filter: this.channel ?? 0 };
    return { kind: look };
  });

  see(look: Look): void {
    this.#wanted = look;
  }

  /** The selection follows to the layer that the weight makes. */
  choose({ id, makes }: WeightInfo): void {
    const { place, layers } = this.inside;
    const { layer } = place.selection;
    const own = layer !== null && makes.includes(layer) ? layer : layers.find((one) => makes.includes(one.id))?.id;
    if (own) place.pickLayer(own);
    this.#chosen = { id, layer: place.selection.layer };
    this.corner = null;
    this.input = 0;
  }

  pick(channel: number): void {
    if (!this.weight) return;
    if (!this.made) this.choose(this.weight);
    if (this.made) this.inside.place.pickChannel(channel);
  }

  /** Call when the open model changes. */
  async load(): Promise<void> {
    [this.list, this.summary, this.picture] = [null, null, null];
    const list = this.#taken(await this.inside.lab.weights());
    if (list) this.list = list;
  }

  /** Call when the weight changes. */
  async sum(): Promise<void> {
    const { weight } = this;
    this.summary = null;
    const summary = weight && this.#taken(await this.inside.lab.weight(weight.id));
    if (summary) this.summary = summary;
  }

  /** Call when the weight or its view changes. */
  async draw(): Promise<void> {
    const { weight, view } = this;
    if (this.#drawn !== weight?.id) this.picture = null;
    this.#drawn = weight?.id ?? '';
    const picture = weight && view && this.#taken(await this.inside.lab.weightPicture(weight.id, view));
    if (picture) this.picture = picture;
  }

  /** `rows` × `columns` numbers of a weight's matrix; null when a later call took its place. */
  async numbers(id: string, at: Corner & { rows: number; columns: number }): Promise<Float32Array | null> {
    const view = { kind: 'window', ...at, most: Math.max(at.rows, at.columns) } as const;
    return this.#taken(await this.inside.lab.weightPicture(id, view, 'numbers'))?.data ?? null;
  }

  /** The whole tensor as a .npy file; null where that failed. */
  async npy({ id, shape, elements }: WeightInfo): Promise<Uint8Array<ArrayBuffer> | null> {
    const data = new Float32Array(elements);
    try {
      for (let start = 0; start < elements; start += PORTION) {
        this.saving = start / elements;
        const part = this.#taken(await this.inside.lab.weightWindow(id, start, Math.min(PORTION, elements - start)));
        if (!part) return null;
        data.set(part, start);
      }
      return writeNpy(float32([...shape], data));
    } finally {
      this.saving = null;
    }
  }

  #matrixView(weight: WeightInfo): WeightView {
    const [height, width] = weight.matrix;
    const most = MATRIX_SIDE;
    if (!this.corner) return { kind: 'window', row: 0, rows: height, column: 0, columns: width, most };
    const [rows, columns] = [Math.min(height, most), Math.min(width, most)];
    const row = Math.min(this.corner.row, height - rows);
    const column = Math.min(this.corner.column, width - columns);
    return { kind: 'window', row, rows, column, columns, most };
  }

  #taken<T>(outcome: Outcome<T>): T | null {
    if (outcome.ok) return outcome.value;
    if (outcome.reason === 'failed') this.problem = outcome.message;
    return null;
  }
}
