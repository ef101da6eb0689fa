import { describe, expect, it } from 'vitest';
import { float32, int64, makeTensor } from '../../src/lib/tensor/tensor.ts';
import { readNpy, writeNpy } from '../../src/lib/tensor/npy.ts';

const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g)!, (byte) => parseInt(byte, 16));

/** A file as NumPy lays it out, written by hand: version 1.0, header padded to 64 bytes with a newline at its end. */
function file(dict: string, body: Uint8Array, version = 1): Uint8Array {
  const start = version === 1 ? 10 : 12;
  const text = `${dict.padEnd(128 - start - 1)}\n`;
  const size = text.length;
  const length = version === 1 ? [size & 255, size >> 8] : [size & 255, size >> 8, 0, 0];
  return Uint8Array.from([
    0x93,
    ...new TextEncoder().encode('NUMPY'),
    version,
    0,
    ...length,
    ...new TextEncoder().encode(text),
    ...body,
  ]);
}

const dict = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

describe('npy', () => {
  it('reads what NumPy writes for each element type', () => {
    expect(readNpy(file(dict('<f4', '(2,)'), bytesOf('0000803f000000c0')))).toEqual(float32([2], [1, -2]));
    expect(readNpy(file(dict('<f8', '()'), bytesOf('000000000000f83f')))).toEqual(
      makeTensor('float64', [], Float64Array.of(1.5)),
    );
    expect(readNpy(file(dict('<i8', '(1, 2)'), bytesOf('ffffffffffffffff0700000000000000')))).toEqual(
      int64([1, 2], [-1, 7]),
    );
    expect(readNpy(file(dict('<i4', '(1,)'), bytesOf('feffffff')))).toEqual(
      makeTensor('int32', [1], Int32Array.of(-2)),
    );
    expect(readNpy(file(dict('|u1', '(3,)'), bytesOf('0102ff')))).toEqual(
      makeTensor('uint8', [3], Uint8Array.of(1, 2, 255)),
    );
    expect(readNpy(file(dict('|b1', '(2,)'), bytesOf('0001')))).toEqual(makeTensor('bool', [2], Uint8Array.of(0, 1)));
  });

  it('reads version 2 and arrays of no elements', () => {
    expect(readNpy(file(dict('<f4', '(1,)'), bytesOf('0000803f'), 2))).toEqual(float32([1], [1]));
    expect(readNpy(file(dict('<f4', '(0, 3)'), new Uint8Array(0)))).toEqual(float32([0, 3], []));
  });

  it('turns Fortran order into C order', () => {
    const columns = Uint8Array.of(1, 4, 2, 5, 3, 6);
    expect(readNpy(file(dict('|u1', '(2, 3)', 'True'), columns)).data).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
  });

  it('reads back what it writes, with the data at a multiple of 64 bytes and without a copy', () => {
    for (const x of [
      float32([2, 2], [1, 2, 3, NaN]),
      int64([], [5]),
      makeTensor('bool', [3], Uint8Array.of(1, 0, 1)),
    ]) {
      const bytes = writeNpy(x);
      const back = readNpy(bytes);
      expect(back).toEqual(x);
      expect(back.data.buffer).toBe(bytes.buffer);
      expect(back.data.byteOffset % 64).toBe(0);
    }
  });

  it('refuses what is not such a file, by name', () => {
    expect(() => readNpy(new TextEncoder().encode('<html>no such page'), 'x.npy')).toThrow(/x\.npy: not a \.npy file/);
    expect(() => readNpy(file(dict('<f4', '(1000000000,)'), new Uint8Array(8)), 'x.npy')).toThrow(
      /needs 4000000000 bytes, the file has 8/,
    );
    expect(() => readNpy(file(dict('>f4', '(1,)'), new Uint8Array(4)))).toThrow(/>f4/);
    expect(() => readNpy(file(dict('|O', '(1,)'), new Uint8Array(4)))).toThrow(/\|O/);
    expect(() => readNpy(writeNpy(float32([1], [1])).subarray(0, 40))).toThrow(/header/);
  });
});
