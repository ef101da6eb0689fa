/** Requests come from links as well as from forms: a request that makes no sense gets a sentence. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabCore } from '../../src/lib/model/lab.ts';
import type { AttributionRequest, ModelInfo } from '../../src/lib/model/types.ts';
import { judge, startedLab } from './judge.ts';

const model = readFileSync(new URL('../goldens/data/cnn_relu_maxpool/model.onnx', import.meta.url));
const silent = () => undefined;

const odd = fc.constantFrom<unknown>(
  ...[NaN, Infinity, -Infinity, -1, 0, 1.5, 1e9, 2 ** 31, 2 ** 53, '', '<b>', 'sum', null, undefined, true, []],
  [0, 0, 0],
  [NaN, 1, 1],
);

describe('requests', { timeout: 60_000 }, () => {
  let lab: LabCore;
  let info: ModelInfo;
  let base: AttributionRequest;
  beforeAll(async () => {
    lab = await startedLab();
    const opened = await lab.openModel(1, [{ name: 'm.onnx', bytes: new Uint8Array(model).buffer }], silent);
    if (!opened.ok) throw new Error(opened.message);
    info = opened.value;
    await lab.openImage(1, { name: 'a.png', bytes: Uint8Array.of(1).buffer });
    base = {
      image: 1,
      preprocessing: info.preprocessing,
      method: 'gradient',
      options: {},
      target: { kind: 'logit', index: 0 },
      baseline: { kind: 'black' },
      layer: null,
      seed: 1,
    };
  });

  it('with any setting of the preprocessing replaced: finite numbers, or a sentence', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(8), odd, async (key, value) => {
        const names = Object.keys(base.preprocessing);
        const preprocessing = { ...base.preprocessing, [names[key % names.length]]: value };
        const outcome = await judge(lab.predict(1, 1, preprocessing), 'm.onnx');
        if (outcome.ok) expect(Number.isFinite(outcome.value.input.mean)).toBe(true);
      }),
      { numRuns: 400, seed: 11 },
    );
  });

  it('with any field replaced, for every method: an answer or a sentence', async () => {
    const methods = info.methods.filter((m) => !m.unavailable);
    const field = fc.constantFrom(
      'image',
      'method',
      'index',
      'kind',
      'other',
      'baseline',
      'value',
      'layer',
      'seed',
      'option',
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...methods), field, odd, fc.nat(9), async (method, name, value, which) => {
        const option = Object.keys(method.options.properties)[which];
        const small = Object.fromEntries(
          Object.entries(method.options.properties)
            .filter(([key]) => key === 'steps' || key === 'samples')
            .map(([key, schema]) => [key, Math.max(2, schema.minimum ?? 2)]),
        );
        const changes: Record<string, object> = {
          index: { target: { kind: 'logit', index: value } },
          kind: { target: { kind: value, index: 0, other: 1 } },
          other: { target: { kind: 'difference', index: 0, other: value } },
          baseline: { baseline: { kind: value } },
          value: { baseline: { kind: 'value', value } },
          option: { options: option === undefined ? small : { ...small, [option]: value } },
        };
        const request = { ...base, method: method.id, options: small, ...(changes[name] ?? { [name]: value }) };
        await judge(lab.attribute(1, request as AttributionRequest, silent), 'm.onnx');
      }),
      { numRuns: 400, seed: 12 },
    );
  });
});
