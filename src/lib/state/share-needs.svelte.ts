/** @file The files that a link names: those that come with the page are opened, the others are waited for. */
import { isSameFile } from '../share/compare.ts';
import type { FileReference, SharedRecord } from '../share/record.ts';
import { type Library, type PublicModel, fetchFile } from './library.ts';
import type { Source } from './picture.svelte.ts';
import { IMAGE_LIMIT, MODEL_LIMIT, type Remote } from './remote.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

export type Role = 'model' | 'image' | 'baseline';

/** A file that a link names and that is not here. */
export interface Needed {
  readonly role: Role;
  readonly file: FileReference;
  /** What the page knows of a model on another site. */
  readonly known: PublicModel | null;
}

export class NeededFiles {
  /** To be dropped or fetched before the link can be followed. */
  missing = $state.raw<readonly Needed[]>([]);
  readonly #workspace: Workspace;
  readonly #library: Library;

  constructor(workspace: Workspace, library: Library) {
    this.#workspace = workspace;
    this.#library = library;
  }

  /** Opens what comes with the page; returns what does not. */
  async gather({ model, image, baseline }: SharedRecord, started: Promise<unknown>): Promise<Needed[]> {
    const known = this.#library.publicModels.find(({ url, sha256 }) => url === model.url && sha256 === model.sha256);
    const wanted: Needed[] = [
      { role: 'model', file: model, known: known ?? null },
      { role: 'image', file: image, known: null },
      ...(baseline.kind === 'image' ? [{ role: 'baseline', file: baseline.image, known: null } as const] : []),
    ];
    const missing = await Promise.all(wanted.map(async (one) => ((await this.#find(one, started)) ? [] : [one])));
    await started;
    return missing.flat();
  }

  /** Opens those of `files` that are waited for, whatever they are called; returns what the others are. */
  async take(files: readonly File[]): Promise<string[]> {
    const strangers: string[] = [];
    for (const file of files) {
      if (!isModel(file) && !isImage(file)) continue;
      const hash = await sha256(file);
      const wanted = this.missing.find(({ file: { sha256, name } }) =>
        sha256 && hash ? sha256 === hash : name === file.name,
      );
      const beside = files.filter((other) => other !== file && !isImage(other) && !isModel(other)).map(sourceOf);
      if (!wanted) strangers.push(`${file.name} (SHA-256 ${hash.slice(0, 8) || 'unknown'}…)`);
      else await this.#open(wanted, [sourceOf(file), ...beside]);
    }
    return strangers;
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

  /** Opens the wanted file, a model with what came beside it; then it is waited for no longer. */
  async #open(wanted: Needed, [file, ...beside]: readonly Source[]): Promise<void> {
    const { role, known } = wanted;
    const before = this.#present(role);
    if (role === 'image') await this.#workspace.openImage(file);
    else if (role === 'baseline') await this.#workspace.openBaseline(file);
    else await this.#workspace.openModel([file, ...beside], known?.preprocessing);
    if (this.#present(role) !== before) this.missing = this.missing.filter((other) => other !== wanted);
  }
}

const sourceOf = (file: File): Source => ({ name: file.name, bytes: file });

const isModel = ({ name }: File): boolean => /\.onnx$/i.test(name);
const isImage = (file: File): boolean =>
  file.type.startsWith('image/') || /\.(png|jpe?g|webp|gif|bmp|avif)$/i.test(file.name);

/** '' where the platform offers no digests, because the page came over an insecure connection. */
async function sha256(file: Blob): Promise<string> {
  if (!globalThis.crypto?.subtle) return '';
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
