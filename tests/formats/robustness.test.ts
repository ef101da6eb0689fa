/** Whatever is dropped, the reader either reads it or says what is wrong with it, soon. */
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/lib/formats/error.ts';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { projectPath, readBytes } from './shared.ts';

const models = ['mlp', 'cnn_relu_maxpool', 'act_zoo', 'vit_tiny'].map((name) =>
  readBytes(projectPath(`tests/goldens/data/${name}/model.onnx`)),
);

/** Messages of JavaScript's own about our own mistakes. */
const OUR_FAULT = /undefined|is not a function|is not iterable|Cannot read|Invalid array length|call stack|internal:/;

/** Reads it, or throws; null where the outcome is one that a person may see. */
function fault(bytes: Uint8Array): string | null {
  const start = performance.now();
  try {
    readOnnx(bytes, 'model.onnx');
  } catch (error) {
    if (!(error instanceof FormatError)) return `threw ${String(error)}`;
    if (!error.message.startsWith('model.onnx: ')) return `does not name the file: ${error.message}`;
    if (OUR_FAULT.test(error.message)) return `${error.message}\n${(error.cause as Error | undefined)?.stack}`;
  }
  const seconds = (performance.now() - start) / 1000;
  return seconds > 3 ? `took ${seconds} s` : null;
}

const model = fc.constantFrom(...models);
const patch = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  byte: fc.integer({ min: 0, max: 255 }),
});

/** Structure is at the ends of the file and between weights; most flips in the middle hit weights. */
function patched(bytes: Uint8Array, patches: readonly { at: number; byte: number }[], span: number): Uint8Array {
  const copy = bytes.slice();
  for (const { at, byte } of patches) copy[Math.floor(at * Math.min(span, copy.length))] = byte;
  return copy;
}

describe('damaged models', { timeout: 120_000 }, () => {
  it('cut short anywhere: a FormatError that names the file, or a model', () => {
    fc.assert(
      fc.property(model, fc.double({ min: 0, max: 1, noNaN: true }), (bytes, share) => {
        expect(fault(bytes.subarray(0, Math.floor(share * bytes.length)))).toBeNull();
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it.each([1e9, 6000, 600])('with bytes changed among the first %d: the same', (span) => {
    fc.assert(
      fc.property(model, fc.array(patch, { minLength: 1, maxLength: 6 }), (bytes, patches) => {
        expect(fault(patched(bytes, patches, span))).toBeNull();
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  it('with a piece removed or repeated: the same', () => {
    const place = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(model, place, fc.integer({ min: 1, max: 300 }), fc.boolean(), (bytes, at, length, repeat) => {
        const start = Math.floor(at * bytes.length);
        const piece = bytes.subarray(start, start + length);
        const rest = bytes.subarray(start + (repeat ? 0 : length));
        expect(fault(Uint8Array.from([...bytes.subarray(0, start), ...(repeat ? piece : []), ...rest]))).toBeNull();
      }),
      { numRuns: 100, seed: 3 },
    );
  });

  it('that are any bytes at all: the same', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(fault(bytes)).toBeNull();
      }),
      { numRuns: 500, seed: 4 },
    );
  });
});

describe('other files', () => {
  const text = (s: string) => Uint8Array.from(s, (c) => c.charCodeAt(0));
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /empty/],
    [
      'a Git LFS pointer',
      text('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
      /Git LFS pointer.*git lfs pull/,
    ],
    ['a web page', text('\n<!DOCTYPE html><html><title>404'), /web page/],
    [
      'a PyTorch archive',
      zipSync({ 'archive/data.pkl': new Uint8Array(9) }),
      /PyTorch.*ZIP archive.*torch\.onnx\.export/,
    ],
    ['a pickle', text('\x80\x02}q\x00(X\x06\x00\x00\x00weight'), /pickle.*torch\.onnx\.export/],
    ['a Keras file', text('\x89HDF\r\n\x1a\n\x00\x00'), /HDF5.*tf2onnx/],
    ['a TensorFlow Lite model', text('\x1c\x00\x00\x00TFL3\x14\x00'), /TensorFlow Lite/],
    ['a model in ORT format', text('\x20\x00\x00\x00ORTM\x00\x00'), /ORT format/],
    ['safetensors', text('\x40\x00\x00\x00\x00\x00\x00\x00{"w":{"dtype":"F32","shape":[1]'), /safetensors/],
    ['gzip', text('\x1f\x8b\x08\x00'), /gzip/],
    ['JSON', text('{"format": "layers-model"}'), /JSON/],
    ['text', text('Lorem ipsum dolor sit amet'), /this is text.*Choose the model’s own file, such as \.onnx/],
    ['a picture', text('\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR'), /this is an image.*under its own name/],
  ])('%s: says what it is and what to do', (_, bytes, message) => {
    expect(() => readOnnx(bytes, 'model.onnx')).toThrow(message);
    expect(fault(bytes)).toBeNull();
  });
});
