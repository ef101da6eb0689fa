/** What the person brought, beside what comes with the page; and what stays valid while other things change. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { DroppedFile, ModelInfo, Outcome } from '../../src/lib/worker/api.ts';
import { type Comparison, comparisonOf } from '../../src/lib/state/compare.svelte.ts';
import { OpenedModels } from '../../src/lib/state/opened-models.svelte.ts';
import { Workspace } from '../../src/lib/state/workspace.svelte.ts';
import { wayOutOf } from '../../src/lib/ui/way-out.ts';
import { FakeLab, modelInfo, torchvision } from './fake-lab.ts';

const images = [
  { id: 'fish', title: 'Fish', label: 'fish', file: 'fish.png', width: 384, height: 384, url: '/fish.png' },
];
const models = [
  {
    id: 'page',
    title: 'Of the page',
    description: '',
    files: ['page.onnx'],
    urls: ['/page.onnx'],
    bytes: 1,
    sha256: 'sha of page.onnx',
    preprocessing: torchvision,
  },
];

/** A lab whose models have two outputs; `opened` counts the models that are open in it and its spares. */
class Lab extends FakeLab {
  readonly spares: Lab[] = [];
  disposed = false;
  constructor() {
    super();
    const open = this.openModel;
    this.openModel = async (files: readonly DroppedFile[]): Promise<Outcome<ModelInfo>> => {
      const outcome = await open(files);
      const output = files[0].output ?? 'scores';
      return outcome.ok ? { ok: true, value: { ...outcome.value, outputs: ['scores', 'risk'], output } } : outcome;
    };
    this.dispose = () => void (this.disposed = true);
  }

  spare = () => {
    this.spares.push(new Lab());
    return this.spares[this.spares.length - 1].asClient();
  };
}

let lab: Lab;
let workspace: Workspace;
let comparison: Comparison;
const file = (name: string) => new File([name], name);

async function predict(): Promise<void> {
  await workspace.predict(workspace.feed!);
}

beforeEach(async () => {
  vi.stubGlobal('fetch', async () => new Response('x'));
  lab = new Lab();
  workspace = new Workspace(lab.asClient());
  await workspace.start();
  await workspace.openFiles([file('a.onnx'), file('cat.png'), file('dog.png')]);
  await predict();
  comparison = comparisonOf(workspace);
  comparison.open({ images, models });
});

const asked = () => lab.requests.length;
const titles = () => comparison.cells.map(({ title }) => title);

describe('the person’s own images', () => {
  beforeEach(() => void (comparison.axis = 'images'));

  it('stand among the gallery’s, first and marked', () => {
    expect(comparison.candidates).toEqual([
      { id: expect.any(String), title: 'cat.png', note: 'yours' },
      { id: expect.any(String), title: 'dog.png', note: 'yours' },
      { id: 'fish', title: 'Fish' },
    ]);
  });

  it('are asked each about its own first guess; the open one is not opened twice', async () => {
    const openImage = vi.spyOn(lab, 'openImage');
    await comparison.run();
    expect(openImage.mock.calls.map(([{ name }]) => name)).toEqual(['dog.png', 'Fish']);
    expect(comparison.remaining).toBe(0);
    expect(lab.requests[0].image).toBe(workspace.picture.info!.id);
    for (const { image, target } of lab.requests) expect(target.index).toBe(image % 2 ? 0 : 2);
  });

  it('can be one that is nowhere else: from the camera or an address', async () => {
    await workspace.openImage({ name: 'camera.png', bytes: new Blob(['x']) });
    await predict();
    expect(titles()).toEqual(['camera.png', 'cat.png', 'dog.png', 'Fish']);
    await workspace.openImage({ name: 'Fish', bytes: new Blob(['x']), url: '/fish.png' });
    await predict();
    expect(titles()).toEqual(['cat.png', 'dog.png', 'Fish']);
  });

  it('stay answered when another of them is opened, where a class was chosen for all', async () => {
    workspace.question.chosen = 1;
    await comparison.run();
    expect(asked()).toBe(3);
    await workspace.openFromStrip(workspace.strip.entries[1]);
    workspace.question.chosen = 1;
    await predict();
    await comparison.run();
    expect(asked()).toBe(3);
  });

  it('open in the exhibit from their cell', async () => {
    comparison.adopt(comparison.cells[1]);
    await vi.waitFor(() => expect(workspace.picture.info?.name).toBe('dog.png'));
  });

  it('are closed again beyond a dozen', async () => {
    const closed = vi.spyOn(lab, 'closeImage');
    await workspace.openFiles(Array.from({ length: 16 }, (_, i) => file(`${i}.png`)));
    await predict();
    for (const { id } of comparison.candidates)
      if (!comparison.picks.some((pick) => pick.id === id)) comparison.toggle(id);
    closed.mockClear();
    await comparison.run();
    expect(comparison.cells.length).toBe(19);
    expect(comparison.remaining).toBe(0);
    expect(closed).toHaveBeenCalledTimes(18 - 12);
  });
});

