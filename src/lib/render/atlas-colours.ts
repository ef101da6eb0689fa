/** @file The colours of feature maps, a texel for each value or for the mean of some. Pure arithmetic, done once for a look. */
import { type GridShape, valuesOf } from './atlas-layout.ts';
import { type Pages, boxOf, pageSize } from './atlas-pages.ts';
import type { ColourMap } from './colour-maps.ts';

export interface Coloured {
  /** [channels, prefix + height · width]. */
  readonly values: Float32Array;
  readonly shape: GridShape;
  /** Channels in the order of the cells. */
  readonly order: ArrayLike<number>;
  /** Two for each channel: the values that get the first and the last colour. */
  readonly limits: Float32Array;
  readonly colours: ColourMap;
}

/** Of a value that is not finite. */
const NOT_A_NUMBER = [237, 41, 158, 255];
/** Steps between two entries of a colour map: finer than a screen's levels, so that reading one off is interpolating. */
const FINE = 8;
const LAST = 255 * FINE;
/** Of the values that share a texel, on each axis. */
const MOST_SAMPLES = 3;

/** RGBA in the order of the machine's bytes: LAST + 1 steps of the colour map, then the mark of what is no number. */
function paletteOf({ colours }: ColourMap): Uint32Array {
  const bytes = new Uint8ClampedArray(4 * (LAST + 2));
  for (let step = 0; step <= LAST; step++) {
    const low = Math.min(254, Math.floor(step / FINE));
    const share = step / FINE - low;
    for (let c = 0; c < 4; c++)
      bytes[4 * step + c] = colours[4 * low + c] * (1 - share) + colours[4 * (low + 1) + c] * share;
  }
  bytes.set(NOT_A_NUMBER, 4 * (LAST + 1));
  return new Uint32Array(bytes.buffer);
}

interface Samples {
  /** Which of an axis's values go into each texel, one texel after another. */
  readonly at: Int32Array;
  readonly per: number;
}

/** Where texels are fewer than values, each is the mean of at most three, evenly spread over what it stands for. */
function samplesOf(values: number, texels: number): Samples {
  const reach = values / texels;
  const per = Math.min(MOST_SAMPLES, Math.max(1, Math.ceil(reach - 0.01)));
  const at = new Int32Array(texels * per);
  for (let i = 0; i < at.length; i++) {
    const offset = ((i % per) + 0.5) / per - 0.5;
    at[i] = Math.min(values - 1, Math.max(0, Math.floor((Math.floor(i / per) + 0.5 + offset) * reach)));
  }
  return { at, per };
}

/** The first and the last colour's values as a line: what a value is, in steps of the palette. */
interface Line {
  readonly low: number;
  readonly steps: number;
  readonly base: number;
}

const stepOf = (value: number, { low, steps, base }: Line): number => {
  if (!(Math.abs(value) < 3e38)) return LAST + 1;
  const at = (value - low) * steps + base;
  return at <= 0 ? 0 : at >= LAST ? LAST : (at + 0.5) | 0;
};

/** The texels of one page, RGBA. */
export function paintPage(data: Coloured, pages: Pages, page: number): Uint8Array<ArrayBuffer> {
  const { values, shape, order, limits, colours } = data;
  const { width, height } = pageSize(pages, page, shape.count);
  const out = new Uint32Array(width * height);
  const palette = paletteOf(colours);
  const [across, down] = [samplesOf(shape.width, pages.map.width), samplesOf(shape.height, pages.map.height)];
  const row = new Float64Array(shape.width);
  const alone = colours.kind === 'diverging' ? LAST / 2 : 0;
  const end = Math.min(shape.count, (page + 1) * pages.perPage);
  for (let rank = page * pages.perPage; rank < end; rank++) {
    const channel = order[rank];
    const low = limits[2 * channel];
    const span = limits[2 * channel + 1] - low;
    const line: Line = span > 0 ? { low, steps: LAST / span, base: 0 } : { low, steps: 0, base: alone };
    const box = boxOf(pages, rank);
    const tokens = channel * valuesOf(shape);
    const first = tokens + shape.prefix;
    let to = box.y * width + box.x;
    for (let y = 0; y < pages.map.height; y++, to += width) {
      meanRow(row, values, first, down, y);
      if (across.per === 1)
        for (let x = 0; x < pages.map.width; x++) out[to + x] = palette[stepOf(row[across.at[x]], line)];
      else
        for (let x = 0; x < pages.map.width; x++) {
          let total = 0;
          for (let i = x * across.per; i < (x + 1) * across.per; i++) total += row[across.at[i]];
          out[to + x] = palette[stepOf(total / across.per, line)];
        }
    }
    for (let token = 0; token < shape.prefix; token++) out[to + token] = palette[stepOf(values[tokens + token], line)];
  }
  return new Uint8Array(out.buffer);
}

/** The mean, down its columns, of the rows of a map that go into row `y` of texels. */
function meanRow(mean: Float64Array, values: Float32Array, first: number, { at, per }: Samples, y: number): void {
  const width = mean.length;
  const rows = [0, 1, 2].map((j) => first + at[y * per + Math.min(j, per - 1)] * width);
  const [a, b, c] = rows;
  if (per === 1) for (let i = 0; i < width; i++) mean[i] = values[a + i];
  else if (per === 2) for (let i = 0; i < width; i++) mean[i] = (values[a + i] + values[b + i]) / 2;
  else for (let i = 0; i < width; i++) mean[i] = (values[a + i] + values[b + i] + values[c + i]) / 3;
}
