import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { COLOUR_MAPS } from '../../src/lib/share/record.ts';
import { decodeLink, encodeLink } from '../../src/lib/share/link.ts';
import { colourMaps } from '../../src/lib/render/colour-maps.ts';
import type { Library } from '../../src/lib/state/library.ts';
import { Sharing } from '../../src/lib/state/share.svelte.ts';
import { Workspace } from '../../src/lib/state/workspace.svelte.ts';
import type { DroppedFile, ImageInfo, ModelInfo, Outcome } from '../../src/lib/worker/api.ts';
import { FakeLab, torchvision } from './fake-lab.ts';

const hashOf = async (bytes: Blob | ArrayBuffer): Promise<string> =>
  createHash('sha256')
    .update(new Uint8Array(bytes instanceof Blob ? await bytes.arrayBuffer() : bytes))
    .digest('hex');

/** Tells files by their content, as the worker does. */
class HashingLab extends FakeLab {
  #model = '';
  shift = 0;

  override openModel = async (files: readonly DroppedFile[]): Promise<Outcome<ModelInfo>> => {
    const outcome = await new FakeLab().openModel(files);
    this.#model = await hashOf(files[0].bytes);
    return outcome.ok
      ? { ok: true, value: { ...outcome.value, bytes: (files[0].bytes as Blob).size, sha256: this.#model } }
      : outcome;
  };

  #nextImage = 0;
  override openImage = async (file: DroppedFile): Promise<Outcome<ImageInfo>> => {
    const sha256 = await hashOf(file.bytes);
    return { ok: true, value: { id: ++this.#nextImage, name: file.name, sha256, width: 384, height: 384 } };
  };

  constructor() {
    super();
    const answer = this.attribute;
    this.attribute = async (request, onProgress) => {
      const outcome = await answer(request, onProgress);
      if (!outcome.ok) return outcome;
      const { value } = outcome;
      return { ok: true, value: { ...value, value: value.value + this.shift, modelSha256: this.#model } };
    };
  }
}

const contents: Record<string, string> = { '/m.onnx': 'bundled model', '/cat.png': 'bundled cat' };

const library: Library = {
  models: [
    {
      id: 'bundled',
      title: 'Bundled',
      description: '',
      files: ['m.onnx'],
      urls: ['/m.onnx'],
      bytes: 13,
      sha256: createHash('sha256').update('bundled model').digest('hex'),
      preprocessing: torchvision,
    },
  ],
  images: [{ id: 'cat', title: 'Cat', label: 'cat', file: 'cat.png', url: '/cat.png', width: 1, height: 1 }],
  publicModels: [],
};

interface Page {
  lab: HashingLab;
  workspace: Workspace;
  sharing: Sharing;
}

function newPage(): Page {
  const lab = new HashingLab();
  const workspace = new Workspace(lab.asClient());
  return { lab, workspace, sharing: new Sharing(workspace, library) };
}

/** What the page's effects do. */
async function settle({ workspace, sharing }: Page): Promise<void> {
  if (workspace.feed && !workspace.prediction) await workspace.predict(workspace.feed);
  if (workspace.request) workspace.explain(workspace.request);
  await vi.advanceTimersByTimeAsync(1000);
  if (sharing.finished) sharing.compare(sharing.finished);
}

const file = (name: string, content: string) => new File([content], name);

let sender: Page;
let receiver: Page;

async function linkFrom(page: Page): Promise<string> {
  await settle(page);
  return page.sharing.linkTo(page.workspace.result!);
}

async function follow(link: string): Promise<void> {
  await receiver.sharing.open(link, receiver.workspace.start());
  await settle(receiver);
}

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', async (url: string) => new Response(contents[url]));
  sender = newPage();
  receiver = newPage();
  await sender.workspace.begin(library);
});
afterEach(() => vi.unstubAllGlobals());

describe('a link to what comes with the page', () => {
  it('gives every setting back and recomputes the same', async () => {
    const { question, overlay } = sender.workspace;
    question.method = 'integrated-gradients';
    question.setOption(sender.workspace.method!, 'steps', 99);
    question.kind = 'difference';
    question.chosen = 3;
    question.other = 1;
    question.baseline = { kind: 'value', value: 0.25 };
    question.seed = 17;
    overlay.percentile = 95;
    overlay.diverging = 'iris';
    sender.workspace.prepare({ order: 'BGR' });
    await follow(await linkFrom(sender));
    expect(receiver.workspace.result?.request).toEqual(sender.workspace.result?.request);
    expect(receiver.workspace.overlay).toMatchObject({ percentile: 95, diverging: 'iris' });
    expect(receiver.sharing.verdict).toEqual({ reproduced: true, difference: 0, number: 'value', reasons: [] });
  });

  it('computes nothing but what the link asks', async () => {
    sender.workspace.question.method = 'grad-cam';
    sender.workspace.question.layer = 'conv1';
    await follow(await linkFrom(sender));
    expect(receiver.lab.requests.map(({ method, layer }) => [method, layer])).toEqual([['grad-cam', 'conv1']]);
  });

  it('holds only options that differ from the defaults', async () => {
    sender.workspace.question.setOption(sender.workspace.method!, 'steps', 99);
    expect(decodeLink(await linkFrom(sender)).options).toEqual({ steps: 99 });
  });

  it('says by how much another result differs', async () => {
    receiver.lab.shift = 0.0825;
    await follow(await linkFrom(sender));
    expect(receiver.sharing.verdict).toMatchObject({ reproduced: false, number: 'value' });
    expect(receiver.sharing.verdict?.difference).toBeCloseTo(0.0825 / 8.3325, 5);
  });

  it('names the model when the site has another one by now', async () => {
    const link = await linkFrom(sender);
    vi.stubGlobal('fetch', async (url: string) => new Response(`new ${contents[url]}`));
    await follow(link);
    expect(receiver.sharing.verdict?.reasons).toHaveLength(2);
    expect(receiver.sharing.verdict?.reasons.join()).toMatch(/another model file/);
  });

  it('no longer vouches for what is asked afterwards', async () => {
    await follow(await linkFrom(sender));
    receiver.workspace.question.chosen = 2;
    await settle(receiver);
    expect(receiver.workspace.result?.request.target.index).toBe(2);
    expect(receiver.sharing.verdict).toBeNull();
  });
});

describe('a link to files of the sender', () => {
  const model = file('own.onnx', 'own model');
  const image = file('own.png', 'own image');
  const snow = file('snow.png', 'snow');
  let link: string;

  beforeEach(async () => {
    await sender.workspace.openFiles([model, image]);
    await sender.workspace.openBaseline({ name: snow.name, bytes: snow });
    link = await linkFrom(sender);
    await follow(link);
  });

  it('names them and computes nothing without them', () => {
    expect(receiver.sharing.needed.map(({ role, file }) => [role, file.name, file.bytes, file.sha256.length])).toEqual([
      ['model', 'own.onnx', 9, 64],
      ['image', 'own.png', 9, 64],
      ['baseline', 'snow.png', 4, 64],
    ]);
    expect(receiver.lab.requests).toEqual([]);
  });

  it('takes them by their content, whatever they are called, one after the other', async () => {
    await receiver.sharing.openFiles([file('b.png', 'snow')]);
    expect(receiver.sharing.needed.map(({ role }) => role)).toEqual(['model', 'image']);
    await receiver.sharing.openFiles([file('a.png', 'own image'), file('a.onnx', 'own model')]);
    await settle(receiver);
    expect(receiver.sharing.needed).toEqual([]);
    expect(receiver.sharing.verdict?.reproduced).toBe(true);
    expect(receiver.workspace.result?.request.baseline.kind).toBe('image');
  });

  it('refuses another file of the same name and goes on waiting', async () => {
    await receiver.sharing.openFiles([file('own.onnx', 'another model')]);
    expect(receiver.workspace.problem).toMatch(/own\.onnx \(SHA-256 \w{8}…\): not what the link was made with/);
    expect(receiver.workspace.model).toBeNull();
    expect(receiver.sharing.needed).toHaveLength(3);
  });

  it('can be forgotten', async () => {
    receiver.sharing.forget();
    await receiver.sharing.openFiles([file('other.onnx', 'another model'), image]);
    await settle(receiver);
    expect(receiver.workspace.status).toBe('done');
    expect(receiver.sharing.verdict).toBeNull();
  });
});

describe('a link that cannot be followed', () => {
  it('leaves what is open as it is', async () => {
    await settle(sender);
    const before = sender.workspace.result;
    await sender.sharing.open('#v1.abc');
    expect(sender.workspace.problem).toMatch(/cut off/);
    expect(sender.workspace.result).toBe(before);
    expect(sender.workspace.status).toBe('done');
  });

  it('opens no demonstration in an empty page', async () => {
    await follow('#v7.abc.12345678');
    expect(receiver.workspace.problem).toMatch(/format 7/);
    expect([receiver.workspace.model, receiver.workspace.picture.info]).toEqual([null, null]);
  });

  it.each<[string, Parameters<typeof Object.assign>[1], RegExp]>([
    ['a method that is not here', { method: 'shapley' }, /method “shapley”/],
    ['a method that the model does not allow', { method: 'deeplift' }, /GridSample/],
    ['a class that the model does not have', { target: { kind: 'logit', index: 4 } }, /class 4.*4 classes/],
    ['a layer that is not there', { method: 'grad-cam', layer: 'conv9' }, /layer “conv9”/],
    ['an input as large as a wall', { preprocessing: { ...torchvision, width: 4096, height: 4096 } }, /does not fit/],
  ])('because of %s says so and computes nothing', async (_, change, sentence) => {
    const record = decodeLink(await linkFrom(sender));
    await follow(encodeLink({ ...record, ...change }));
    expect(receiver.workspace.problem).toMatch(sentence);
    expect(receiver.workspace.held).toBe(false);
    expect(receiver.lab.requests.map(({ method }) => method)).not.toContain('shapley');
  });
});

describe('the colour maps', () => {
  it('that a link can name are those that there are', () => {
    expect(colourMaps.map(({ id }) => id).filter((id) => !(COLOUR_MAPS as readonly string[]).includes(id))).toEqual([]);
  });
});
