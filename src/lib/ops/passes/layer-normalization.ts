/**
 * @file (x − mean) / √(var + ε) → LayerNormalization (Ba et al. 2016, arXiv:1607.06450), in three steps: the quotient
 * with a scale of ones, then the product with a scale, then the sum with a bias.
 */
import { isBatch, sameShape, type Shape } from '../../graph/dim.ts';
import { knownInts, type Node, type Value } from '../../graph/graph.ts';
import { full, toNumbers } from '../../tensor/tensor.ts';
import type { Builder } from '../builder.ts';
import { near, producedBy, recognised, scalarOf, type Recogniser, type Site } from './match.ts';

interface Centred {
  readonly x: Value;
  /** First of the trailing axes that the mean is taken over. */
  readonly axis: number;
}

/** The first axis of a mean over all axes from there on, kept with length 1; null for any other. */
function trailingMean(node: Node | null, rank: number): number | null {
  const axes = knownInts(node?.inputs[1])
    ?.map((a) => (a < 0 ? a + rank : a))
    .sort((a, b) => a - b);
  if (!node || !axes || node.attrs.keepdims === 0 || axes.length === 0) return null;
  return axes.every((a, i) => a === rank - axes.length + i) ? axes[0] : null;
}

/** x − mean(x). */
function centred(value: Value | null | undefined): Centred | null {
  const [x, mean] = producedBy(value, 'Sub')?.inputs ?? [];
  const node = producedBy(mean, 'ReduceMean');
  if (!x || node?.inputs[0] !== x) return null;
  const axis = trailingMean(node, x.shape.length);
  return axis === null ? null : { x, axis };
}

const sameCentre = (a: Centred | null, b: Centred | null): boolean => a !== null && a.x === b?.x && a.axis === b.axis;

/** d² for d = x − mean(x). */
function isSquare(value: Value | null | undefined, d: Centred): boolean {
  const power = producedBy(value, 'Pow');
  if (power) return near(scalarOf(power.inputs[1]), 2) && sameCentre(centred(power.inputs[0]), d);
  const product = producedBy(value, 'Mul');
  return product !== null && product.inputs.every((v) => sameCentre(centred(v), d));
}

/** ε in √(mean(d²) + ε). */
function epsilonOf(deviation: Value | null | undefined, d: Centred): number | null {
  const [a, b] = producedBy(producedBy(deviation, 'Sqrt')?.inputs[0], 'Add')?.inputs ?? [];
  const [variance, epsilon] = scalarOf(a) === null ? [a, scalarOf(b)] : [b, scalarOf(a)];
  const mean = producedBy(variance, 'ReduceMean');
  if (!mean || trailingMean(mean, d.x.shape.length) !== d.axis) return null;
  return isSquare(mean.inputs[0], d) ? epsilon : null;
}

/** Numerator and denominator of a / b or a · (1/b). */
function quotient({ node, inputs: [a, b] }: Site): readonly (readonly [Value | null, Value | null | undefined])[] {
  if (node.op === 'Div') return [[a, b]];
  if (node.op !== 'Mul') return [];
  return [
    [a, producedBy(b, 'Reciprocal')?.inputs[0]],
    [b, producedBy(a, 'Reciprocal')?.inputs[0]],
  ];
}

export const standardised: Recogniser = (g, site) => {
  for (const [numerator, deviation] of quotient(site)) {
    const d = centred(numerator);
    const epsilon = d && epsilonOf(deviation, d);
    if (!d || epsilon === null) continue;
    const normalised = d.x.shape.slice(d.axis);
    if (normalised.some(isBatch)) continue;
    const ones = g.constant(full(normalised as readonly number[], 1));
    return recognised(g, site, 'LayerNormalization', [d.x, ones], { axis: d.axis, epsilon });
  }
  return null;
};

/** A LayerNormalization and a constant of the shape that it normalises over. */
function withWeight({ inputs }: Site): { layer: Node; weight: Value } | null {
  for (const [a, b] of [inputs, inputs.toReversed()]) {
    const layer = producedBy(a, 'LayerNormalization');
    if (layer && b?.constant && sameShape(b.shape, normalisedShape(layer))) return { layer, weight: b };
  }
  return null;
}

const normalisedShape = (layer: Node): Shape => {
  const { shape } = layer.inputs[0]!;
  const axis = (layer.attrs.axis as number | undefined) ?? -1;
  return shape.slice(axis < 0 ? axis + shape.length : axis);
};

const isOnes = (v: Value | null): boolean =>
  v?.constant !== null && v?.constant !== undefined && toNumbers(v.constant).every((one) => one === 1);

const rebuilt = (g: Builder, site: Site, layer: Node, weights: readonly Value[]) =>
  recognised(g, site, 'LayerNormalization', [layer.inputs[0]!, ...weights], layer.attrs);

export const scaled: Recogniser = (g, site) => {
  const found = site.node.op === 'Mul' ? withWeight(site) : null;
  if (!found || found.layer.inputs[2] || !isOnes(found.layer.inputs[1])) return null;
  return rebuilt(g, site, found.layer, [found.weight]);
};

export const shifted: Recogniser = (g, site) => {
  const found = site.node.op === 'Add' ? withWeight(site) : null;
  if (!found || found.layer.inputs[2]) return null;
  return rebuilt(g, site, found.layer, [found.layer.inputs[1]!, found.weight]);
};
