/** @file The models that a person opened, to compare with one another: their files, never their weights. */
import type { DroppedFile, ModelInfo, Preprocessing } from '../worker/api.ts';

export interface OpenedModel {
  readonly id: number;
  readonly title: string;
  readonly files: readonly DroppedFile[];
  /** What it expects; null while nobody has read it. */
  readonly preprocessing: Preprocessing | null;
  /** Of the model file; null while nobody has read it. */
  readonly sha256: string | null;
}

/** A dropped file lies on the disk; one that was fetched may lie in memory. The oldest are let go beyond this. */
const KEPT_BYTES = 2 ** 30;
const KEPT_MODELS = 12;

export class OpenedModels {
  /** The newest last. */
  entries = $state.raw<readonly OpenedModel[]>([]);
  #last = 0;

  /** A model that was read: it takes the place of what was known of it. */
  read(files: readonly DroppedFile[], { name, sha256 }: ModelInfo, preprocessing: Preprocessing): void {
    const known = this.entries.find((entry) => entry.sha256 === sha256 || sameFile(entry.files, files));
    const entry = { id: known?.id ?? ++this.#last, title: name, files, preprocessing, sha256 };
    this.#keep(
      known ? this.entries.map((other) => (other === known ? entry : other)) : [...this.entries, entry],
      entry.id,
    );
  }

  /** A model that was dropped beside another one, and is read when its turn comes. */
  add(files: readonly DroppedFile[]): void {
    const title = files[0].name;
    const entry = { id: ++this.#last, title, files, preprocessing: null, sha256: null };
    this.#keep([...this.entries, entry], entry.id);
  }

  /** Lets the oldest go where they are too many or too large, never `newest`. */
  #keep(entries: readonly OpenedModel[], newest: number): void {
    let bytes = 0;
    const room = entries.toReversed().filter(({ files }, i) => {
      bytes += sizeOf(files);
      return i < KEPT_MODELS && bytes <= KEPT_BYTES;
    });
    this.entries = entries.filter((entry) => entry.id === newest || room.includes(entry));
  }
}

const sameFile = (a: readonly DroppedFile[], b: readonly DroppedFile[]): boolean =>
  a.length === b.length && a.every(({ bytes }, i) => bytes === b[i].bytes);

/** Of all files, in bytes. */
export const sizeOf = (files: readonly DroppedFile[]): number =>
  files.reduce((sum, { bytes }) => sum + (bytes instanceof Blob ? bytes.size : bytes.byteLength), 0);
