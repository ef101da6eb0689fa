/** @file The image in front of the model. */
import type { LabClient } from '../worker/client.ts';
import type { DroppedFile, ImageInfo, Outcome } from '../worker/api.ts';

export type { ImageInfo };

export interface Source extends DroppedFile {
  readonly bytes: Blob;
  /** Where the page can show it from without waiting for the engine; a blob address otherwise. */
  readonly url?: string;
  /** What a person may read about it. */
  readonly note?: string;
}

export class Picture {
  info = $state.raw<ImageInfo | null>(null);
  source = $state.raw<Source | null>(null);
  /** Address for <img>; known before the engine has read the image. */
  url = $state('');
  #blobUrl = '';
  #latest = 0;
  readonly #lab: LabClient;

  constructor(lab: LabClient) {
    this.#lab = lab;
  }

  /** Opens an image in place of the present one, which stays where that fails or a newer one comes in between. */
  async open(source: Source): Promise<Outcome<ImageInfo>> {
    const turn = ++this.#latest;
    const outcome = await this.#lab.openImage({ name: source.name, bytes: source.bytes });
    if (turn !== this.#latest) {
      if (outcome.ok) void this.#lab.closeImage(outcome.value.id);
      return { ok: false, reason: 'cancelled', message: 'A newer image took its place.' };
    }
    if (outcome.ok) this.#show(outcome.value, source);
    return outcome;
  }

  /** Takes the image away. */
  close(): void {
    this.#latest++;
    if (this.#blobUrl) URL.revokeObjectURL(this.#blobUrl);
    if (this.info) void this.#lab.closeImage(this.info.id);
    this.#blobUrl = this.url = '';
    this.info = this.source = null;
  }

  #show(info: ImageInfo, source: Source): void {
    const before = this.info;
    if (this.#blobUrl) URL.revokeObjectURL(this.#blobUrl);
    this.#blobUrl = source.url ? '' : URL.createObjectURL(source.bytes);
    this.url = source.url ?? this.#blobUrl;
    this.source = source;
    this.info = info;
    if (before) void this.#lab.closeImage(before.id);
  }
}
