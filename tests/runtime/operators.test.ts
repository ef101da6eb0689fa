import { beforeAll, expect, it } from 'vitest';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { disagreement, opPrograms } from './op-programs.ts';

let runtime: Runtime;

beforeAll(async () => {
  runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
});

it.each(opPrograms())('WASM computes outputs and gradients as the reference does: $title', async (program) => {
  expect(await disagreement(runtime, program, 1e-5)).toBeNull();
});
