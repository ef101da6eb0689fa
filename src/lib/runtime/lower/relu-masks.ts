/**
 * @file Masks of rectifiers. A gradient that asks for x > 0 keeps x alive and so keeps onnxruntime from fusing the
 * rectifier into the convolution before it; asked of the output y = max(x, 0) the answer is the same.
 */
import { topologicalOrder, type Graph, type Node, type Value } from '../../graph/graph.ts';
import { rewriteGraph } from '../../graph/rewrite.ts';
import type { Builder } from '../../ops/builder.ts';

/** The number that a constant of one element holds, or null. */
export function scalarOf(value: Value | null | undefined): number | null {
  return value?.constant?.data.length === 1 ? Number(value.constant.data[0]) : null;
}

/** Where a Relu or a Clip bends, as [comparison, threshold]: strictly above or below it the input passes unchanged. */
function bends(node: Node): { below: number | null; above: number | null } {
  if (node.op === 'Relu') return { below: 0, above: null };
  if (node.op === 'Clip') return { below: scalarOf(node.inputs[1]), above: scalarOf(node.inputs[2]) };
  return { below: null, above: null };
}

/** Comparisons with a rectifier's input become comparisons with its output. Equal nodes are merged afterwards. */
export function masksFromOutputs(graph: Graph, g: Builder): Graph {
  const rectifiers = new Map<Value, Node[]>();
  for (const node of topologicalOrder(graph.outputs)) {
    const x = node.inputs[0];
    if (x && (node.op === 'Relu' || node.op === 'Clip')) rectifiers.set(x, [...(rectifiers.get(x) ?? []), node]);
  }
  return rewriteGraph(graph, (node, inputs) => {
    if (node.op !== 'Greater' && node.op !== 'Less') return null;
    const threshold = scalarOf(node.inputs[1]);
    const side = node.op === 'Greater' ? 'below' : 'above';
    const found = rectifiers
      .get(node.inputs[0] as Value)
      ?.find((r) => threshold !== null && bends(r)[side] === threshold);
    if (!found) return null;
    const y = g.apply(found.op, [inputs[0], ...found.inputs.slice(1)], found.attrs, { name: found.name });
    return [g.apply(node.op, [y, inputs[1]])];
  });
}

/** Operators that may turn finite numbers into NaN or infinity. */
const RISKY = new Set([
  'Div',
  'Reciprocal',
  'Sqrt',
  'Log',
  'Pow',
  'Exp',
  'Acosh',
  'Atanh',
  'Tan',
  'Sinh',
  'Cosh',
  'Asin',
  'Acos',
]);

/** 2¹²⁰: any normal difference times this exceeds one, and thresholds times this stay exact. */
const STEEP = 2 ** 120;

/**
 * WASM: Where(y > t, dy, 0) as dy · HardSigmoid(2¹²⁰·(y − t)). onnxruntime's Where makes three passes over its operands
 * and its comparisons are not vectorised; HardSigmoid and Mul are one vectorised pass each. Only where dy comes from
 * operators that keep finite numbers finite: 0 · ∞ is NaN, Where gives 0.
 */
export function masksAsFactors(graph: Graph, g: Builder): Graph {
  const risky = riskyValues(graph);
  return rewriteGraph(graph, (node, inputs) => {
    if (node.op !== 'Where' || node.outputs[0].dtype !== 'float32') return null;
    const [condition, dy, otherwise] = inputs as readonly Value[];
    if (scalarOf(otherwise) !== 0 || risky.has(node.inputs[1] as Value)) return null;
    if (condition.shape.join() !== node.outputs[0].shape.join()) return null;
    const factors = stepFactors(g, condition);
    return factors && [factors.reduce((share, step) => g.mul(share, step), dy)];
  });
}

/** The condition as a product of steps of 0 and 1, or null. */
function stepFactors(g: Builder, condition: Value): Value[] | null {
  const node = condition.producer;
  if (node?.op === 'And') {
    const both = node.inputs.map((v) => stepFactors(g, v as Value));
    return both[0] && both[1] && (both.flat() as Value[]);
  }
  const threshold = scalarOf(node?.inputs[1]);
  const y = node?.inputs[0];
  if (!y || threshold === null || Math.abs(threshold) > 64 || y.dtype !== 'float32') return null;
  if (node.op !== 'Greater' && node.op !== 'Less') return null;
  const alpha = node.op === 'Greater' ? STEEP : -STEEP;
  return [g.apply('HardSigmoid', [y], { alpha, beta: -alpha * Math.fround(threshold) })];
}

function riskyValues(graph: Graph): Set<Value> {
  const risky = new Set<Value>();
  for (const node of topologicalOrder(graph.outputs)) {
    if (RISKY.has(node.op) || node.inputs.some((v) => v && risky.has(v))) node.outputs.forEach((v) => risky.add(v));
  }
  return risky;
}
