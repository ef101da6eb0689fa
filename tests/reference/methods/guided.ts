/** @file Guided Integrated Gradients once more, in coordinates of x and one element at a time, from the paper's algorithm. */

export interface Settings {
  readonly steps: number;
  readonly fraction: number;
  readonly maxDistance: number;
}

export interface Guided {
  readonly scores: number[];
  /** Every point at which the gradient was taken, and the last. */
  readonly points: readonly (readonly number[])[];
}

export function guidedIntegratedGradients(
  gradient: (x: readonly number[]) => number[],
  x: readonly number[],
  from: readonly number[],
  { steps, fraction, maxDistance }: Settings,
): Guided {
  const distance = (a: readonly number[]): number => a.reduce((d, v, i) => d + Math.abs(v - x[i]), 0);
  const along = (alpha: number) => from.map((v, i) => v + alpha * (x[i] - v));
  const whole = distance(from);
  const scores = x.map(() => 0);
  const points: number[][] = [[...from]];
  for (let k = 1; k <= steps; k++) {
    const start = points.at(-1)!;
    const now = [...start];
    const slopes = gradient(start);
    const lowest = along(Math.max(k / steps - maxDistance, 0));
    const farthest = along(Math.min(k / steps + maxDistance, 1));
    const wanted = whole * (1 - k / steps);
    // Nobody stays behind the band around the straight line.
    for (let i = 0; i < x.length; i++) if (Math.abs(now[i] - x[i]) > Math.abs(lowest[i] - x[i])) now[i] = lowest[i];
    while (distance(now) - wanted > 1e-9 * whole) {
      const able = x.map((v, i) => v !== from[i] && Math.abs(now[i] - x[i]) > Math.abs(farthest[i] - x[i]) + 1e-12);
      // The quantile is one of all elements: those that cannot move stand at its upper end.
      const sizes = slopes.map((g, i) => (able[i] ? Math.abs(g) : Infinity)).sort((a, b) => a - b);
      const most = sizes[Math.floor(fraction * (x.length - 1))];
      const chosen = x.map((_, i) => able[i] && Math.abs(slopes[i]) <= most);
      if (!chosen.includes(true)) break;
      const gained = chosen.reduce((sum, yes, i) => sum + (yes ? Math.abs(farthest[i] - now[i]) : 0), 0);
      const part = Math.min(1, (distance(now) - wanted) / gained);
      chosen.forEach((yes, i) => {
        if (yes) now[i] = part === 1 ? farthest[i] : now[i] + part * (farthest[i] - now[i]);
      });
    }
    slopes.forEach((g, i) => (scores[i] += g * (now[i] - start[i])));
    points.push(now);
  }
  return { scores, points };
}
