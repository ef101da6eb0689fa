import { afterEach, describe, expect, it } from 'vitest';
import modelUrl from '../fixtures/onnx/cnn_plain.onnx?url';
import { writeModel } from '../../src/lib/formats/onnx/write.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import type { AttributionRequest, DeviceChoice, DroppedFile, Outcome } from '../../src/lib/worker/api.ts';
import { LabClient, type Silence } from '../../src/lib/worker/client.ts';

const ortBase = new URL('/ort/', location.href).href;
const channel = new BroadcastChannel('faults');
const clients: LabClient[] = [];
const PATIENCE_SECONDS = 2;
afterEach(() => clients.splice(0).forEach((client) => client.dispose()));

/** A client whose first worker has the fault and whose later ones have none. */
function broken(fault: string) {
  const workers: Worker[] = [];
  const startWorker = () => {
    const name = workers.length === 0 ? fault : '';
    const worker = new Worker(new URL('./faults.worker.ts', import.meta.url), { type: 'module', name });
    workers.push(worker);
    return worker;
  };
  const client = new LabClient(ortBase, startWorker, PATIENCE_SECONDS);
  clients.push(client);
  return { client, workers };
}

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
}

async function picture(): Promise<DroppedFile> {
  const canvas = new OffscreenCanvas(40, 40);
  const context = canvas.getContext('2d')!;
  context.fillStyle = 'teal';
  context.fillRect(8, 12, 14, 9);
  return { name: 'picture.png', bytes: await canvas.convertToBlob() };
}

async function opened(fault: string, device: DeviceChoice) {
  const { client, workers } = broken(fault);
  const report = value(await client.start(device));
  const bytes = await (await fetch(modelUrl)).blob();
  const info = value(await client.openModel([{ name: 'cnn_plain.onnx', bytes }]));
  const labels = new Blob([Array.from({ length: info.classes }, (_, i) => `thing ${i}`).join('\n')]);
  value(await client.setLabels({ name: 'labels.txt', bytes: labels }));
  const image = value(await client.openImage(await picture()));
  const ask = (method: string, options = {}): AttributionRequest => ({
    image: image.id,
    preprocessing: info.preprocessing,
    method,
    options,
    target: { kind: 'logit', index: 2 },
    baseline: { kind: 'black' },
    layer: null,
    seed: 7,
  });
  const told: string[] = [];
  client.onFault = (why) => told.push(why);
  return { client, workers, report, info, image, ask, told };
}

/** A classifier whose weights alone need more than the first pages of the heap. */
function largeModel(): DroppedFile[] {
  const g = new Builder();
  const x = new Value('float32', [1, 3, 32, 32], { name: 'x' });
  const weights = g.constant(float32([3072, 4096], new Float32Array(3072 * 4096).fill(1e-3)));
  const last = g.constant(float32([4096, 5], new Float32Array(4096 * 5).fill(1e-3)));
  const logits = g.matmul(g.relu(g.matmul(g.reshape(x, [1, 3072]), weights)), last);
  const { bytes, external = [] } = writeModel({ name: 'large', inputs: [x], outputs: [logits] });
  const file = (name: string, data: Uint8Array) => ({ name, bytes: new Blob([data as Uint8Array<ArrayBuffer>]) });
  return [file('large.onnx', bytes), ...external.map(({ path, data }) => file(path, data))];
}

describe('a browser that lacks something', () => {
  it.each([
    ['no-webgpu', 'webgpu', /WebGPU is not used: this browser does not offer it\. WASM does the work/],
    ['no-adapter', 'webgpu', /WebGPU is not used: the browser has no usable graphics adapter\. WASM does the work/],
    ['no-isolation', 'wasm', /WASM runs on one thread: this page is not cross-origin isolated/],
  ] as const)('%s: the work is done on WASM, and a note says why', async (fault, device, words) => {
    const { client, report, ask } = await opened(fault, device);
    expect(report.device.kind).toBe('wasm');
    expect(report.notes.join(' ')).toMatch(words);
    if (fault === 'no-isolation') expect(report.device.threads).toBe(1);
    expect((await client.attribute(ask('saliency'), () => undefined)).ok).toBe(true);
  });

  it.each([
    ['no-simd', /no vector instructions \(WebAssembly SIMD\).*update the browser/],
    ['no-wasm', /no WebAssembly.*allow it, or use another browser/],
    ['no-memory', /memory/],
  ])('%s: a sentence says so, and the engine can be started again', async (fault, words) => {
    const { client } = broken(fault);
    const outcome = await client.start('wasm');
    expect(outcome).toMatchObject({ ok: false, reason: 'failed', message: expect.stringMatching(words) });
    expect((await client.start('wasm')).ok).toBe(true);
  });
});

