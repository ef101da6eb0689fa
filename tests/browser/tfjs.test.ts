import { wrap, type Remote } from 'comlink';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPECTED, summarize } from '../../src/lib/runtime/self-test.ts';
import { coarse } from '../runtime/graphs.ts';
import { refusedByTfjs } from '../runtime/op-programs.ts';
import type { RuntimeTests } from './runtime.worker.ts';

/**
 * WebGL compiles a shader for each shape, which a software adapter takes a quarter of a second for: there it is the
 * operators with kernels of their own for images, and the forms that its own kernels have wrong.
 */
const WANTED = {
  webgpu: /^/,
  wasm: /^/,
  webgl:
    /^((Conv|ConvTranspose|MaxPool|AveragePool): .*(2-D|3-D|stride 2|dilated|indices)|GlobalAveragePool: 3-D|CumSum|Pad: wrap|Softmax|TopK|Expand|Resize: crop|ScatterElements: the largest)/,
};

describe.each(['webgpu', 'wasm', 'webgl'] as const)('TensorFlow.js on %s in a worker', (backend) => {
  let worker: Worker;
  let tests: Remote<RuntimeTests>;

  beforeAll(() => {
    worker = new Worker(new URL('./runtime.worker.ts', import.meta.url), { type: 'module' });
    tests = wrap<RuntimeTests>(worker);
  });
  afterAll(() => worker.terminate());

  it('names its device', async () => {
    expect(await tests.startTfjs(backend)).toMatchObject({ runtime: 'tfjs', kind: backend, threads: 1 });
  });

  it('computes the gradient of a small network', async () => {
    const [p, dx] = await tests.network();
    summarize(p, dx).forEach((v, i) => expect(v).toBeCloseTo(EXPECTED[i], 4));
  });

  it('feeds results on without reading them', async () => {
    expect(await tests.resident(5)).toEqual(Array.from(coarse([1, 2], 5).data, (v) => 32 * v));
  });

  it('serves requests made at once', async () => {
    expect(await tests.atOnce()).toEqual([1, 2, 3]);
  });

  it('computes outputs and gradients of operators, but for what it refuses', { timeout: 240_000 }, async () => {
    const held = await tests.tensors();
    const { programs, wrong } = await tests.operators(WANTED[backend]);
    expect(programs).toBeGreaterThan(backend === 'webgl' ? 40 : 400);
    expect(wrong.filter((text) => !refusedByTfjs.some((title) => text.startsWith(`${title}: unsupported`)))).toEqual(
      [],
    );
    expect(await tests.tensors()).toBe(held);
  });

  it.skipIf(backend === 'wasm')(
    'meets golden cases of the methods that take few passes',
    { timeout: 120_000 },
    async () => {
      const held = await tests.tensors();
      const { met, failures } = await tests.goldens();
      expect(failures).toBe('');
      expect(met).toBeGreaterThan(5);
      expect(await tests.tensors()).toBe(held);
    },
  );
});
