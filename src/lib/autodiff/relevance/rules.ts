/**
 * @file LRP's rules for layers of weights: each says under which weights and inputs the layer is run again, forward for the
 * sums that relevance is divided by and transposed for the shares. Notation: zᵢⱼ = xᵢwᵢⱼ is a contribution, zⱼ = Σᵢ zᵢⱼ + bⱼ,
 * v⁺ = max(v, 0), v⁻ = min(v, 0). A bias among the sums is nobody's input: its share of the relevance ends there.
 */
import type { Value } from '../../graph/graph.ts';
import { cloneBetween } from '../../graph/rewrite.ts';
import type { Builder } from '../../ops/builder.ts';
import { stabilized } from '../../ops/combinators.ts';
import type { LayerSite } from './layers.ts';
import { isNonNegative } from './non-negative.ts';

/** What every rule is told. */
export interface RuleOptions {
  /** Whether a bias takes its share; else it is left out of every sum, and nothing is lost to it. */
  readonly bias: boolean;
  /**
   * What counts as positive: a contribution xᵢwᵢⱼ, or a weight whatever its input is, as in Captum. They are the same where
   * inputs are not negative, as behind a ReLU.
   */
  readonly signs: 'contribution' | 'weight';
}

/** From what arrives at a layer's output, what leaves at its input. */
export type LayerRule = (g: Builder, layer: LayerSite, R: Value, options: RuleOptions) => Value;

/** An input and weights that a layer is run on. */
interface Product {
  readonly input: Value;
  readonly weights: Value;
}

const positivePart = (g: Builder, v: Value): Value => g.relu(v);
const negativePart = (g: Builder, v: Value): Value => g.min(v, 0);

const total = (g: Builder, values: readonly Value[]): Value => values.reduce((a, b) => g.add(a, b));

const forward = (g: Builder, layer: LayerSite, products: readonly Product[]): Value =>
  total(
    g,
    products.map(({ input, weights }) => layer.forward(input, weights)),
  );

/** Σ over products of input ⊙ Wᵀs. */
const shares = (g: Builder, layer: LayerSite, products: readonly Product[], s: Value): Value =>
  total(
    g,
    products.map(({ input, weights }) => g.mul(input, layer.transposed(s, weights))),
  );

/** The products that make up Σ zᵢⱼ⁺, or under `sign` −1 Σ zᵢⱼ⁻. */
function signed(g: Builder, { x, weights }: LayerSite, sign: 1 | -1, { signs }: RuleOptions): Product[] {
  const [up, down] = [positivePart(g, weights), negativePart(g, weights)];
  const [same, opposite] = sign === 1 ? [up, down] : [down, up];
  if (signs === 'weight' || isNonNegative(x)) return [{ input: x, weights: same }];
  return [
    { input: positivePart(g, x), weights: same },
    { input: negativePart(g, x), weights: opposite },
  ];
}

/** `z` with the layer's shift, or the part of it that `part` takes. */
const shifted = (g: Builder, z: Value, { shift }: LayerSite, { bias }: RuleOptions, part = (v: Value) => v): Value =>
  shift && bias ? g.add(z, part(shift)) : z;

/** z itself, which the model has computed. */
const outputOf = (layer: LayerSite, { bias }: RuleOptions): Value =>
  bias || !layer.shift ? layer.y : layer.forward(layer.x, layer.weights);

/** ε: Rᵢ = Σⱼ zᵢⱼ/(zⱼ + ε sign zⱼ) Rⱼ (Bach et al. 2015, doi:10.1371/journal.pone.0130140, eq. 58); ε in the units of z. */
export const epsilonRule =
  (epsilon: number): LayerRule =>
  (g, layer, R, options) => {
    const s = g.div(R, stabilized(g, outputOf(layer, options), epsilon));
    return g.mul(layer.x, layer.transposed(s, layer.weights));
  };

/**
 * γ (Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10): positive contributions count 1 + γ times. Where inputs have
 * signs, those count more that agree with the sign of zⱼ (generalised γ: Andéol et al. 2021, arXiv:2106.01725):
 *
 *     Rᵢ = Σⱼ (zᵢⱼ + γ zᵢⱼ^±) / (zⱼ + γ Σᵢ zᵢⱼ^±) Rⱼ,    ± the sign of zⱼ
 *
 * By the signs of weights it is + everywhere, and the bias counts once, as in Captum.
 */
