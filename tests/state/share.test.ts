import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeLink, encodeLink } from '../../src/lib/share/link.ts';
import type { Library } from '../../src/lib/state/library.ts';
import { Sharing } from '../../src/lib/state/share.svelte.ts';
import { Workspace } from '../../src/lib/state/workspace.svelte.ts';
import { mapStatistics } from '../../src/lib/tensor/map-statistics.ts';
import { torchvision } from './fake-lab.ts';
import { HashingLab } from './hashing-lab.ts';

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
  publicModels: [
    {
      id: 'known',
      title: 'Known',
      description: '',
      url: 'https://elsewhere.example/known.onnx',
      sha256: createHash('sha256').update('known model').digest('hex'),
      bytes: 11,
      licence: 'MIT',
      source: '',
      preprocessing: { ...torchvision, preset: 'caffe' },
      labels: {
        url: 'https://labels.example/names.txt',
        sha256: createHash('sha256').update('names').digest('hex'),
        bytes: 5,
      },
    },
  ],
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
  return encodeLink(page.sharing.recordOf(page.workspace.result!));
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

  it('gives back where the sender was inside the model, and leaves the page at Explain', async () => {
    const { place } = sender.workspace;
    place.go('inside', 'maximise');
    place.pickLayer('conv1');
    place.pickNeuron(3, 2, 1);
    place.say('maps', { order: 'mean', scale: 'shared' });
    place.details = { objective: 'channel', steps: '99' };
    place.go('explain');
    await follow(await linkFrom(sender));
    const there = receiver.workspace.place;
    expect([there.view, there.tab]).toEqual(['explain', 'maximise']);
    expect(there.selection).toEqual({ layer: 'conv1', channel: 3, position: { y: 2, x: 1 } });
    expect(there.said('maps')).toEqual({ order: 'mean', scale: 'shared' });
    expect(there.said('maximise')).toEqual({ objective: 'channel', steps: '99' });
    expect(receiver.sharing.verdict?.reproduced).toBe(true);
  });

  it('explains the layer that the result is about, whichever was looked into last', async () => {
    sender.workspace.question.method = 'grad-cam';
    sender.workspace.place.pickLayer('conv1');
    sender.workspace.question.layer = 'conv2';
    await follow(await linkFrom(sender));
    expect(receiver.lab.requests.map(({ layer }) => layer)).toEqual(['conv2']);
    expect(receiver.workspace.place.selection.layer).toBe('conv1');
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
    expect(
      receiver.sharing.files.missing.map(({ role, file }) => [role, file.name, file.bytes, file.sha256.length]),
    ).toEqual([
      ['model', 'own.onnx', 9, 64],
      ['image', 'own.png', 9, 64],
      ['baseline', 'snow.png', 4, 64],
    ]);
    expect(receiver.lab.requests).toEqual([]);
  });

  it('takes them by their content, whatever they are called, one after the other', async () => {
    await receiver.sharing.openFiles([file('b.png', 'snow')]);
    expect(receiver.sharing.files.missing.map(({ role }) => role)).toEqual(['model', 'image']);
    await receiver.sharing.openFiles([file('a.png', 'own image'), file('a.onnx', 'own model')]);
    await settle(receiver);
    expect(receiver.sharing.files.missing).toEqual([]);
    expect(receiver.sharing.verdict?.reproduced).toBe(true);
    expect(receiver.workspace.result?.request.baseline.kind).toBe('image');
  });

  it('refuses another file of the same name and goes on waiting', async () => {
    await receiver.sharing.openFiles([file('own.onnx', 'another model')]);
    expect(receiver.workspace.problem).toMatch(/own\.onnx \(SHA-256 \w{8}…\): not what the link was made with/);
    expect(receiver.workspace.model).toBeNull();
    expect(receiver.sharing.files.missing).toHaveLength(3);
  });

  it('can be forgotten', async () => {
    receiver.sharing.forget();
    await receiver.sharing.openFiles([file('other.onnx', 'another model'), image]);
    await settle(receiver);
    expect(receiver.workspace.status).toBe('done');
    expect(receiver.sharing.verdict).toBeNull();
  });
});

