import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import modelUrl from '../fixtures/onnx/cnn_plain.onnx?url';
import type {
  AttributionRequest,
  AttributionResult,
  DroppedFile,
  ImageInfo,
  ModelInfo,
  Outcome,
} from '../../src/lib/worker/api.ts';
import { LabClient } from '../../src/lib/worker/client.ts';

const ortBase = new URL('/ort/', location.href).href;
const workers: Worker[] = [];
const startWorker = () => {
  const worker = new Worker(new URL('../../src/lib/worker/lab.worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  return worker;
};
const silent = () => undefined;

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
}

async function picture(): Promise<DroppedFile> {
  const canvas = new OffscreenCanvas(40, 40);
  const context = canvas.getContext('2d')!;
  const gradient = context.createLinearGradient(0, 0, 40, 40);
  gradient.addColorStop(0, 'orange');
  gradient.addColorStop(1, 'navy');
  context.fillStyle = gradient;
  context.fillRect(0, 0, 40, 40);
  context.fillStyle = 'white';
  context.fillRect(8, 12, 14, 9);
  return { name: 'picture.png', bytes: await canvas.convertToBlob() };
}

const model = async (): Promise<DroppedFile[]> => [
  { name: 'cnn_plain.onnx', bytes: await (await fetch(modelUrl)).blob() },
];

async function opened(device: 'wasm' | 'webgpu') {
  const client = new LabClient(ortBase, startWorker);
  const report = value(await client.start(device));
  const info = value(await client.openModel(await model()));
  const image = value(await client.openImage(await picture()));
  return { client, report, info, image };
}

const ask = (info: ModelInfo, image: ImageInfo, change: Partial<AttributionRequest> = {}): AttributionRequest => ({
  image: image.id,
  preprocessing: info.preprocessing,
  method: 'integrated-gradients',
  options: {},
  target: { kind: 'logit', index: 2 },
  baseline: { kind: 'black' },
  layer: null,
  seed: 7,
  ...change,
});

describe('the page’s client and its worker', () => {
  let lab: Awaited<ReturnType<typeof opened>>;
  beforeAll(async () => {
    lab = await opened('wasm');
  });
  afterAll(() => lab.client.dispose());

  it('opens a model and an image and explains it', async () => {
    const result = value(await lab.client.attribute(ask(lab.info, lab.image), silent));
    expect(result.map.shape).toEqual([1, 32, 32]);
    expect(result.imageSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(result.check!.relative).toBeLessThan(0.05);
  });

  it('lets the newest request win', async () => {
    const slow = lab.client.attribute(ask(lab.info, lab.image, { options: { steps: 400 } }), silent);
    const fast = lab.client.attribute(ask(lab.info, lab.image, { method: 'saliency' }), silent);
    expect(await slow).toMatchObject({ ok: false, reason: 'cancelled' });
    expect(value(await fast).request.method).toBe('saliency');
  });

  it('cancels', async () => {
    const slow = lab.client.attribute(ask(lab.info, lab.image, { options: { steps: 400 } }), () => lab.client.cancel());
    expect(await slow).toMatchObject({ ok: false, reason: 'cancelled' });
  });

  it('names an image that cannot be read', async () => {
    const outcome = await lab.client.openImage({ name: 'broken.png', bytes: new Blob(['no image']) });
    expect(outcome).toMatchObject({ ok: false, message: expect.stringMatching(/^broken\.png: not an image/) });
  });

  it('replaces a worker that died and keeps the model and the image', async () => {
    const before = workers.length;
    const dying = lab.client.attribute(ask(lab.info, lab.image, { options: { steps: 400 } }), silent);
    workers.at(-1)!.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }));
    expect(await dying).toMatchObject({
      ok: false,
      reason: 'failed',
      message: expect.stringContaining('out of memory'),
    });
    expect((await lab.client.attribute(ask(lab.info, lab.image, { method: 'saliency' }), silent)).ok).toBe(true);
    expect(workers.length).toBe(before + 1);
  });

  it('ends a worker that has opened many megabytes, so that its memory is given back', async () => {
    const before = workers.length;
    const [{ name, bytes }] = await model();
    // Forty megabytes of padding beside the model stand for large weights.
    const padding: DroppedFile = { name: 'weights.bin', bytes: new Blob([new Uint8Array(40 * 2 ** 20)]) };
    for (let i = 0; i < 20; i++) value(await lab.client.openModel([{ name, bytes }, padding]));
    expect(workers.length - before).toBe(3);
    expect((await lab.client.predict(lab.image.id, lab.info.preprocessing)).ok).toBe(true);
  });
});

describe('WASM and WebGPU', () => {
  it('give the same attribution within 1e-3, by every method', async () => {
    const devices = [await opened('wasm'), await opened('webgpu')];
    expect(devices.map((d) => d.report.device.kind)).toEqual(['wasm', 'webgpu']);
    // A program draws in the GPU's place: few samples, and every score with its sign.
    const few: Readonly<Record<string, unknown>> = { samples: 4, steps: 4, cells: 2, baselines: 2, relu: false };
    for (const { id, options: fields } of devices[0].info.methods.filter((m) => !m.unavailable && !m.needs.images)) {
      const options = Object.fromEntries(Object.entries(few).filter(([name]) => name in fields.properties));
      const results: AttributionResult[] = [];
      for (const { client, info, image } of devices)
        results.push(value(await client.attribute(ask(info, image, { method: id, options }), silent)));
      const [a, b] = results.map((r) => r.scores.data);
      const size = a.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      const gap = a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i])), 0);
      expect(gap / size, id).toBeLessThan(1e-3);
    }
    devices.forEach((d) => d.client.dispose());
  }, 300_000);
});
