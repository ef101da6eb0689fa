import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/lib/model/digest.ts';
import { modelAmong } from '../../src/lib/model/open.ts';
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
      output: [{ name: 'y', type: null, docString: '' }],
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
      { name: 'm.onnx', bytes: new Blob(['nonsense']) },
      { name: 'w.bin', bytes: new Blob(['x']) },
    ]);
    expect(needed.map(({ name }) => name)).toEqual(['m.onnx']);
  });

  it('an archive is unfolded, and its files are called from the model’s own folder on', async () => {
    const plain = new Uint8Array(readFileSync(new URL('../fixtures/onnx/cnn_plain.onnx', import.meta.url)));
    const zip = zipSync({ net: { 'm.onnx': plain, 'labels.txt': new Uint8Array(1), 'notes.md': new Uint8Array(1) } });
    const dropped = { name: 'net.zip', bytes: zip.slice().buffer, output: 'y', anyCost: true };
    const needed = await readNeeded([dropped]);
    expect(needed.map(({ name }) => name)).toEqual(['m.onnx', 'labels.txt']);
    expect(needed[0]).toMatchObject({ bytes: plain, output: 'y', anyCost: true });
  });

  it('of several models none is chosen', async () => {
    const plain = new Uint8Array(readFileSync(new URL('../fixtures/onnx/cnn_plain.onnx', import.meta.url)));
    const zip = zipSync({ 'a.onnx': plain, 'b.onnx': plain });
    const needed = await readNeeded([{ name: 'net.zip', bytes: zip.slice().buffer }]);
    expect(() => modelAmong(needed)).toThrow('a.onnx: b.onnx is a model, too, and one is open at a time.');
    expect(() => modelAmong([])).toThrow(/^Nothing: no model among the files\./);
  });
});

describe('what a model is known by', () => {
  const text = (content: string) => new TextEncoder().encode(content);
  const hash = (content: string) => createHash('sha256').update(content).digest('hex');
  const manifest = JSON.stringify({ format: 'graph-model', weightsManifest: [{ paths: ['b', 'a'], weights: [] }] });

  it('is its file and its shards, in the order of the manifest', async () => {
    const main = { name: 'model.json', bytes: text(manifest) };
    const beside = [
      { name: 'a', bytes: text('first') },
      { name: 'b', bytes: text('second') },
      { name: 'labels.txt', bytes: text('cat') },
    ];
    expect(await digestOf(main, beside)).toEqual({ sha256: hash(`${manifest}secondfirst`), withWeights: true });
    expect(await digestOf(main, [])).toEqual({ sha256: hash(manifest) });
  });

  it('is the file alone in ONNX, whose links of earlier versions hold', async () => {
    const beside = [{ name: 'data/w', bytes: new Uint8Array(4) }];
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(await digestOf({ name: 'm.onnx', bytes }, beside)).toEqual({ sha256 });
  });
});
