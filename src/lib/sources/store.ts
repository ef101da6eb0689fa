/** @file Files that were fetched once, kept in the browser's storage by address and SHA-256 until a person clears them. */
import type { Version } from './download.ts';

const CACHE = 'vitrine-files';
/** Headers that say of a kept file what its list shows, and what its server said of its version. */
const HEADERS = {
  name: 'x-vitrine-name',
  bytes: 'x-vitrine-bytes',
  kept: 'x-vitrine-kept',
  etag: 'x-vitrine-etag',
  modified: 'x-vitrine-modified',
  length: 'x-vitrine-length',
};

export interface KeptFile {
  readonly url: string;
  /** Lower-case hex; '' where the platform offered no digest. */
  readonly sha256: string;
  readonly name: string;
  readonly bytes: number;
  /** When it was fetched, ISO 8601; '' where that is not known. */
  readonly kept: string;
  readonly version: Version;
}

/** What is told of a file to keep. */
export type Keeping = Pick<KeptFile, 'url' | 'sha256' | 'name'> & Partial<Pick<KeptFile, 'version'>>;

/** Where the browser keeps nothing (a private window, blocked storage), nothing is kept and nothing fails. */
export class FileStore {
  readonly #storage: () => CacheStorage | undefined;

  constructor(storage: () => CacheStorage | undefined = () => globalThis.caches) {
    this.#storage = storage;
  }

  /** The kept file; null where there is none. */
  async get(url: string, sha256: string): Promise<Blob | null> {
    const kept = await this.#with((cache) => cache.match(keyOf(url, sha256)));
    return kept ? kept.blob() : null;
  }

  /** What is kept of an address, whatever its digest; the last one where there are several. */
  async find(url: string): Promise<KeptFile | null> {
    // Keys write the query their own way.
    const wanted = describe(keyOf(url, ''), undefined).url;
    const found = (await this.list()).filter((file) => file.url === wanted);
    return found.toSorted((a, b) => a.kept.localeCompare(b.kept)).at(-1) ?? null;
  }

  /** Keeps a file; false where the browser refuses, such as for lack of room. */
  async put({ url, sha256, name, version }: Keeping, bytes: Blob): Promise<boolean> {
    const headers = {
      [HEADERS.name]: encodeURIComponent(name),
      [HEADERS.bytes]: String(bytes.size),
      [HEADERS.kept]: new Date().toISOString(),
      [HEADERS.etag]: encodeURIComponent(version?.etag ?? ''),
      [HEADERS.modified]: encodeURIComponent(version?.modified ?? ''),
      [HEADERS.length]: String(version?.bytes ?? ''),
    };
    const kept = await this.#with(async (cache) => {
      await cache.put(keyOf(url, sha256), new Response(bytes, { headers }));
      return true;
    });
    return kept ?? false;
  }

  /** Forgets one file. */
  async remove({ url, sha256 }: Pick<KeptFile, 'url' | 'sha256'>): Promise<void> {
    await this.#with((cache) => cache.delete(keyOf(url, sha256)));
  }

  async list(): Promise<readonly KeptFile[]> {
    const files = await this.#with(async (cache) =>
      Promise.all((await cache.keys()).map(async ({ url }) => describe(url, await cache.match(url)))),
    );
    return files ?? [];
  }

  async clear(): Promise<void> {
    try {
      await this.#storage()?.delete(CACHE);
    } catch {
      // Storage that cannot be reached holds nothing of ours.
    }
  }

  async #with<T>(work: (cache: Cache) => Promise<T>): Promise<T | null> {
    try {
      const cache = await this.#storage()?.open(CACHE);
      return cache ? await work(cache) : null;
    } catch {
      return null;
    }
  }
}

/** Cache keys are addresses, and their fragments do not count: the digest becomes part of the query. */
function keyOf(url: string, sha256: string): string {
  const key = new URL(url);
  key.searchParams.append('vitrine-sha256', sha256);
  return key.href;
}

function describe(key: string, kept: Response | undefined): KeptFile {
  const url = new URL(key);
  const sha256 = url.searchParams.get('vitrine-sha256') ?? '';
  url.searchParams.delete('vitrine-sha256');
  const header = (name: keyof typeof HEADERS) => decodeURIComponent(kept?.headers.get(HEADERS[name]) ?? '');
  const length = header('length');
  return {
    url: url.href,
    sha256,
    name: header('name'),
    bytes: Number(header('bytes')),
    kept: header('kept'),
    version: { etag: header('etag'), modified: header('modified'), bytes: length === '' ? null : Number(length) },
  };
}
