/** @file Names of the first entries of a zip, from the headers that stand before each of them. */
import { HEAD } from './head.ts';

const SIGNATURE = [0x50, 0x4b, 0x03, 0x04];
/** Bytes of a local header before the name. */
const FIXED = 30;

/** In the order of the file; those whose headers lie in its first bytes. */
export function entryNames(bytes: Uint8Array): string[] {
  const head = bytes.subarray(0, HEAD);
  const names: string[] = [];
  // Sizes may be missing from a header, so the next one is looked for, and not computed.
  for (let at = 0; at + FIXED <= head.length; at++) {
    if (SIGNATURE.some((byte, i) => head[at + i] !== byte)) continue;
    const length = head[at + 26] + 256 * head[at + 27];
    names.push(new TextDecoder().decode(head.subarray(at + FIXED, at + FIXED + length)));
    at += FIXED + length - 1;
  }
  return names;
}
