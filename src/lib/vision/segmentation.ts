/**
 * @file Segments of a picture that belong together by colour (Felzenszwalb & Huttenlocher 2004, doi:10.1023/B:VISI.0000022288.19776.77).
 *
 * Pixels are the nodes of a graph, each joined to its eight neighbours by edges that weigh the distance of their colours. Edges are
 * walked from the lightest to the heaviest; one joins two segments A and B where it is lighter than both allow,
 *
 *     w < min(Int(A) + k/|A|, Int(B) + k/|B|),
 *
 * Int being the heaviest edge within. Larger k makes larger segments. Those that stay too small then join their nearest neighbour.
 * As in scikit-image: the picture is smoothed before, and k is the scale over 255, for colours from 0 to 1 or −1 to 1.
 */
import { mirroredBlur } from './gaussian.ts';
import type { FloatImage } from './resize.ts';

export interface Smoothing {
  /** σ of the smoothing, in pixels. */
  readonly sigma: number;
  /** Pixels that a segment has at least. */
  readonly minSize: number;
}

/** The segments of one scale: each pixel's label, numbered from 0 in the order of their first pixels. */
export interface Segments {
  readonly count: number;
  readonly of: Int32Array;
}

/** Makes the segments of one scale after the other; edges are weighed and sorted once. */
export function felzenszwalb(image: FloatImage, { sigma, minSize }: Smoothing): (scale: number) => Segments {
  const edges = sortedEdges(image, mirroredBlur(image, sigma));
  const pixels = image.width * image.height;
  return (scale) => {
    const forest = forestOf(pixels);
    const heaviest = new Float64Array(pixels);
    const allowed = (root: number) => heaviest[root] + scale / 255 / forest.size[root];
    edges.forEach((weight, from, to) => {
      const [a, b] = [forest.rootOf(from), forest.rootOf(to)];
      if (a !== b && weight < Math.min(allowed(a), allowed(b))) heaviest[forest.join(a, b)] = weight;
    });
    edges.forEach((_, from, to) => {
      const [a, b] = [forest.rootOf(from), forest.rootOf(to)];
      if (a !== b && Math.min(forest.size[a], forest.size[b]) < minSize) forest.join(a, b);
    });
    return labelled(pixels, forest.rootOf);
  };
}

interface Edges {
  /** From the lightest to the heaviest. */
  forEach(visit: (weight: number, from: number, to: number) => void): void;
}

/** Each pixel's edges to the right, down, and down to both sides; equal weights stay in the order right, down, diagonals. */
function sortedEdges({ width, height, channels }: FloatImage, colours: Float64Array): Edges {
  const [from, to, weights]: [number[], number[], number[]] = [[], [], []];
  const directions = [
    [0, 1],
    [1, 0],
    [1, 1],
    [1, -1],
  ];
  for (const [dy, dx] of directions)
    for (let y = 0; y + dy < height; y++)
      for (let x = Math.max(0, -dx); x + Math.max(0, dx) < width; x++) {
        const [a, b] = [y * width + x, (y + dy) * width + x + dx];
        let sum = 0;
        for (let c = 0; c < channels; c++) sum += (colours[a * channels + c] - colours[b * channels + c]) ** 2;
        from.push(a);
        to.push(b);
        weights.push(Math.sqrt(sum));
      }
  const order = Uint32Array.from(weights.keys()).sort((a, b) => weights[a] - weights[b]);
  return { forEach: (visit) => order.forEach((e) => visit(weights[e], from[e], to[e])) };
}

/** Sets that only ever join, as trees of which each knows its size at the root. */
function forestOf(count: number) {
  const parent = Int32Array.from({ length: count }, (_, i) => i);
  const size = new Int32Array(count).fill(1);
  const rootOf = (i: number): number => {
    let at = i;
    while (parent[at] !== at) at = parent[at] = parent[parent[at]];
    return at;
  };
  /** Joins two roots; returns the one that stays. */
  const join = (a: number, b: number): number => {
    const [root, other] = size[a] >= size[b] ? [a, b] : [b, a];
    parent[other] = root;
    size[root] += size[other];
    return root;
  };
  return { size, rootOf, join };
}

function labelled(pixels: number, rootOf: (i: number) => number): Segments {
  const labels = new Int32Array(pixels).fill(-1);
  const of = new Int32Array(pixels);
  let count = 0;
  for (let i = 0; i < pixels; i++) {
    const root = rootOf(i);
    if (labels[root] < 0) labels[root] = count++;
    of[i] = labels[root];
  }
  return { count, of };
}
