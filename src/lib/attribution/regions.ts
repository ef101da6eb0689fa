/** @file Regions of a picture and how a map ranks them: the part of XRAI that knows no model. */
import type { Segments } from '../vision/segmentation.ts';

/** The places of a region, in ascending order; regions may overlap. */
export type Region = Int32Array;

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * The segments, grown by `radius` pixels of the grid that they were found on, as regions of a picture of another size: a
 * place is in a region where the disk around its middle meets the segment. Segments that meet none are left out.
 */
export function grownRegions({ count, of }: Segments, grid: Size, picture: Size, radius: number): Region[] {
  const found = Array.from({ length: count }, (): number[] => []);
  const lastPlace = new Int32Array(count).fill(-1);
  const reach = Array.from({ length: radius + 1 }, (_, dy) => Math.floor(Math.sqrt(radius * radius - dy * dy)));
  for (let place = 0; place < picture.width * picture.height; place++) {
    const y = Math.floor(((Math.floor(place / picture.width) + 0.5) * grid.height) / picture.height);
    const x = Math.floor((((place % picture.width) + 0.5) * grid.width) / picture.width);
    for (let row = Math.max(0, y - radius); row <= Math.min(grid.height - 1, y + radius); row++) {
      const width = reach[Math.abs(row - y)];
      const end = row * grid.width + Math.min(grid.width - 1, x + width);
      for (let at = row * grid.width + Math.max(0, x - width); at <= end; at++) {
        const segment = of[at];
        if (lastPlace[segment] === place) continue;
        lastPlace[segment] = place;
        found[segment].push(place);
      }
    }
  }
  return found.filter(({ length }) => length > 0).map((places) => Int32Array.from(places));
}

/**
 * Each place's density: regions are taken one after the other, always the one whose mean of `map` over the places that it
 * adds is the largest, and those places get this mean. Regions that would add fewer than `least` (1 or more) are left out,
 * and once more than the share `area` is covered no more are taken. What is left gets its own mean, so that the densities sum to
 * what the map sums to.
 */
export function greedyDensities(
  map: ArrayLike<number>,
  regions: readonly Region[],
  { least, area }: { readonly least: number; readonly area: number },
): Float64Array {
  const covering = coveringOf(map);
  const regionsAt = regionsByPlace(map.length, regions);
  // Of each region what it would add: kept up to date, not summed again.
  const sums = Float64Array.from(regions, (region) => sumOver(map, region));
  const counts = Int32Array.from(regions, ({ length }) => length);
  let open = [...regions.keys()];
  while (covering.covered() <= area * map.length) {
    open = open.filter((r) => counts[r] >= least);
    if (open.length === 0) break;
    const best = open.reduce((a, r) => (sums[r] / counts[r] > sums[a] / counts[a] ? r : a));
    for (const place of covering.cover(covering.added(regions[best])))
      for (const r of regionsAt(place)) {
        sums[r] -= map[place];
        counts[r]--;
      }
    open = open.filter((r) => r !== best);
  }
  return covering.densities();
}

/** As `greedyDensities`, in the order of the regions' own means, whatever of them is covered by then. */
export function sortedDensities(map: ArrayLike<number>, regions: readonly Region[], least: number): Float64Array {
  const covering = coveringOf(map);
  const means = regions.map((region) => sumOver(map, region) / region.length);
  for (const r of [...regions.keys()].sort((a, b) => means[b] - means[a])) {
    const added = covering.added(regions[r]);
    if (added.length >= least) covering.cover(added);
  }
  return covering.densities();
}

const sumOver = (map: ArrayLike<number>, places: Region): number => places.reduce((sum, place) => sum + map[place], 0);

/** What is covered so far, and the density of each place there. */
function coveringOf(map: ArrayLike<number>) {
  const density = new Float64Array(map.length);
  const open = new Uint8Array(map.length).fill(1);
  let covered = 0;
  const cover = (places: Region): Region => {
    const mean = sumOver(map, places) / places.length;
    places.forEach((place) => {
      density[place] = mean;
      open[place] = 0;
    });
    covered += places.length;
    return places;
  };
  const added = (region: Region): Region => region.filter((place) => open[place] === 1);
  return {
    covered: () => covered,
    added,
    cover,
    densities(): Float64Array {
      cover(added(Int32Array.from(open.keys())));
      return density;
    },
  };
}

/** Looks up the regions that a place is in. */
function regionsByPlace(places: number, regions: readonly Region[]): (place: number) => Int32Array {
  const starts = new Int32Array(places + 1);
  regions.forEach((region) => region.forEach((place) => starts[place + 1]++));
  for (let i = 0; i < places; i++) starts[i + 1] += starts[i];
  const next = starts.slice();
  const list = new Int32Array(starts[places]);
  regions.forEach((region, r) => region.forEach((place) => (list[next[place]++] = r)));
  return (place) => list.subarray(starts[place], starts[place + 1]);
}
