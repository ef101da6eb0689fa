/** @file Class activation maps once more, from their papers, in plain loops over [channels][positions]. */

export type Planes = readonly (readonly number[])[];

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const positive = (v: number): number => Math.max(v, 0);
const places = (planes: Planes): number[] => planes[0].map((_, p) => p);

export const planesOf = (data: ArrayLike<number>, channels: number): number[][] => {
  const size = data.length / channels;
  return Array.from({ length: channels }, (_, k) => Array.from({ length: size }, (_, p) => data[k * size + p]));
};

/** Each map before its negative places are dropped. */
export const cams: Readonly<Record<string, (a: Planes, g: Planes) => number[]>> = {
  hirescam: (a, g) => places(a).map((p) => sum(a.map((plane, k) => plane[p] * g[k][p]))),
  layercam: (a, g) => places(a).map((p) => sum(a.map((plane, k) => plane[p] * positive(g[k][p])))),
  'xgrad-cam': (a, g) => {
    const weights = a.map((plane, k) => sum(plane.map((v, p) => (v * g[k][p]) / sum(plane))));
    return places(a).map((p) => sum(a.map((plane, k) => weights[k] * plane[p])));
  },
  'grad-cam-plus-plus': (a, g) => {
    const weights = a.map((plane, k) => {
      const alphas = g[k].map((v) => (v === 0 ? 0 : v ** 2 / (2 * v ** 2 + v ** 3 * sum(plane))));
      return sum(alphas.map((alpha, p) => alpha * positive(g[k][p])));
    });
    return places(a).map((p) => sum(a.map((plane, k) => weights[k] * plane[p])));
  },
  eigencam: (a) => firstComponent(a),
  eigengradcam: (a, g) => firstComponent(a.map((plane, k) => plane.map((v, p) => v * g[k][p]))),
};

/** By the covariance of the channels and a thousand power iterations. */
function firstComponent(a: Planes): number[] {
  const centred = a.map((plane) => plane.map((v) => v - sum(plane) / plane.length));
  const covariance = centred.map((one) => centred.map((other) => sum(one.map((v, p) => v * other[p]))));
  let direction = centred.map((_, k) => 1 + k / 7);
  for (let i = 0; i < 1000; i++) {
    const next = covariance.map((row) => sum(row.map((v, k) => v * direction[k])));
    const size = Math.sqrt(sum(next.map((v) => v * v)));
    direction = next.map((v) => v / size);
  }
  const projected = places(a).map((p) => sum(centred.map((plane, k) => plane[p] * direction[k])));
  const largest = projected.reduce((best, v) => (Math.abs(v) > Math.abs(best) ? v : best), 0);
  return projected.map((v) => (largest < 0 ? -v : v));
}

/** Score-CAM's weights from F of the image seen through each channel. */
export function softmax(scores: readonly number[]): number[] {
  const shares = scores.map((s) => Math.exp(s));
  return shares.map((s) => s / sum(shares));
}

export const weightedMap = (a: Planes, weights: readonly number[]): number[] =>
  places(a).map((p) => sum(a.map((plane, k) => weights[k] * plane[p])));
