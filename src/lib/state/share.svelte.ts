/** @file Links: made from what is on show, and opened, which recomputes and compares. */
import { type Verdict, compareRecords, isSameFile } from '../share/compare.ts';
import { LinkError, decodeLink, encodeLink, isLink } from '../share/link.ts';
import type { FileReference, SharedRecord } from '../share/record.ts';
import type { AttributionResult } from '../worker/api.ts';
import { type Library, fetchFile } from './library.ts';
import { lostOptions, obstacle, recordOf } from './share-record.ts';
import { type BundledResult, type OpenBundle, bundledResult, isBundle, openBundle } from './share-bundle.ts';
import type { Workspace } from './workspace.svelte.ts';

export { isLink };
export type { FileReference, OpenBundle, SharedRecord, Verdict };

type Role = 'model' | 'image' | 'baseline';

/** A file that a link names and that is not here. */
export interface Needed {
  readonly role: Role;
  readonly file: FileReference;
}

export class Sharing {
  /** Files to be dropped before the link can be followed. */
  needed = $state.raw<readonly Needed[]>([]);
  /** A link was opened or refused: the page shows nothing of its own choice. */
  opened = $state(false);
  /** A bundle that is on show over the page. */
  bundle = $state.raw<OpenBundle | null>(null);
  #record = $state.raw<SharedRecord | null>(null);
  #expecting = $state(false);
  #compared = $state.raw<{ readonly result: AttributionResult; readonly verdict: Verdict } | null>(null);
  readonly #workspace: Workspace;
  readonly #library: Library;

  /** The chosen overlay and method, for pictures of the result. */
  get workspace(): Workspace {
    return this.#workspace;
  }

  constructor(workspace: Workspace, library: Library) {
    this.#workspace = workspace;
    this.#library = library;
  }

  /** How the result on show compares with what its link says; null where it comes from no link. */
  readonly verdict: Verdict | null = $derived.by(() => {
    const compared = this.#compared;
    return compared && compared.result === this.#workspace.result ? compared.verdict : null;
  });

  /** The finished result that is to be compared with the link; null when there is none. */
  readonly finished: AttributionResult | null = $derived.by(() => {
    const { status, result } = this.#workspace;
    return this.#expecting && status === 'done' ? result : null;
  });

