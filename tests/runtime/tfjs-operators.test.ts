import { beforeAll, describe, expect, it } from 'vitest';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { createTfjsRuntime } from '../../src/lib/runtime/tfjs/runtime.ts';
import { disagreement, opPrograms, refusedByTfjs } from './op-programs.ts';

const all = opPrograms();
const run = all.filter(({ title }) => !refusedByTfjs.includes(title));

describe.each(['cpu', 'wasm'] as const)('TensorFlow.js on %s', (backend) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await createTfjsRuntime({ backend });
  });

  it.each(run)('computes outputs and gradients as the reference does: $title', async (program) => {
    expect(await disagreement(runtime, program, 1e-5)).toBeNull();
  });

  it.each(refusedByTfjs)('refuses before it runs: %s', async (title) => {
    const { graph } = all.find((one) => one.title === title)!;
    expect(runtime.unsupported(graph)).toHaveLength(1);
    await expect(runtime.compile(graph)).rejects.toThrow(
      /^TensorFlow\.js: 1 unsupported node: .+ Choose onnxruntime\.$/,
    );
  });
});
