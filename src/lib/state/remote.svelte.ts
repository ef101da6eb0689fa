/** @file Files by their address: one download at a time, only when a person asks for it. */
import { download, type Received } from '../sources/download.ts';
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
}

/** Models are held in memory more than once while they are opened. */
export const MODEL_LIMIT = 1_000_000_000;
export const IMAGE_LIMIT = 100_000_000;

export class Remote {
  fetching = $state.raw<Fetching | null>(null);
  /** Why the last download failed. */
  problem = $state('');
  kept = $state.raw<readonly KeptFile[]>([]);
  #current: AbortController | null = null;
  readonly #store: FileStore;

  constructor(store = new FileStore()) {
    this.#store = store;
  }

  /** The files at these addresses, or null where one failed (`problem` says why) or the person stopped it. */
  async fetch(wanted: readonly Wanted[], limit: number): Promise<{ name: string; bytes: Blob }[] | null> {
    this.cancel();
    const controller = new AbortController();
    this.#current = controller;
    this.problem = '';
    try {
      const files = [];
      for (const one of wanted) files.push(await this.#one(one, limit, controller.signal));
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

  async clear(): Promise<void> {
    await this.#store.clear();
    await this.look();
  }

  async #one({ url, sha256 }: Wanted, limit: number, signal: AbortSignal): Promise<{ name: string; bytes: Blob }> {
    const name = fileName(fileAddress(url));
    const kept = sha256 ? await this.#store.get(url, sha256) : null;
    if (kept) return { name, bytes: kept };
    const onProgress = (received: Received) => {
      if (!signal.aborted) this.fetching = { name, ...received };
    };
    onProgress({ bytes: 0, total: null });
    const { bytes } = await download(url, { signal, onProgress, limit, ...(sha256 ? { sha256 } : {}) });
    if (sha256 && (await this.#store.put({ url, sha256, name }, bytes))) await this.look();
    return { name, bytes };
  }
}
