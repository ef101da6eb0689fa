import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { FORMATS, refusals, sortFiles, unknownFiles } from '../../src/lib/state/files.ts';

const file = (name: string, type = '', content: BlobPart = 'x') => new File([content], name, { type });
const names = (files: readonly { name: string }[]) => files.map(({ name }) => name);
const onnx = new Uint8Array(readFileSync(new URL('../fixtures/onnx/cnn_plain.onnx', import.meta.url)));
const modelJson = JSON.stringify({
  format: 'layers-model',
  weightsManifest: [{ paths: ['w1.bin', 'w2.bin'], weights: [] }],
});
const config = JSON.stringify({ class_name: 'Sequential', config: { layers: [] } });
const hdf5 = '\x89HDF\r\n\x1a\n';
const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe('dropped files', () => {
  it('that belong to a model go with it, images beside it do not', async () => {
    const sorted = await sortFiles([file('net.onnx'), file('net.onnx.data'), file('labels.txt'), file('cat.PNG')]);
    expect(names(sorted.model)).toEqual(['net.onnx', 'net.onnx.data', 'labels.txt']);
    expect(names(sorted.images)).toEqual(['cat.PNG']);
    expect(sorted.others).toEqual([]);
    expect(sorted.labels).toBeNull();
    expect(sorted.unknown).toEqual([]);
    expect(sorted.refused).toEqual([]);
  });

  it('are models by what is in them, under any name', async () => {
    const sorted = await sortFiles([file('labels.json', '', '["a"]'), file('download', '', onnx)]);
    expect(names(sorted.model)).toEqual(['download', 'labels.json']);
  });

  it('of a TensorFlow.js model are one model: its JSON first, then its shards and labels', async () => {
    const shard = new Uint8Array([8, 7, 58, 1, 200, 9]);
    const dropped = [
      file('w1.bin', '', shard),
      file('metadata.json', '', '{"labels":["a"]}'),
      file('model.json', '', modelJson),
    ];
    const sorted = await sortFiles(dropped);
    expect(names(sorted.model)).toEqual(['model.json', 'w1.bin', 'metadata.json']);
    expect(sorted.others).toEqual([]);
  });

  it('of Keras are one model where the weights lie beside their config, and two where both are whole', async () => {
    const weights = file('weights.h5', '', latin(hdf5));
    const one = await sortFiles([weights, file('config.json', '', config)]);
    expect(names(one.model)).toEqual(['config.json', 'weights.h5']);
    expect(one.others).toEqual([]);
    const two = await sortFiles([weights, file('net.onnx', '', onnx)]);
    expect([names(two.model), ...two.others.map(names)]).toEqual([['weights.h5'], ['net.onnx']]);
  });

  it('that are archives are models by themselves, to be looked into by the worker', async () => {
    const zip = file('model.zip', '', zipSync({ 'm.onnx': onnx }) as Uint8Array<ArrayBuffer>);
    expect(names((await sortFiles([zip, file('labels.txt')])).model)).toEqual(['model.zip', 'labels.txt']);
  });

  it('are as many models as there are, each with everything that lies beside them', async () => {
    const sorted = await sortFiles([file('labels.txt'), file('a.onnx'), file('b.onnx')]);
    expect(names(sorted.model)).toEqual(['a.onnx', 'labels.txt']);
    expect(sorted.others.map(names)).toEqual([['b.onnx', 'labels.txt']]);
  });

  it('of a folder are called as the model calls them: from its own folder on', async () => {
    const at = (path: string) =>
      Object.defineProperty(file(path.split('/').at(-1)!), 'webkitRelativePath', { value: path });
    const sorted = await sortFiles(['net/m.onnx', 'net/data/w.bin', 'net/w.bin', 'other/w.bin'].map(at));
    expect(names(sorted.model)).toEqual(['m.onnx', 'data/w.bin', 'w.bin', 'other/w.bin']);
  });

  it('with labels but no model name the classes of the open one', async () => {
    expect((await sortFiles([file('imagenet.json', '', '["tench"]')])).labels?.name).toBe('imagenet.json');
  });

  it('are images by their type where the name does not say (pasted from the clipboard), and by their content', async () => {
    expect(names((await sortFiles([file('image', 'image/png')])).images)).toEqual(['image']);
    expect(names((await sortFiles([file('photo', '', latin('\x89PNG\r\n'))])).images)).toEqual(['photo']);
  });

  it('that are something else are told what they are, and nothing known is named', async () => {
    const torch = latin('\x80\x02}q\x00');
    const { unknown, refused, model } = await sortFiles([
      file('a.pt', '', torch),
      file('b.bin', '', latin('\x01\x02\xff')),
    ]);
    expect(model).toEqual([]);
    expect(refused).toEqual([expect.stringMatching(/^a\.pt: this is a Python pickle .*torch\.onnx\.export\.$/)]);
    expect(unknown).toEqual(['b.bin']);
    expect(unknownFiles(unknown)).toBe(
      `b.bin: neither a model (${FORMATS}), an image nor a labels file (.txt, .json). Drop the model together with the files that hold its weights.`,
    );
    expect(unknownFiles(['a', 'b', 'c', 'd', 'e'])).toMatch(/^a, b, c and 2 more:/);
  });

  it('of a folder without a model are refused three by name, and the others by number', () => {
    expect(refusals(['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
    expect(refusals(['a', 'b', 'c', 'd', 'e'])).toEqual(['a', 'b', 'c', 'And 2 more files that hold no model.']);
  });

  it('pass the file itself on, not its bytes', async () => {
    const dropped = file('net.onnx');
    expect((await sortFiles([dropped])).model[0].bytes).toBe(dropped);
  });
});
