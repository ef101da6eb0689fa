import { describe, expect, it } from 'vitest';
import { FileStore } from '../../src/lib/sources/store.ts';
import { memory } from './memory.ts';

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
    const version = { etag: '', modified: '', bytes: null };
    expect(await store.list()).toEqual([
      { url, sha256: one, name: 'm ü.onnx', bytes: 5, kept: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), version },
    ]);
    await store.clear();
    expect(await store.list()).toEqual([]);
    expect(await store.get(url, one)).toBeNull();
  });

  it('finds by its address what is kept, with what the server said of its version, and forgets it alone', async () => {
    const storage = memory();
    const store = new FileStore(() => storage);
    const version = { etag: 'W/"ü-1"', modified: 'Mon, 23 Nov 2026 10:00:00 GMT', bytes: 7 };
    const odd = 'https://example.org/a%20b.onnx?q=x%20y';
    await store.put({ url: odd, sha256: '', name: 'a b.onnx', version }, new Blob(['bytes']));
    await store.put({ url, sha256: one, name: 'm' }, new Blob(['other']));
    expect(await store.find(odd)).toMatchObject({ sha256: '', name: 'a b.onnx', bytes: 5, version });
    expect(await store.find('https://example.org/c')).toBeNull();
    await store.remove((await store.find(odd))!);
    expect(await store.find(odd)).toBeNull();
    expect((await store.list()).map(({ name }) => name)).toEqual(['m']);
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
