import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FileStore } from '../../src/lib/sources/store.ts';
import { Remote } from '../../src/lib/state/remote.svelte.ts';
import { memory } from '../sources/memory.ts';

const url = 'https://example.org/m.onnx';
const sha = (text: string) => createHash('sha256').update(text).digest('hex');

/** A site with one file, and how often its whole was fetched. */
function site(room?: number) {
  const state = { content: 'one', etag: '"1"', up: true, fetched: 0 };
  vi.stubGlobal('fetch', async () => {
    if (!state.up) throw new TypeError('Failed to fetch');
    const body = new ReadableStream(
      {
        pull(controller) {
          state.fetched++;
          controller.enqueue(new TextEncoder().encode(state.content));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: state.etag ? { etag: state.etag } : {} });
  });
  const storage = memory(room);
  const remote = new Remote(new FileStore(() => storage));
  const get = async () => {
    const [file] = (await remote.fetch([{ url, keep: true }], 1e6)) ?? [];
    return file && { text: await file.bytes.text(), note: file.note };
  };
  return { state, remote, get };
}

afterEach(() => vi.unstubAllGlobals());

describe('a model at a typed address', () => {
  it('is kept with its digest and only fetched again when its server says that it has changed', async () => {
    const { state, remote, get } = site();
    expect(await get()).toEqual({ text: 'one', note: '' });
    expect(remote.kept).toMatchObject([{ url, name: 'm.onnx', bytes: 3, sha256: sha('one') }]);
    expect(await get()).toEqual({ text: 'one', note: '' });
    expect(state.fetched).toBe(1);
    Object.assign(state, { content: 'other', etag: '"2"' });
    expect(await get()).toEqual({ text: 'other', note: '' });
    expect(remote.kept).toMatchObject([{ url, bytes: 5, sha256: sha('other') }]);
    expect(state.fetched).toBe(2);
  });

  it('is fetched each time where its server tells no version', async () => {
    const { state, remote, get } = site();
    state.etag = '';
    await get();
    await get();
    expect(state.fetched).toBe(2);
    expect(remote.kept).toHaveLength(1);
  });

  it('is opened from the kept copy, which says so, while its site is out of reach', async () => {
    const { state, remote, get } = site();
    state.up = false;
    expect(await get()).toBeUndefined();
    expect(remote.problem).toMatch(/could not be reached/);
    state.up = true;
    await get();
    state.up = false;
    expect(await get()).toEqual({
      text: 'one',
      note: expect.stringMatching(/^m\.onnx: its site cannot be reached; this is the copy kept on \d{4}-\d\d-\d\d\.$/),
    });
    expect(remote.problem).toBe('');
  });

  it('is opened, and not kept, where storage has no room for it', async () => {
    const { state, remote, get } = site(2);
    expect((await get())?.text).toBe('one');
    expect((await get())?.text).toBe('one');
    expect(remote.kept).toEqual([]);
    expect(state.fetched).toBe(2);
  });

  it('is forgotten by itself or with all others', async () => {
    const { state, remote, get } = site();
    await get();
    await remote.forget(remote.kept[0]);
    expect(remote.kept).toEqual([]);
    await get();
    expect(state.fetched).toBe(2);
    await remote.clear();
    expect(remote.kept).toEqual([]);
  });
});

describe('a file for which the browser has no room', () => {
  it.each([{ keep: true }, { sha256: sha('one') }])(
    'is opened all the same, and it is said that it is not kept: %o',
    async (how) => {
      const { remote } = site(0);
      const [file] = (await remote.fetch([{ url, ...how }], 1e6)) ?? [];
      expect(await file.bytes.text()).toBe('one');
      expect(remote.kept).toEqual([]);
      expect(remote.unkept).toMatch(/^m\.onnx is not kept: the browser’s storage is full/);
    },
  );

  it('leaves no word behind when there is room again', async () => {
    const { remote, get } = site();
    remote.unkept = 'm.onnx is not kept.';
    await get();
    expect(remote.unkept).toBe('');
    expect(remote.kept.length).toBe(1);
  });
});
