import { beforeEach, describe, expect, it, vi } from 'vitest';
import { candidates, firstPicks } from '../../src/lib/state/compare-cells.ts';
import { type Comparison, comparisonOf } from '../../src/lib/state/compare.svelte.ts';
import { Workspace } from '../../src/lib/state/workspace.svelte.ts';
import { FakeLab, method, modelInfo, torchvision } from './fake-lab.ts';

const images = ['fish', 'house', 'tree'].map((id) => ({
  id,
  title: id,
  label: id,
  file: `${id}.png`,
  width: 384,
  height: 384,
  url: `/${id}.png`,
}));
const models = ['a', 'b'].map((id) => ({
  id,
  title: id.toUpperCase(),
  description: '',
  files: [`${id}.onnx`],
  urls: [`/${id}.onnx`],
  bytes: 1,
  sha256: `sha of ${id}.onnx`,
  preprocessing: torchvision,
}));

let lab: FakeLab;
let spares: FakeLab[];
let workspace: Workspace;
let comparison: Comparison;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', async () => new Response('x'));
  spares = [];
  lab = Object.assign(new FakeLab(), {
    spare: () => {
      spares.push(new FakeLab());
      return spares[spares.length - 1].asClient();
    },
  });
  workspace = new Workspace(lab.asClient());
  await workspace.start();
  await workspace.openModel([{ name: 'a.onnx', bytes: new Blob() }]);
  await workspace.openImage({ name: 'cat.png', bytes: new Blob(['x']), url: '/cat.png' });
  await workspace.predict(workspace.feed!);
  comparison = comparisonOf(workspace);
  comparison.open({ images, models });
});

async function finish(): Promise<void> {
  const run = comparison.run();
  await vi.advanceTimersByTimeAsync(20_000);
  await run;
}

const asked = () => lab.requests.map(({ method }) => method);

describe('a comparison', () => {
  it('computes nothing while the page draws what came', async () => {
    let draw = () => {};
    comparison.open({ images, models }, () => new Promise((resolve) => (draw = resolve)));
    void comparison.run();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(asked()).toHaveLength(1);
    expect(comparison.outcome(comparison.cells[0])?.ok).toBe(true);
    draw();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(asked()).toHaveLength(2);
  });

  it('asks nothing twice where cells are added while the page draws', async () => {
    const draws: (() => void)[] = [];
    comparison.open({ images, models }, () => new Promise((resolve) => draws.push(resolve)));
    void comparison.run();
    await vi.advanceTimersByTimeAsync(20_000);
    comparison.toggle(comparison.candidates.find(({ id }) => !comparison.picks.some((pick) => pick.id === id))!.id);
    void comparison.run();
    for (let i = 0; i < comparison.cells.length; i++) {
      draws.at(-1)!();
      await vi.advanceTimersByTimeAsync(20_000);
    }
    expect(comparison.remaining).toBe(0);
    expect(asked()).toHaveLength(comparison.cells.length);
  });

  it('asks for one method after the other and keeps each result', async () => {
    await finish();
    expect(asked()).toEqual(['saliency', 'integrated-gradients', 'grad-cam', 'smoothgrad']);
    expect(comparison.cells.map((cell) => comparison.result(cell)?.request.method)).toEqual(asked());
    expect(comparison.remaining).toBe(0);
    await finish();
    expect(lab.requests.length).toBe(4);
  });

  it('leaves out what the model does not allow, and says why', () => {
    expect(comparison.candidates.find(({ id }) => id === 'deeplift')).toMatchObject({
      unavailable: true,
      note: expect.stringContaining('GridSample'),
    });
    comparison.toggle('deeplift');
    expect(comparison.picks.map(({ id }) => id)).not.toContain('deeplift');
  });

  it('computes only what was ticked later, and keeps one ticked', async () => {
    for (const id of ['smoothgrad', 'grad-cam', 'saliency', 'integrated-gradients']) comparison.toggle(id);
    expect(comparison.picks.map(({ id }) => id)).toEqual(['integrated-gradients']);
    await finish();
    comparison.toggle('saliency');
    await finish();
    expect(asked()).toEqual(['integrated-gradients', 'saliency']);
  });

  it('keeps what came when it is stopped, and goes on from there', async () => {
    lab.delay = 1000;
    const run = comparison.run();
    await vi.advanceTimersByTimeAsync(1500);
    expect(comparison.running?.progress?.doing).toBe('pass 1 of 2');
    comparison.cancel();
    await vi.advanceTimersByTimeAsync(5000);
    await run;
    expect(comparison.running).toBeNull();
    expect(comparison.remaining).toBe(3);
    comparison.resume();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(comparison.remaining).toBe(0);
    expect(asked()).toEqual(['saliency', 'integrated-gradients', 'integrated-gradients', 'grad-cam', 'smoothgrad']);
  });

  it('drops what is no longer wanted for what is', async () => {
    lab.delay = 1000;
    const run = comparison.run();
    await vi.advanceTimersByTimeAsync(500);
    comparison.axis = 'targets';
    void comparison.run();
    await vi.advanceTimersByTimeAsync(20_000);
    await run;
    expect(lab.requests.slice(1).map(({ target }) => target.index)).toEqual([0, 3, 1, 2]);
    expect(comparison.remaining).toBe(0);
  });

  it('is quiet once nobody looks', async () => {
    lab.delay = 1000;
    const run = comparison.run();
    await vi.advanceTimersByTimeAsync(500);
    comparison.close();
    await vi.advanceTimersByTimeAsync(20_000);
    await run;
    expect(lab.requests.length).toBe(1);
  });

  it('asks again on another device and for another model', async () => {
    await finish();
    const keys = comparison.cells.map(({ key }) => key);
    await workspace.openModel([{ name: 'b.onnx', bytes: new Blob() }]);
    await workspace.predict(workspace.feed!);
    expect(comparison.cells.length).toBe(4);
    expect(comparison.cells.some(({ key }) => keys.includes(key))).toBe(false);
  });

  it('says what failed, goes on, and tries it again when asked', async () => {
    const attribute = lab.attribute;
    lab.attribute = async (request, onProgress) =>
      request.method === 'grad-cam'
        ? { ok: false, reason: 'failed', message: 'Out of memory.' }
        : attribute(request, onProgress);
    await finish();
    const cell = comparison.cells.find(({ id }) => id === 'grad-cam')!;
    expect(comparison.outcome(cell)).toMatchObject({ ok: false, message: 'Out of memory.' });
    expect(comparison.remaining).toBe(0);
    lab.attribute = attribute;
    comparison.retry(cell);
    await vi.advanceTimersByTimeAsync(1000);
    expect(comparison.result(cell)?.request.method).toBe('grad-cam');
  });
});

