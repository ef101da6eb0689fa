/** @file XRAI and its segments once more: sets of pixels as lists, masks as booleans, every mean taken afresh. */
import { blurPlane, type Plane } from './blur.ts';

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Bilinear at another size, middles of pixels on middles, edges extended; for sizes that are not smaller. */
export function enlarged(plane: Plane, height: number, width: number): number[][] {
  const at = (i: number, from: number, to: number) => {
    const place = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    return [Math.floor(place), Math.min(Math.floor(place) + 1, from - 1), place % 1] as const;
  };
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const [top, bottom, down] = at(y, plane.length, height);
      const [left, right, across] = at(x, plane[0].length, width);
      const [above, below] = [top, bottom].map((row) => plane[row][left] * (1 - across) + plane[row][right] * across);
      return above * (1 - down) + below * down;
    }),
  );
}

/** Felzenszwalb and Huttenlocher's segments of colour planes: each pixel's label, numbered by first pixels. */
export function segments(planes: readonly Plane[], scale: number, sigma: number, minSize: number): number[] {
  const [height, width] = [planes[0].length, planes[0][0].length];
  const smooth = planes.map((plane) => blurPlane(plane, sigma).flat());
  const edges: [weight: number, a: number, b: number][] = [];
  for (const [dy, dx] of [
    [0, 1],
    [1, 0],
    [1, 1],
    [1, -1],
  ])
    // prettier-ignore
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        if (y + dy >= height || x + dx < 0 || x + dx >= width) continue;
        const [a, b] = [y * width + x, (y + dy) * width + x + dx];
        edges.push([Math.hypot(...smooth.map((plane) => plane[a] - plane[b])), a, b]);
      }
  edges.sort((a, b) => a[0] - b[0]);
  const owner = smooth[0].map((_, i) => ({ pixels: [i], inner: 0 }));
  const merge = (a: number, b: number, weight: number) => {
    const [large, small] = [owner[a], owner[b]].sort((s, t) => t.pixels.length - s.pixels.length);
    for (const pixel of small.pixels) {
      large.pixels.push(pixel);
      owner[pixel] = large;
    }
    large.inner = weight;
  };
  const limit = (i: number) => owner[i].inner + scale / 255 / owner[i].pixels.length;
  for (const [weight, a, b] of edges)
    if (owner[a] !== owner[b] && weight < limit(a) && weight < limit(b)) merge(a, b, weight);
  for (const [weight, a, b] of edges)
    if (owner[a] !== owner[b] && (owner[a].pixels.length < minSize || owner[b].pixels.length < minSize))
      merge(a, b, weight);
  const known = [...new Set(owner)];
  const label = new Map(known.map((set, i) => [set, i]));
  return owner.map((set) => label.get(set)!);
}

/** One mask a label: its pixels and all within `radius` of one. */
export function dilated(labels: readonly number[], width: number, radius: number): boolean[][] {
  const height = labels.length / width;
  return [...new Set(labels)]
    .sort((a, b) => a - b)
    .map((label) =>
      labels.map((_, at) => {
        const [y, x] = [Math.floor(at / width), at % width];
        for (let row = Math.max(0, y - radius); row <= Math.min(height - 1, y + radius); row++)
          for (let column = Math.max(0, x - radius); column <= Math.min(width - 1, x + radius); column++)
            if ((row - y) ** 2 + (column - x) ** 2 <= radius ** 2 && labels[row * width + column] === label)
              return true;
        return false;
      }),
    );
}

type Masks = readonly (readonly boolean[])[];

/** Of each place its density, regions taken by what they add. */
export function xraiFull(map: readonly number[], masks: Masks, least: number, area: number): number[] {
  const out = map.map(() => Number.NaN);
  const covered = map.map(() => false);
  const left = new Set(masks.keys());
  while (mean(covered.map(Number)) <= area) {
    let [best, bestGain] = [-1, -Infinity];
    for (const k of left) {
      const added = map.filter((_, p) => masks[k][p] && !covered[p]);
      if (added.length < least) left.delete(k);
      else if (mean(added) > bestGain) [best, bestGain] = [k, mean(added)];
    }
    if (best < 0) break;
    left.delete(best);
    masks[best].forEach((inside, p) => {
      if (!inside || covered[p]) return;
      covered[p] = true;
      out[p] = bestGain;
    });
  }
  return filled(out, map);
}

/** The same by the order of the regions' own means. */
export function xraiFast(map: readonly number[], masks: Masks, least: number): number[] {
  const out = map.map(() => Number.NaN);
  const own = masks.map((mask) => mean(map.filter((_, p) => mask[p])));
  for (const k of [...masks.keys()].sort((a, b) => own[b] - own[a])) {
    const added = [...map.keys()].filter((p) => masks[k][p] && Number.isNaN(out[p]));
    if (added.length < least) continue;
    const density = mean(added.map((p) => map[p]));
    added.forEach((p) => (out[p] = density));
  }
  return filled(out, map);
}

function filled(out: readonly number[], map: readonly number[]): number[] {
  const rest = mean(map.filter((_, p) => Number.isNaN(out[p])));
  return out.map((v) => (Number.isNaN(v) ? rest : v));
}
