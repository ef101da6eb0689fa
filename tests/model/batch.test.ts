import { describe, expect, it } from 'vitest';
import { batchFor } from '../../src/lib/attribution/program.ts';
import type { Question } from '../../src/lib/attribution/types.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { fastestBatch, largestBatch, measureBatch } from '../../src/lib/model/batch.ts';
import { createEngine } from '../../src/lib/model/engine.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import { zeros } from '../../src/lib/tensor/tensor.ts';
import { graphOf, input } from '../runtime/graphs.ts';

/** A device on which a pass of b examples takes `cost(b, round)` milliseconds, and what was compiled and given back. */
function device(cost: (batch: number, run: number) => number) {
  let time = 0;
  const [prepared, open] = [[] as number[], new Set<number>()];
  const prepare = async (batch: number) => {
    prepared.push(batch);
    open.add(batch);
    let run = 0;
    return {
      run: async () => void (time += cost(batch, run++)),
      dispose: async () => void open.delete(batch),
    };
  };
  return { prepare, prepared, open, now: () => time };
}

const choose = async (cost: (batch: number, run: number) => number, limit = 16) => {
  const { prepare, prepared, open, now } = device(cost);
  const batch = await fastestBatch(prepare, limit, now);
  expect([...open]).toEqual([]);
  return { batch, prepared };
};

describe('the fastest batch', () => {
  it('is one where the time grows with the examples', async () => {
    expect(await choose((b) => 10 * b)).toEqual({ batch: 1, prepared: [1, 4] });
  });

  it('is the largest that is tried where a pass costs the same however many examples it holds', async () => {
    expect(await choose(() => 10)).toEqual({ batch: 16, prepared: [1, 4, 16] });
  });

  it('is where gains stop that are more than noise', async () => {
    // The step from 4 to 16 saves 2 %.
    const perExample: Record<number, number> = { 1: 10.5, 4: 6, 16: 5.9 };
    expect(await choose((b) => b * perExample[b])).toEqual({ batch: 4, prepared: [1, 4, 16] });
  });

  it('is not looked for where one pass takes long: nobody waits for that', async () => {
    expect(await choose(() => 61)).toEqual({ batch: null, prepared: [1] });
  });

  it('keeps to the limit of memory', async () => {
    expect(await choose(() => 10, 5)).toEqual({ batch: 4, prepared: [1, 4] });
  });

  it('is not misled by one slow run, nor by the first one', async () => {
    const slow = (b: number, run: number) => (run === 0 || (b === 1 && run === 3) ? 500 : 10 * b);
    expect((await choose(slow)).batch).toBe(1);
  });

  it('gives back every program where a pass fails', async () => {
    const { prepare, open } = device((b) => {
      if (b === 4) throw new Error('out of memory');
      return 10;
    });
    await expect(fastestBatch(prepare, 16)).rejects.toThrow('out of memory');
    expect([...open]).toEqual([]);
  });
});

function classifier() {
  const g = new Builder();
  const x = input([N, 3, 8, 8]);
  const weights = g.constant(zeros('float32', [4, 3, 3, 3]));
  const features = g.relu(g.apply('Conv', [x, weights], { kernel_shape: [3, 3] }));
  const logits = g.reduceMean(features, [2, 3], false);
  const images = [x];
  return {
    graph: graphOf(images, [logits]),
    input: x,
    images,
    logits,
    probabilities: g.softmax(logits, 1),
    batched: true,
  };
}

describe('the batch of an engine', () => {
  const runtime = createOrtRuntime({ device: 'wasm', threads: 1 });

  it('is measured once, when it is worth it', async () => {
    let measured = 0;
    const measure = async () => ((measured += 1), 4);
    const engine = createEngine(await runtime, { measure });
    expect(await engine.preferredBatch(200)).toBe(1);
    expect(await engine.preferredBatch(56)).toBe(4);
    expect(await engine.preferredBatch(1000)).toBe(4);
    expect(measured).toBe(1);
  });

  it('is what was given, whatever a measurement would say', async () => {
    const engine = createEngine(await runtime, { batch: 3, measure: async () => 8 });
    expect(await engine.preferredBatch(1000)).toBe(3);
  });

  it('is the usual one where measuring fails', async () => {
    const engine = createEngine(await runtime, { measure: () => Promise.reject(new Error('out of memory')) });
    expect(await engine.preferredBatch(1000)).toBe(1);
  });

  it('is the usual one where none is worth finding', async () => {
    const engine = createEngine(await runtime, { measure: async () => null });
    expect(await engine.preferredBatch(1000)).toBe(1);
  });

  it('is found for a real model', async () => {
    expect([null, 1, 4, 16]).toContain(await measureBatch(await runtime, classifier()));
  });

  it.each([
    [20, 16, 10],
    [16, 16, 16],
    [50, 8, 8],
    [33, 8, 7],
    [3, 8, 3],
  ])('%i examples by at most %i go by %i, so that none is computed in vain', async (total, most, batch) => {
    const question = { model: classifier(), engine: { preferredBatch: async () => most } } as unknown as Question;
    expect(await batchFor(question, total)).toBe(batch);
  });

  it('has no room where activations or weights are too large', () => {
    const g = new Builder();
    const x = input([N, 3, 4096, 4096]);
    expect(largestBatch(graphOf([x], [g.relu(x)]))).toBe(2);
    const heavy = g.constant(zeros('float32', [3, 12_000_000]));
    expect(largestBatch(graphOf([x], [g.matmul(g.reduceMean(x, [2, 3], false), heavy)]))).toBe(1);
  });
});
