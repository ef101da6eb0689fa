import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { unpack } from '../../src/lib/formats/archive.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const pathsIn = (zip: Uint8Array) => unpack(zip, 'm.zip').map(({ path }) => path);

describe('an archive', () => {
  it('gives the files in it, stored or deflated, as they were', () => {
    const long = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
    const zip = zipSync({ net: { 'model.json': [bytes(123), { level: 0 }], 'w.bin': long } });
    const files = unpack(zip, 'm.zip');
    expect(files.map(({ path }) => path)).toEqual(['net/model.json', 'net/w.bin']);
    expect(files[1].data).toEqual(long);
    expect(files[1].data.byteOffset).toBe(0);
  });

  it('behind other bytes gives the same, also where these look like the beginning of a file in it', () => {
    const zip = zipSync({ 'labels.txt': bytes(97, 10, 98), 'w.bin': bytes(7) });
    const front = Uint8Array.from({ length: 1000 }, (_, i) => [0x50, 0x4b, 3, 4][i % 4]);
    const whole = new Uint8Array([...front, ...zip]);
    const view = new DataView(whole.buffer);
    const directory = view.getUint32(whole.length - 6, true) + front.length;
    // Places are counted from the beginning of the file, as Python's zipfile writes them behind a model.
    view.setUint32(whole.length - 6, directory, true);
    for (let at = directory; view.getUint32(at, true) === 0x02014b50; at += 46 + view.getUint16(at + 28, true))
      view.setUint32(at + 42, view.getUint32(at + 42, true) + front.length, true);
    expect(unpack(whole, 'm.tflite').map(({ path, data }) => [path, ...data])).toEqual([
      ['labels.txt', 97, 10, 98],
      ['w.bin', 7],
    ]);
  });

  it('that holds a file twice is refused', () => {
    const zip = zipSync({ 'a.bin': bytes(1), 'b.bin': bytes(2) });
    const twice = zip.map((byte, i) => (byte === 0x62 && zip[i + 1] === 0x2e ? 0x61 : byte));
    expect(() => pathsIn(twice)).toThrow('m.zip: holds "a.bin" twice. Unpack it, and drop the files.');
  });

  it('leaves out pictures, hidden files, folders and what Macs add', () => {
    const one = bytes(1);
    expect(
      pathsIn(zipSync({ 'm.onnx': one, 'cat.png': one, '.DS_Store': one, '__MACOSX/._m.onnx': one, 'a/.git/x': one })),
    ).toEqual(['m.onnx']);
  });

  it('in an archive is refused', () => {
    const inner = zipSync({ 'm.onnx': bytes(1) });
    expect(() => pathsIn(zipSync({ 'inner.zip': inner }))).toThrow(
      'm.zip: holds another archive, "inner.zip". Unpack it, and drop the files themselves.',
    );
  });

  it('of thousands of files is refused', () => {
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`${i}.bin`, bytes(1)]));
    expect(() => pathsIn(zipSync(many))).toThrow(/^m\.zip: holds more than 1000 files\./);
  });

  it('that unfolds to more than it may is refused, also where its headers lie about it', () => {
    const zip = zipSync({ 'w.bin': new Uint8Array(300_000) });
    expect(() => unpack(zip, 'm.zip', 200_000)).toThrow(/^m\.zip: unfolds to more than/);
    const lying = zip.slice();
    const view = new DataView(lying.buffer);
    const directory = lying.findLastIndex((_, i) => view.byteLength - i >= 4 && view.getUint32(i, true) === 0x02014b50);
    view.setUint32(directory + 24, 10, true);
    view.setUint32(22, 10, true);
    expect(() => unpack(lying, 'm.zip', 200_000)).toThrow(/^m\.zip: unfolds to more than/);
  });

  it('that is cut off or damaged is refused', () => {
    const zip = zipSync({ 'w.bin': Uint8Array.from({ length: 1000 }, (_, i) => (i * i) % 251) });
    expect(() => pathsIn(zip.subarray(0, zip.length >> 1))).toThrow(/cut off or damaged/);
    const damaged = zip.slice();
    damaged.fill(0xff, 40, 120);
    expect(() => pathsIn(damaged)).toThrow(/^m\.zip: the zip file is damaged/);
  });
});
