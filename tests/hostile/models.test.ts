/** Whatever model is dropped, the lab answers soon, with a result or with a sentence that names the file. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabCore } from '../../src/lib/model/lab.ts';
import { LONGEST_MS, startedLab, useModel } from './judge.ts';
import { int64 } from '../../src/lib/tensor/tensor.ts';
import { onnxFile } from '../formats/build-file.ts';
import { kindsOfMutation, mutated } from './mutations.ts';
import { onPaper } from './paper-runtime.ts';

const read = (path: string) => new Uint8Array(readFileSync(new URL(`../../${path}`, import.meta.url)));
const models = ['cnn_relu_maxpool', 'resnet_mix', 'seg', 'vit_tiny', 'act_zoo'].map((name) =>
  read(`tests/goldens/data/${name}/model.onnx`),
);

const patched = (bytes: Uint8Array, patches: readonly { at: number; pick: number }[]): Uint8Array<ArrayBuffer> => {
  const copy = Uint8Array.from(bytes);
  for (const { at, pick } of patches) copy[Math.floor(at * Math.min(bytes.length, 4000))] = pick % 256;
  return copy;
};

/** Where in a list, evenly: fast-check's own fractions gather at the ends. */
const share = fc.nat(9999).map((n) => n / 10_000);
const mutation = fc.record({
  kind: fc.nat(kindsOfMutation - 1),
  at: share,
  pick: fc.nat(100_000),
});
const meaning = fc.record({
  bytes: fc.constantFrom(...models),
  edits: fc.array(mutation, { minLength: 1, maxLength: 2 }),
});
const beside = [{ name: 'weights.bin', bytes: new ArrayBuffer(4096) }];

/** Runs `check` on exactly `count` cases; a failure prints seed and path. A case that never settles fails as well. */
async function always<T>(count: number, seed: number, cases: fc.Arbitrary<T>, check: (v: T) => Promise<unknown>) {
  let done = 0;
  const property = fc.asyncProperty(cases, async (value) => {
    await check(value);
    done++;
  });
  await fc.assert(property, { numRuns: count, seed, timeout: 2 * LONGEST_MS });
  expect(done).toBe(count);
}

describe('real models, damaged', { timeout: 180_000 }, () => {
  let paper: LabCore;
  beforeAll(async () => {
    paper = await startedLab({ choose: onPaper });
  });

  it('in what they say, 2,000 times: read, typed and compiled, or refused with a sentence that names the file', async () => {
    let opened = 0;
    await always(2000, 6, meaning, async ({ bytes, edits }) => {
      if ((await useModel(paper, mutated(bytes, edits), beside)).ok) opened++;
    });
    expect(opened).toBeGreaterThan(300);
    expect(opened).toBeLessThan(1700);
    expect(process.memoryUsage().rss / 2 ** 30).toBeLessThan(3);
  });

  it('in their bytes, or cut short, 2,000 times: the same', async () => {
    const cases = fc.record({
      bytes: fc.constantFrom(...models),
      patches: fc.array(mutation, { minLength: 1, maxLength: 5 }),
      end: fc.option(share, { freq: 3 }),
    });
    await always(2000, 7, cases, ({ bytes, patches, end }) => {
      const cut = end === null ? bytes : bytes.subarray(0, Math.floor(end * bytes.length));
      return useModel(paper, patched(cut, patches));
    });
  });

  it('of which 150 go through onnxruntime as well: an answer, or a sentence; and it goes on', async () => {
    const lab = await startedLab();
    await always(150, 8, meaning, ({ bytes, edits }) => useModel(lab, mutated(bytes, edits), beside));
    for (const bytes of models) expect((await useModel(lab, Uint8Array.from(bytes))).ok).toBe(true);
    expect(process.memoryUsage().rss / 2 ** 30).toBeLessThan(3);
  });

  it('cut off at every byte: a sentence', async () => {
    const small = onnxFile({
      nodes: [
        { op: 'Conv', name: 'c', in: ['x', 'w'], out: ['t'] },
        { op: 'Flatten', in: ['t'] },
      ],
      inputs: { x: [1, 3, 8, 8] },
      outputs: ['y'],
      weights: { w: { dtype: 'float32', shape: [2, 3, 3, 3], data: new Float32Array(54).fill(0.1) } },
    });
    const opened: number[] = [];
    for (let length = 0; length <= small.length; length++) {
      const outcome = await useModel(paper, small.slice(0, length));
      if (outcome.ok) opened.push(small.length - length);
      else
        expect(outcome.message).toMatch(
          /^model\.onnx: (the file is empty|not an? (readable )?ONNX model|it names no operator set).*\. \S/,
        );
    }
    // Without the operator sets of domains that no node is from, the file is as good as before.
    expect(opened).toEqual([30, 11, 0]);
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
      /more than 200000 nodes and edges\. Simplify/,
    ],
    [
      '30,000 nodes',
      () => onnxFile({ nodes: chain(30_000), inputs: image, outputs: ['t30000'] }),
      /its graph has 30000 nodes, the most is 20000\. Simplify/,
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
            { op: 'NonMaxSuppression', name: 'first', out: ['a'] },
            { op: 'Frobnicate', name: '<b>second</b>', in: ['a'], out: ['y'] },
          ],
          inputs: image,
          outputs: ['y'],
        }),
      /2 unsupported operators: NonMaxSuppression \(×1, first: "first"\), Frobnicate \(×1, first: "<b>second<\/b>"\)/,
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
