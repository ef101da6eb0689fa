/** A model that runs on a device, and methods whose graphs do not: real runtimes, and one that fails on purpose. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabCore } from '../../src/lib/model/lab.ts';
import type { AttributionRequest, AttributionResult, ModelInfo, Outcome } from '../../src/lib/model/types.ts';
import type { DeviceId } from '../../src/lib/runtime/devices.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import { CannotRun, type Runtime } from '../../src/lib/runtime/runtime.ts';
import { createTfjsRuntime } from '../../src/lib/runtime/tfjs/runtime.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { relativeError } from '../../src/lib/tensor/arithmetic.ts';
import { float32, int64, sizeOf } from '../../src/lib/tensor/tensor.ts';
import { onnxFile } from '../formats/build-file.ts';

const SIDE = 12;
const rng = random(11);
const normal = (...shape: number[]) =>
  float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => 0.3 * rng.normal()),
  );

/** The gradient of a Tile along three axes has eight of them, of which TensorFlow.js has six at most. */
const tiled = onnxFile({
  nodes: [
    { op: 'Conv', in: ['image', 'w'], out: ['stem'], attrs: { pads: [1, 1, 1, 1] } },
    { op: 'Tanh', in: ['stem'], out: ['features'] },
    { op: 'Tile', in: ['features', 'repeats'], out: ['tiled'] },
    { op: 'Conv', in: ['tiled', 'v'], out: ['last'], attrs: { strides: [2, 2] } },
    { op: 'Relu', in: ['last'], out: ['positive'] },
    { op: 'GlobalAveragePool', in: ['positive'], out: ['pooled'] },
    { op: 'Flatten', in: ['pooled'], out: ['flat'] },
    { op: 'Gemm', in: ['flat', 'head'], out: ['scores'] },
  ],
  inputs: { image: ['N', 3, SIDE, SIDE] },
  outputs: ['scores'],
  weights: {
    w: normal(4, 3, 3, 3),
    repeats: int64([4], [1, 2, 2, 2]),
    v: normal(6, 8, 3, 3),
    head: normal(6, 5),
  },
});

const value = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
};

let tfjs: Runtime;
let wasm: Runtime;
beforeAll(async () => {
  tfjs = await createTfjsRuntime({ backend: 'cpu' });
  wasm = await createOrtRuntime({ device: 'wasm', threads: 1 });
});
afterAll(() => wasm.dispose());

interface Visit {
  readonly lab: LabCore;
  /** Devices that were made beside the first, in this order. */
  readonly made: DeviceId[];
  readonly ask: (method: string, more?: Partial<AttributionRequest>) => Promise<Outcome<AttributionResult>>;
  readonly request: (method: string, more?: Partial<AttributionRequest>) => AttributionRequest;
}

/** The model and a picture, open in a lab that begins on `first`. */
async function visit(first: Runtime, choice: 'auto' | 'tfjs-cpu' | 'ort-wasm' = 'auto'): Promise<Visit> {
  const made: DeviceId[] = [];
  const lab = new LabCore({
    version: 'test',
    decode: async () => {
      const noise = random(3);
      const data = Uint8ClampedArray.from({ length: SIDE * SIDE * 4 }, (_, i) =>
        (i & 3) === 3 ? 255 : 256 * noise.uniform(),
      );
      return { pixels: { width: SIDE, height: SIDE, data }, width: SIDE, height: SIDE };
    },
    choose: async () => ({
      runtime: first,
      available: ['ort-webgpu', 'ort-wasm', 'tfjs-cpu'],
      candidates: ['tfjs-cpu'],
      notes: [],
    }),
    create: async (id) => {
      made.push(id);
      if (id === 'ort-webgpu') throw new Error('there is no GPU');
      return id === 'ort-wasm' ? wasm : tfjs;
    },
  });
  value(await lab.start({ choice, ortBase: '' }));
  const info: ModelInfo = value(
    await lab.openModel(1, [{ name: 'tiled.onnx', bytes: tiled.slice().buffer }], () => undefined),
  );
  expect(info.moved).toBeUndefined();
  value(await lab.openImage(1, { name: 'a.png', bytes: Uint8Array.of(1).buffer }));
  const request: Visit['request'] = (method, more) => ({
    image: 1,
    preprocessing: info.preprocessing,
    method,
    options: {},
    target: { kind: 'logit', index: 2 },
    baseline: { kind: 'black' },
    layer: null,
    seed: 1,
    ...more,
  });
  let job = 1;
  return { lab, made, request, ask: (method, more) => lab.attribute(++job, request(method, more), () => undefined) };
}

const NOTE =
  /^TF\.js JavaScript is not used for .+: .*Reshape.*: TensorFlow\.js has at most 6 axes.*\. WASM does that work\.$/;

