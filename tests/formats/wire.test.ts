import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import * as proto from '../../src/lib/formats/onnx/proto.ts';
import { create, decode, encode } from '../../src/lib/formats/protobuf/wire.ts';

describe('protobuf messages by table', () => {
  const tensor = create(proto.Tensor, {
    name: 'w',
    dims: [2, -3],
    dataType: 1,
    rawData: Uint8Array.of(1, 2, 3),
    floatData: Float32Array.of(0.5, -1e30),
    int32Data: [-1, 7],
    int64Data: [-1n, 2n ** 63n - 1n],
    uint64Data: [2n ** 64n - 1n],
    doubleData: Float64Array.of(Math.PI),
    stringData: [Uint8Array.of(255)],
    externalData: [{ key: 'offset', value: '7' }],
  });

  it('reads back what it writes, every kind of field', () => {
    expect(decode(proto.Tensor, encode(proto.Tensor, tensor))).toEqual(tensor);
    const attribute = create(proto.Model, {
      irVersion: 9,
      graph: create(proto.Graph, {
        node: [
          create(proto.Node, {
            input: ['a', '', 'b'],
            attribute: [
              create(proto.Attribute, { name: 'alpha', f: 0.25, type: 1 }),
              create(proto.Attribute, { name: 'g', g: create(proto.Graph, { name: 'inner' }) }),
            ],
          }),
        ],
        input: [
          {
            name: 'x',
            docString: 'what is fed',
            type: {
              tensorType: {
                elemType: 1,
                shape: {
                  dim: [
                    { dimValue: 0, dimParam: '' },
                    { dimValue: null, dimParam: 'N' },
                  ],
                },
              },
            },
          },
        ],
      }),
    });
    expect(decode(proto.Model, encode(proto.Model, attribute))).toEqual(attribute);
  });

  it('gives bytes as views on the file, not as copies', () => {
    const bytes = encode(proto.Tensor, tensor);
    expect(decode(proto.Tensor, bytes).rawData!.buffer).toBe(bytes.buffer);
  });

  it('reads numbers whether they are packed or not', () => {
    const writer = new BinaryWriter();
    writer.tag(1, WireType.Varint).int64(4).tag(1, WireType.LengthDelimited).fork().int64(5).int64(6).join();
    writer.tag(4, WireType.Bit32).float(1).tag(4, WireType.LengthDelimited).fork().float(2).join();
    const read = decode(proto.Tensor, writer.finish());
    expect(read.dims).toEqual([4, 5, 6]);
    expect(read.floatData).toEqual(Float32Array.of(1, 2));
  });

  it('skips fields that it does not know', () => {
    const writer = new BinaryWriter();
    writer
      .tag(99, WireType.LengthDelimited)
      .string('later version')
      .tag(98, WireType.Bit64)
      .double(1)
      .tag(8, WireType.LengthDelimited)
      .string('w');
    expect(decode(proto.Tensor, writer.finish()).name).toBe('w');
  });

  it('saturates whole numbers that JavaScript cannot hold', () => {
    const writer = new BinaryWriter().tag(1, WireType.Varint).int64(2n ** 63n - 1n);
    expect(decode(proto.Tensor, writer.finish()).dims).toEqual([Number.MAX_SAFE_INTEGER]);
  });

  it('refuses nesting without end and more parts than a model has', () => {
    let bytes: Uint8Array = new Uint8Array(0);
    // attribute in node in graph in attribute …
    for (let depth = 0; depth < 99; depth++)
      bytes = new BinaryWriter()
        .tag([5, 1, 6][depth % 3], WireType.LengthDelimited)
        .bytes(bytes)
        .finish();
    expect(() => decode(proto.Attribute, bytes)).toThrow(/nested more than 64 deep/);
    const flood = new Uint8Array(2 * 2_000_001);
    for (let i = 0; i < flood.length; i += 2) flood[i] = (1 << 3) | WireType.LengthDelimited;
    expect(() => decode(proto.Node, flood)).toThrow(/more than 2000000 parts/);
  });

  it('refuses a length that ends after the file before it reads anything', () => {
    const writer = new BinaryWriter().tag(7, WireType.LengthDelimited).uint32(0xfffffff0);
    expect(() => decode(proto.Model, writer.finish())).toThrow(/after the file/);
    expect(() =>
      decode(proto.Tensor, new BinaryWriter().tag(9, WireType.LengthDelimited).uint32(0xfffffff0).finish()),
    ).toThrow(/EOF/);
  });
});
