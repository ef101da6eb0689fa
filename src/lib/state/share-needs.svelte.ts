/** @file The files that a link names: those that come with the page are opened, the others are waited for. */
import { isSameFile } from '../share/compare.ts';
import { type FileReference, type SharedRecord, imagesOf } from '../share/record.ts';
import { hexDigest } from '../sources/digest.ts';
import type { DroppedFile, ModelIdentity } from '../worker/api.ts';
import { sortFiles } from './files.ts';
import { type Library, type PublicModel, fetchFile } from './library.ts';
import type { Source } from './picture.svelte.ts';
import { IMAGE_LIMIT, MODEL_LIMIT, type Remote } from './remote.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

export type Role = 'model' | 'image' | 'baseline' | 'reference';

/** A file that a link names and that is not here. */
export interface Needed {
  readonly role: Role;
  /** Of an image: which of the model's inputs it is for; of a reference, which of them it is. */
  readonly input: number;
  readonly file: FileReference;
  /** What the page knows of a model on another site. */
  readonly known: PublicModel | null;
}

export class NeededFiles {
  /** To be dropped or fetched before the link can be followed. */
  missing = $state.raw<readonly Needed[]>([]);
  /** Images behind the first and references: they wait here until the model is open and has inputs for them. */
  #inHand: readonly { readonly wanted: Needed; readonly source: Source }[] = [];
  readonly #workspace: Workspace;
  readonly #library: Library;

  constructor(workspace: Workspace, library: Library) {
    this.#workspace = workspace;
    this.#library = library;
  }

