/** @file Rule sets are data: which column of an operator's definition the walk reads, and what replaces it where. */
import type { Node } from '../graph/graph.ts';
import { findOp, type BackwardRule } from '../ops/define.ts';

type Column = 'gradient' | 'deeplift' | 'relevance';

export interface RuleSet {
  readonly name: string;
  readonly title: string;
  /** Whether its rules read values on a reference input x′. */
  readonly needsReference: boolean;
  /** The column that every operator is read from, unless `instead` says otherwise. */
  readonly column: Column;
  /** Per operator type: another column, or a rule of its own. */
  readonly instead?: Readonly<Record<string, Column | BackwardRule<never>>>;
  /** Rules of single nodes, which go before everything else. */
  readonly ofNode?: ReadonlyMap<Node, BackwardRule<unknown>>;
  /** Composite operators of the file within which `instead` does not count. */
  readonly opaque?: readonly string[];
}

/** The rule that `rules` has for a node, or undefined. */
export function ruleFor(rules: RuleSet, node: Node): BackwardRule<unknown> | undefined {
  const own = rules.ofNode?.get(node);
  if (own) return own;
  const op = findOp(node.op, node.domain);
  const instead = rules.opaque?.includes(node.origin) ? undefined : rules.instead?.[node.op];
  const choice = instead ?? rules.column;
  return typeof choice === 'function' ? (choice as BackwardRule<unknown>) : op?.[choice];
}

/** The chain rule. */
export const gradient: RuleSet = { name: 'gradient', title: 'Gradient', needsReference: false, column: 'gradient' };

/** Guided backpropagation (Springenberg et al. 2014, arXiv:1412.6806): at a ReLU only positive gradients of positive inputs pass. */
export const guidedBackpropagation: RuleSet = {
  name: 'guided-backpropagation',
  title: 'Guided Backpropagation',
  needsReference: false,
  column: 'gradient',
  instead: { Relu: (g, { x: [x], dy: [dy] }) => [g.where(g.greater(x, 0), g.relu(dy), 0)] },
};

/** Deconvolution (Zeiler & Fergus 2014, arXiv:1311.2901): at a ReLU positive gradients pass, whatever its input was. */
export const deconvolution: RuleSet = {
  name: 'deconvolution',
  title: 'Deconvolution',
  needsReference: false,
  column: 'gradient',
  instead: { Relu: (g, { dy: [dy] }) => [g.relu(dy)] },
};

/** DeepLIFT's rescale rule with a rule of its own at every operator, so that the scores sum to F(x) − F(x′). */
export const deepliftComplete: RuleSet = {
  name: 'deeplift',
  title: 'DeepLIFT',
  needsReference: true,
  column: 'deeplift',
};

/**
 * Captum's softmax rule without its normalisation (captum #1367): Δy/Δx for each element on its own, and the gradient
 * where an element does not change.
 */
const softmaxElementwise: BackwardRule<{ readonly axis: number }> = (
  g,
  { x: [x], xRef: [xRef], y: [y], yRef: [yRef], dy: [dy], attrs: { axis } },
) => {
  const dx = g.sub(x, xRef);
  const same = g.less(g.abs(dx), 1e-10);
  const gradient = g.mul(y, g.sub(dy, g.reduceSum(g.mul(dy, y), [axis])));
  return [g.where(same, gradient, g.mul(dy, g.div(g.sub(y, yRef), g.where(same, 1, dx))))];
};

/**
 * DeepLIFT as Captum computes it, its bugs aside (hook order #1104, overlapping pooling windows, #1276, #1367): the
 * operators in its table have their rule, and through everything else, products and normalisations among it, goes the
 * plain gradient; so it does through the activations within a recurrent layer, which Captum cannot see. The scores then
 * do not sum to F(x) − F(x′).
 */
export const deepliftCaptum: RuleSet = {
  name: 'deeplift-captum',
  title: 'DeepLIFT (as Captum)',
  needsReference: true,
  column: 'gradient',
  instead: {
    Relu: 'deeplift',
    Elu: 'deeplift',
    LeakyRelu: 'deeplift',
    Sigmoid: 'deeplift',
    Tanh: 'deeplift',
    Softplus: 'deeplift',
    MaxPool: 'deeplift',
    Softmax: softmaxElementwise,
  },
  opaque: ['LSTM', 'GRU', 'RNN'],
};

/** Captum's table with the rescale rule for the activations that it leaves out. */
export const deepliftExtended: RuleSet = {
  ...deepliftCaptum,
  name: 'deeplift-extended',
  title: 'DeepLIFT (as Captum, all activations)',
  instead: {
    ...deepliftCaptum.instead,
    Clip: 'deeplift',
    Swish: 'deeplift',
    Gelu: 'deeplift',
    HardSwish: 'deeplift',
    HardSigmoid: 'deeplift',
    PRelu: 'deeplift',
    Mish: 'deeplift',
  },
};