describe('a WebGPU device that is lost', () => {
  it('in the middle of a run: the run ends on WASM, with the reason, and all that was open', async () => {
    const { client, workers, report, ask, info, image, told } = await opened('', 'webgpu');
    expect(report.device.kind).toBe('webgpu');
    expect(value(await client.predict(image.id, info.preprocessing)).device.kind).toBe('webgpu');
    expect(workers.length).toBe(1);
    let lost = false;
    const outcome = await client.attribute(ask('integrated-gradients', { steps: 100 }), () => {
      if (!lost) channel.postMessage('lose the device');
      lost = true;
    });
    const result = value(outcome);
    expect(lost).toBe(true);
    expect(result.device.kind).toBe('wasm');
    expect(result.label).toBe('thing 2');
    expect(workers.length).toBe(2);
    expect(told.join()).toMatch(/WebGPU stopped in the middle of the work \(.+\)\. WASM does the work now/);
    expect(value(await client.predict(image.id, info.preprocessing)).device.kind).toBe('wasm');

    // It may be chosen again.
    const again = value(await client.start('webgpu'));
    expect(again.device.kind).toBe('webgpu');
    expect(again.notes).toEqual([]);
  });

  it.each(['tfjs-webgpu', 'tfjs-webgl'] as const)('%s: the run ends on WASM too', async (device) => {
    const { client, workers, report, ask, told } = await opened('', device);
    expect(report).toMatchObject({ id: device, notes: [] });
    let lost = false;
    const outcome = await client.attribute(ask('integrated-gradients', { steps: 100 }), () => {
      if (!lost) channel.postMessage('lose the device');
      lost = true;
    });
    expect(lost).toBe(true);
    expect(value(outcome).device).toMatchObject({ runtime: 'onnxruntime-web', kind: 'wasm' });
    expect(workers.length).toBe(2);
    expect(told.join()).toMatch(
      /TF\.js Web(GPU|GL) stopped in the middle of the work \(the browser lost the graphics processor: .+\)\. WASM does/,
    );
  });

  it('that refuses a command hands out nothing: TensorFlow.js would go on with what was in the memory', async () => {
    const { client, ask, told } = await opened('', 'tfjs-webgpu');
    channel.postMessage('refuse a command');
    const result = value(await client.attribute(ask('saliency'), () => undefined));
    expect(result.device).toMatchObject({ runtime: 'onnxruntime-web', kind: 'wasm' });
    expect(told.join()).toMatch(/TF\.js WebGPU stopped in the middle of the work \(it refused a command: .+\)/s);
  });

  it('for lack of memory: the answer comes from WASM, with the reason', async () => {
    const { client, ask, info, image, told } = await opened('', 'webgpu');
    expect(value(await client.predict(image.id, info.preprocessing)).device.kind).toBe('webgpu');
    channel.postMessage('use up the GPU’s memory');
    const result = value(await client.attribute(ask('saliency'), () => undefined));
    expect(result.device.kind).toBe('wasm');
    expect(told.join()).toMatch(
      /WebGPU stopped in the middle of the work \(its memory is used up\)\. WASM does the work/,
    );
  });

  it('while nothing runs: the next two questions, asked at once, are answered on WASM by one new worker', async () => {
    const { client, workers, ask, info, image } = await opened('', 'webgpu');
    expect(value(await client.predict(image.id, info.preprocessing)).device.kind).toBe('webgpu');
    channel.postMessage('lose the device');
    const [prediction, result] = await Promise.all([
      client.predict(image.id, info.preprocessing),
      client.attribute(ask('saliency'), () => undefined),
    ]);
    expect(value(prediction).device.kind).toBe('wasm');
    expect(value(result).device.kind).toBe('wasm');
    expect(workers.length).toBe(2);
  });
});

