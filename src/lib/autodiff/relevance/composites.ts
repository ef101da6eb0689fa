/** @file Composites: which of LRP's rules each layer has, by its kind and its place, as a rule set of the backward walk. */
import type { Node, Value } from '../../graph/graph.ts';
import type { Builder } from '../../ops/builder.ts';
import { passOn } from '../../ops/combinators.ts';
import type { BackwardRule, LayerKind } from '../../ops/define.ts';
import type { RuleSet } from '../rule-sets.ts';
import { layersBetween, siteOf, type Layer } from './layers.ts';
import {
  alphaBetaRule,
  boxRule,
  epsilonRule,
  flatRule,
  gammaRule,
  zPlusRule,
  type Bounds,
  type LayerRule,
  type RuleOptions,
} from './rules.ts';

export interface Composite extends Readonly<Record<LayerKind, LayerRule>> {
  /** In place of these for layers before which there is no other, and after which there is none. */
  readonly first?: LayerRule;
  readonly last?: LayerRule;
}

export interface CompositeNumbers {
  readonly epsilon: number;
  readonly gamma: number;
  /** Of the picture, for the box rule. Throws where there are none. */
  readonly bounds: () => Bounds;
}

/** Zennit's composites, under its names (Anders et al. 2021, arXiv:2106.13200). */
export const composites = {
  'epsilon-plus': ({ epsilon }) => ({ convolution: zPlusRule, dense: epsilonRule(epsilon) }),
  'epsilon-plus-flat': ({ epsilon }) => ({ convolution: zPlusRule, dense: epsilonRule(epsilon), first: flatRule }),
  'epsilon-gamma-box': ({ epsilon, gamma, bounds }) => ({
    convolution: gammaRule(gamma),
    dense: epsilonRule(epsilon),
    first: boxRule(bounds()),
  }),
  'epsilon-alpha2-beta1': ({ epsilon }) => ({ convolution: alphaBetaRule(2), dense: epsilonRule(epsilon) }),
  'epsilon-alpha2-beta1-flat': ({ epsilon }) => ({
    convolution: alphaBetaRule(2),
    dense: epsilonRule(epsilon),
    first: flatRule,
  }),
  epsilon: ({ epsilon }) => ({ convolution: epsilonRule(epsilon), dense: epsilonRule(epsilon) }),
} satisfies Record<string, (numbers: CompositeNumbers) => Composite>;

export interface RelevanceOptions extends RuleOptions {
  /** Whether the constants that follow a layer's product are a part of the layer, BatchNormalization among them. */
  readonly folding: boolean;
}

/** Operators outside of layers have the rule in their definition's column. */
const outsideLayers: RuleSet = { name: 'lrp', title: 'LRP', needsReference: false, column: 'relevance' };

/** The rule set of a composite for walks back from `output`, or from values before it, to `input` or values behind it. */
export function relevanceRules(composite: Composite, input: Value, output: Value, options: RelevanceOptions): RuleSet {
  const ofNode = new Map<Node, BackwardRule<unknown>>();
  for (const layer of layersBetween(input, output, options.folding)) {
    const rule = ruleOf(composite, layer);
    ofNode.set(layer.node, (g: Builder, { dy: [R] }) => atPlace(layer, rule(g, siteOf(g, layer), R, options)));
    // The layer's own rule divides by the whole layer's output; what belongs to it hands the relevance on.
    for (const node of layer.tail) ofNode.set(node, passOn);
  }
  return { ...outsideLayers, ofNode };
}

const ruleOf = ({ first, last, ...kinds }: Composite, layer: Layer): LayerRule =>
  (layer.first ? first : undefined) ?? (layer.last ? last : undefined) ?? kinds[layer.kind];

const atPlace = ({ at }: Layer, R: Value): (Value | null)[] => (at === 0 ? [R, null, null] : [null, R, null]);
