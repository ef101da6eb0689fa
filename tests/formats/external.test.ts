import { describe, expect, it } from 'vitest';
import { fileAt } from '../../src/lib/formats/files.ts';
import { companionsOf } from '../../src/lib/formats/onnx/external.ts';
import { decodeModel } from '../../src/lib/formats/onnx/model-file.ts';
import * as proto from '../../src/lib/formats/onnx/proto.ts';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { create, encode } from '../../src/lib/formats/protobuf/wire.ts';
import { constantsOf } from '../../src/lib/graph/graph.ts';
import { toNumbers } from '../../src/lib/tensor/tensor.ts';

const outside = (name: string, entries: Record<string, string>) =>
  create(proto.Tensor, {
    name,
    dims: [2],
    dataType: 1,
    dataLocation: 1,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  });

const info = (name: string) => ({
  name,
  docString: '',
  type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2, dimParam: '' }] } } },
});

/** y = x + a + b + c, with weights in files of their own. */
const bytes = encode(
  proto.Model,
  create(proto.Model, {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: create(proto.Graph, {
      name: 'g',
      input: [info('x')],
      output: [info('y')],
      initializer: [
        outside('a', { location: 'one/w.bin', offset: '4', length: '8' }),
        outside('b', { location: 'two/w.bin' }),
        outside('d', { location: 'one/w.bin', offset: '0', length: '8' }),
      ],
      node: [
        create(proto.Node, {
          opType: 'Constant',
          output: ['c'],
          attribute: [create(proto.Attribute, { name: 'value', type: 4, t: outside('', { location: 'c' }) })],
        }),
        create(proto.Node, { opType: 'Add', input: ['x', 'a'], output: ['s'] }),
        create(proto.Node, { opType: 'Add', input: ['s', 'b'], output: ['t'] }),
        create(proto.Node, { opType: 'Add', input: ['t', 'c'], output: ['y'] }),
      ],
    }),
  }),
);

const floats = (...values: number[]) => new Uint8Array(Float32Array.of(...values).buffer);

describe('weights beside a model', () => {
  it('are listed by file, with how far each is read, also those of constants', () =>
    expect(companionsOf(decodeModel(bytes, 'm.onnx'))).toEqual([
      { path: 'one/w.bin', bytes: 12 },
      { path: 'two/w.bin', bytes: 8 },
      { path: 'c', bytes: 8 },
    ]));

  it('of files with the same name in two folders are told apart', () => {
    const external = [
      { path: 'two/w.bin', data: floats(10, 20) },
      { path: 'one/w.bin', data: floats(0, 1, 2) },
      { path: 'c', data: floats(100, 200) },
    ];
    const { graph, external: used } = readOnnx(bytes, 'm.onnx', { external });
    expect(used.map(({ path }) => path)).toEqual(['one/w.bin', 'two/w.bin', 'c']);
    const constants = constantsOf(graph).map(({ constant }) => toNumbers(constant!));
    expect(constants.toSorted(([a], [b]) => a - b)).toEqual([
      [1, 2],
      [10, 20],
      [100, 200],
    ]);
  });

  it('that are missing are named all at once', () =>
    expect(() => readOnnx(bytes, 'm.onnx', { external: [{ path: 'c', data: floats(1, 2) }] })).toThrow(
      'm.onnx: its weights lie in the files "one/w.bin", "two/w.bin", which are missing. Drop them together with the model.',
    ));

  it.each([
    ['sub/w.bin', ['other/w.bin', 'my/sub/w.bin'], 'my/sub/w.bin'],
    ['sub\\w.bin', ['w.bin'], 'w.bin'],
    ['./w.bin', ['v.bin', 'w.bin'], 'w.bin'],
    ['w.bin', ['w.bin.part', 'W.bin'], undefined],
  ])('"%s" means, of %j, %s', (path, paths, found) =>
    expect(
      fileAt(
        path,
        paths.map((path) => ({ path })),
      )?.path,
    ).toBe(found),
  );
});