describe('the person’s own models', () => {
  beforeEach(async () => {
    await workspace.openFiles([file('b.onnx'), file('c.onnx'), file('labels.txt')]);
    await predict();
    comparison.axis = 'models';
  });

  it('stand beside those of the page, also one that nobody has read yet', () => {
    expect(workspace.model?.name).toBe('b.onnx');
    expect(workspace.problem).toMatch(/^c\.onnx: one model is open at a time\. The Model menu .*; Compare/);
    expect(titles().toSorted()).toEqual(['Of the page', 'a.onnx', 'b.onnx', 'c.onnx']);
  });

  it('are asked one at a time in one worker beside the open one, which then ends', async () => {
    await comparison.run();
    expect(comparison.remaining).toBe(0);
    expect(asked()).toBe(1);
    expect(lab.spares.length).toBe(1);
    expect(lab.spares[0].asked.filter((line) => line.startsWith('start'))).toEqual(['start auto']);
    expect(lab.spares[0].asked.filter((line) => line.startsWith('open')).toSorted()).toEqual([
      'open a.onnx',
      'open c.onnx',
      'open page.onnx',
    ]);
    expect(lab.spares[0].disposed).toBe(true);
    expect(comparison.cells.map((cell) => comparison.result(cell)?.modelSha256).toSorted()).toEqual(
      ['a', 'b', 'c', 'page'].map((name) => `sha of ${name}.onnx`),
    );
  });

  it('are given what is compared with under the number that it has in their worker', async () => {
    const snow = { name: 'snow.png', bytes: file('snow.png') };
    await workspace.openBaseline(snow);
    await predict();
    await comparison.run();
    const { requests } = lab.spares[0];
    // It is opened there behind the image that is explained.
    for (const { image, baseline } of requests) expect(baseline).toEqual({ kind: 'image', image: image + 1 });
    await workspace.openReferences([snow, { name: 'ice.png', bytes: file('ice.png') }]);
    workspace.question.baseline = { kind: 'images', images: [] };
    await predict();
    await comparison.run();
    const { image, baseline } = lab.spares[1].requests[0];
    expect(baseline).toEqual({ kind: 'images', images: [image + 1, image + 2] });
  });

  it('open in the exhibit from their cell with all their files', async () => {
    const openModel = vi.spyOn(lab, 'openModel');
    comparison.adopt(comparison.cells.find(({ title }) => title === 'c.onnx')!);
    await vi.waitFor(() => expect(workspace.model?.name).toBe('c.onnx'));
    expect(openModel.mock.calls[0][0].map(({ name }) => name)).toEqual(['c.onnx', 'labels.txt']);
    await predict();
    // Now that it has been read it is the same entry, not another one.
    expect(titles().filter((title) => title === 'c.onnx').length).toBe(1);
  });

  it('that are no models say so in their cell, and the others stand', async () => {
    await workspace.openFiles([file('a.onnx'), file('broken.onnx')]);
    await predict();
    const broken = comparison.candidates.find(({ title }) => title === 'broken.onnx')!;
    if (!comparison.picks.some(({ id }) => id === broken.id)) comparison.toggle(broken.id);
    await comparison.run();
    const cell = comparison.cells.find(({ title }) => title === 'broken.onnx')!;
    expect(comparison.outcome(cell)).toMatchObject({ ok: false, message: 'broken.onnx: not an ONNX model.' });
    expect(comparison.cells.filter((one) => comparison.result(one)).length).toBe(comparison.cells.length - 1);
  });
});