describe('a link to a model of two images', () => {
  const others = [
    { name: 'right', shape: [null, 3, 24, 24], because: '', preprocessing: { ...torchvision, preset: 'right' } },
  ];
  const model = file('pair.onnx', 'a pair');
  const right = file('right.png', 'the right image');
  let link: string;

  beforeEach(async () => {
    for (const { lab } of [sender, receiver]) lab.info = { others };
    await sender.workspace.openFiles([model]);
    await sender.workspace.openFiles([right]);
    sender.workspace.prepare({ order: 'BGR' });
    link = await linkFrom(sender);
  });

  it('names both in the model’s order, whichever is looked at', () => {
    const { workspace, sharing } = sender;
    expect(workspace.inputs.selected).toBe(1);
    expect(decodeLink(link)).toMatchObject({
      image: { bundled: 'cat' },
      preprocessing: { order: 'RGB' },
      others: [{ image: { name: 'right.png', bytes: 15 }, preprocessing: { preset: 'custom', order: 'BGR' } }],
    });
    workspace.inputs.select(0);
    expect(encodeLink(sharing.recordOf(workspace.result!))).toBe(link);
  });

  it('sums over the maps of both', async () => {
    const { workspace, sharing } = sender;
    const result = workspace.result!;
    const { sum, max } = sharing.recordOf(result).numbers;
    const doubled = { ...result.map, data: result.map.data.map((v) => 2 * v) };
    const both = sharing.recordOf({ ...result, statistics: mapStatistics([result.map, doubled]) }).numbers;
    expect(both.sum).toBeCloseTo(3 * sum!, 4);
    expect(both.max).toBeCloseTo(2 * max!, 6);
    const broken = { ...result.map, data: result.map.data.with(0, NaN) };
    expect(sharing.recordOf({ ...result, statistics: mapStatistics([broken]) }).numbers).toMatchObject({
      sum: null,
      max: null,
    });
  });

  it('takes the files in any order, puts each to its input and reproduces', async () => {
    await follow(link);
    expect(receiver.sharing.files.missing.map(({ role, input }) => [role, input])).toEqual([
      ['model', 0],
      ['image', 1],
    ]);
    await receiver.sharing.openFiles([file('b.png', 'the right image')]);
    expect(receiver.lab.requests).toEqual([]);
    await receiver.sharing.openFiles([model]);
    await settle(receiver);
    const { workspace, sharing } = receiver;
    expect(workspace.inputs.slots.map(({ picture }) => picture.info?.name)).toEqual(['Cat', 'b.png']);
    expect(workspace.result?.request.others?.[0].preprocessing).toEqual(sender.workspace.preprocessing);
    expect(sharing.verdict?.reproduced).toBe(true);
    workspace.inputs.select(1);
    expect(sharing.verdict?.reproduced).toBe(true);
  });

  it('puts one file to both inputs where the sender had it in both', async () => {
    await sender.workspace.openFiles([right, file('again.png', 'the right image')]);
    await follow(await linkFrom(sender));
    await receiver.sharing.openFiles([model, right]);
    await settle(receiver);
    expect(receiver.sharing.verdict?.reproduced).toBe(true);
    expect(receiver.lab.requests.at(-1)?.others).toHaveLength(1);
  });

  it('is refused by a model that takes one', async () => {
    receiver.lab.info = {};
    await follow(link);
    await receiver.sharing.openFiles([model, right]);
    expect(receiver.workspace.problem).toMatch(/^The link names 2 images; pair\.onnx takes 1 together\./);
    expect(receiver.lab.requests).toEqual([]);
  });
});

describe('a link to one output of a model with several', () => {
  const two = { outputs: ['scores', 'risk'] };

  beforeEach(async () => {
    sender.lab.info = two;
    receiver.lab.info = two;
    await sender.workspace.openFiles([file('two.onnx', 'two outputs'), file('own.png', 'own image')]);
    await sender.workspace.chooseOutput('risk');
  });
  const files = () => [file('two.onnx', 'two outputs'), file('own.png', 'own image')];

  it('explains that output before anything else', async () => {
    await follow(await linkFrom(sender));
    await receiver.sharing.openFiles(files());
    await settle(receiver);
    expect(receiver.workspace.model?.output).toBe('risk');
    expect(receiver.sharing.verdict).toMatchObject({ reproduced: true, reasons: [] });
    expect(receiver.lab.requests).toHaveLength(1);
  });

  it('says that the model has no such output', async () => {
    receiver.lab.info = { outputs: ['scores', 'other'] };
    await follow(await linkFrom(sender));
    await receiver.sharing.openFiles(files());
    expect(receiver.workspace.problem).toMatch(/output “risk”, which two\.onnx does not have: it has scores, other\./);
    expect(receiver.lab.requests).toEqual([]);
  });

  it('holds no output of a model with but one', async () => {
    await sender.workspace.begin(library);
    sender.lab.info = {};
    await sender.workspace.openFiles([file('one.onnx', 'one output')]);
    expect(decodeLink(await linkFrom(sender)).output).toBeNull();
  });
});

