/** @file Models and images by their addresses: typed, pasted or dragged from another page. */
import { linkIn } from '../share/kind.ts';
import { beside } from '../sources/address.ts';
import type { Companion, DroppedFile, Outcome } from '../worker/api.ts';
import { headOf } from '../sniff/head.ts';
import { isImage, isImageName, sniff } from '../sniff/roles.ts';
import { type Fetched, IMAGE_LIMIT, MODEL_LIMIT, type Remote, type Wanted } from './remote.svelte.ts';
import type { Source } from './picture.svelte.ts';

/** What a person is asked before the files are fetched that hold a model's weights. */
export interface Asking {
  readonly model: string;
  readonly files: readonly Companion[];
  readonly answer: (yes: boolean) => void;
}

/** What is done with files when they are here: the part of the workspace that this needs. */
export interface Opener {
  readonly remote: Remote;
  readonly imageRemote: Remote;
  openModel(files: readonly DroppedFile[]): Promise<void>;
  openImage(source: Source): Promise<void>;
  /** What `file` names beside it. */
  companions(file: DroppedFile): Promise<Outcome<readonly Companion[]>>;
  tell(message: string): void;
  /** `fragment`: of a link to a result, with its `#`. */
  openLink(fragment: string): void;
}

export class Addresses {
  /** Of the model that is being fetched; null where there is nothing to ask. */
  asking = $state.raw<Asking | null>(null);
  /** Whether an address from outside of the menus is being followed. */
  following = $state(false);
  readonly #opener: Opener;

  constructor(opener: Opener) {
    this.#opener = opener;
  }

  /** False where the model could not be had, `remote.problem` says why, or was not wanted after all. */
  async openModel(url: string): Promise<boolean> {
    this.#answer(false);
    if (this.#openLink(url)) return true;
    const files = await this.#opener.remote.fetch([{ url, keep: true }], MODEL_LIMIT);
    return files !== null && this.#openFetched(files[0]);
  }

  async openImage(url: string): Promise<boolean> {
    if (this.#openLink(url)) return true;
    const files = await this.#opener.imageRemote.fetch([{ url }], IMAGE_LIMIT);
    if (files) await this.#opener.openImage(files[0]);
    return files !== null;
  }

  /** The model or the image at a pasted or dragged address; where its name does not say which, its first bytes do. */
  async open(url: string): Promise<void> {
    if (this.#openLink(url)) return;
    this.following = true;
    const remote = await this.#follow(url);
    if (remote.problem) this.#opener.tell(remote.problem);
    remote.problem = '';
    this.following = false;
  }

  /** A link to a result of Vitrine holds all that is needed: whichever site it points to is not asked. */
  #openLink(url: string): boolean {
    const fragment = linkIn(url);
    if (fragment) this.#opener.openLink(fragment);
    return fragment !== '';
  }

  /** Stops whatever is being fetched. */
  cancel(): void {
    this.#answer(false);
    this.#opener.remote.cancel();
    this.#opener.imageRemote.cancel();
  }

  async #follow(url: string): Promise<Remote> {
    const { remote, imageRemote } = this.#opener;
    const [path] = url.split(/[?#]/, 1);
    if (/^data:image\//i.test(url) || isImageName(path)) {
      await this.openImage(url);
      return imageRemote;
    }
    if (isModelPath(path)) await this.openModel(url);
    else {
      const [file] = (await remote.fetch([{ url }], MODEL_LIMIT)) ?? [];
      if (file && (await holdsImage(file.bytes))) await this.#opener.openImage(file);
      else if (file) await this.#openFetched(file);
    }
    return remote;
  }

  async #openFetched(model: Fetched): Promise<boolean> {
    const weights = await this.#weightsOf(model);
    if (!weights) return false;
    // Beside other files a model whose content does not tell is known by its ending.
    const known = weights.length === 0 || sniff(model.name, await headOf(model.bytes)).role === 'model';
    const name = known ? model.name : `${model.name}.onnx`;
    await this.#opener.openModel([{ ...model, name }, ...weights]);
    for (const { note } of [model, ...weights]) if (note) this.#opener.tell(note);
    return true;
  }

  /** The files that the model names beside it, fetched where the person wants them; null where not, or one is missing. */
  async #weightsOf(model: Fetched): Promise<Fetched[] | null> {
    const named = await this.#opener.companions(model);
    // What is wrong with the model is said when it is opened.
    if (!named.ok || named.value.length === 0) return [];
    const { remote } = this.#opener;
    try {
      const wanted = named.value.map(({ path }) => ({ url: beside(model.address, path), keep: true }));
      if (!(await this.#ask(model.name, named.value))) return null;
      const described = await this.#described(model);
      const fetched = await remote.fetch([...wanted, ...described], MODEL_LIMIT);
      if (!fetched && remote.problem) remote.problem = `${model.name}: ${weightsIn(named.value)}. ${remote.problem}`;
      return fetched && fetched.map((file, i) => ({ ...file, name: named.value[i]?.path ?? file.name }));
    } catch (error) {
      remote.problem = `${model.name}: ${weightsIn(named.value)}. ${error instanceof Error ? error.message : String(error)}`;
      return null;
    }
  }

  /** Teachable Machine writes class names and preprocessing into a file of this name, which no model names. */
  async #described({ name, bytes, address }: Fetched): Promise<Wanted[]> {
    const { kind } = sniff(name, await headOf(bytes));
    return kind === 'tfjs-layers' ? [{ url: beside(address, 'metadata.json'), keep: true, optional: true }] : [];
  }

  async #ask(model: string, files: readonly Companion[]): Promise<boolean> {
    this.#answer(false);
    const yes = await new Promise<boolean>((answer) => (this.asking = { model, files, answer }));
    this.asking = null;
    return yes;
  }

  #answer(yes: boolean): void {
    this.asking?.answer(yes);
  }
}

const weightsIn = (files: readonly Companion[]): string =>
  `its weights lie in ${files.length === 1 ? `"${files[0].path}"` : `${files.length} other files, the first is "${files[0].path}"`}`;

/** Endings of addresses that are models: they are kept, and need not be looked into before. */
const isModelPath = (path: string): boolean => /\.(onnx|json|h5|hdf5|keras|tflite|pb|zip)$/i.test(path);

const holdsImage = async (bytes: Blob): Promise<boolean> =>
  bytes.type.startsWith('image/') || isImage(await headOf(bytes));
