/** @file Rule sets are data: which column of an operator's definition the walk reads, and what replaces it where. */
import type { Node } from '../graph/graph.ts';
import { findOp, type BackwardRule } from '../ops/define.ts';

type Column = 'gradient' | 'deeplift';

export interface RuleSet {
  readonly name: string;
  readonly title: string;
  /** Whether its rules read values on a reference input x′. */
  readonly needsReference: boolean;
  /** The column that every operator is read from, unless `instead` says otherwise. */
  readonly column: Column;
  /** Per operator type: another column, or a rule of its own. */
  readonly instead?: Readonly<Record<string, Column | BackwardRule<never>>>;
}

/** The rule that `rules` has for a node, or undefined. */
export function ruleFor(rules: RuleSet, node: Node): BackwardRule<unknown> | undefined {
  const op = findOp(node.op, node.domain);
  const choice = rules.instead?.[node.op] ?? rules.column;
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
export const deepliftComplete: RuleSet = { name: 'deeplift', title: 'DeepLIFT', needsReference: true, column: 'deeplift' };
