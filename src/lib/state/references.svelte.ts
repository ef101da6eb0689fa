/** @file The open images that serve together as baselines. */
import type { LabClient } from '../worker/client.ts';
import type { ImageInfo, Outcome } from '../worker/api.ts';
import type { Source } from './picture.svelte.ts';

export interface Reference {
  readonly info: ImageInfo;
  readonly source: Source;
}

/** Each lies decoded in the worker's memory, and a link names each. */
export const MOST_REFERENCES = 12;

export class References {
  images = $state.raw<readonly Reference[]>([]);
  readonly #lab: LabClient;
  #latest = 0;

  constructor(lab: LabClient) {
    this.#lab = lab;
  }

  /** Opens the first of `sources`, in their order, in place of those before. Where one cannot be read, those before stay. */
  async take(sources: readonly Source[]): Promise<Outcome<readonly Reference[]>> {
    const turn = ++this.#latest;
    const before = this.images;
    const taken: Reference[] = [];
    for (const source of sources.slice(0, MOST_REFERENCES)) {
      const known = before.find((one) => one.source === source);
      const opened = known ? null : await this.#lab.openImage({ name: source.name, bytes: source.bytes });
      if (opened && !opened.ok) return this.#giveBack(taken, opened);
      taken.push(known ?? { info: (opened as { value: ImageInfo }).value, source });
    }
    if (turn !== this.#latest)
      return this.#giveBack(taken, { ok: false, reason: 'cancelled', message: 'Others took their place.' });
    this.images = taken;
    this.#close(before.filter((one) => !taken.includes(one)));
    return { ok: true, value: taken };
  }

  #giveBack(taken: readonly Reference[], why: Outcome<never>): Outcome<never> {
    this.#close(taken.filter((one) => !this.images.includes(one)));
    return why;
  }

  #close(references: readonly Reference[]): void {
    for (const { info } of references) void this.#lab.closeImage(info.id);
  }
}
