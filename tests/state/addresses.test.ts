import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FileStore } from '../../src/lib/sources/store.ts';
import { Addresses } from '../../src/lib/state/addresses.svelte.ts';
import { Remote } from '../../src/lib/state/remote.svelte.ts';
import type { Companion } from '../../src/lib/worker/api.ts';

const site = 'https://example.org/a';
const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);

let files: Record<string, BodyInit>;
let named: readonly Companion[];
let asked: string[];

/** What was opened, by file name, and what was told. */
function start() {
  const done: string[] = [];
  const list = (of: readonly { name: string }[]) => of.map(({ name }) => name).join(' + ');
  const store = new FileStore(() => undefined);
  const opener = {
    remote: new Remote(store),
    imageRemote: new Remote(store),
    openModel: async (of: readonly { name: string }[]) => void done.push(`model ${list(of)}`),
    openImage: async (of: { name: string }) => void done.push(`image ${of.name}`),
    companions: async () => ({ ok: true, value: named }) as const,
    tell: (message: string) => void done.push(`told ${message}`),
    openLink: (fragment: string) => void done.push(`link ${fragment}`),
  };
  return { addresses: new Addresses(opener), opener, done };
}

const asking = async (addresses: Addresses) => {
  await expect.poll(() => addresses.asking).not.toBeNull();
  return addresses.asking!;
};

beforeEach(() => {
  [files, named, asked] = [{}, [], []];
  vi.stubGlobal('fetch', async (url: URL) => {
    asked.push(url.href);
    const body = files[url.href];
    return body === undefined ? new Response('', { status: 404 }) : new Response(body);
  });
});
afterEach(() => vi.unstubAllGlobals());

describe('a model that names other files', () => {
  beforeEach(() => {
    files = { [`${site}/m.onnx`]: 'm', [`${site}/m.onnx_data`]: 'd', [`${site}/sub/w%20x.bin`]: 'w' };
    named = [
      { path: 'm.onnx_data', bytes: 3e6 },
      { path: 'sub/w x.bin', bytes: 1e6 },
    ];
  });

  it('asks once, with their sizes, and fetches them from beside it', async () => {
    const { addresses, done } = start();
    const opened = addresses.openModel(`${site}/m.onnx`);
    const question = await asking(addresses);
    expect(question).toMatchObject({ model: 'm.onnx', files: named });
    expect(asked).toEqual([`${site}/m.onnx`]);
    question.answer(true);
    expect(await opened).toBe(true);
    expect(asked.slice(1)).toEqual([`${site}/m.onnx_data`, `${site}/sub/w%20x.bin`]);
    expect(done).toEqual(['model m.onnx + m.onnx_data + sub/w x.bin']);
    expect(addresses.asking).toBeNull();
  });

  it('is not opened, and nothing else is fetched, where the person does not want them', async () => {
    const { addresses, done, opener } = start();
    const opened = addresses.openModel(`${site}/m.onnx`);
    (await asking(addresses)).answer(false);
    expect(await opened).toBe(false);
    expect([asked.length, done, opener.remote.problem]).toEqual([1, [], '']);
  });

  it('says which file is missing', async () => {
    delete files[`${site}/sub/w%20x.bin`];
    const { addresses, done, opener } = start();
    const opened = addresses.openModel(`${site}/m.onnx`);
    (await asking(addresses)).answer(true);
    expect(await opened).toBe(false);
    expect(done).toEqual([]);
    expect(opener.remote.problem).toBe(
      `m.onnx: its weights lie in 2 other files, the first is "m.onnx_data". ${site}/sub/w%20x.bin: there is no such file (404). Check the address.`,
    );
  });

  it.each(['../w.bin', '/etc/w.bin', 'https://example.net/w.bin', 'a//w.bin'])(
    'never fetches %s, which is outside of its folder',
    async (path) => {
      named = [{ path, bytes: 1 }];
      const { addresses, opener } = start();
      expect(await addresses.openModel(`${site}/m.onnx`)).toBe(false);
      expect(opener.remote.problem).toContain(`m.onnx: its weights lie in "${path}"`);
      expect(opener.remote.problem).toContain("leads out of the model's folder");
      expect(asked).toHaveLength(1);
    },
  );

  describe('of Teachable Machine', () => {
    const model = JSON.stringify({ format: 'layers-model', modelTopology: {}, weightsManifest: [] });
    beforeEach(() => {
      files = {
        [`${site}/model.json`]: model,
        [`${site}/weights.bin`]: 'w',
        [`${site}/metadata.json`]: '{"labels": []}',
      };
      named = [{ path: 'weights.bin', bytes: 1e6 }];
    });
    const openedWith = async (answer: boolean) => {
      const { addresses, opener, done } = start();
      const opened = addresses.openModel(`${site}/model.json`);
      (await asking(addresses)).answer(answer);
      return { opened: await opened, done, problem: opener.remote.problem };
    };

    it('comes with the names of its classes from the same folder, by the same click', async () => {
      expect(await openedWith(true)).toMatchObject({
        opened: true,
        done: ['model model.json + weights.bin + metadata.json'],
      });
      expect(asked).toEqual(['model.json', 'weights.bin', 'metadata.json'].map((name) => `${site}/${name}`));
    });

    it('comes without them where they are not there', async () => {
      delete files[`${site}/metadata.json`];
      expect(await openedWith(true)).toEqual({ opened: true, done: ['model model.json + weights.bin'], problem: '' });
    });

    it('leaves them where the person does not want the weights, and other models leave them', async () => {
      await openedWith(false);
      expect(asked).toEqual([`${site}/model.json`]);
      files[`${site}/model.json`] = JSON.stringify({ format: 'graph-model', modelTopology: {} });
      await openedWith(true);
      expect(asked).not.toContain(`${site}/metadata.json`);
    });
  });

  it('gives way to the next address', async () => {
    const { addresses, done } = start();
    const first = addresses.openModel(`${site}/m.onnx`);
    await asking(addresses);
    named = [];
    files[`${site}/n.onnx`] = 'n';
    expect(await addresses.openModel(`${site}/n.onnx`)).toBe(true);
    expect(await first).toBe(false);
    expect(done).toEqual(['model n.onnx']);
  });
});

