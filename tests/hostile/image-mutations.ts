/** Image files that lie: another size or kind in the header, written as the format writes it; other bytes; cut short. */
import fc from 'fast-check';
import { crc32 } from '../../src/lib/share/crc32.ts';

export interface ImageFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface ImageMutation {
  /** Announced instead of the true size; null leaves it. */
  readonly size: readonly [width: number, height: number] | null;
  /** A byte of the header's other fields: depth, kind of colours, compression, interlacing. */
  readonly field: number | null;
  readonly patches: readonly { readonly at: number; readonly byte: number }[];
  /** Bytes that are left. */
  readonly end: number | null;
}

const side = fc.constantFrom(0, 1, 3, 25, 200, 20_000, 32_767, 32_768, 65_535, 2 ** 31 - 1, 2 ** 32 - 1);
const byte = fc.oneof(fc.constantFrom(0, 1, 127, 128, 255), fc.nat(255));

export const imageMutation: fc.Arbitrary<ImageMutation> = fc.record({
  size: fc.option(fc.tuple(side, side), { freq: 2 }),
  field: fc.option(fc.nat(255), { freq: 1 }),
  patches: fc.array(fc.record({ at: fc.nat(900), byte }), { maxLength: 6 }),
  end: fc.option(fc.nat(900), { freq: 1 }),
});

export function mutatedImage(
  { bytes }: ImageFile,
  { size, field, patches, end }: ImageMutation,
): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  for (const { at, byte } of patches) if (at < copy.length) copy[at] = byte;
  if (size) announce(copy, ...size);
  if (field !== null) setField(copy, field);
  if (kindOf(copy) === 'png') sealPng(copy);
  return end === null ? copy : copy.slice(0, end);
}

const kindOf = (bytes: Uint8Array): string => {
  const text = String.fromCharCode(...bytes.subarray(0, 16));
  if (text.startsWith('\x89PNG')) return 'png';
  if (text.startsWith('GIF8')) return 'gif';
  if (text.startsWith('BM')) return 'bmp';
  if (text.startsWith('RIFF')) return text.slice(12);
  if (text.startsWith('\xff\xd8')) return 'jpeg';
  if (text.startsWith('\0\0\x01\0')) return 'ico';
  return text.slice(4, 8) === 'ftyp' ? 'avif' : 'other';
};

/** Writes a size into the header; as many of its bits as there is room for. */
export function announce(bytes: Uint8Array, width: number, height: number): void {
  const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const uint24 = (at: number, n: number) => [0, 1, 2].forEach((i) => v.setUint8(at + i, n >>> (8 * i)));
  switch (kindOf(bytes)) {
    case 'png':
      v.setUint32(16, width);
      v.setUint32(20, height);
      return sealPng(bytes);
    case 'gif':
      v.setUint16(6, width, true);
      return v.setUint16(8, height, true);
    case 'bmp':
      v.setUint32(18, width, true);
      return v.setUint32(22, height, true);
    case 'ico':
      v.setUint8(6, width);
      return v.setUint8(7, height);
    case 'VP8 ':
      v.setUint16(26, width, true);
      return v.setUint16(28, height, true);
    case 'VP8L':
      return v.setUint32(21, ((width - 1) & 0x3fff) | (((height - 1) & 0x3fff) << 14), true);
    case 'VP8X':
      uint24(24, width - 1);
      return uint24(27, height - 1);
    case 'avif':
      return setAfter(v, [0x69, 0x73, 0x70, 0x65], (at) => {
        v.setUint32(at + 4, width);
        v.setUint32(at + 8, height);
      });
    case 'jpeg':
      for (const kind of [0xc0, 0xc2])
        setAfter(v, [0xff, kind], (at) => {
          v.setUint16(at + 3, height);
          v.setUint16(at + 5, width);
        });
  }
}

function setAfter(v: DataView, mark: readonly number[], set: (at: number) => void): void {
  for (let at = 0; at + mark.length + 12 <= v.byteLength; at++)
    if (mark.every((b, i) => v.getUint8(at + i) === b)) return set(at + mark.length);
}

function setField(bytes: Uint8Array, value: number): void {
  const [first, count] = { png: [24, 5], gif: [10, 3], bmp: [26, 8], jpeg: [4, 16], ico: [8, 14] }[kindOf(bytes)] ?? [
    20, 10,
  ];
  bytes[first + (value % count)] = value >> 3;
}

/** The checksum of a PNG's header, without which no decoder would read on. */
function sealPng(bytes: Uint8Array): void {
  if (bytes.length >= 33) new DataView(bytes.buffer, bytes.byteOffset).setUint32(29, crc32(bytes.subarray(12, 29)));
}