  /** The first visit: what the address says, else the page's own choice. */
  async begin(): Promise<void> {
    if (!isLink(location.hash)) return this.#workspace.begin(this.#library);
    await this.open(location.hash, this.#workspace.start());
  }

  /** What a bundle and a JSON file say about what is on show. */
  described(result: AttributionResult): { record: SharedRecord; result: BundledResult } {
    const { picture, method } = this.#workspace;
    if (!picture.info) throw new Error('Share: the image is no longer open.');
    const record = recordOf(this.#workspace, this.#library, result);
    return { record, result: bundledResult(result, method, picture.info) };
  }

  closeBundle(): void {
    if (this.bundle) [this.bundle.inputUrl, this.bundle.pictureUrl].forEach((url) => URL.revokeObjectURL(url));
    this.bundle = null;
  }

  /** The fragment of a link to what is on show. */
  linkTo(result: AttributionResult): string {
    return encodeLink(recordOf(this.#workspace, this.#library, result));
  }

  /**
   * Follows a link. `started`: the engine's start, where it has not been started yet. A link that cannot be read is a
   * problem that says why; nothing else is opened in its place.
   */
  async open(fragment: string, started: Promise<unknown> = Promise.resolve()): Promise<void> {
    this.opened = true;
    try {
      this.#record = decodeLink(fragment);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#workspace.problem = error.message;
      return;
    }
    const record = this.#record;
    this.#compared = null;
    this.#expecting = false;
    this.#workspace.held = true;
    this.needed = await this.#gather(record, started);
    if (record === this.#record && this.needed.length === 0) this.#apply(record);
  }

  /** Goes on without the link. */
  forget(): void {
    this.needed = [];
    this.#record = null;
    this.#expecting = false;
    this.#workspace.held = false;
  }

  /** Whatever a person dropped: what the link waits for, if it waits, and only if it is that very file. */
  async openFiles(files: readonly File[]): Promise<void> {
    const bundle = files.find(({ name }) => isBundle(name));
    if (bundle) return this.#showBundle(bundle);
    const record = this.#record;
    if (!record || this.needed.length === 0) return this.#workspace.openFiles(files);
    const strangers: string[] = [];
    for (const file of files) {
      if (!/\.onnx$/i.test(file.name) && !isImage(file)) continue;
      const hash = await sha256(file);
      const wanted = this.needed.find(({ file: { sha256, name } }) =>
        sha256 && hash ? sha256 === hash : name === file.name,
      );
      if (!wanted) strangers.push(`${file.name} (SHA-256 ${hash.slice(0, 8) || 'unknown'}…)`);
      else if (await this.#take(wanted, file, files)) this.needed = this.needed.filter((other) => other !== wanted);
    }
    if (strangers.length > 0) this.#workspace.problem = this.#notWanted(strangers);
    if (record === this.#record && this.needed.length === 0) this.#apply(record);
  }

  async #showBundle(file: File): Promise<void> {
    try {
      const opened = await openBundle(file, this.#workspace.overlay.dark);
      this.closeBundle();
      this.bundle = opened;
    } catch (error) {
      this.#workspace.problem = error instanceof Error ? error.message : String(error);
    }
  }

  /** Compares the finished result with what the link says. */
  compare(result: AttributionResult): void {
    const record = this.#record;
    this.#expecting = false;
    if (!record) return;
    const verdict = compareRecords(record, recordOf(this.#workspace, this.#library, result));
    const method = this.#workspace.method;
    const lost = method ? lostOptions(record, method) : [];
    this.#compared = { result, verdict: { ...verdict, reasons: [...verdict.reasons, ...lost] } };
  }

  #notWanted(strangers: readonly string[]): string {
    const wanted = this.needed.map(({ file }) => `${file.name} (SHA-256 ${file.sha256.slice(0, 8) || 'unknown'}…)`);
    return `${strangers.join(', ')}: not what the link was made with, which is ${wanted.join(' and ')}. Drop that file, or forget the link.`;
  }

  /** Opens what comes with the page; returns what does not. */
  async #gather({ model, image, baseline }: SharedRecord, started: Promise<unknown>): Promise<Needed[]> {
    const wanted: Needed[] = [
      { role: 'model', file: model },
      { role: 'image', file: image },
      ...(baseline.kind === 'image' ? [{ role: 'baseline', file: baseline.image } as const] : []),
    ];
    const missing = await Promise.all(wanted.map(async (one) => ((await this.#find(one, started)) ? [] : [one])));
    await started;
    return missing.flat();
  }

  /** Whether the file is open already, or comes with the page and was opened. */
  async #find({ role, file }: Needed, started: Promise<unknown>): Promise<boolean> {
    const present = this.#present(role);
    if (present && isSameFile(file, present)) return true;
    const { models, images } = this.#library;
    if (role === 'model') {
      const model = models.find(({ id }) => id === file.bundled);
      if (model) await this.#workspace.openBundledModel(model, started);
    } else {
      const found = images.find(({ id }) => id === file.bundled);
      if (found && role === 'image') await this.#workspace.openBundledImage(found, started);
      if (found && role === 'baseline') {
        const fetched = await fetchFile(found.url, found.title).catch(() => null);
        await started;
        if (fetched) await this.#workspace.openBaseline({ ...fetched, url: found.url });
      }
    }
    const now = this.#present(role);
    return file.bundled !== '' && now !== null && now !== present;
  }

  #present(role: Role): { readonly name: string; readonly sha256: string } | null {
    const { model, picture, baselineImage } = this.#workspace;
    return role === 'model' ? model : role === 'image' ? picture.info : (baselineImage?.info ?? null);
  }

  /** Opens the wanted file; a model together with what was dropped beside it. False where it could not be opened. */
  async #take({ role }: Needed, file: File, files: readonly File[]): Promise<boolean> {
    const before = this.#present(role);
    const source = { name: file.name, bytes: file };
    if (role === 'image') await this.#workspace.openImage(source);
    else if (role === 'baseline') await this.#workspace.openBaseline(source);
    else {
      const beside = files.filter((other) => other !== file && !isImage(other) && !/\.onnx$/i.test(other.name));
      await this.#workspace.openModel([source, ...beside.map((other) => ({ name: other.name, bytes: other }))]);
    }
    return this.#present(role) !== before;
  }

  #apply(record: SharedRecord): void {
    const { question, overlay, model, baselineImage } = this.#workspace;
    const problem = model ? obstacle(record, model) : 'The model of the link could not be opened.';
    if (problem) {
      this.forget();
      this.#workspace.problem = `${problem} Choose a method below, or ask for a bundle (.vitrine.zip), which shows the result without the model.`;
      return;
    }
    question.method = record.method;
    question.changed = { ...question.changed, [record.method]: record.options };
    question.kind = record.target.kind;
    question.chosen = record.target.index;
    question.other = record.target.kind === 'difference' ? record.target.other : null;
    question.seed = record.seed;
    if (record.layer !== null) question.layer = record.layer;
    if (record.baseline.kind !== 'image') question.baseline = record.baseline;
    else if (baselineImage) question.baseline = { kind: 'image', image: baselineImage.info.id };
    this.#workspace.preprocessing = record.preprocessing;
    const { diverging, ...view } = record.view;
    Object.assign(overlay, view);
    if (diverging !== null) overlay.diverging = diverging;
    this.#workspace.held = false;
    this.#expecting = true;
  }
}

const isImage = (file: File): boolean =>
  file.type.startsWith('image/') || /\.(png|jpe?g|webp|gif|bmp|avif)$/i.test(file.name);

/** '' where the platform offers no digests, because the page came over an insecure connection. */
async function sha256(file: Blob): Promise<string> {
  if (!globalThis.crypto?.subtle) return '';
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
