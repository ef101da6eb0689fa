import { wrap, type Remote } from 'comlink';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPECTED, summarize } from '../../src/lib/runtime/self-test.ts';
import { coarse } from '../runtime/graphs.ts';
import type { RuntimeTests } from './runtime.worker.ts';

function startWorker() {
  const worker = new Worker(new URL('./runtime.worker.ts', import.meta.url), { type: 'module' });
  return { worker, tests: wrap<RuntimeTests>(worker) };
}

const REASON = 'unsupported: WebGPU interpolates along the last two axes only, and without antialiasing';
/** Cases that WebGPU would compute wrongly: they are refused before anything runs. */
const REFUSED_BY_WEBGPU = [
  'MaxPool: indices that nobody reads: unsupported: WebGPU computes no indices of maxima',
  ...['linear, antialiased', 'cubic, antialiased', 'axes'].map((c) => `Resize: ${c}: ${REASON}`),
];

const networks = new Map<string, number[][]>();

describe.each(['wasm', 'webgpu'] as const)('onnxruntime on %s in a worker', (device) => {
  let worker: Worker;
  let tests: Remote<RuntimeTests>;

  beforeAll(() => {
    ({ worker, tests } = startWorker());
  });
  afterAll(() => worker.terminate());

  it('names its device', async () => {
    const info = await tests.start(device);
    expect(info.kind).toBe(device);
    if (device === 'webgpu')
      expect(info).toMatchObject({ threads: 1, adapter: expect.stringContaining('swiftshader') });
    else expect(info).toMatchObject({ threads: Math.min(4, navigator.hardwareConcurrency), adapter: '' });
  });

  it('computes the gradient of a small network', async () => {
    const network = await tests.network();
    networks.set(device, network);
    summarize(network[0], network[1]).forEach((v, i) => expect(v).toBeCloseTo(EXPECTED[i], 4));
  });

  it('reads weights from within the model’s own bytes', async () => {
    expect(await tests.externalWeights()).toBeLessThan(1e-6);
  });

  it('feeds results on without reading them', async () => {
    expect(await tests.resident(5)).toEqual(Array.from(coarse([1, 2], 5).data, (v) => 32 * v));
  });

  it('serves requests made at once', async () => {
    expect(await tests.atOnce()).toEqual([1, 2, 3]);
  });

  it('normalises with each node’s own epsilon', async () => {
    const right = [-1, 1, -0.5, 0.5];
    (await tests.epsilons()).forEach((v, i) => expect(v).toBeCloseTo(right[i], 4));
  });

  it('computes outputs and gradients of every operator as the reference does', { timeout: 300_000 }, async () => {
    const { programs, wrong } = await tests.operators();
    expect(programs).toBeGreaterThan(100);
    expect(wrong).toEqual(device === 'webgpu' ? REFUSED_BY_WEBGPU : []);
  });

  it('does not grow with every model that is opened and closed', async () => {
    const heap = await tests.openAndClose(20);
    expect(heap[0]).toBeGreaterThan(0);
    expect(heap[19]).toBe(heap[4]);
  });
});

it('WASM and WebGPU agree', () => {
  const [a, b] = [networks.get('wasm')!.flat(), networks.get('webgpu')!.flat()];
  const size = Math.max(...a.map(Math.abs));
  expect(Math.max(...a.map((v, i) => Math.abs(v - b[i])))).toBeLessThanOrEqual(1e-4 * size);
});

describe('the choice of a device', () => {
  it.each([
    ['auto', 'wasm'],
    ['wasm', 'wasm'],
    ['webgpu', 'webgpu'],
  ] as const)('%s means %s where the GPU is emulated, and says why', async (choice, kind) => {
    const { worker, tests } = startWorker();
    try {
      const chosen = await tests.choose(choice);
      expect(chosen.kind).toBe(kind);
      expect(chosen.available).toEqual([
        'ort-webgpu',
        'ort-wasm',
        'tfjs-wasm',
        'tfjs-webgpu',
        'tfjs-webgl',
        'tfjs-cpu',
      ]);
      const reason =
        'WebGPU is not used: the graphics adapter is emulated in software, which is slower than WASM. WASM does the work.';
      expect(chosen.notes).toEqual(choice === 'auto' ? [reason] : []);
    } finally {
      worker.terminate();
    }
  });
});
