import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Graph } from '../../src/lib/graph/graph.ts';
import { readModel } from '../../src/lib/formats/read.ts';
import { chooseFor } from '../../src/lib/model/automatic.ts';
import { LabCore } from '../../src/lib/model/lab.ts';
import { passMilliseconds } from '../../src/lib/model/speed.ts';
import type { Outcome } from '../../src/lib/model/types.ts';
import type { DeviceId } from '../../src/lib/runtime/devices.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime, UnsupportedNode } from '../../src/lib/runtime/runtime.ts';

const bytes = new Uint8Array(readFileSync(new URL('../fixtures/onnx/cnn_plain.onnx', import.meta.url)));
const missing: UnsupportedNode[] = [{ op: 'MaxPool', node: 'pool', reason: 'WebGPU computes no indices of maxima' }];

let wasm: Runtime;
let graph: Graph;
beforeAll(async () => {
  wasm = await createOrtRuntime({ device: 'wasm', threads: 1 });
  graph = (await readModel({ file: 'm.onnx', bytes, beside: [] })).graph;
});
afterAll(() => wasm.dispose());

/** The same runtime in the clothes of a GPU. */
const gpu = (without: UnsupportedNode[] = []): Runtime => ({
  device: { ...wasm.device, kind: 'webgpu' },
  lost: wasm.lost,
  heapBytes: 0,
  unsupported: () => without,
  compile: (graph, options) => wasm.compile(graph, options),
  openFile: (file) => wasm.openFile(file),
  dispose: async () => undefined,
});

describe('the device that the page chooses', () => {
  const automatic = {
    home: 'ort-webgpu',
    candidates: ['ort-webgpu', 'ort-wasm'],
    available: ['ort-webgpu', 'ort-wasm', 'tfjs-cpu'],
  } as const;
  const chosen = async (fastest?: DeviceId, without: UnsupportedNode[] = []) => {
    const { runtime, note } = await chooseFor(graph, automatic, fastest, async (id) =>
      id === 'ort-wasm' ? wasm : gpu(without),
    );
    return [runtime.device.kind, note];
  };

  it('is the usual one, without a word', async () => {
    expect(await chosen()).toEqual(['webgpu', '']);
    expect(await chosen('ort-webgpu')).toEqual(['webgpu', '']);
  });

  it('is the next where an operator is missing, and it says which', async () => {
    expect(await chosen(undefined, missing)).toEqual([
      'wasm',
      'WebGPU is not used for this model: MaxPool (node "pool"): WebGPU computes no indices of maxima.',
    ]);
  });

  it('is the one that was measured to be faster', async () => {
    expect(await chosen('ort-wasm')).toEqual([
      'wasm',
      'WASM is used: it was measured to be the fastest for this model here.',
    ]);
  });

  it('is the usual one where the other cannot be had', async () => {
    const { runtime } = await chooseFor(graph, automatic, 'ort-wasm', async (id) => {
      if (id === 'ort-wasm') throw new Error('no memory');
      return gpu();
    });
    expect(runtime.device.kind).toBe('webgpu');
  });
});

describe('the lab, where the page chooses', () => {
  const value = <T>(outcome: Outcome<T>): T => {
    if (!outcome.ok) throw new Error(outcome.message);
    return outcome.value;
  };
  const open = (lab: LabCore) =>
    lab.openModel(1, [{ name: 'm.onnx', bytes: bytes.slice().buffer }], () => undefined).then(value);
  const labWith = async (without: UnsupportedNode[], choice: 'auto' | 'ort-webgpu' = 'auto') => {
    const lab = new LabCore({
      version: 'test',
      choose: async () => ({
        runtime: gpu(without),
        available: ['ort-webgpu', 'ort-wasm'],
        candidates: ['ort-webgpu', 'ort-wasm'],
        notes: [],
      }),
      create: async () => wasm,
    });
    value(await lab.start({ choice, ortBase: '' }));
    return lab;
  };

  it('moves a model with a missing operator, says so, and moves back for the next', async () => {
    const without = [...missing];
    const lab = await labWith(without);
    const { moved } = await open(lab);
    expect(moved).toMatchObject({
      id: 'ort-wasm',
      notes: [expect.stringMatching(/^WebGPU is not used for this model/)],
    });
    without.length = 0;
    expect((await open(lab)).moved).toMatchObject({ id: 'ort-webgpu', notes: [] });
    expect((await open(lab)).moved).toBeUndefined();
  });

  it('stays where a person has chosen', async () => {
    expect((await open(await labWith(missing, 'ort-webgpu'))).moved).toBeUndefined();
  });

  it('measures a pass on each, and uses the faster from the next time on', async () => {
    const lab = await labWith([]);
    const { sha256, moved } = await open(lab);
    expect(moved).toBeUndefined();
    const times = value(await lab.measure(2));
    expect(Object.keys(times)).toEqual(['ort-webgpu', 'ort-wasm']);
    expect(Object.values(times).every((time) => time > 0 && time < 10_000)).toBe(true);
    await lab.prefer({ [sha256]: 'ort-wasm' });
    expect((await open(lab)).moved).toMatchObject({ id: 'ort-wasm', notes: [expect.stringMatching(/measured/)] });
  });

  it('ends a measurement that is no longer wanted', async () => {
    await expect(passMilliseconds(wasm, graph, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  });
});
