import { describe, expect, it } from 'vitest';
import { FileStore } from '../../src/lib/sources/store.ts';

/** The part of the Cache API that is used, in memory. The browser's own is tested end to end. */
function memory(room = Infinity): CacheStorage {
  const caches = new Map<string, Map<string, Response>>();
  const open = async (name: string) => {
    const entries = caches.get(name) ?? new Map<string, Response>();
    caches.set(name, entries);
    return {
      match: async (url: string) => entries.get(url)?.clone(),
      keys: async () => [...entries.keys()].map((url) => ({ url })),
      put: async (url: string, response: Response) => {
        if ((await response.clone().blob()).size > room) throw new DOMException('full', 'QuotaExceededError');
        entries.set(url, response);
      },
    };
  };
  return { open, delete: async (name: string) => caches.delete(name) } as unknown as CacheStorage;
}

const url = 'https://example.org/m.onnx?x=1';
const [one, other] = ['1'.repeat(64), '2'.repeat(64)];

describe('the file store', () => {
  it('gives back what was kept, under address and digest, until it is cleared', async () => {
    const storage = memory();
    const store = new FileStore(() => storage);
    expect(await store.put({ url, sha256: one, name: 'm ü.onnx' }, new Blob(['bytes']))).toBe(true);
    expect(await (await store.get(url, one))?.text()).toBe('bytes');
    expect(await store.get(url, other)).toBeNull();
    expect(await store.get('https://example.org/m.onnx', one)).toBeNull();
    expect(await store.list()).toEqual([{ url, sha256: one, name: 'm ü.onnx', bytes: 5 }]);
    await store.clear();
    expect(await store.list()).toEqual([]);
    expect(await store.get(url, one)).toBeNull();
  });

  it('keeps nothing, and fails at nothing, where there is no room', async () => {
    const storage = memory(4);
    const store = new FileStore(() => storage);
    expect(await store.put({ url, sha256: one, name: 'm' }, new Blob(['bytes']))).toBe(false);
    expect(await store.list()).toEqual([]);
  });

  it.each([
    ['there is no storage', () => undefined],
    [
      'storage is denied',
      () => {
        throw new DOMException('denied', 'SecurityError');
      },
    ],
  ])('keeps nothing, and fails at nothing, where %s', async (_, storage) => {
    const store = new FileStore(storage);
    expect(await store.put({ url, sha256: one, name: 'm' }, new Blob(['bytes']))).toBe(false);
    expect(await store.get(url, one)).toBeNull();
    expect(await store.list()).toEqual([]);
    await expect(store.clear()).resolves.toBeUndefined();
  });
});
