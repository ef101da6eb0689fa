import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readNeeded } from '../../src/lib/model/reading.ts';
import * as proto from '../../src/lib/formats/onnx/proto.ts';
import { create, encode } from '../../src/lib/formats/protobuf/wire.ts';

/** A file that says when it is read. */
function watched(name: string, bytes: Uint8Array<ArrayBuffer>, read: string[]) {
  const blob = new Blob([bytes]);
  blob.arrayBuffer = async () => {
    read.push(name);
    return bytes.slice().buffer;
  };
  return { name, bytes: blob };
}

const bytes = encode(
  proto.Model,
  create(proto.Model, {
    graph: create(proto.Graph, {
      name: 'g',
      output: [{ name: 'y', type: null }],
      initializer: [
        create(proto.Tensor, {
          name: 'w',
          dims: [1],
          dataType: 1,
          dataLocation: 1,
          externalData: [{ key: 'location', value: 'data/w' }],
        }),
      ],
    }),
  }),
);

describe('of files dropped together', () => {
  it('the model, its weights and what may be labels are read, and nothing else', async () => {
    const read: string[] = [];
    const one = new Uint8Array(4);
    const files = ['w', 'other/w', 'data/w', 'config.json', 'model.safetensors', 'README.md'];
    const needed = await readNeeded([watched('m.onnx', bytes, read), ...files.map((name) => watched(name, one, read))]);
    expect(read.toSorted()).toEqual(['config.json', 'data/w', 'm.onnx']);
    expect(needed.map(({ name }) => name)).toEqual(['m.onnx', 'data/w', 'config.json']);
  });

  it('a single one is the model whatever it is called', async () => {
    const plain = new Uint8Array(readFileSync(new URL('../fixtures/onnx/cnn_plain.onnx', import.meta.url)));
    const [file] = await readNeeded([{ name: 'download', bytes: new Blob([plain]) }]);
    expect(file.bytes).toEqual(plain);
  });

  it('one that cannot be read as a model is left to be refused by name', async () => {
    const needed = await readNeeded([
      { name: 'm.onnx', bytes: new Blob(['PK nonsense']) },
      { name: 'w.bin', bytes: new Blob(['x']) },
    ]);
    expect(needed.map(({ name }) => name)).toEqual(['m.onnx']);
  });
});