describe('the models that are remembered', () => {
  const info = (name: string) => modelInfo(name);
  const dropped = (name: string, size = 1): DroppedFile => ({ name, bytes: new ArrayBuffer(size) });

  it('are each remembered once, under the newest of its outputs', () => {
    const opened = new OpenedModels();
    const [one] = [dropped('a.onnx')];
    opened.add([one]);
    opened.read([one], info('a.onnx'), torchvision);
    opened.read([{ ...one, output: 'risk' }], info('a.onnx'), torchvision);
    expect(opened.entries).toMatchObject([{ id: 1, sha256: 'sha of a.onnx', files: [{ output: 'risk' }] }]);
  });

  it('are a dozen, and not more than a gibibyte, without the oldest', () => {
    const opened = new OpenedModels();
    for (let i = 0; i < 14; i++) opened.read([dropped(`${i}.onnx`)], info(`${i}.onnx`), torchvision);
    expect(opened.entries.map(({ title }) => title)).toEqual(Array.from({ length: 12 }, (_, i) => `${i + 2}.onnx`));
    const large = { size: 2 ** 29 + 1 };
    Object.setPrototypeOf(large, Blob.prototype);
    Object.defineProperty(large, 'size', { value: 2 ** 29 + 1 });
    opened.add([{ name: 'large.onnx', bytes: large as Blob }]);
    opened.add([{ name: 'larger.onnx', bytes: large as Blob }]);
    expect(opened.entries.map(({ title }) => title)).toEqual(['larger.onnx']);
  });
});

describe('the outputs of a model', () => {
  it('are compared by asking the same file about another one', async () => {
    comparison.axis = 'outputs';
    expect(titles()).toEqual(['scores', 'risk']);
    await comparison.run();
    expect(comparison.remaining).toBe(0);
    expect([asked(), lab.spares[0].requests.length]).toEqual([1, 1]);
  });

  it('are another question in every cell once another is chosen, and the old answers come back with the old one', async () => {
    await comparison.run();
    const first = comparison.cells.map(({ key }) => key);
    await workspace.chooseOutput('risk');
    await predict();
    expect(workspace.model?.output).toBe('risk');
    expect(comparison.remaining).toBe(first.length);
    await comparison.run();
    expect(asked()).toBe(2 * first.length);
    await workspace.chooseOutput('scores');
    await predict();
    await comparison.run();
    expect(comparison.cells.map(({ key }) => key)).toEqual(first);
    expect(asked()).toBe(2 * first.length);
  });
});

describe('the ways out of a blank map', () => {
  /** What a result of `method` with this way out offers. */
  const offered = (wayOut: 'logit' | 'negative', method: string) => {
    const result = comparison.outcome(comparison.cells[0]);
    if (!result?.ok) throw new Error('no result');
    return wayOutOf({ ...result.value, wayOut, request: { ...result.value.request, method } }, workspace);
  };

  it('ask every cell for the logit', async () => {
    workspace.question.kind = 'probability';
    await comparison.run();
    const way = offered('logit', 'saliency');
    expect(way?.title).toBe('Explain the logit');
    way?.take();
    await comparison.run();
    expect(lab.requests.map(({ target }) => target.kind)).toEqual([
      ...Array<string>(4).fill('probability'),
      ...Array<string>(4).fill('logit'),
    ]);
  });

  it('keep the negative scores of one method, and leave the other cells as they are', async () => {
    await comparison.run();
    const way = offered('negative', 'grad-cam');
    expect(way?.title).toBe('Keep negative scores');
    way?.take();
    await comparison.run();
    expect(workspace.question.changed['grad-cam']).toEqual({ relu: false });
    expect(comparison.remaining).toBe(0);
    expect(offered('negative', 'a method of another model')).toBeNull();
  });
});

describe('what stays valid is not asked for again', () => {
  it('when a cell is closed and opened again, or the axis changes and changes back', async () => {
    await comparison.run();
    const before = asked();
    const { id } = comparison.picks[0];
    comparison.toggle(id);
    await comparison.run();
    comparison.toggle(id);
    await comparison.run();
    comparison.axis = 'targets';
    await comparison.run();
    const withTargets = asked();
    comparison.axis = 'methods';
    await comparison.run();
    comparison.axis = 'targets';
    await comparison.run();
    expect([before, asked()]).toEqual([4, withTargets]);
  });

  it('when it is the same cell on another axis', async () => {
    await comparison.run();
    const before = asked();
    // The first class with integrated gradients stands among the methods already.
    comparison.axis = 'targets';
    await comparison.run();
    expect(asked()).toBe(before + 3);
    comparison.axis = 'models';
    await comparison.run();
    expect(asked()).toBe(before + 3);
  });

  it('when something changes that the method does not use', async () => {
    await comparison.run();
    const before = asked();
    workspace.question.seed = 7;
    await comparison.run();
    // SmoothGrad alone draws.
    expect(lab.requests.slice(before).map(({ method }) => method)).toEqual(['smoothgrad']);
    workspace.question.baseline = { kind: 'white' };
    await comparison.run();
    expect(lab.requests.slice(before + 1).map(({ method }) => method)).toEqual(['integrated-gradients']);
  });
});
