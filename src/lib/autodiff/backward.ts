/** @file One walk back through a graph; what it computes is decided by the rule set it is given. */
import { dependents, nodeLabel, topologicalOrder, type Node, type Value } from '../graph/graph.ts';
import { sameShape } from '../graph/dim.ts';
import { isFloat } from '../tensor/dtype.ts';
import { attributesOf, getOp, type Site } from '../ops/define.ts';
import type { Builder } from '../ops/builder.ts';
import { ruleFor, type RuleSet } from './rule-sets.ts';

export interface BackwardTarget {
  /** Where the walk starts. */
  readonly y: Value;
  /** What flows into `y`, of its shape: for a gradient the weights of the outputs in F = Σ seed·y, for LRP seed·y itself. */
  readonly seed: Value;
  /** Further values where the walk starts, and what flows into them. */
  readonly also?: readonly { readonly y: Value; readonly seed: Value }[];
  /** Where it ends. */
  readonly xs: readonly Value[];
  /** Each value on the reference input; needed by DeepLIFT's rules only. */
  readonly reference?: (value: Value) => Value;
}

/**
 * Walks back from `y` to each of `xs`, applying one kind of rule at every node on the way, and returns what arrives.
 * Gradients, DeepLIFT multipliers, relevance and guided gradients are the same walk under different rules. The walk owns pruning
 * to the paths between `xs` and `y`, summing where paths meet and undoing broadcasting; no rule knows of them.
 *
 * Throws an Error naming every operator on the way that has no such rule, before anything runs.
 */
export function backward(g: Builder, rules: RuleSet, target: BackwardTarget): Value[] {
  const { y, seed, also = [], xs, reference = (v) => v } = target;
  const starts = [{ y, seed }, ...also];
  const odd = starts.find((start) => !sameShape(start.seed.shape, start.y.shape));
  if (odd) throw new RangeError(`internal: seed [${odd.seed.shape}] for an output of shape [${odd.y.shape}].`);
  const ys = starts.map((start) => start.y);
  const onPath = dependents(xs, ys);
  const nodes = topologicalOrder(ys).filter((node) => node.outputs.some((v) => onPath.has(v) && isFloat(v.dtype)));
  refuseMissingRules(nodes, onPath, rules);

  const flow = new Map<Value, Value>();
  for (const start of starts) accumulate(g, flow, start.y, start.seed);
  for (const node of nodes.reverse()) {
    if (!node.outputs.some((v) => flow.has(v)) || !node.inputs.some((v) => v && onPath.has(v))) continue;
    const arrives = ruleFor(rules, node)!(g, siteOf(g, node, flow, onPath, reference));
    node.inputs.forEach((v, i) => {
      if (!v || !onPath.has(v)) return;
      if (arrives[i] === undefined)
        throw new Error(
          `${nodeLabel(node)}: nothing flows into input ${i}, which depends on the image (${rules.name}).`,
        );
      if (arrives[i]) accumulate(g, flow, v, arrives[i]);
    });
  }
  return xs.map((x) => flow.get(x) ?? g.zerosLike(x));
}

function siteOf(
  g: Builder,
  node: Node,
  flow: ReadonlyMap<Value, Value>,
  onPath: ReadonlySet<Value>,
  reference: (v: Value) => Value,
): Site<unknown> {
  return {
    node,
    x: node.inputs as readonly Value[],
    y: node.outputs,
    dy: node.outputs.map((v) => flow.get(v) ?? g.zerosLike(v)),
    xRef: node.inputs.map((v) => v && reference(v)) as readonly Value[],
    yRef: node.outputs.map(reference),
    attrs: attributesOf(getOp(node.op, node.domain), node),
    wants: (i) => node.inputs[i] !== null && onPath.has(node.inputs[i]),
  };
}

function accumulate(g: Builder, flow: Map<Value, Value>, into: Value, arriving: Value): void {
  const share = g.sumTo(arriving, into.shape);
  const sofar = flow.get(into);
  flow.set(into, sofar ? g.add(sofar, share) : share);
}

function refuseMissingRules(nodes: readonly Node[], onPath: ReadonlySet<Value>, rules: RuleSet): void {
  const missing = new Map<string, string[]>();
  for (const node of nodes) {
    if (ruleFor(rules, node) || !node.inputs.some((v) => v && onPath.has(v))) continue;
    missing.set(node.op, [...(missing.get(node.op) ?? []), node.name || node.outputs[0].name]);
  }
  if (missing.size === 0) return;
  const list = [...missing].map(([op, names]) => `${op} (×${names.length}, first "${names[0]}")`).join(', ');
  throw new Error(
    `${rules.title}: no rule for ${list}. Choose a method that needs no rule there, such as Occlusion; docs/ops.md lists the rules.`,
  );
}
