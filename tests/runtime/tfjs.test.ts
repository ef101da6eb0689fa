import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Value } from '../../src/lib/graph/graph.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import type { Runtime, TfjsBackend } from '../../src/lib/runtime/runtime.ts';
import { selfTest, selfTestGraph, selfTestInput } from '../../src/lib/runtime/self-test.ts';
import { createTfjsRuntime } from '../../src/lib/runtime/tfjs/runtime.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';

const read = async (results: readonly { read(): Promise<{ data: ArrayLike<unknown> }>; dispose(): void }[]) => {
  const values = await Promise.all(results.map(async (r) => Array.from((await r.read()).data)));
  results.forEach((r) => r.dispose());
  return values;
};

/** x + 1, whole numbers of its shape, x itself, and x + 1 again. */
function manyOutputs() {
  const g = new Builder();
  const x = new Value('float32', [N, 2], { name: 'x' });
  const y = g.add(x, 1);
  const indices = g.apply('ArgMax', [y], { axis: 1 });
  return { name: 'many', inputs: [x], outputs: [y, indices, x, y, g.transpose(y)] };
}

describe.each(['cpu', 'wasm'] as const)('TensorFlow.js on %s', (backend: TfjsBackend) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await createTfjsRuntime({ backend });
  });

  it('says what it is', () => {
    expect(runtime.device).toMatchObject({ runtime: 'tfjs', kind: backend, threads: 1, version: '4.22.0' });
  });

  it('computes the gradient of the self-test', async () => {
    expect(await selfTest(runtime)).toBeNull();
  });

  it('gives every output its own tensor, whole numbers as int64', async () => {
    const program = await runtime.compile(manyOutputs());
    const results = await program.run([float32([1, 2], [3, 5])]);
    expect(results.map((r) => r.dtype)).toEqual(['float32', 'int64', 'float32', 'float32', 'float32']);
    expect(await read(results)).toEqual([[4, 6], [1n], [3, 5], [4, 6], [4, 6]]);
    await program.dispose();
  });

  it('takes its own results as feeds, and leaves them to their owner', async () => {
    const program = await runtime.compile(manyOutputs());
    const first = await program.run([float32([1, 2], [3, 5])]);
    const second = await program.run([first[0]]);
    expect((await read(second))[0]).toEqual([5, 7]);
    expect((await read(first))[0]).toEqual([4, 6]);
    await program.dispose();
  });

  it('leaves no tensor behind, also after an error', async () => {
    const before = tf.memory().numTensors;
    const program = await runtime.compile(selfTestGraph());
    await read(await program.run([selfTestInput()]));
    await expect(program.run([float32([1, 1], [0])])).rejects.toThrow(/has shape \[1,1\], the program takes/);
    await expect(program.run([])).rejects.toThrow('run: 0 feeds for 1 inputs (x).');
    await program.dispose();
    await expect(program.run([selfTestInput()])).rejects.toThrow(/has been disposed of/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('does not change what it was fed', async () => {
    const x = float32([1, 2], [3, 5]);
    const program = await runtime.compile(manyOutputs());
    const results = await program.run([x]);
    x.data.fill(0);
    expect((await read(results))[2]).toEqual([3, 5]);
    await program.dispose();
  });
});
