import { beforeAll, describe, expect, it } from 'vitest';
import { LabCore } from '../../src/lib/model/lab.ts';
import type { Outcome } from '../../src/lib/model/types.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { onnxFile } from '../formats/build-file.ts';

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
}

/** Three channel means of an image to four scores, to the probability of one unit, and handed out themselves. */
const file = onnxFile({
  inputs: { image: ['N', 3, 8, 8] },
  nodes: [
    { op: 'GlobalAveragePool', in: ['image'], out: ['pooled'] },
    { op: 'Flatten', in: ['pooled'], out: ['means'] },
    { op: 'MatMul', in: ['means', 'w4'], out: ['scores'] },
    { op: 'MatMul', in: ['means', 'w1'], out: ['unit'] },
    { op: 'Sigmoid', in: ['unit'], out: ['risk'] },
    { op: 'Shape', in: ['image'], out: ['size'] },
  ],
  weights: {
    w4: float32([3, 4], Float32Array.from([1, 0, 0, 2, 0, 1, 0, -1, 0, 0, 1, 0.5])),
    w1: float32([3, 1], Float32Array.from([2, -1, 0.5])),
  },
  outputs: ['scores', 'risk', 'means'],
});

/** A grey gradient with more red: channel means 0.6, 0.2 and 0.4 of 255. */
const decode = async () => ({
  pixels: {
    width: 8,
    height: 8,
    data: Uint8ClampedArray.from({ length: 256 }, (_, i) => [153, 51, 102, 255][i % 4]),
  },
  width: 8,
  height: 8,
});

describe('a model with several outputs', () => {
  const lab = new LabCore({ version: 'test', decode });
  const open = (output?: string) =>
    lab.openModel(1, [{ name: 'm.onnx', bytes: file.slice().buffer, ...(output ? { output } : {}) }], () => undefined);

  beforeAll(async () => {
    value(await lab.start({ choice: 'wasm', ortBase: '' }));
    value(await lab.openImage(1, { name: 'a.png', bytes: Uint8Array.of(1).buffer }));
  });

  it('lists those that hold scores and explains the first until told otherwise', async () => {
    const info = value(await open());
    expect(info).toMatchObject({ outputs: ['scores', 'risk', 'means'], output: 'scores', classes: 4 });
  });

  it('explains none that another is computed from', async () => {
    const layered = onnxFile({
      inputs: { image: ['N', 3, 8, 8] },
      nodes: [
        { op: 'GlobalAveragePool', in: ['image'], out: ['pooled'] },
        { op: 'Flatten', in: ['pooled'], out: ['means'] },
        { op: 'MatMul', in: ['means', 'w'], out: ['scores'] },
      ],
      weights: { w: float32([3, 2], Float32Array.from([1, 0, 0, 2, 0, 1])) },
      outputs: ['means', 'scores'],
    });
    const files = [{ name: 'm.onnx', bytes: layered.slice().buffer }];
    expect(value(await lab.openModel(4, files, () => undefined)).output).toBe('scores');
  });

  it('asks the one that was chosen', async () => {
    const info = value(await open('means'));
    expect(info).toMatchObject({ output: 'means', classes: 3 });
    const preprocessing = value(await lab.preprocessing('zero-to-one'));
    const { top } = value(await lab.predict(2, 1, preprocessing));
    expect(top.map(({ index }) => index)).toEqual([0, 2, 1]);
    [0.6, 0.4, 0.2].forEach((mean, i) => expect(top[i].logit).toBeCloseTo(mean, 5));
  });

  it('with one unit has its logit and its probability, which add up to an explanation', async () => {
    expect(value(await open('risk'))).toMatchObject({ output: 'risk', classes: 1, labels: ['risk'] });
    const preprocessing = value(await lab.preprocessing('zero-to-one'));
    const { top } = value(await lab.predict(3, 1, preprocessing));
    const logit = 2 * 0.6 - 0.2 + 0.5 * 0.4;
    expect(top).toHaveLength(1);
    expect(top[0].logit).toBeCloseTo(logit, 5);
    expect(top[0].probability).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6);
    for (const [kind, expected] of [
      ['logit', logit],
      ['probability', top[0].probability],
    ] as const) {
      const request = {
        image: 1,
        preprocessing,
        method: 'integrated-gradients',
        options: {},
        target: { kind, index: 0 },
        baseline: { kind: 'black' as const },
        layer: null,
        seed: 1,
      };
      const result = value(await lab.attribute(4, request, () => undefined));
      expect(result.value).toBeCloseTo(expected, 5);
      const sum = result.scores.data.reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(expected - (kind === 'logit' ? 0 : 0.5), 4);
    }
  });

  it('says which there are when another is asked for', async () => {
    expect(await open('size')).toMatchObject({
      ok: false,
      message: expect.stringMatching(/m\.onnx: has no output "size".*Choose one of scores, risk, means/),
    });
  });
});