describe('a method whose graph has an operator that is missing where the model runs', () => {
  it.each([
    ['saliency', {}],
    ['guided-backpropagation', {}],
    ['integrated-gradients', { options: { steps: 4 } }],
    ['deeplift', {}],
    ['smoothgrad', { options: { samples: 3 } }],
    ['grad-cam', { layer: 'features' }],
  ] as const)('is computed on the other runtime, right, and it says so: %s', async (method, more) => {
    const there = value(await (await visit(tfjs)).ask(method, more));
    expect(there.device).toMatchObject({ runtime: 'onnxruntime-web', kind: 'wasm' });
    expect(there.notes.at(-1)).toMatch(NOTE);
    const plain = value(await (await visit(wasm, 'ort-wasm')).ask(method, more));
    expect(plain.notes).toEqual(there.notes.slice(0, -1));
    expect(there.value).toBe(plain.value);
    expect(relativeError(there.scores, plain.scores)).toBe(0);
  });

  it('does not move methods that need nothing of the kind: the forward pass, or the gradient behind it', async () => {
    const { ask, made } = await visit(tfjs);
    for (const result of [
      value(await ask('occlusion', { options: { window: 4, stride: 4 } })),
      value(await ask('grad-cam', { layer: 'tiled' })),
    ]) {
      expect(result.device).toMatchObject({ runtime: 'tfjs', kind: 'cpu' });
      expect(result.notes).toEqual([]);
    }
    expect(made).toEqual([]);
  });

  it('is asked there at once the next time, and passes over what cannot be had', async () => {
    const { ask, made } = await visit(tfjs);
    const first = value(await ask('saliency'));
    const again = value(await ask('saliency', { target: { kind: 'logit', index: 0 } }));
    expect(made).toEqual(['ort-webgpu', 'ort-wasm']);
    expect([again.device, again.notes]).toEqual([first.device, first.notes]);
    expect(relativeError(again.scores, first.scores)).toBeGreaterThan(1e-3);
  });

  it('is refused by name where a person has chosen the device', async () => {
    const { ask, made } = await visit(tfjs, 'tfjs-cpu');
    expect(await ask('saliency')).toMatchObject({
      ok: false,
      message: expect.stringMatching(/TensorFlow\.js: \d unsupported node.*at most 6 axes.*Choose onnxruntime/),
    });
    expect(made).toEqual([]);
  });

  it('is checked on another runtime from where it was computed', async () => {
    const { lab, ask, request } = await visit(tfjs);
    value(await ask('grad-cam', { layer: 'features' }));
    const check = (on: DeviceId, layer: string) =>
      lab.crossCheck(90, request('grad-cam', { layer }), on, () => undefined);
    expect(await check('tfjs-cpu', 'features')).toMatchObject({
      ok: false,
      message: expect.stringMatching(/at most 6 axes/),
    });
    // Not from where the model runs, which cannot: a device agrees with itself to the last bit.
    expect(value(await check('ort-wasm', 'features'))).toMatchObject({ agrees: true, difference: 0 });
    expect(value(await check('ort-wasm', 'tiled'))).toMatchObject({ on: 'ort-wasm', agrees: true, divergence: null });
  });
});

/** Right in the forward pass; fails on every graph with an operator that only gradients have. */
const failing = (error: () => Error): Runtime => ({
  device: { ...wasm.device, kind: 'webgpu' },
  lost: wasm.lost,
  heapBytes: 0,
  unsupported: (graph) => wasm.unsupported(graph),
  openFile: (file) => wasm.openFile(file),
  dispose: async () => undefined,
  compile: async (graph, options) => {
    const program = await wasm.compile(graph, options);
    const gradient = graph.inputs.some(({ name }) => name === 'seed');
    return gradient
      ? { ...program, batch: program.batch, dispose: () => program.dispose(), run: () => Promise.reject(error()) }
      : program;
  },
});

describe('a method that fails where the model runs', () => {
  it('is computed on the next device, with what was said', async () => {
    const { ask } = await visit(
      failing(() => new CannotRun('onnxruntime: the model failed while running: no kernel\n at x')),
    );
    const result = value(await ask('saliency'));
    expect(result.device.kind).toBe('wasm');
    expect(result.notes).toEqual([
      'WebGPU is not used for Saliency: it failed there (onnxruntime: the model failed while running: no kernel). WASM does that work.',
    ]);
    expect(value(await ask('occlusion', { options: { window: 4, stride: 4 } })).device.kind).toBe('webgpu');
  });

  it('stays failed where memory is used up, or the mistake is our own', async () => {
    for (const error of [new CannotRun('onnxruntime: std::bad_alloc'), new Error('internal: odd')]) {
      const { ask, made } = await visit(failing(() => error));
      expect(await ask('saliency')).toMatchObject({ ok: false });
      expect(made).toEqual([]);
    }
  });
});
