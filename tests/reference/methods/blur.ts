/** @file Gaussian blur and Blur Integrated Gradients once more, pixel by pixel in float64, on planes [channels][rows][columns]. */

export type Plane = readonly (readonly number[])[];

/** The pixel that stands at `i` where the edges are mirrored: … 1 0 | 0 1 2 … n−1 | n−1 n−2 … */
function mirrored(i: number, n: number): number {
  let at = i;
  while (at < 0 || at >= n) at = at < 0 ? -1 - at : 2 * n - 1 - at;
  return at;
}

function blurLine(line: readonly number[], sigma: number): number[] {
  const radius = Math.floor(4 * sigma + 0.5);
  return line.map((own, i) => {
    if (radius === 0) return own;
    let [sum, weights] = [0, 0];
    for (let t = -radius; t <= radius; t++) {
      const weight = Math.exp(-(t * t) / (2 * sigma * sigma));
      sum += weight * line[mirrored(i + t, line.length)];
      weights += weight;
    }
    return sum / weights;
  });
}

const turned = (plane: Plane): number[][] => plane[0].map((_, column) => plane.map((line) => line[column]));

export const blurPlane = (plane: Plane, sigma: number): number[][] =>
  turned(turned(plane.map((line) => blurLine(line, sigma))).map((line) => blurLine(line, sigma)));

/** Σ over steps of the gradient at the middle σ times what the blur loses from one σ to the next; `sigma` of 0 … 1. */
export function blurIntegratedGradients(
  gradient: (x: readonly number[]) => readonly number[],
  planes: readonly Plane[],
  steps: number,
  sigma: (t: number) => number,
): number[] {
  const at = (t: number) => planes.flatMap((plane) => blurPlane(plane, sigma(t)).flat());
  const scores = at(0).map(() => 0);
  for (let k = 0; k < steps; k++) {
    const slopes = gradient(at((k + 0.5) / steps));
    const [sharper, blurrier] = [at(k / steps), at((k + 1) / steps)];
    scores.forEach((_, i) => (scores[i] += slopes[i] * (sharper[i] - blurrier[i])));
  }
  return scores;
}
