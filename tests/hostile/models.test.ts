/** Whatever model is dropped, the lab answers soon, with a result or with a sentence that names the file. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabCore } from '../../src/lib/model/lab.ts';
import { startedLab, useModel } from './judge.ts';
import { int64 } from '../../src/lib/tensor/tensor.ts';
import { onnxFile } from '../formats/build-file.ts';
import { kindsOfMutation, mutated } from './mutations.ts';

const read = (path: string) => new Uint8Array(readFileSync(new URL(`../../${path}`, import.meta.url)));
const models = ['cnn_relu_maxpool', 'resnet_mix', 'seg', 'vit_tiny', 'act_zoo'].map((name) =>
  read(`tests/goldens/data/${name}/model.onnx`),
);

const patched = (bytes: Uint8Array, patches: readonly { at: number; pick: number }[]): Uint8Array<ArrayBuffer> => {
  const copy = Uint8Array.from(bytes);
  for (const { at, pick } of patches) copy[Math.floor(at * Math.min(bytes.length, 4000))] = pick % 256;
  return copy;
};

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const mutation = fc.record({
  kind: fc.nat(kindsOfMutation - 1),
  at: share,
  pick: fc.nat(100_000),
});

describe('real models, damaged', { timeout: 180_000 }, () => {
  let lab: LabCore;
  beforeAll(async () => {
    lab = await startedLab();
  });

  it('in what they say (2,000 times, fewer where they take more than 90 s): an answer, or a sentence that names the file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...models),
        fc.array(mutation, { minLength: 1, maxLength: 2 }),
        async (bytes, mutations) => {
          await useModel(lab, mutated(bytes, mutations), [{ name: 'weights.bin', bytes: new ArrayBuffer(4096) }]);
        },
      ),
      { numRuns: 2000, seed: 6, interruptAfterTimeLimit: 90_000 },
    );
    expect(process.memoryUsage().rss / 2 ** 30).toBeLessThan(3);
  });

  it('in their bytes, or cut short (2,000 times, fewer where they take more than 90 s): the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...models),
        fc.array(mutation, { minLength: 1, maxLength: 5 }),
        fc.option(share, { freq: 3 }),
        async (bytes, patches, end) => {
          const cut = end === null ? bytes : bytes.subarray(0, Math.floor(end * bytes.length));
          await useModel(lab, patched(cut, patches));
        },
      ),
      { numRuns: 2000, seed: 7, interruptAfterTimeLimit: 90_000 },
    );
  });

  it('after all of which an honest model still opens and answers', async () => {
    for (const bytes of models) expect((await useModel(lab, Uint8Array.from(bytes))).ok).toBe(true);
  });
});

describe('files made to hurt', { timeout: 60_000 }, () => {
  let lab: LabCore;
  beforeAll(async () => {
    lab = await startedLab();
  });

  const image = { x: [1, 3, 8, 8] };
  const chain = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ op: 'Relu', in: [i ? `t${i}` : 'x'], out: [`t${i + 1}`] }));
  const sized = (op: string, sizes: readonly number[]) =>
    onnxFile({
      nodes: [{ op, name: 'big', in: op === 'ConstantOfShape' ? ['s'] : ['x', 's'] }],
      inputs: image,
      outputs: ['y'],
      weights: { s: int64([sizes.length], sizes) },
    });

  it.each<[string, () => Uint8Array<ArrayBuffer>, RegExp]>([
    [
      '100,000 nodes',
      () => onnxFile({ nodes: chain(100_000), inputs: image, outputs: ['t100000'] }),
      /its graph has 100000 nodes, the most is 20000\. Simplify/,
    ],
    [
      '200,000 nodes and edges beyond',
      () => onnxFile({ nodes: chain(200_000), inputs: image, outputs: ['t1'] }),
      /nodes and edges/,
    ],
    [
      'a Reshape to 2⁴⁰',
      () => sized('Reshape', [2 ** 20, 2 ** 20]),
      /Reshape \(node "big"\): target shape \[1048576,1048576\] holds 1099511627776 elements, the input \[1,3,8,8\] has 192\. \S/,
    ],
    [
      'an Expand to 2⁴⁰',
      () => sized('Expand', [2 ** 20, 3, 2 ** 10, 2 ** 10]),
      /Expand \(node "big"\): .*(broadcast|the most is 134217728)/,
    ],
    [
      'a Tile of 2³⁰',
      () => sized('Tile', [1, 1, 2 ** 15, 2 ** 15]),
      /Tile \(node "big"\): .*206158430208 elements, the most is 134217728\. Check/,
    ],
    [
      'a Pad of 2⁴⁰',
      () => sized('Pad', [0, 0, 2 ** 20, 2 ** 20, 0, 0, 0, 0]),
      /Pad \(node "big"\): .* elements, the most is 134217728/,
    ],
    [
      'a ConstantOfShape of 2⁶⁰',
      () => sized('ConstantOfShape', [2 ** 30, 2 ** 30]),
      /ConstantOfShape \(node "big"\): .* elements, the most is/,
    ],
    [
      'a negative length',
      () => sized('ConstantOfShape', [-5]),
      /ConstantOfShape \(node "big"\): .*\[-5\].*not all whole numbers from 0/,
    ],
    [
      'an input of a terabyte',
      () => onnxFile({ nodes: [{ op: 'Relu' }], inputs: { x: [1, 3, 300_000, 300_000] }, outputs: ['y'] }),
      /input "x" of the shape \[1,3,300000,300000\] would have 270000000000 elements, the most is 134217728/,
    ],
    [
      'a pass of many minutes',
      () =>
        onnxFile({
          nodes: [{ op: 'Conv', in: ['x', 'w'], attrs: { pads: [511, 511, 512, 512] } }],
          inputs: { x: [1, 1, 1024, 1024] },
          outputs: ['y'],
          weights: { w: { dtype: 'float32', shape: [4, 1, 1024, 1024], data: new Float32Array(2 ** 22) } },
        }),
      /one pass takes .* billion multiply-adds, the most is 1100 billion/,
    ],
    [
      'unsupported operators',
      () =>
        onnxFile({
          nodes: [
            { op: 'NonZero', name: 'first', out: ['a'] },
            { op: 'Frobnicate', name: '<b>second</b>', in: ['a'], out: ['y'] },
          ],
          inputs: image,
          outputs: ['y'],
        }),
      /2 unsupported operators: NonZero \(×1, first: "first"\), Frobnicate \(×1, first: "<b>second<\/b>"\)/,
    ],
  ])('with %s: a sentence, soon', async (_, make, message) => {
    const opened = await useModel(lab, make());
    expect(opened.ok ? `opened, ${opened.value.notes.join()}` : opened.message).toMatch(message);
  });

  it('with NaN among the weights opens, and says so', async () => {
    const bytes = onnxFile({
      nodes: [
        { op: 'Mul', in: ['x', 'w'], out: ['t'] },
        { op: 'Flatten', in: ['t'], out: ['y'] },
      ],
      inputs: image,
      outputs: ['y'],
      weights: { w: { dtype: 'float32', shape: [3, 1, 1], data: Float32Array.of(1, NaN, Infinity) } },
    });
    const opened = await useModel(lab, bytes);
    expect(opened.ok && opened.value.notes.join(' ')).toMatch(/not finite/);
  });
});