describe('a pasted address', () => {
  it.each([
    [`${site}/m.onnx?download=true`, 'm', 'model m.onnx'],
    [`${site}/cat.JPG`, 'x', 'image cat.JPG'],
    [`${site}/download?id=5`, png, 'image download'],
    [`${site}/download?id=6`, 'model', 'model download'],
    ['data:image/png;base64,iVBORw0K', png, 'image pasted.png'],
  ])('%s is opened as what it is', async (url, body, expected) => {
    files[new URL(url).href] = body;
    const { addresses, done } = start();
    await addresses.open(url);
    expect(done).toEqual([expected]);
    expect(addresses.following).toBe(false);
  });

  it('that leads nowhere is told, and the menus show nothing of it', async () => {
    const { addresses, done, opener } = start();
    await addresses.open(`${site}/m.onnx`);
    expect(done).toEqual([`told ${site}/m.onnx: there is no such file (404). Check the address.`]);
    expect(opener.remote.problem).toBe('');
  });
});

describe('the address of a result', () => {
  const fragments = ['#v2.eJw_-x.0123abcd', '#b1.AAAA.0123abcd', '#v1.cut'];

  it.each(fragments)(
    '%s is a link wherever it is given, of whichever site, and nothing is fetched',
    async (fragment) => {
      const { addresses, done } = start();
      await addresses.open(`https://example.org/vitrine/${fragment}`);
      await addresses.open(`http://localhost:4173/${fragment}`);
      expect(await addresses.openModel(`https://example.org/model.onnx${fragment}`)).toBe(true);
      expect(await addresses.openImage(`https://example.org/${fragment} `)).toBe(true);
      expect(done).toEqual(Array<string>(4).fill(`link ${fragment}`));
      expect(asked).toEqual([]);
    },
  );

  it('with another fragment is no link', async () => {
    files = { [`${site}/m.onnx#version`]: 'm' };
    const { addresses, done } = start();
    await addresses.open(`${site}/m.onnx#version`);
    expect(asked).toEqual([`${site}/m.onnx#version`]);
    expect(done).toEqual(['model m.onnx']);
  });
});
