/** @file NumPy's .npy files (NEP 1): one array each, little-endian. */
import { viewBytes, type DType } from './dtype.ts';
import { makeTensor, sizeOf, stridesOf, type Tensor } from './tensor.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const DESCR: Partial<Record<DType, string>> = {
  float16: '<f2',
  float32: '<f4',
  float64: '<f8',
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  int64: '<i8',
  uint64: '<u8',
  bool: '|b1',
};

const dtypeOf = new Map(Object.entries(DESCR).map(([dtype, descr]) => [descr.slice(1), dtype as DType]));

/**
 * The array in `bytes`: a view where the alignment allows it. Arrays in Fortran order are copied into C order.
 * Throws a RangeError naming `name` where the file is none, is cut short or holds something else than numbers.
 */
export function readNpy(bytes: Uint8Array, name = 'array.npy'): Tensor {
  const header = readHeader(bytes, name);
  const field = (pattern: RegExp, what: string) => {
    const found = header.text.match(pattern);
    if (!found) throw new RangeError(`${name}: the header has no ${what}. Save the array again with numpy.save.`);
    return found[1];
  };
  const descr = field(/'descr':\s*'([^']*)'/, 'descr');
  const dtype = dtypeOf.get(descr.slice(1));
  if (!dtype || descr[0] === '>') {
    throw new RangeError(
      `${name}: element type ${descr} cannot be read. Save it as little-endian numbers, such as <f4.`,
    );
  }
  const shape = field(/'shape':\s*\(([\d,\sL]*)\)/, 'shape')
    .split(',')
    .filter((d) => d.trim())
    .map((d) => parseInt(d, 10));
  const length = sizeOf(shape) * Number(descr.slice(2));
  const body = bytes.subarray(header.end);
  if (body.length < length)
    throw new RangeError(
      `${name}: shape [${shape}] of ${descr} needs ${length} bytes, the file has ${body.length}. Copy it again.`,
    );
  const tensor = makeTensor(dtype, shape, viewBytes(dtype, body.subarray(0, length)));
  return field(/'fortran_order':\s*(True|False)/, 'fortran_order') === 'True' ? fromFortran(tensor) : tensor;
}

function readHeader(bytes: Uint8Array, name: string): { text: string; end: number } {
  if (!MAGIC.every((byte, i) => bytes[i] === byte) || bytes.length < 12) {
    throw new RangeError(`${name}: not a .npy file. Save the array with numpy.save.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [start, length] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (start + length > bytes.length)
    throw new RangeError(
      `${name}: the header needs ${start + length} bytes, the file has ${bytes.length}. Copy it again.`,
    );
  return { text: new TextDecoder().decode(bytes.subarray(start, start + length)), end: start + length };
}

function fromFortran(x: Tensor): Tensor {
  const strides = stridesOf(x.shape);
  const data = x.data.slice();
  const index = new Array<number>(x.shape.length).fill(0);
  for (let i = 0; i < data.length; i++) {
    data[index.reduce((at, k, axis) => at + k * strides[axis], 0)] = x.data[i];
    for (let axis = 0; axis < index.length && ++index[axis] === x.shape[axis]; axis++) index[axis] = 0;
  }
  return { ...x, data };
}

/** The tensor as a .npy file (version 1.0, C order). bfloat16 has no NumPy type: convert it first. */
export function writeNpy(x: Tensor): Uint8Array<ArrayBuffer> {
  const descr = DESCR[x.dtype];
  if (!descr) throw new TypeError(`writeNpy: NumPy has no ${x.dtype}. Convert it with toFloat32.`);
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${x.shape.join(', ')}${x.shape.length === 1 ? ',' : ''}), }`;
  // The data starts at a multiple of 64 bytes, so that it can be mapped.
  const start = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start + x.data.byteLength);
  bytes.set([...MAGIC, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(`${dict.padEnd(start - 11)}\n`), 10);
  bytes.set(new Uint8Array(x.data.buffer, x.data.byteOffset, x.data.byteLength), start);
  return bytes;
}
