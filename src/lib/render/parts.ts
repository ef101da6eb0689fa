/**
 * @file A picture on its way to the drawing worker. Its large parts, photographs and arrays, cross once and are named by a
 * number from then on; only numbers and words cross with every frame. Colour maps are named, too: the worker paints its own.
 */
import { colourMap, isColourMap } from './colour-maps.ts';
import type { Picture } from './picture.ts';

export type Part = ImageBitmap | Float32Array | Uint8Array;

/** A picture with numbers in place of its parts; structured clone takes it. */
export interface Packed {
  readonly plain: unknown;
}

interface Reference {
  readonly part: number;
}

interface Named {
  readonly colourMap: string;
}

/** `numberOf` is asked for each part. What lies behind a proxy is copied, as structured clone takes none. */
export const pack = (picture: Picture, numberOf: (part: Part) => number): Packed => ({
  plain: rebuilt(picture, (value): Reference | Named | undefined => {
    if (isPart(value)) return { part: numberOf(value) };
    return isColourMap(value) ? { colourMap: value.id } : undefined;
  }),
});

/** The picture again. Parts are the same objects each time, so that the layers see what has not changed. */
export const unpack = ({ plain }: Packed, partOf: (number: number) => Part): Picture =>
  rebuilt(plain, (value) => {
    if (isReference(value)) return partOf(value.part);
    return isNamed(value) ? colourMap(value.colourMap) : undefined;
  }) as Picture;

const isPart = (value: object): value is Part => value instanceof ImageBitmap || ArrayBuffer.isView(value);

const isReference = (value: object): value is Reference => 'part' in value;

const isNamed = (value: object): value is Named => 'colourMap' in value;

/** A copy in which `replace` has put what it returns; undefined leaves an object to be copied. */
function rebuilt(value: unknown, replace: (value: object) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const other = replace(value);
  if (other !== undefined) return other;
  if (Array.isArray(value)) return value.map((each) => rebuilt(each, replace));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rebuilt(each, replace)]));
}
