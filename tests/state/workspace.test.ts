import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Workspace } from '../../src/lib/state/workspace.svelte.ts';
import { FakeLab, torchvision } from './fake-lab.ts';

let lab: FakeLab;
let workspace: Workspace;

const file = (name: string) => new File(['x'], name);
const image = (name: string) => ({ name, bytes: new Blob(['x']), url: `/${name}` });

/** What the page's effects do: predict what is to be predicted, then explain what is to be explained. */
async function settle(): Promise<void> {
  if (workspace.feed && !workspace.prediction) await workspace.predict(workspace.feed);
  if (workspace.request) workspace.explain(workspace.request);
  await vi.advanceTimersByTimeAsync(1000);
}

beforeEach(async () => {
  vi.useFakeTimers();
  lab = new FakeLab();
  workspace = new Workspace(lab.asClient());
  await workspace.start();
  await workspace.openModel([{ name: 'a.onnx', bytes: new Blob() }]);
  await workspace.openImage(image('cat.png'));
  await settle();
});

describe('the workspace', () => {
  it('explains the first guess as soon as there are a model and an image', () => {
    expect(workspace.status).toBe('done');
    expect(workspace.result?.request).toMatchObject({
      method: 'integrated-gradients',
      target: { kind: 'logit', index: 0 },
      image: 1,
    });
  });

  it('asks for a layer only where the method needs one', async () => {
    expect(workspace.request?.layer).toBeNull();
    workspace.question.method = 'grad-cam';
    await settle();
    expect(workspace.result?.request.layer).toBe('conv2');
  });

  it('keeps the picture on show while the next is in the making', async () => {
    const before = workspace.result;
    workspace.question.chosen = 3;
    expect(workspace.status).toBe('running');
    expect(workspace.result).toBe(before);
    await settle();
    expect(workspace.status).toBe('done');
    expect(workspace.result?.request.target.index).toBe(3);
  });

  it('sends only the last of several changes in a row', async () => {
    const before = lab.requests.length;
    for (const steps of [33, 34, 35]) {
      workspace.question.setOption(workspace.method!, 'steps', steps);
      workspace.explain(workspace.request!);
      await vi.advanceTimersByTimeAsync(20);
    }
    await settle();
    expect(lab.requests.slice(before).map(({ options }) => options.steps)).toEqual([35]);
  });

  it('shows the newest answer, whatever comes in between', async () => {
    lab.delay = 500;
    workspace.question.chosen = 1;
    workspace.explain(workspace.request!);
    await vi.advanceTimersByTimeAsync(200);
    workspace.question.chosen = 2;
    workspace.explain(workspace.request!);
    await vi.advanceTimersByTimeAsync(2000);
    expect(workspace.status).toBe('done');
    expect(workspace.result?.request.target.index).toBe(2);
  });

  it('does not show an old picture over a new image, and keeps method and class', async () => {
    workspace.question.method = 'saliency';
    workspace.question.chosen = 1;
    await settle();
    await workspace.openImage(image('dog.png'));
    expect(workspace.result).toBeNull();
    expect(workspace.status).toBe('running');
    await settle();
    expect(workspace.result?.request).toMatchObject({ method: 'saliency', target: { index: 1 }, image: 2 });
    expect(lab.asked).toContain('close 1');
  });

  it('follows the first guess from image to image while no class was chosen', async () => {
    await workspace.openImage(image('dog.png'));
    await settle();
    expect(workspace.result?.request.target.index).toBe(2);
  });

  it('says what is wrong with a file and loses nothing', async () => {
    const before = workspace.result;
    await workspace.openFiles([file('broken.onnx'), file('broken.png')]);
    expect(workspace.problem.split('\n').sort()).toEqual([
      'broken.onnx: not an ONNX model.',
      'broken.png: not an image.',
    ]);
    await settle();
    expect(workspace.status).toBe('done');
    expect(workspace.result).toBe(before);
    expect(workspace.opening).toBeNull();
  });

  it('says of all files that were dropped together what is wrong with each, and opens the first image that is one', async () => {
    await workspace.openFiles([file('broken.onnx'), file('1-broken.png'), file('2-broken.png'), file('fish.png')]);
    await workspace.openFiles([file('1-broken.png'), file('notes.pdf'), file('2-broken.png'), file('fish.png')]);
    expect(workspace.problem.split('\n').sort()).toEqual([
      '1-broken.png: not an image.',
      '2-broken.png: not an image.',
      expect.stringMatching(/^notes\.pdf: this is text, not a model/),
    ]);
    expect(workspace.picture.info?.name).toBe('fish.png');
    await workspace.openFiles([file('dog.png')]);
    expect(workspace.problem).toBe('');
  });

  it('asks before it opens a model whose passes take long', async () => {
    const before = workspace.model;
    await workspace.openFiles([file('slow.onnx')]);
    expect(workspace.costly?.question).toBe('slow.onnx: one pass takes minutes.');
    expect([workspace.model, workspace.problem]).toEqual([before, '']);
    workspace.costly!.open();
    await settle();
    expect([workspace.model?.name, workspace.costly]).toEqual(['slow.onnx', null]);
  });

  it('stops a prediction, and goes on when told to', async () => {
    await settle();
    workspace.retry();
    workspace.cancel();
    expect([workspace.status, workspace.stopped]).toEqual(['idle', true]);
    workspace.retry();
    await settle();
    expect(workspace.status).toBe('done');
  });

  it('names files that it cannot use', async () => {
    await workspace.openFiles([file('weights.pt')]);
    expect(workspace.problem).toMatch(/^weights\.pt: this is text, not a model/);
  });

  it('opens model and image that were dropped together', async () => {
    await workspace.openFiles([file('b.onnx'), file('b.data'), file('fish.png')]);
    await settle();
    expect(workspace.model?.name).toBe('b.onnx');
    expect(workspace.picture.info?.name).toBe('fish.png');
    expect(workspace.status).toBe('done');
  });

  it('names the classes by a labels file', async () => {
    await workspace.openFiles([file('labels.txt')]);
    expect(workspace.model?.labels).toEqual(['a', 'b', 'c', 'd']);
  });

  it('stops when told to, and goes on when told to', async () => {
    lab.delay = 500;
    workspace.question.chosen = 1;
    workspace.explain(workspace.request!);
    await vi.advanceTimersByTimeAsync(200);
    expect(workspace.progress?.doing).toBe('pass 1 of 2');
    workspace.cancel();
    await vi.advanceTimersByTimeAsync(1000);
    expect(workspace.status).toBe('idle');
    expect(workspace.progress).toBeNull();
    workspace.retry();
    await settle();
    expect(workspace.status).toBe('done');
    expect(workspace.result?.request.target.index).toBe(1);
  });

  it('asks again on another device', async () => {
    const before = lab.requests.length;
    await workspace.start('wasm');
    expect(workspace.status).toBe('running');
    await settle();
    expect(lab.requests.length).toBe(before + 1);
    expect(workspace.status).toBe('done');
  });

  it('calls preprocessing changed by hand custom, and feeds it', async () => {
    workspace.prepare({ order: 'BGR' });
    expect(workspace.preprocessing).toMatchObject({ preset: 'custom', order: 'BGR' });
    await settle();
    expect(workspace.result?.request.preprocessing.order).toBe('BGR');
    await workspace.choosePreset('caffe');
    expect(workspace.preprocessing?.preset).toBe('caffe');
  });

  it('feeds a bundled model what its manifest says, and any other what its file lets guess', async () => {
    vi.stubGlobal('fetch', async () => new Response('x'));
    const preprocessing = { ...torchvision, preset: 'custom', cropFraction: 1 };
    const bundled = {
      id: 'b',
      title: 'B',
      description: '',
      files: ['b.onnx'],
      urls: ['/b.onnx'],
      bytes: 1,
      preprocessing,
    };
    await workspace.openBundledModel(bundled);
    await settle();
    expect(workspace.result?.request.preprocessing).toEqual(preprocessing);
    await workspace.openFiles([file('c.onnx')]);
    expect(workspace.preprocessing).toEqual(torchvision);
    vi.unstubAllGlobals();
  });

  it('asks again when the same model is opened while its explanation is under way', async () => {
    lab.delay = 5000;
    workspace.question.setOption(workspace.method!, 'steps', 64);
    workspace.explain(workspace.request!);
    await vi.advanceTimersByTimeAsync(1000);
    const before = lab.requests.length;
    await workspace.openModel([{ name: 'a.onnx', bytes: new Blob() }]);
    lab.delay = 0;
    await settle();
    await settle();
    expect(lab.requests.length).toBeGreaterThan(before);
    expect(workspace.status).toBe('done');
  });

  it('compares with another image as baseline', async () => {
    await workspace.openBaseline(image('snow.png'));
    await settle();
    expect(workspace.result?.request.baseline).toEqual({ kind: 'image', image: 2 });
    expect(workspace.picture.info?.id).toBe(1);
    expect(workspace.baselineName).toBe('snow.png');
  });
});
