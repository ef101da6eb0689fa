/** @file Methods that see F as a function of the whole input, one element and one window at a time, in float64. */

export type ScalarFunction = (x: Float64Array) => number;

/** ∂F/∂x by central differences. */
export function numericGradient(f: ScalarFunction, x: ArrayLike<number>, h = 1e-5): number[] {
  return Array.from(x, (_, i) => {
    const [up, down] = [Float64Array.from(x), Float64Array.from(x)];
    up[i] += h;
    down[i] -= h;
    return (f(up) - f(down)) / (2 * h);
  });
}

/**
 * Occlusion: for each element the mean, over every window that covers it, of F(x) − F(x with the window from x′). Every
 * element of every window is looked up by its index vector.
 */
export function occlusion(
  f: ScalarFunction,
  x: Float64Array,
  baseline: Float64Array,
  shape: readonly number[],
  window: readonly number[],
  strides: readonly number[],
): number[] {
  const places = Array.from(x, (_, flat) => {
    const index: number[] = [];
    for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
      index.unshift(rest % shape[axis]);
      rest = Math.floor(rest / shape[axis]);
    }
    return index;
  });
  const counts = shape.map((length, axis) => {
    let count = 1;
    while ((count - 1) * strides[axis] + window[axis] < length) count++;
    return count;
  });
  const drops = places.map((): number[] => []);
  const total = counts.reduce((n, c) => n * c, 1);
  for (let k = 0; k < total; k++) {
    const corner: number[] = [];
    for (let axis = counts.length - 1, rest = k; axis >= 0; axis--) {
      corner.unshift((rest % counts[axis]) * strides[axis]);
      rest = Math.floor(rest / counts[axis]);
    }
    const inside = places.map((index) =>
      index.every((p, axis) => p >= corner[axis] && p < corner[axis] + window[axis]),
    );
    const drop = f(x) - f(x.map((v, i) => (inside[i] ? baseline[i] : v)));
    inside.forEach((covered, i) => covered && drops[i].push(drop));
  }
  return drops.map((d) => (d.length === 0 ? 0 : d.reduce((a, b) => a + b, 0) / d.length));
}

/** Grad-CAM of a layer [channels, positions] from the layer's values and F as a function of them. */
export function gradCam(f: ScalarFunction, layer: Float64Array, channels: number): number[] {
  const positions = layer.length / channels;
  const gradient = numericGradient(f, layer);
  const cam = Array<number>(positions).fill(0);
  for (let k = 0; k < channels; k++) {
    let weight = 0;
    for (let p = 0; p < positions; p++) weight += gradient[k * positions + p] / positions;
    for (let p = 0; p < positions; p++) cam[p] += weight * layer[k * positions + p];
  }
  return cam;
}