describe('what varies', () => {
  it('varies the layer of a layer method', async () => {
    comparison.axis = 'layers';
    expect(comparison.method?.id).toBe('grad-cam');
    await finish();
    expect(lab.requests.map(({ method, layer }) => [method, layer])).toEqual([
      ['grad-cam', 'conv1'],
      ['grad-cam', 'conv2'],
    ]);
  });

  it('varies the baseline of a method that has one', async () => {
    comparison.axis = 'baselines';
    await finish();
    expect(new Set(asked())).toEqual(new Set(['integrated-gradients']));
    expect(lab.requests.map(({ baseline }) => baseline.kind)).toEqual(['black', 'white', 'mean', 'blur']);
  });

  it('asks each image for its own first guess, unless a class was chosen', async () => {
    comparison.axis = 'images';
    await finish();
    // The fake lab guesses by whether an image's number is odd.
    const guesses = lab.requests.map(({ image, target }) => [image % 2, target.index]);
    expect(guesses.length).toBe(4);
    for (const [odd, index] of guesses) expect(index).toBe(odd ? 0 : 2);
    workspace.question.chosen = 1;
    await finish();
    expect(lab.requests.slice(4).map(({ target }) => target.index)).toEqual([1, 1, 1, 1]);
  });

  it('opens another model beside the open one, and ends it afterwards', async () => {
    comparison.axis = 'models';
    await finish();
    expect(lab.requests.length).toBe(1);
    expect(spares.length).toBe(1);
    expect(spares[0].requests[0]).toMatchObject({ target: lab.requests[0].target, preprocessing: torchvision });
    expect(comparison.cells.map((cell) => comparison.result(cell)?.modelSha256)).toEqual([
      'sha of a.onnx',
      'sha of b.onnx',
    ]);
    expect(lab.asked.filter((line) => line.startsWith('open'))).toEqual(['open a.onnx']);
  });

  it('makes a cell the question of the exhibit', () => {
    comparison.axis = 'targets';
    comparison.adopt(comparison.cells[2]);
    expect(workspace.request).toEqual(comparison.cells[2].request);
    comparison.axis = 'layers';
    comparison.adopt(comparison.cells[0]);
    expect(workspace.request).toMatchObject({ method: 'grad-cam', layer: 'conv1' });
  });

  it('begins with four methods that people know, and with layers from early to late', () => {
    const ids = ['saliency', 'occlusion', 'smoothgrad', 'grad-cam', 'integrated-gradients', 'deeplift'];
    const layers = Array.from({ length: 10 }, (_, i) => ({ id: `l${i}`, op: 'Relu', shape: [1, 2, 2] }));
    const model = modelInfo('m', { methods: ids.map((id) => method(id)), layers });
    const ground = { model, prediction: workspace.prediction!, shelf: comparison.shelf, others: 0 };
    expect(firstPicks('methods', candidates('methods', ground))).toEqual([
      'integrated-gradients',
      'deeplift',
      'grad-cam',
      'occlusion',
    ]);
    expect(firstPicks('layers', candidates('layers', ground))).toEqual(['l2', 'l4', 'l7', 'l9']);
  });
});
