import { wrap, type Remote } from 'comlink';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPECTED, summarize } from '../../src/lib/runtime/self-test.ts';
import { coarse } from '../runtime/graphs.ts';
import { refusedByTfjs } from '../runtime/op-programs.ts';
import type { RuntimeTests } from './runtime.worker.ts';

describe.each(['webgpu', 'wasm'] as const)('TensorFlow.js on %s in a worker', (backend) => {
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

  // On an emulated GPU its WebGPU backend takes the browser's GPU process down half-way (docs/decisions/0022-tfjs.md).
  it.runIf(backend === 'wasm')(
    'computes outputs and gradients of every operator, but for what it refuses',
    { timeout: 240_000 },
    async () => {
      const { programs, wrong } = await tests.operators();
      expect(programs).toBeGreaterThan(400);
      expect(wrong.filter((text) => !refusedByTfjs.some((title) => text.startsWith(`${title}: unsupported`)))).toEqual(
        [],
      );
    },
  );
});
