import { readFileSync, readdirSync } from 'node:fs';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { kindOf } from '../../src/lib/sniff/kind.ts';
import { notOnnx } from '../../src/lib/sniff/not-onnx.ts';
import { isBundle, isImage, modelsAmong, sniff } from '../../src/lib/sniff/roles.ts';

const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const folder = new URL('../fixtures/onnx/', import.meta.url);
const empty = new Uint8Array(3);

/** A protobuf field of bytes. */
const field = (number: number, content: Uint8Array): Uint8Array =>
  Uint8Array.of(number * 8 + 2, content.length, ...content);

describe('a model is known by its content', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.onnx')))('%s is ONNX', (name) => {
    const bytes = readFileSync(new URL(name, folder));
    expect(kindOf(bytes)).toBe('onnx');
    expect(kindOf(bytes.subarray(0, 4096))).toBe('onnx');
  });

  const node = field(1, new Uint8Array([...field(1, latin('conv1/kernel')), ...field(2, latin('VarHandleOp'))]));

  it.each<[string, Uint8Array, string | null]>([
    ['layers of TensorFlow.js', json({ format: 'layers-model', modelTopology: {} }), 'tfjs-layers'],
    ['a graph of TensorFlow.js', json({ format: 'graph-model' }), 'tfjs-graph'],
    ['a model.json of Teachable Machine', json({ modelTopology: { class_name: 'Sequential' } }), 'tfjs-layers'],
    ['an old graph of TensorFlow.js', json({ modelTopology: { node: [{ name: 'x' }] } }), 'tfjs-graph'],
    ['a config of Keras', json({ class_name: 'Functional', config: {} }), 'keras-json'],
    ['a list of labels', json(['cat', 'dog']), null],
    ['HDF5', latin('\x89HDF\r\n\x1a\n'), 'hdf5'],
    ['TensorFlow Lite', latin('\x1c\x00\x00\x00TFL3'), 'tflite'],
    ['Keras 3', zipSync({ 'metadata.json': empty, 'config.json': empty, 'model.weights.h5': empty }), 'keras-zip'],
    [
      'a zip of Teachable Machine',
      zipSync({ 'metadata.json': empty, 'model.json': empty, 'weights.bin': empty }),
      'zip',
    ],
    ['a zip with a config beside a model', zipSync({ 'config.json': empty, 'model.onnx': empty }), 'zip'],
    ['PyTorch', zipSync({ 'archive/data.pkl': empty, 'archive/data/0': empty }), null],
    ['a frozen graph of TensorFlow', node, 'graphdef'],
    ['metadata of Keras in a SavedModel', field(1, field(3, latin('root'))), null],
    ['a SavedModel', Uint8Array.of(8, 1, 0x12, 0x80, 0x20, ...field(1, latin('serve'))), 'saved-model'],
    ['Core ML', new Uint8Array([8, 4, ...field(2, field(1, field(1, latin('image'))))]), null],
    ['the fingerprint of a SavedModel', Uint8Array.of(8, 0xa1, 0xb2, 0xc3, 0xd4, 0x05, 0x10, 7), null],
    ['weights that begin like a protobuf', Uint8Array.of(8, 7, 62, 61, 60, 59, 58, 57), null],
    ['float32 zeros', new Uint8Array(64), null],
    ['nothing', new Uint8Array(), null],
  ])('%s', (_, bytes, kind) => expect(kindOf(bytes)).toBe(kind));
});

describe('what is no model is told what it is and what to do', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['a pointer', latin('version https://git-lfs.github.com/spec/v1\noid'), /Git LFS pointer.*git lfs pull/],
    ['a page', latin('\n<!DOCTYPE html><html>'), /web page.*download the file again/],
    ['PyTorch', zipSync({ 'archive/data.pkl': empty }), /PyTorch.*torch\.onnx\.export/],
    [
      'safetensors',
      latin('\x40\x00\x00\x00\x00\x00\x00\x00{"weight":{"dtype":"F32"'),
      /safetensors.*torch\.onnx\.export/,
    ],
    ['ORT', latin('\x18\x00\x00\x00ORTM'), /ORT format.*\.onnx file/],
    ['Core ML', new Uint8Array([8, 4, ...field(2, field(1, field(1, latin('image'))))]), /Core ML.*export/],
    ['a tarball', latin('\x1f\x8b\x08\x00'), /gzip.*Unpack it/],
    ['a tar', latin(`${'m'.padEnd(257, '\0')}ustar\0`), /archive.*Unpack it/],
    ['NumPy', latin('\x93NUMPY\x01\x00'), /NumPy.*ONNX/],
  ])('%s', (_, bytes, sentence) => {
    expect(kindOf(bytes)).toBeNull();
    expect(notOnnx(bytes)).toMatch(sentence);
  });
});

describe('a role', () => {
  it('is the content’s before the name’s', () => {
    expect(sniff('cat.png', readFileSync(new URL('cnn_plain.onnx', folder))).role).toBe('model');
    expect(sniff('model.json', json({ a: 1 })).role).toBe('labels');
    expect(sniff('labels.json', json({ format: 'graph-model' })).role).toBe('model');
    expect(sniff('broken.onnx', latin('text')).role).toBe('model');
    expect(sniff('w.bin', new Uint8Array(64)).role).toBe('beside');
  });

  it('as an image needs no name', () => {
    for (const head of ['\x89PNG', '\xff\xd8\xff', 'GIF89a', 'RIFF\x01\x02\x03\x04WEBP', '<svg xmlns="">'])
      expect(isImage(latin(head))).toBe(true);
    expect(isImage(latin('BMW'))).toBe(false);
  });

  it('of HDF5 is that of weights only beside a config that takes them', () => {
    const [weights, config] = [
      sniff('w.h5', latin('\x89HDF\r\n\x1a\n')),
      sniff('c.json', json({ class_name: 'Model' })),
    ];
    expect(modelsAmong([weights, config])).toEqual([config]);
    expect(modelsAmong([weights])).toEqual([weights]);
  });

  it('of a result bundle is told by its record or its name', () => {
    expect(isBundle('result.zip', zipSync({ 'vitrine.json': empty }))).toBe(true);
    expect(isBundle('cut.vitrine.zip', new Uint8Array())).toBe(true);
    expect(isBundle('model.zip', zipSync({ 'model.json': empty }))).toBe(false);
  });
});