export const gammaRule =
  (gamma: number): LayerRule =>
  (g, layer, R, options) => {
    const z = outputOf(layer, options);
    const byWeight = options.signs === 'weight';
    const favour = (sign: 1 | -1, incoming: Value) => {
      const products = signed(g, layer, sign, options);
      const sum = forward(g, layer, products);
      const part = sign === 1 ? positivePart : negativePart;
      const extra = byWeight ? sum : shifted(g, sum, layer, options, (v) => part(g, v));
      const s = g.div(incoming, stabilized(g, g.add(z, g.mul(extra, gamma))));
      return g.add(g.mul(layer.x, layer.transposed(s, layer.weights)), g.mul(shares(g, layer, products, s), gamma));
    };
    if (byWeight) return favour(1, R);
    const below = g.less(z, 0);
    return g.add(favour(1, g.where(below, 0, R)), favour(-1, g.where(below, R, 0)));
  };

/**
 * αβ (Bach et al. 2015, eq. 60): Rᵢ = Σⱼ (α zᵢⱼ⁺/zⱼ⁺ − β zᵢⱼ⁻/zⱼ⁻) Rⱼ with α − β = 1. β = 0 is the z⁺ rule
 * (Montavon et al. 2017, arXiv:1512.02479).
 */
export const alphaBetaRule =
  (alpha: number): LayerRule =>
  (g, layer, R, options) => {
    const side = (sign: 1 | -1, factor: number) => {
      const products = signed(g, layer, sign, options);
      const part = sign === 1 ? positivePart : negativePart;
      const z = shifted(g, forward(g, layer, products), layer, options, (v) => part(g, v));
      return shares(g, layer, products, g.div(g.mul(R, factor), stabilized(g, z)));
    };
    return alpha === 1 ? side(1, 1) : g.sub(side(1, alpha), side(-1, alpha - 1));
  };

export const zPlusRule: LayerRule = alphaBetaRule(1);

/** Relevance shared by weights v ≥ 0 alone, whatever the input is: Rᵢ = Σⱼ vᵢⱼ / Σᵢ vᵢⱼ Rⱼ. */
const sharedBy =
  (v: (g: Builder, weights: Value) => Value): LayerRule =>
  (g, layer, R) => {
    const [ones, weights] = [g.expand(g.scalar(1, layer.x.dtype), layer.x.shape), v(g, layer.weights)];
    const sums = layer.forward(ones, weights);
    return layer.transposed(g.div(R, g.where(g.greater(sums, 0), sums, 1)), weights);
  };

/** Flat: every input that j sees has the same share (Lapuschkin et al. 2019, arXiv:1902.10178). */
export const flatRule: LayerRule = sharedBy((g, w) => g.expand(g.scalar(1, w.dtype), w.shape));

/** w²: Rᵢ = Σⱼ wᵢⱼ² / Σᵢ wᵢⱼ² Rⱼ (Montavon et al. 2017, arXiv:1512.02479). */
export const wSquareRule: LayerRule = sharedBy((g, w) => g.square(w));

/** The lowest and the highest picture, in the shape of the model's input. */
export interface Bounds {
  readonly input: Value;
  readonly low: Value;
  readonly high: Value;
}

/**
 * Box, zᴮ: for inputs between l and h (Montavon et al. 2017, arXiv:1512.02479),
 *
 *     Rᵢ = Σⱼ (zᵢⱼ − lᵢwᵢⱼ⁺ − hᵢwᵢⱼ⁻) / Σᵢ (zᵢⱼ − lᵢwᵢⱼ⁺ − hᵢwᵢⱼ⁻) Rⱼ
 *
 * l and h are what the lowest and the highest picture become on their way to the layer. The bias takes no part.
 */
export const boxRule =
  ({ input, low, high }: Bounds): LayerRule =>
  (g, layer, R) => {
    const at = (picture: Value) => cloneBetween(new Map([[input, picture]]), [layer.x])(layer.x);
    const ends = [at(low), at(high)] as const;
    const products = [
      { input: layer.x, weights: layer.weights },
      { input: g.neg(g.min(...ends)), weights: positivePart(g, layer.weights) },
      { input: g.neg(g.max(...ends)), weights: negativePart(g, layer.weights) },
    ];
    return shares(g, layer, products, g.div(R, stabilized(g, forward(g, layer, products))));
  };
