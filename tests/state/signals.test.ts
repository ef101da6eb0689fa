import { expect, it } from 'vitest';
import { Signals, type Watched } from '../../src/lib/state/signals.svelte.ts';
import type { CheckupRequest } from '../../src/lib/worker/api.ts';
import { modelInfo, torchvision } from './fake-lab.ts';

const ok = <T>(value: T) => ({ ok: true, value }) as const;

/** Signals over `names` in the strip; what was opened and closed is in `log`. `before`: called before each image's answer. */
function setUp(names: readonly string[], before: (images: number) => void = () => undefined) {
  const log: string[] = [];
  const counts = new Map<number, number>();
  const lab = {
    checkup: async ({ session, target }: CheckupRequest) => {
      const images = (counts.get(session) ?? 0) + 1;
      counts.set(session, images);
      before(images);
      return ok({ layers: [], images, target, withoutGradient: '' });
    },
    weights: async () => ok([{ id: 'w', role: 'kernel' }]),
    weightSignals: async (id: string) => ok({ info: { id, layer: 'l' }, statistics: { nonFinite: 0 } }),
    cancel: () => log.push('cancel'),
  };
  const watched = {
    model: modelInfo('m.onnx'),
    feed: { model: modelInfo('m.onnx'), image: 1, preprocessing: torchvision, turn: 0 },
    prediction: { top: [{ index: 2 }] },
    question: { target: ([index]: number[]) => ({ kind: 'logit', index }) },
    inputs: { several: false },
    strip: { entries: names.map((name, id) => ({ id, source: { name, bytes: new Blob() } })) },
    inside: { lab, choices: [{ image: 1, preprocessing: torchvision }] },
  } as unknown as Watched;
  let opened = 0;
  const images = {
    openImage: async ({ name }: { name: string }) => {
      log.push(`open ${name}`);
      if (name === 'broken.png') return { ok: false, reason: 'failed', message: 'broken.png: not an image.' } as const;
      return ok({ id: ++opened, name, sha256: '', width: 1, height: 1 });
    },
    closeImage: async (image: number) => void log.push(`close ${image}`),
  };
  return { signals: new Signals(watched, images), log, counts };
}

it('asks about the one image, then about the weights, and the same question once', async () => {
  const { signals, counts } = setUp([]);
  await signals.ask();
  await signals.ask();
  expect([...counts.values()]).toEqual([1]);
  expect(signals.report).toMatchObject({ images: 1, target: { kind: 'logit', index: 2 } });
  expect(signals.weights).toHaveLength(1);
  expect([signals.doing, signals.stopped, signals.problem]).toEqual(['', false, '']);
});

it('opens one image of several at a time, and leaves out what cannot be read', async () => {
  const { signals, log } = setUp(['a.png', 'broken.png', 'b.png']);
  await signals.ask();
  expect(log).toEqual(['open a.png', 'close 1', 'open broken.png', 'open b.png', 'close 2']);
  expect(signals.report?.images).toBe(2);
  expect(signals.skipped).toEqual(['broken.png: not an image.']);
});

it('keeps what came when it is stopped, and begins anew when asked again', async () => {
  const { signals, counts } = setUp(['a.png', 'b.png', 'c.png'], (images) => {
    if (images === 2 && counts.size === 1) signals.cancel();
  });
  await signals.ask();
  expect(signals.report?.images).toBe(1);
  expect([signals.stopped, signals.doing]).toEqual([true, '']);
  await signals.check();
  expect([signals.report?.images, signals.stopped]).toEqual([3, false]);
});