describe('memory that runs out', () => {
  it('is said when the model is opened, with what it takes and what there was; the model before stays open', async () => {
    const { client, workers, info, image, ask } = await opened('little-memory', 'wasm');
    const outcome = await client.openModel(largeModel());
    expect(outcome).toMatchObject({ ok: false, fault: 'memory' });
    const words =
      /^large\.onnx: this needs more memory than the browser gives \(out of memory: one pass takes 49 MB or more, and the browser stopped at \d+ MB\)\. .*WebGPU under Device.*what was open stays open/;
    expect(!outcome.ok && outcome.message).toMatch(words);
    expect(value(await client.attribute(ask('saliency'), () => undefined)).label).toBe('thing 2');
    expect(workers.length).toBe(2);

    // The new worker's browser has more.
    const large = value(await client.openModel(largeModel()));
    expect(value(await client.predict(image.id, large.preprocessing)).classes).toBe(5);
    expect(info.classes).not.toBe(5);
  });
});

describe('a worker', () => {
  it('that is killed in the middle of a run is replaced, with all that was open', async () => {
    const { client, workers, ask } = await opened('', 'wasm');
    let killed = false;
    const dying = client.attribute(ask('integrated-gradients', { steps: 400 }), () => {
      if (!killed) channel.postMessage('die');
      killed = true;
    });
    expect(await dying).toMatchObject({ ok: false, message: expect.stringContaining('the worker was killed') });
    expect(value(await client.attribute(ask('saliency'), () => undefined)).label).toBe('thing 2');
    expect(workers.length).toBe(2);
  });

  it('that the browser closes in the middle of a run, without an event, is replaced with all that was open', async () => {
    const { client, workers, ask, told } = await opened('', 'wasm');
    let closed = false;
    const dying = client.attribute(ask('integrated-gradients', { steps: 400 }), () => {
      if (!closed) channel.postMessage('close');
      closed = true;
    });
    const words = /^The engine stopped: the browser closed its worker.*starts again, with your model and image/;
    expect(await dying).toMatchObject({ ok: false, reason: 'failed', message: expect.stringMatching(words) });
    expect(value(await client.attribute(ask('saliency'), () => undefined)).label).toBe('thing 2');
    expect(workers.length).toBe(2);
    expect(told).toEqual([]);
  });

  it('that the browser closes while nothing is asked is replaced at once, and that is told', async () => {
    const { client, workers, ask, told } = await opened('', 'wasm');
    channel.postMessage('close');
    await expect.poll(() => told.join(), { timeout: 20_000 }).toMatch(/^The engine stopped: .*was started again/);
    expect(workers.length).toBe(2);
    expect(value(await client.attribute(ask('saliency'), () => undefined)).label).toBe('thing 2');
    expect(workers.length).toBe(2);
  });

  it('that hangs: the person is asked; a restart opens model and image again', async () => {
    const { client, workers, ask, info, image } = await opened('', 'wasm');
    const silences: (Silence | null)[] = [];
    client.onSilence = (silence) => silences.push(silence);
    const seconds = () => silences.map((silence) => silence?.seconds ?? 0);
    const hangs = new Promise((resolve) => channel.addEventListener('message', resolve, { once: true }));
    channel.postMessage('hang');
    await hangs;
    const stuck = client.predict(image.id, info.preprocessing);
    await expect.poll(seconds, { timeout: 20_000 }).toEqual([PATIENCE_SECONDS]);
    silences.at(-1)!.wait();
    await expect.poll(seconds, { timeout: 20_000 }).toEqual([PATIENCE_SECONDS, 0, PATIENCE_SECONDS]);
    silences.at(-1)!.restart();
    const words = /^The engine did not answer\. It was started again, with your model and image/;
    expect(await stuck).toMatchObject({ ok: false, reason: 'failed', message: expect.stringMatching(words) });
    expect(value(await client.attribute(ask('saliency'), () => undefined)).label).toBe('thing 2');
    expect(workers.length).toBe(2);
    expect(silences.at(-1)).toBeNull();
  });

  it('that nobody waits for may be silent', async () => {
    const { client } = await opened('', 'wasm');
    const silences: (Silence | null)[] = [];
    client.onSilence = (silence) => silences.push(silence);
    await new Promise((resolve) => setTimeout(resolve, (PATIENCE_SECONDS + 1.5) * 1000));
    expect(silences).toEqual([]);
  });

  it('whose script cannot be loaded is a sentence', async () => {
    const client = new LabClient(ortBase, () => new Worker('/nowhere.js', { type: 'module' }));
    clients.push(client);
    const outcome = await client.start('wasm');
    expect(outcome).toMatchObject({ ok: false, message: expect.stringMatching(/^The engine stopped: /) });
  });
});
