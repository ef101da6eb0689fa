/** @file The images that a person opened, to go back and forth between. */
import type { Source } from './picture.svelte.ts';

export interface StripEntry {
  readonly id: number;
  readonly title: string;
  /** Address of its thumbnail. */
  readonly url: string;
  readonly source: Source;
  /** The class that was chosen for it; null follows the prediction. */
  readonly chosen: number | null;
  /** SHA-256 of the model whose class that is. */
  readonly model?: string | undefined;
}

export class Strip {
  entries = $state.raw<readonly StripEntry[]>([]);
  #last = 0;

  /** Appends images. */
  add(sources: readonly Source[]): readonly StripEntry[] {
    const added = sources.map((source) => ({
      id: ++this.#last,
      title: source.name,
      url: URL.createObjectURL(source.bytes),
      source,
      chosen: null,
    }));
    this.entries = [...this.entries, ...added];
    return added;
  }

  remember(source: Source | null, asked: Pick<StripEntry, 'chosen' | 'model'>): void {
    this.entries = this.entries.map((entry) => (entry.source === source ? { ...entry, ...asked } : entry));
  }

  remove(entry: StripEntry): void {
    URL.revokeObjectURL(entry.url);
    this.entries = this.entries.filter(({ id }) => id !== entry.id);
  }
}
