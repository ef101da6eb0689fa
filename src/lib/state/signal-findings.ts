/** @file What is conspicuous in a model's signals, by rules that are told beside the answer (docs/methods/signals.md). */
import type { HealthReport, LayerHealth, WeightSummary } from '../worker/api.ts';

/**
 * Gradients have vanished or exploded where their norm is so many times smaller or larger than near the output. Five
 * sigmoids in a row pass on at most (1/4)⁵ ≈ 1/1000 of a gradient.
 */
export const FACTOR = 1000;
/** Half of a layer. */
export const MAJORITY = 0.5;
/** So many images must leave half of the channels silent before that is conspicuous: one shows few of the things a model knows. */
export const IMAGES = 8;

export type GradientMark = 'vanishing' | 'exploding' | 'zero' | 'non-finite' | 'independent' | '';
export type FindingKind =
  | 'non-finite'
  | 'non-finite gradient'
  | 'constant'
  | 'dead'
  | 'saturated'
  | 'vanishing'
  | 'exploding'
  | 'zero'
  | 'weights';

export interface Finding {
  readonly kind: FindingKind;
  readonly text: string;
  /** What it means, and what to do. */
  readonly advice: string;
  /** Names of layers; the first is where to look first. */
  readonly layers: readonly string[];
}

/**
 * Median norm of the third of the layers that is nearest to the output, of those with a gradient that is neither zero nor
 * beyond numbers; null where there is none.
 */
export function referenceNorm(layers: readonly LayerHealth[]): number | null {
  const norms = layers.map(({ gradientNorm }) => gradientNorm).filter((norm) => norm !== null);
  const near = norms.slice(-Math.ceil(norms.length / 3)).filter((norm) => norm > 0 && Number.isFinite(norm));
  if (near.length === 0) return null;
  const sorted = near.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function gradientMark({ gradientNorm }: LayerHealth, reference: number | null): GradientMark {
  if (gradientNorm === null) return 'independent';
  if (!Number.isFinite(gradientNorm)) return 'non-finite';
  if (gradientNorm === 0) return 'zero';
  if (reference === null) return '';
  if (gradientNorm * FACTOR < reference) return 'vanishing';
  return gradientNorm > reference * FACTOR ? 'exploding' : '';
}

export const isConstant = (l: LayerHealth): boolean => l.elements > 1 && l.nonFinite === 0 && l.min === l.max;
export const isDead = ({ layer, dead }: LayerHealth): boolean => dead === layer.channels;

/** The worst first. */
export function findingsOf(
  { layers, images, withoutGradient }: HealthReport,
  weights: readonly WeightSummary[],
): Finding[] {
  const where = (holds: (l: LayerHealth) => boolean) => layers.filter(holds).map(({ layer }) => layer.id);
  const all = images === 1 ? 'on this image' : `on all ${images} images`;
  const reference = referenceNorm(layers);
  const marked = (mark: GradientMark) =>
    withoutGradient ? [] : where((l) => gradientMark(l, reference) === mark).toReversed();
  const mostly = (l: LayerHealth) => images >= IMAGES && l.dead >= MAJORITY * l.layer.channels;
  const found: Finding[] = [
    {
      kind: 'weights',
      text: 'Weights that are NaN or infinite',
      advice:
        'The file holds numbers that no computation survives. Export it again from a checkpoint before the training broke.',
      layers: weights.filter(({ statistics }) => statistics.nonFinite > 0).map(({ info }) => info.layer),
    },
    {
      kind: 'non-finite',
      text: 'NaN or ∞ on the way',
      advice:
        'The first layer named is where it begins; all that depends on it follows. Look at its weights and at the image’s preprocessing.',
      layers: where((l) => l.nonFinite > 0),
    },
    {
      kind: 'dead',
      text: `Nothing but zeros ${all}`,
      advice: 'Nothing of the image gets past such a layer, and no gradient gets back.',
      layers: where(isDead),
    },
    {
      kind: 'dead',
      text: `Half of the channels or more silent ${all}`,
      advice:
        'Channels that nothing wakes can be pruned; in training, a smaller learning rate or a leaky ReLU keeps them alive.',
      layers: where((l) => mostly(l) && !isDead(l)),
    },
    {
      kind: 'constant',
      text: 'One number everywhere',
      advice: 'The layer says the same whatever the image shows.',
      layers: where((l) => isConstant(l) && !isDead(l)),
    },
    {
      kind: 'saturated',
      text: 'Half or more at the flat ends of the activation function',
      advice: 'There the gradient is close to zero: what comes before the layer hardly learns, and explains little.',
      layers: where((l) => l.saturated !== null && l.saturated >= MAJORITY),
    },
    {
      kind: 'non-finite gradient',
      text: 'The gradient is NaN or ∞',
      advice: 'The first layer named is where it begins, on the way from the output to the input.',
      layers: marked('non-finite'),
    },
    {
      kind: 'exploding',
      text: `Exploding gradient: more than ${FACTOR} times that near the output`,
      advice: 'Small changes of these layers turn F over: gradients as explanations are noise there.',
      layers: marked('exploding'),
    },
    {
      kind: 'vanishing',
      text: `Vanishing gradient: less than 1/${FACTOR} of that near the output`,
      advice:
        'These layers hardly learn. Usual reasons: saturated units, small weights, no normalisation or shortcuts.',
      layers: marked('vanishing'),
    },
    {
      kind: 'zero',
      text: `The gradient is exactly zero ${all}`,
      advice:
        'F does not react to these layers: they feed other outputs, or dead or saturated units stand behind them.',
      layers: marked('zero'),
    },
  ];
  return found.filter((finding) => finding.layers.length > 0);
}
