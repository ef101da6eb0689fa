import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModel } from '../../src/lib/formats/read.ts';
import { topologicalOrder, type Graph, type Node } from '../../src/lib/graph/graph.ts';
import { AGREEMENT, firstDivergence, type Run } from '../../src/lib/model/cross-check.ts';
import { LabCore } from '../../src/lib/model/lab.ts';
import type { AttributionRequest, ModelInfo, Outcome } from '../../src/lib/model/types.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { zeros } from '../../src/lib/tensor/tensor.ts';
import { wrongAt } from './wrong-runtime.ts';
import { requestOn } from './request.ts';

const bytes = new Uint8Array(readFileSync(new URL('../../static/models/vitrine-16.onnx', import.meta.url)));

let runtime: Runtime;
let graph: Graph;
let run: Run;
beforeAll(async () => {
  runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
  graph = (await readModel({ file: 'vitrine-16.onnx', bytes, beside: [] })).graph;
  const x = zeros('float32', [1, 3, 96, 96]);
  const rng = random(7);
  x.data.forEach((_, i) => (x.data[i] = rng.normal()));
  run = { graph, batch: 1, feeds: [x] };
});
afterAll(() => runtime.dispose());

const named = (name: string) => (node: Node) => node.outputs[0].name === name;

describe('where two runtimes part', () => {
  it('is nowhere where both are the same', async () => {
    expect(await firstDivergence({ first: runtime, second: runtime }, run)).toBeNull();
  });

  it.each(['conv1', 'relu3', 'pool2', 'conv6', 'average', 'logits'])(
    'is the operator that is wrong, by name: %s',
    async (name) => {
      const second = wrongAt(runtime, named(name));
      const found = (await firstDivergence({ first: runtime, second }, run))!;
      const node = topologicalOrder(graph.outputs).find(named(name))!;
      expect([found.op, found.node]).toEqual([node.op, node.name || name]);
      expect(found.difference).toBeCloseTo(0.01, 4);
    },
  );

  it('is the first of several, and rounding is none', async () => {
    const second = wrongAt(runtime, (node) => ['conv4', 'conv6', 'relu7'].includes(node.outputs[0].name));
    expect((await firstDivergence({ first: runtime, second }, run))?.op).toBe('Conv');
    expect((await firstDivergence({ first: runtime, second }, run))?.node).toMatch(/conv4/);
    expect(await firstDivergence({ first: runtime, second: wrongAt(runtime, () => true, 1 + 1e-6) }, run)).toBeNull();
  });

  it('takes few comparisons, tells how many, and can be stopped', async () => {
    const second = wrongAt(runtime, named('conv5'));
    const told: number[][] = [];
    await firstDivergence({ first: runtime, second }, run, { onProgress: (done, total) => told.push([done, total]) });
    expect(told.length).toBeLessThan(6);
    expect(told.at(-1)![0]).toBeLessThanOrEqual(told[0][1]);
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(firstDivergence({ first: runtime, second }, run, { signal })).rejects.toThrow('stopped');
  });
});

describe('an explanation on another device', () => {
  const value = <T>(outcome: Outcome<T>): T => {
    if (!outcome.ok) throw new Error(outcome.message);
    return outcome.value;
  };
  let isWrong: (node: Node) => boolean = () => false;
  const lab = new LabCore({
    version: 'test',
    decode: async () => {
      const rng = random(3);
      const data = Uint8ClampedArray.from({ length: 96 * 96 * 4 }, (_, i) =>
        (i & 3) === 3 ? 255 : 256 * rng.uniform(),
      );
      return { pixels: { width: 96, height: 96, data }, width: 96, height: 96 };
    },
    create: async () => wrongAt(runtime, (node) => isWrong(node)),
  });
  let info: ModelInfo;
  beforeAll(async () => {
    value(await lab.start({ choice: 'ort-wasm', ortBase: '' }));
    info = value(await lab.openModel(1, [{ name: 'vitrine-16.onnx', bytes: bytes.slice().buffer }], () => undefined));
    value(await lab.openImage(1, { name: 'a.png', bytes: Uint8Array.of(1).buffer }));
  });

  const check = async (method: string, layer: string | null = null) => {
    const request: AttributionRequest = {
      image: 1,
      preprocessing: info.preprocessing,
      method,
      options: method === 'integrated-gradients' ? { steps: 4 } : {},
      target: { kind: 'logit', index: 3 },
      baseline: { kind: 'black' },
      layer,
      seed: 1,
    };
    const fractions: number[] = [];
    const found = value(await lab.crossCheck(2, request, 'ort-webgpu', ({ fraction }) => fractions.push(fraction)));
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    return found;
  };

  it.each(['saliency', 'integrated-gradients', 'grad-cam', 'smoothgrad'])('agrees with itself: %s', async (method) => {
    isWrong = () => false;
    const found = await check(method);
    expect(found).toMatchObject({ on: 'ort-webgpu', agrees: true, divergence: null });
    expect(found.difference).toBeLessThan(1e-6);
  });

  it('is flagged with the operator that is wrong in the forward pass', async () => {
    isWrong = named('conv3');
    const found = await check('grad-cam');
    expect(found.agrees).toBe(false);
    expect(found.difference).toBeGreaterThan(AGREEMENT);
    expect(found.divergence).toMatchObject({ op: 'Conv', node: expect.stringMatching(/conv3/) });
  });

  it('is flagged with the operator that is wrong in the backward pass alone', async () => {
    isWrong = ({ op }) => op === 'ConvTranspose';
    const found = await check('integrated-gradients');
    expect(found.divergence?.op).toBe('ConvTranspose');
  });

  it('can be stopped, and refuses a device that there is not', async () => {
    isWrong = () => false;
    const running = lab.crossCheck(9, { ...(await request()), method: 'occlusion' }, 'ort-webgpu', () => undefined);
    void lab.cancel(9);
    expect(await running).toMatchObject({ ok: false, reason: 'cancelled' });
    const odd = await lab.crossCheck(10, await request(), 'abacus' as 'ort-wasm', () => undefined);
    expect(odd).toMatchObject({ ok: false, message: expect.stringMatching(/"abacus" is not known\. Choose one of/) });
  });

  const request = async (): Promise<AttributionRequest> => requestOn(info);
});
