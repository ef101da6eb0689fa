/** @file A dense network in plain arrays and float64, with methods written out neuron by neuron from their papers. */
import { random } from '../../../src/lib/tensor/random.ts';

export type Activation = 'relu' | 'tanh' | 'none';

export interface DenseLayer {
  /** weight[j][i]: from input i to output j. */
  readonly weight: readonly (readonly number[])[];
  readonly bias: readonly number[];
  readonly activation: Activation;
}

export type DenseNet = readonly DenseLayer[];

/** A seeded network with the given widths; the last layer has no activation. */
export function denseNet(
  widths: readonly number[],
  activation: Activation,
  seed: number,
  { bias = true } = {},
): DenseNet {
  const { normal } = random(seed);
  return widths.slice(1).map((outputs, k) => ({
    weight: Array.from({ length: outputs }, () => Array.from({ length: widths[k] }, () => Math.fround(normal()))),
    bias: Array.from({ length: outputs }, () => (bias ? Math.fround(0.3 * normal()) : 0)),
    activation: k === widths.length - 2 ? 'none' : activation,
  }));
}

const apply = { relu: (z: number) => Math.max(z, 0), tanh: Math.tanh, none: (z: number) => z };
const slope = { relu: (z: number) => (z > 0 ? 1 : 0), tanh: (z: number) => 1 - Math.tanh(z) ** 2, none: () => 1 };

/** Each layer's sums before its activation. */
function sums(net: DenseNet, x: readonly number[]): number[][] {
  const all: number[][] = [];
  let a = x;
  for (const { weight, bias, activation } of net) {
    const z = weight.map((row, j) => row.reduce((total, w, i) => total + w * a[i], bias[j]));
    all.push(z);
    a = z.map(apply[activation]);
  }
  return all;
}

/** Of a part of a network, what its last layer's activation gives. */
export const outputsOf = (net: DenseNet, x: readonly number[]): number[] =>
  sums(net, x).at(-1)!.map(apply[net.at(-1)!.activation]);

/** How what flows into an activation's output leaves its input. */
type ActivationRule = (flow: number, z: number, zRef: number, activation: Activation) => number;

function walk(
  net: DenseNet,
  x: readonly number[],
  xRef: readonly number[],
  seed: readonly number[],
  rule: ActivationRule,
): number[] {
  const [z, zRef] = [sums(net, x), sums(net, xRef)];
  let flow = [...seed];
  for (let k = net.length - 1; k >= 0; k--) {
    const { weight, activation } = net[k];
    const before = flow.map((f, j) => rule(f, z[k][j], zRef[k][j], activation));
    flow = weight[0].map((_, i) => before.reduce((total, f, j) => total + f * weight[j][i], 0));
  }
  return flow;
}

/** ∂(Σ seed·output)/∂x by the chain rule. */
export const gradient = (net: DenseNet, x: readonly number[], seed: readonly number[]): number[] =>
  walk(net, x, x, seed, (flow, z, _zRef, activation) => flow * slope[activation](z));

/** DeepLIFT's multipliers under the rescale rule: Δa/Δz at every neuron. */
export const deepLiftMultipliers = (
  net: DenseNet,
  x: readonly number[],
  xRef: readonly number[],
  seed: readonly number[],
): number[] =>
  walk(
    net,
    x,
    xRef,
    seed,
    (flow, z, zRef, activation) => (flow * (apply[activation](z) - apply[activation](zRef))) / (z - zRef),
  );

export const guidedBackpropagation = (net: DenseNet, x: readonly number[], seed: readonly number[]): number[] =>
  walk(net, x, x, seed, (flow, z, _zRef, activation) =>
    activation === 'relu' ? (z > 0 && flow > 0 ? flow : 0) : flow * slope[activation](z),
  );

export const deconvolution = (net: DenseNet, x: readonly number[], seed: readonly number[]): number[] =>
  walk(net, x, x, seed, (flow, z, _zRef, activation) =>
    activation === 'relu' ? Math.max(flow, 0) : flow * slope[activation](z),
  );

/** Integrated Gradients by the midpoint rule with very many steps. */
export function integratedGradients(
  net: DenseNet,
  x: readonly number[],
  xRef: readonly number[],
  seed: readonly number[],
  steps: number,
): number[] {
  const total = x.map(() => 0);
  for (let k = 0; k < steps; k++) {
    const alpha = (k + 0.5) / steps;
    gradient(
      net,
      x.map((v, i) => xRef[i] + alpha * (v - xRef[i])),
      seed,
    ).forEach((g, i) => (total[i] += g / steps));
  }
  return total.map((g, i) => g * (x[i] - xRef[i]));
}

/**
 * Of the part of the gradient that passes through neuron `neuron` of layer `at`, by the chain rule and the midpoint rule with
 * very many steps: (x − x′) · ∫ ∂F/∂a · ∂a/∂x.
 */
export function neuronConductance(
  net: DenseNet,
  [x, xRef]: readonly [readonly number[], readonly number[]],
  seed: readonly number[],
  { at, neuron }: { readonly at: number; readonly neuron: number },
  steps: number,
): number[] {
  const [before, behind] = [net.slice(0, at + 1), net.slice(at + 1)];
  const only = before[at].bias.map((_, j) => (j === neuron ? 1 : 0));
  const total = x.map(() => 0);
  for (let k = 0; k < steps; k++) {
    const alpha = (k + 0.5) / steps;
    const point = x.map((v, i) => xRef[i] + alpha * (v - xRef[i]));
    const above = gradient(behind, outputsOf(before, point), seed)[neuron];
    gradient(before, point, only).forEach((g, i) => (total[i] += (above * g) / steps));
  }
  return total.map((g, i) => g * (x[i] - xRef[i]));
}

export interface Moments {
  readonly mean: number[];
  readonly meanSquare: number[];
  readonly variance: number[];
}

/** Mean, mean square and variance (divided by n) of the gradient over given noise. */
export function noisyGradients(
  net: DenseNet,
  x: readonly number[],
  seed: readonly number[],
  noise: readonly (readonly number[])[],
  absolute: boolean,
): Moments {
  const all = noise.map((e) =>
    gradient(
      net,
      x.map((v, i) => v + e[i]),
      seed,
    ).map((g) => (absolute ? Math.abs(g) : g)),
  );
  const over = (f: (g: number, i: number) => number) =>
    x.map((_, i) => all.reduce((total, g) => total + f(g[i], i), 0) / all.length);
  const mean = over((g) => g);
  return { mean, meanSquare: over((g) => g * g), variance: over((g, i) => (g - mean[i]) ** 2) };
}