describe('a link to a model on another site', () => {
  const asked: string[] = [];
  const [known] = library.publicModels;

  beforeEach(async () => {
    asked.length = 0;
    const bodies: Record<string, string> = { [known.url]: 'known model', [known.labels!.url]: 'names', ...contents };
    vi.stubGlobal('fetch', async (url: string | URL) => {
      asked.push(String(url));
      return new Response(bodies[String(url)]);
    });
    await sender.workspace.openPublicModel(known);
    sender.workspace.preprocessing = torchvision;
    const link = await linkFrom(sender);
    expect(decodeLink(link).model).toMatchObject({ bundled: '', url: known.url, sha256: known.sha256 });
    asked.length = 0;
    await follow(link);
  });

  it('asks that site for nothing before a click', () => {
    expect(asked).toEqual(['/cat.png']);
    expect(receiver.sharing.files.missing).toMatchObject([{ role: 'model', known: { title: 'Known' } }]);
    expect(receiver.lab.requests).toEqual([]);
  });

  it('fetches it with its labels on a click, and reproduces', async () => {
    await receiver.sharing.fetchFile(receiver.sharing.files.missing[0]);
    await settle(receiver);
    expect(asked.slice(1)).toEqual([known.url, known.labels!.url]);
    expect(receiver.sharing.verdict?.reproduced).toBe(true);
    expect(receiver.workspace.preprocessing?.preset).toBe('torchvision');
  });

  it('opens no file with another SHA-256', async () => {
    vi.stubGlobal('fetch', async () => new Response('another model'));
    await receiver.sharing.fetchFile(receiver.sharing.files.missing[0]);
    expect(receiver.workspace.problem).toMatch(/its SHA-256 is .* not the expected/);
    expect(receiver.workspace.model).toBeNull();
    expect(receiver.sharing.files.missing).toHaveLength(1);
  });

  it('takes the file from the disk as well', async () => {
    await receiver.sharing.openFiles([file('mine.onnx', 'known model')]);
    await settle(receiver);
    expect(asked).toEqual(['/cat.png']);
    expect(receiver.sharing.verdict?.reproduced).toBe(true);
  });
});

describe('names of classes', () => {
  it('come with the link where the receiver’s model has none', async () => {
    sender.workspace.question.kind = 'difference';
    sender.workspace.question.chosen = 3;
    sender.workspace.question.other = 1;
    receiver.lab.info = { labels: [] };
    await follow(await linkFrom(sender));
    expect(receiver.workspace.model?.labels).toEqual(['class 0', 'dog', 'class 2', 'robin']);
    expect(receiver.sharing.names).toEqual(['robin', 'dog']);
    expect(receiver.sharing.verdict?.reproduced).toBe(true);
  });

  it('leave those of the receiver’s model as they are, and a sender without names lends none', async () => {
    await follow(await linkFrom(sender));
    expect(receiver.workspace.model?.labels).toEqual(['cat', 'dog', 'tench', 'robin']);
    sender.workspace.model = { ...sender.workspace.model!, labels: [] };
    const record = sender.sharing.recordOf(sender.workspace.result!);
    expect([record.label, record.otherLabel]).toEqual(['', '']);
    receiver = newPage();
    receiver.lab.info = { labels: [] };
    await follow(encodeLink(record));
    expect([receiver.lab.labels, receiver.sharing.names]).toEqual(['', []]);
  });
});

describe('what the address should say', () => {
  it('is nothing before a result, and then what is on show', async () => {
    expect(sender.sharing.current).toBeNull();
    const link = await linkFrom(sender);
    expect(encodeLink(sender.sharing.current!)).toBe(link);
    sender.workspace.question.chosen = 2;
    expect(sender.sharing.current).toBeNull();
    await settle(sender);
    expect(sender.sharing.current?.target).toEqual({ kind: 'logit', index: 2 });
    sender.workspace.overlay.opacity = 0.25;
    expect(sender.sharing.current?.view.opacity).toBe(0.25);
  });

  it('keeps the numbers of the link that was followed, until the result’s own link is copied', async () => {
    const link = await linkFrom(sender);
    const theirs = decodeLink(link).numbers;
    receiver.lab.shift = 1;
    await follow(link);
    receiver.workspace.overlay.opacity = 0.25;
    expect(receiver.sharing.current).toMatchObject({ numbers: theirs, view: { opacity: 0.25 } });
    receiver.sharing.copied(receiver.workspace.result!);
    expect(receiver.sharing.current?.numbers.value).toBeCloseTo(theirs.value! + 1, 4);
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
    await follow('#v8.abc.12345678');
    expect(receiver.workspace.problem).toMatch(/format 8/);
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
