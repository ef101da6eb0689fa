/** @file Files that were fetched once, kept in the browser's storage by address and SHA-256 until a person clears them. */

const CACHE = 'vitrine-files';
/** Headers that say of a kept file what its list shows. */
const [NAME, BYTES] = ['x-vitrine-name', 'x-vitrine-bytes'];

export interface KeptFile {
  readonly url: string;
  readonly sha256: string;
  readonly name: string;
  readonly bytes: number;
}

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

  /** Keeps a file; false where the browser refuses, such as for lack of room. */
  async put({ url, sha256, name }: Omit<KeptFile, 'bytes'>, bytes: Blob): Promise<boolean> {
    const headers = { [NAME]: encodeURIComponent(name), [BYTES]: String(bytes.size) };
    const kept = await this.#with(async (cache) => {
      await cache.put(keyOf(url, sha256), new Response(bytes, { headers }));
      return true;
    });
    return kept ?? false;
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
  const headers = kept?.headers;
  return {
    url: url.href,
    sha256,
    name: decodeURIComponent(headers?.get(NAME) ?? ''),
    bytes: Number(headers?.get(BYTES) ?? 0),
  };
}
