/** @file A lab whose models and images are told by what is in the files. */
import { createHash } from 'node:crypto';
import type { DroppedFile, ImageInfo, ModelInfo, Outcome } from '../../src/lib/worker/api.ts';
import { FakeLab } from './fake-lab.ts';

const hashOf = async (bytes: Blob | ArrayBuffer): Promise<string> =>
  createHash('sha256')
    .update(new Uint8Array(bytes instanceof Blob ? await bytes.arrayBuffer() : bytes))
    .digest('hex');

/** Tells files by their content, as the worker does. */
export class HashingLab extends FakeLab {
  #model = '';
  shift = 0;

  /** What it says of every model. */
  info: Partial<ModelInfo> = {};
  /** The labels file that was opened last. */
  labels = '';

  override openModel = async (files: readonly DroppedFile[]): Promise<Outcome<ModelInfo>> => {
    const outcome = await new FakeLab().openModel(files);
    this.#model = await hashOf(files[0].bytes);
    const { output } = files[0];
    const read = { bytes: (files[0].bytes as Blob).size, sha256: this.#model, ...(output ? { output } : {}) };
    return outcome.ok ? { ok: true, value: { ...outcome.value, ...this.info, ...read } } : outcome;
  };

  override identify = async ([{ name, bytes }]: readonly DroppedFile[]) =>
    ({ ok: true, value: { name, sha256: await hashOf(bytes) } }) as const;

  override setLabels = async (file?: DroppedFile): Promise<Outcome<readonly string[]>> => {
    this.labels = await (file!.bytes as Blob).text();
    return { ok: true, value: JSON.parse(this.labels) as string[] };
  };

  #nextImage = 0;
  override openImage = async (file: DroppedFile): Promise<Outcome<ImageInfo>> => {
    const sha256 = await hashOf(file.bytes);
    return { ok: true, value: { id: ++this.#nextImage, name: file.name, sha256, width: 384, height: 384 } };
  };

  constructor() {
    super();
    const answer = this.attribute;
    this.attribute = async (request, onProgress) => {
      const outcome = await answer(request, onProgress);
      if (!outcome.ok) return outcome;
      const { value } = outcome;
      return { ok: true, value: { ...value, value: value.value + this.shift, modelSha256: this.#model } };
    };
  }
}
