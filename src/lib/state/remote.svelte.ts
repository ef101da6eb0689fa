/** @file Files by their address: one download at a time, only when a person asks for it. */
import { hexDigest } from '../sources/digest.ts';
import {
  Unreachable,
  downloadIfChanged,
  type DownloadOptions,
  type Downloaded,
  type Received,
} from '../sources/download.ts';
import { fileAddress, fileName } from '../sources/address.ts';
import { FileStore, type KeptFile } from '../sources/store.ts';

export type { KeptFile };

/** What is being fetched. */
export interface Fetching extends Received {
  readonly name: string;
}

export interface Wanted {
  readonly url: string;
  /** Files whose digest is known are kept in the browser's storage. */
  readonly sha256?: string;
  /** Kept although nothing is known beforehand: its server is asked each time whether it has changed. */
  readonly keep?: boolean;
  /** It may not be there: then there is one file less. */
  readonly optional?: boolean;
}

export interface Fetched {
  readonly name: string;
  readonly bytes: Blob;
  /** Where it came from. */
  readonly address: string;
  /** What a person should know of how it came, a sentence; '' otherwise. */
  readonly note: string;
}

/** Larger files are kept without their digest: it would need the whole file in memory once more. */
const MOST_DIGESTED = 512 * 2 ** 20;

/** Models are held in memory more than once while they are opened. */
export const MODEL_LIMIT = 1_000_000_000;
export const IMAGE_LIMIT = 100_000_000;

const listed = (file: Fetched): Fetched[] => [file];

export class Remote {
  fetching = $state.raw<Fetching | null>(null);
  /** Why the last download failed. */
  problem = $state('');
  kept = $state.raw<readonly KeptFile[]>([]);
  /** Why the last file is not kept, although it should be; '' where it is. */
  unkept = $state('');
  #current: AbortController | null = null;
  readonly #store: FileStore;

  constructor(store = new FileStore()) {
    this.#store = store;
  }

  /** The files at these addresses, in their order, or null where one failed (`problem` says why) or the person stopped it. */
  async fetch(wanted: readonly Wanted[], limit: number): Promise<Fetched[] | null> {
    this.cancel();
    const controller = new AbortController();
    this.#current = controller;
    this.problem = this.unkept = '';
    try {
      const files = [];
      for (const one of wanted) {
        const file = this.#one(one, limit, controller.signal);
        files.push(...(await (one.optional ? file.then(listed, () => []) : file.then(listed))));
      }
      return controller.signal.aborted ? null : files;
    } catch (error) {
      if (!controller.signal.aborted) this.problem = error instanceof Error ? error.message : String(error);
      return null;
    } finally {
      if (this.#current === controller) {
        this.#current = null;
        this.fetching = null;
      }
    }
  }

  cancel(): void {
    this.#current?.abort();
    this.#current = null;
    this.fetching = null;
  }

  async look(): Promise<void> {
    this.kept = await this.#store.list();
  }

  async forget(file: KeptFile): Promise<void> {
    await this.#store.remove(file);
    await this.look();
  }

  async clear(): Promise<void> {
    await this.#store.clear();
    await this.look();
  }

  async #one(wanted: Wanted, limit: number, signal: AbortSignal): Promise<Fetched> {
    const { url, sha256, keep = false } = wanted;
    const at = fileAddress(url);
    const [name, address] = [fileName(at), at.href];
    const onProgress = (received: Received) => {
      if (!signal.aborted) this.fetching = { name, ...received };
    };
    const options: DownloadOptions = { signal, onProgress, limit, ...(sha256 ? { sha256 } : {}) };
    if (!sha256 && keep && /^https?:$/.test(at.protocol)) return this.#newest(address, name, options);
    const kept = sha256 ? await this.#store.get(url, sha256) : null;
    if (kept) return { name, bytes: kept, address, note: '' };
    onProgress({ bytes: 0, total: null });
    const { bytes } = (await downloadIfChanged(url, null, options))!;
    if (sha256) await this.#put({ url, sha256, name }, bytes);
    return { name, bytes, address, note: '' };
  }

  /** The file as its server has it now: the kept copy where that says that nothing has changed, or does not answer. */
  async #newest(url: string, name: string, options: DownloadOptions): Promise<Fetched> {
    const known = await this.#store.find(url);
    const copy = known && (await this.#store.get(url, known.sha256));
    options.onProgress({ bytes: 0, total: null });
    try {
      const fresh = await downloadIfChanged(url, copy ? known : null, options);
      if (!fresh) return { name, bytes: copy!, address: url, note: '' };
      await this.#keep(url, name, fresh);
      return { name, bytes: fresh.bytes, address: url, note: '' };
    } catch (error) {
      if (!copy || !(error instanceof Unreachable)) throw error;
      const day = known.kept.slice(0, 10);
      return {
        name,
        bytes: copy,
        address: url,
        note: `${name}: its site cannot be reached; this is the copy kept on ${day}.`,
      };
    }
  }

  async #keep(url: string, name: string, { bytes, version }: Downloaded): Promise<void> {
    const sha256 = bytes.size <= MOST_DIGESTED ? await hexDigest(bytes) : '';
    const before = await this.#store.find(url);
    if (before && before.sha256 !== sha256) await this.#store.remove(before);
    await this.#put({ url, sha256, name, version }, bytes);
  }

  async #put(file: Parameters<FileStore['put']>[0], bytes: Blob): Promise<void> {
    if (!(await this.#store.put(file, bytes)))
      this.unkept = `${file.name} is not kept: the browser’s storage is full or switched off. It is fetched again when it is next opened.`;
    await this.look();
  }
}
