import { beforeEach, describe, expect, it, vi } from 'vitest';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { type Library, libraryAt } from '../../src/lib/state/library.ts';
import { Tour, shareInside } from '../../src/lib/state/tour.svelte.ts';
import { Workspace } from '../../src/lib/state/workspace.svelte.ts';
import { FakeLab, torchvision } from './fake-lab.ts';

const model = (id: string, file: string) => ({
  id,
  title: id,
  description: '',
  files: [file],
  bytes: 1,
  sha256: `sha of ${file}`,
  preprocessing: torchvision,
});
const image = (id: string, more = {}) => ({
  id,
  title: id,
  label: 'cat',
  file: `${id}.png`,
  width: 384,
  height: 384,
  ...more,
});
const watermark = { x: 238, y: 342, width: 139, height: 30 };

const library: Library = libraryAt((path) => `/${path}`, {
  models: [model('vitrine-16', 'Model A.onnx'), model('vitrine-16-shortcut', 'Model B.onnx')],
  images: [image('sailboat-7-marked', { watermark }), image('sailboat-7'), image('mushroom-9-marked')],
  publicModels: [],
});

let workspace: Workspace;
let tour: Tour;
let stored: Map<string, string>;

/** What the page's effects do. */
async function settle(): Promise<void> {
  for (let i = 0; i < 6; i++) {
    await vi.advanceTimersByTimeAsync(200);
    if (workspace.feed && !workspace.prediction) await workspace.predict(workspace.feed);
    if (workspace.request) workspace.explain(workspace.request);
    await vi.advanceTimersByTimeAsync(200);
    tour.observe();
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  stored = new Map();
  vi.stubGlobal('fetch', async () => new Response('x'));
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  });
  workspace = new Workspace(new FakeLab().asClient());
  tour = new Tour(workspace, library);
});

describe('the invitation', () => {
  it('is made on the first visit and never after it was declined', () => {
    tour.begin(workspace.start(), { offer: true, start: false });
    expect(tour.invited).toBe(true);
    tour.decline();
    expect(tour.invited).toBe(false);
    const next = new Tour(workspace, library);
    next.begin(Promise.resolve(), { offer: true, start: false });
    expect(next.invited).toBe(false);
  });

  it('is made at every visit where nothing can be stored, and can still be declined', () => {
    vi.stubGlobal('localStorage', undefined);
    tour.begin(Promise.resolve(), { offer: true, start: false });
    expect(tour.invited).toBe(true);
    tour.decline();
    expect(tour.invited).toBe(false);
  });

  it('is not made where a link is opened, nor by a site without the two models', () => {
    tour.begin(Promise.resolve(), { offer: false, start: false });
    expect(tour.invited).toBe(false);
    const poor = new Tour(workspace, { ...library, models: library.models.slice(1) });
    poor.begin(Promise.resolve(), { offer: true, start: false });
    expect([poor.available, poor.invited]).toEqual([false, false]);
  });
});

describe('the tour', () => {
  it('opens each model under a name that does not give it away, and asks both before it goes on', async () => {
    await workspace.start();
    tour.start();
    await settle();
    expect([workspace.model?.name, workspace.picture.info?.name]).toEqual(['Model A.onnx', 'sailboat-7-marked']);
    expect(tour.reading('A', 'marked')).toMatchObject({ probability: 0.95 });
    expect(tour.share('A')).toBeGreaterThan(0);
    expect(tour.reading('B', 'marked')).toBeNull();
    void tour.go('second');
    await settle();
    expect(workspace.model?.name).toBe('Model B.onnx');
    expect(tour.reading('B', 'marked')).not.toBeNull();
    tour.choose('A');
    await settle();
    expect([tour.guess, tour.step]).toEqual(['A', 'bare']);
    expect(tour.reading('A', 'bare')).not.toBeNull();
    expect(tour.reading('B', 'bare')).not.toBeNull();
    expect([workspace.model?.name, workspace.picture.info?.name]).toEqual(['Model B.onnx', 'sailboat-7']);
  });

  it('does not go on with a step that was left', async () => {
    await workspace.start();
    tour.start();
    await settle();
    void tour.go('second');
    tour.leave();
    await settle();
    expect(tour.step).toBeNull();
    expect(workspace.model?.name).toBe('Model A.onnx');
  });

  it('begins after the page’s own first steps', async () => {
    let begun = () => undefined as void;
    tour.begin(new Promise<void>((resolve) => (begun = resolve)), { offer: true, start: true });
    await workspace.start();
    await settle();
    expect(workspace.model).toBeNull();
    begun();
    await settle();
    expect(workspace.model?.name).toBe('Model A.onnx');
  });
});

describe('the share of a map inside a box', () => {
  const crop = { x: 0, y: 0, width: 100, height: 100 };

  it('is that of the sizes, whatever their signs', () => {
    const map = float32([2, 2], Float32Array.of(1, -1, 2, -4));
    expect(shareInside({ map, crop }, { x: 50, y: 50, width: 50, height: 50 })).toBe(0.5);
    expect(shareInside({ map, crop }, { x: 0, y: 0, width: 100, height: 50 })).toBe(0.25);
  });

  it('is measured where the map lies on the picture', () => {
    const map = float32([1, 2, 2], Float32Array.of(1, 1, 1, 1));
    const inner = { x: 50, y: 50, width: 50, height: 50 };
    expect(shareInside({ map, crop: inner }, { x: 0, y: 0, width: 50, height: 50 })).toBe(0);
    expect(shareInside({ map, crop: inner }, { x: 75, y: 0, width: 25, height: 100 })).toBe(0.5);
  });

  it('of a blank map is 0', () => {
    expect(shareInside({ map: float32([1, 1], Float32Array.of(0)), crop }, crop)).toBe(0);
  });
});
