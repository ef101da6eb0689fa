/** @file Just enough of PNG for our own files: 8 bits, grey or RGB, not interlaced. */
import { inflateSync } from 'node:zlib';
import type { Pixels } from '../../src/lib/vision/types.ts';

const paeth = (a: number, b: number, c: number): number => {
  const [da, db, dc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  if (da <= db && da <= dc) return a;
  return db <= dc ? b : c;
};

const predict = [() => 0, (a: number) => a, (_: number, b: number) => b, (a: number, b: number) => (a + b) >> 1, paeth];

/** Rows without their filter bytes; each filter refers to the bytes to the left (a), above (b) and above left (c). */
function unfilter(raw: Uint8Array, height: number, rowBytes: number, step: number): Uint8Array {
  const out = new Uint8Array(height * rowBytes);
  for (let y = 0; y < height; y++) {
    const rule = predict[raw[y * (rowBytes + 1)]];
    for (let x = 0; x < rowBytes; x++) {
      const i = y * rowBytes + x;
      const a = x >= step ? out[i - step] : 0;
      const b = y > 0 ? out[i - rowBytes] : 0;
      const c = x >= step && y > 0 ? out[i - rowBytes - step] : 0;
      out[i] = raw[y * (rowBytes + 1) + 1 + x] + rule(a, b, c);
    }
  }
  return out;
}

export function readPng(file: Uint8Array): Pixels & { readonly channels: 1 | 3 } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const parts: Uint8Array[] = [];
  for (let at = 8; at < file.length; at += 12 + view.getUint32(at)) {
    const kind = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (kind === 'IDAT') parts.push(file.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const [width, height, depth, colour, interlaced] = [
    view.getUint32(16),
    view.getUint32(20),
    file[24],
    file[25],
    file[28],
  ];
  if (depth !== 8 || (colour !== 0 && colour !== 2) || interlaced)
    throw new Error(`PNG: depth ${depth}, colour type ${colour} are not among our own files.`);
  const channels = colour === 0 ? 1 : 3;
  const bytes = unfilter(inflateSync(Buffer.concat(parts)), height, width * channels, channels);
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++)
    for (let c = 0; c < 3; c++) data[4 * i + c] = bytes[channels * i + (channels === 3 ? c : 0)];
  return { width, height, channels, data };
}
