import { describe, expect, it } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { gradient } from '../../src/lib/autodiff/rule-sets.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Program, Runtime } from '../../src/lib/runtime/runtime.ts';
import { EXPECTED, selfTest, selfTestGraph, selfTestInput, summarize } from '../../src/lib/runtime/self-test.ts';
import { float32, zerosLike } from '../../src/lib/tensor/tensor.ts';
import { evaluate } from '../reference/interpreter.ts';
import { ref } from '../reference/tensor.ts';

function truth() {
  const { inputs, outputs } = selfTestGraph();
  const { shape, data } = selfTestInput();
  const g = new Builder();
  const [p] = outputs;
  const seed = g.expand(g.constant(float32([1, 4], [0, 1, 0, 0])), [N, 4]);
  const walked = backward(g, gradient, { y: p, seed, xs: inputs });
  return evaluate([...outputs, ...walked], new Map([[inputs[0], ref('float32', shape, data)]]));
}

/** A device that computes right and returns something else for output `index`. */
function broken(runtime: Runtime, index: number): Runtime {
  const spoil = (program: Program): Program => ({
    ...program,
    batch: 1,
    dispose: () => program.dispose(),
    run: async (feeds) => {
      const results = await program.run(feeds);
      const zeros = zerosLike(await results[index].read());
      return results.with(index, { ...zeros, read: async () => zeros, dispose: () => undefined });
    },
  });
  return { ...runtime, compile: async (graph) => spoil(await runtime.compile(graph)) };
}

describe('the gradient self-test', () => {
  it('expects what the reference computes, and the backward walk agrees', () => {
    const [p, dx, walked] = truth();
    summarize(p.data, dx.data).forEach((v, i) => expect(v).toBeCloseTo(EXPECTED[i], 8));
    dx.data.forEach((v, i) => expect(v).toBeCloseTo(walked.data[i], 12));
    expect(dx.data.filter((v) => Math.abs(v) > 1e-3).length).toBeGreaterThan(50);
  });

  it('is passed by WASM, and failed by a device whose gradients or values are zero', async () => {
    const runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
    expect(await selfTest(runtime)).toBeNull();
    expect(await selfTest(broken(runtime, 0))).toMatch('its self-test gave 0.000 where');
    expect(await selfTest(broken(runtime, 1))).toMatch('its self-test gave 0.000 where');
    await runtime.dispose();
  });
});
