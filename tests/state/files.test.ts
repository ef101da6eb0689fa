import { describe, expect, it } from 'vitest';
import { sortFiles, unknownFiles } from '../../src/lib/state/files.ts';

const file = (name: string, type = '') => new File(['x'], name, { type });
const names = (files: readonly { name: string }[]) => files.map(({ name }) => name);

describe('dropped files', () => {
  it('that belong to a model go with it, images beside it do not', () => {
    const sorted = sortFiles([file('net.onnx'), file('net.onnx.data'), file('labels.txt'), file('cat.PNG')]);
    expect(names(sorted.model)).toEqual(['net.onnx', 'net.onnx.data', 'labels.txt']);
    expect(names(sorted.images)).toEqual(['cat.PNG']);
    expect(sorted.others).toEqual([]);
    expect(sorted.labels).toBeNull();
    expect(sorted.unknown).toEqual([]);
  });

  it('are as many models as there are .onnx files, each with everything that lies beside them', () => {
    const sorted = sortFiles([file('labels.txt'), file('a.onnx'), file('b.onnx')]);
    expect(names(sorted.model)).toEqual(['a.onnx', 'labels.txt']);
    expect(sorted.others.map(names)).toEqual([['b.onnx', 'labels.txt']]);
  });

  it('of a folder are called as the model calls them: from its own folder on', () => {
    const at = (path: string) =>
      Object.defineProperty(file(path.split('/').at(-1)!), 'webkitRelativePath', { value: path });
    const sorted = sortFiles(['net/m.onnx', 'net/data/w.bin', 'net/w.bin', 'other/w.bin'].map(at));
    expect(names(sorted.model)).toEqual(['m.onnx', 'data/w.bin', 'w.bin', 'other/w.bin']);
  });

  it('with labels but no model name the classes of the open one', () => {
    expect(sortFiles([file('imagenet.json')]).labels?.name).toBe('imagenet.json');
  });

  it('are images by their type where the name does not say (pasted from the clipboard)', () => {
    expect(names(sortFiles([file('image', 'image/png')]).images)).toEqual(['image']);
  });

  it('that are nothing known are named', () => {
    const { unknown, model } = sortFiles([file('a.pt'), file('b.zip')]);
    expect(unknown).toEqual(['a.pt', 'b.zip']);
    expect(model).toEqual([]);
    expect(unknownFiles(unknown)).toMatch(/^a\.pt, b\.zip: neither a model/);
    expect(unknownFiles(['a', 'b', 'c', 'd', 'e'])).toMatch(/^a, b, c and 2 more:/);
  });

  it('pass the file itself on, not its bytes', () => {
    const dropped = file('net.onnx');
    expect(sortFiles([dropped]).model[0].bytes).toBe(dropped);
  });
});
