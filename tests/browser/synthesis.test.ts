import { wrap } from 'comlink';
import { describe, expect, it } from 'vitest';
import type { OrtDevice } from '../../src/lib/runtime/runtime.ts';
import type { ParametrisationKind } from '../../src/lib/synthesis/types.ts';
import type { Stepped, SynthesisTests } from './synthesis.worker.ts';

async function stepped(device: OrtDevice, parametrisation: ParametrisationKind, steps: number): Promise<Stepped> {
  const worker = new Worker(new URL('./synthesis.worker.ts', import.meta.url), { type: 'module' });
  try {
    return await wrap<SynthesisTests>(worker).steps(device, parametrisation, steps);
  } finally {
    worker.terminate();
  }
}

const gap = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((v, i) => Math.abs(v - b[i])));

describe('activation maximisation on WASM and on WebGPU', () => {
  // Seventeen go past the redirection of the first sixteen.
  it.each([
    ['fourier', 17],
    ['maco', 2],
  ] as const)('takes the same steps: %s, %i', { timeout: 120_000 }, async (kind, steps) => {
    const [wasm, webgpu] = [await stepped('wasm', kind, steps), await stepped('webgpu', kind, steps)];
    expect(wasm.objective.at(-1)).not.toBe(wasm.objective[0]);
    expect(webgpu.objective[0]).toBeCloseTo(wasm.objective[0], 4);
    expect(gap(webgpu.first, wasm.first)).toBeLessThan(2e-4);
    // What differs in the last digits grows, as the path of every gradient ascent does.
    expect(gap(webgpu.last, wasm.last)).toBeLessThan(0.03);
  });
});