  /** Opens what comes with the page; returns what does not. */
  async gather(record: SharedRecord, started: Promise<unknown>): Promise<Needed[]> {
    const wanted = this.#wantedBy(record);
    this.#inHand = [];
    const missing = await Promise.all(wanted.map(async (one) => ((await this.#find(one, started)) ? [] : [one])));
    await started;
    return missing.flat();
  }

  /** Puts the images behind the first in front of their inputs. The open model must have as many as the link. */
  async place(): Promise<void> {
    const references = this.#inHand.filter(({ wanted }) => wanted.role === 'reference');
    references.sort((a, b) => a.wanted.input - b.wanted.input);
    if (references.length > 0) await this.#workspace.openReferences(references.map(({ source }) => source));
    for (const { wanted, source } of this.#inHand) {
      if (wanted.role === 'image' && !this.#isOpen(wanted)) await this.#workspace.openImage(source, wanted.input);
    }
  }

  /** Opens those of `files` that are waited for, whatever they are called; returns what the others are. */
  async take(files: readonly File[]): Promise<string[]> {
    const { model, others, images } = await sortFiles(files);
    const strangers: string[] = [];
    for (const group of [model, ...others]) if (group.length > 0) strangers.push(...(await this.#takeModel(group)));
    for (const image of images) {
      const found = { name: image.name, sha256: await hexDigest(image.bytes as Blob) };
      strangers.push(...(await this.#takeAs(found, [image])));
    }
    return strangers;
  }

  /** Also where its files came in an archive. */
  async #takeModel(files: readonly DroppedFile[]): Promise<string[]> {
    const identity = await this.#workspace.lab.identify(files);
    if (identity.ok) return this.#takeAs(identity.value, files);
    return identity.reason === 'failed' ? [identity.message] : [];
  }

  /** The same picture may stand in front of two inputs. */
  async #takeAs(found: ModelIdentity, files: readonly DroppedFile[]): Promise<string[]> {
    const wanted = this.missing.filter((one) => isSameFile(one.file, found));
    for (const one of wanted) await this.#open(one, files as readonly Source[]);
    return wanted.length > 0 ? [] : [`${found.name} (SHA-256 ${found.sha256.slice(0, 8) || 'unknown'}…)`];
  }

  /** Fetches the wanted file, because the person asked for it. One with another SHA-256 is not opened. */
  async fetch(wanted: Needed): Promise<void> {
    const { file, known, role } = wanted;
    const remote = this.remoteOf(role);
    const files = await remote.fetch(
      [{ url: file.url, ...(file.sha256 ? { sha256: file.sha256 } : {}) }, ...(known?.labels ? [known.labels] : [])],
      role === 'model' ? MODEL_LIMIT : IMAGE_LIMIT,
    );
    if (files) await this.#open(wanted, files);
    else if (remote.problem) this.#workspace.problem = remote.problem;
  }

  remoteOf(role: Role): Remote {
    return role === 'model' ? this.#workspace.remote : this.#workspace.imageRemote;
  }

  #wantedBy(record: SharedRecord): Needed[] {
    const { model, baseline } = record;
    const known = this.#library.publicModels.find(({ url, sha256 }) => url === model.url && sha256 === model.sha256);
    const image = (role: Role, file: FileReference, input: number): Needed => ({ role, input, file, known: null });
    return [
      { role: 'model', input: 0, file: model, known: known ?? null },
      ...imagesOf(record).map((file, input) => image('image', file, input)),
      ...(baseline.kind === 'image' ? [image('baseline', baseline.image, 0)] : []),
      ...(baseline.kind === 'images' ? baseline.images.map((file, i) => image('reference', file, i)) : []),
    ];
  }

  /** Whether the file is open already, or comes with the page and was opened. */
  async #find(wanted: Needed, started: Promise<unknown>): Promise<boolean> {
    const { role, file, input } = wanted;
    if (role === 'reference') {
      const held = this.#workspace.references.images.find(({ info }) => isSameFile(file, info));
      if (held) this.#keep(wanted, held.source);
      if (held) return true;
    } else if (this.#isOpen(wanted)) {
      const source = role === 'image' && this.#workspace.inputs.slots[input].picture.source;
      if (source && input > 0) this.#keep(wanted, source);
      return true;
    }
    const { models, images } = this.#library;
    if (role === 'model') {
      const [model, before] = [models.find(({ id }) => id === file.bundled), this.#workspace.model];
      if (model) await this.#workspace.openBundledModel(model, started);
      return this.#workspace.model !== before && model !== undefined;
    }
    const found = images.find(({ id }) => id === file.bundled);
    const fetched = found && (await fetchFile(found.url, found.title).catch(() => null));
    await started;
    return fetched ? this.#open(wanted, [{ ...fetched, url: found.url }]) : false;
  }

  #keep(wanted: Needed, source: Source): void {
    this.#inHand = [...this.#inHand.filter((kept) => kept.wanted !== wanted), { wanted, source }];
  }

  #isOpen(wanted: Needed): boolean {
    const present = this.#present(wanted);
    return present !== null && isSameFile(wanted.file, present);
  }

  #present({ role, input }: Needed): { readonly name: string; readonly sha256: string } | null {
    const { model, inputs, baselineImage } = this.#workspace;
    if (role === 'reference') return null;
    if (role === 'image') return inputs.slots.at(input)?.picture.info ?? null;
    return role === 'model' ? model : (baselineImage?.info ?? null);
  }

  /** Opens the wanted file, a model with what came beside it; then it is waited for no longer. False where that fails. */
  async #open(wanted: Needed, [file, ...beside]: readonly Source[]): Promise<boolean> {
    const { role, known, input } = wanted;
    const before = this.#present(wanted);
    if (role === 'reference' || (role === 'image' && input > 0)) this.#keep(wanted, file);
    else if (role === 'image') await this.#workspace.openImage(file, input);
    else if (role === 'baseline') await this.#workspace.openBaseline(file);
    else await this.#workspace.openModel([file, ...beside], known?.preprocessing);
    const opened = this.#inHand.some((kept) => kept.wanted === wanted) || this.#present(wanted) !== before;
    if (opened) this.missing = this.missing.filter((other) => other !== wanted);
    return opened;
  }
}
