/**
 * @file Masks of rectifiers. A gradient that asks for x > 0 keeps x alive and so keeps onnxruntime from fusing the
 * rectifier into the convolution before it; asked of the output y = max(x, 0) the answer is the same.
 */
import { TFJS, topologicalOrder, type Graph, type Node, type Value } from '../../graph/graph.ts';
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

/** Operators that may turn finite numbers into NaN or infinity; a division does not when its divisor is a constant. */
const RISKY = new Set('Reciprocal Sqrt Log Pow Exp Acosh Atanh Tan Sinh Cosh Asin Acos'.split(' '));

const isRisky = (node: Node): boolean =>
  RISKY.has(node.op) || (node.op === 'Div' && !(node.inputs[1]!.constant && scalarOf(node.inputs[1]) !== 0));

/**
 * Where(condition, dy, 0) as dy · Cast(condition). onnxruntime's Where makes three passes on WASM and is not vectorised;
 * TensorFlow.js writes the 0 out in full first.
 * Only where dy comes from operators that keep finite numbers finite: ∞ · 0 is NaN, Where gives 0.
 */
export function masksAsFactors(graph: Graph, g: Builder): Graph {
  const risky = riskyValues(graph);
  return rewriteGraph(graph, (node, inputs) => {
    const [condition, dy, otherwise] = inputs as readonly Value[];
    if (node.op !== 'Where' || dy.dtype !== 'float32' || scalarOf(otherwise) !== 0) return null;
    return risky.has(node.inputs[1] as Value) ? null : [g.mul(dy, g.cast(condition, 'float32'))];
  });
}

/** Larger constants are weights; a mask of −∞ for attention is smaller. */
const LARGEST_MASK = 2 ** 20;

const isInfinite = ({ dtype, constant }: Value): boolean =>
  dtype === 'float32' &&
  constant !== null &&
  constant.data.length <= LARGEST_MASK &&
  !(constant.data as Float32Array).every(Number.isFinite);

/** What constants alone make is finite in a model that works. */
function riskyValues(graph: Graph): Set<Value> {
  const risky = new Set<Value>();
  const known = new Set<Value>();
  for (const node of topologicalOrder(graph.outputs)) {
    node.inputs.forEach((v) => v && isInfinite(v) && risky.add(v));
    const constant = node.inputs.every((v) => v === null || v.isConstant || known.has(v));
    if (constant) node.outputs.forEach((v) => known.add(v));
    if ((isRisky(node) && !constant) || node.inputs.some((v) => v && risky.has(v)))
      node.outputs.forEach((v) => risky.add(v));
  }
  return risky;
}

/** A condition as TensorFlow.js's step, 1 where x > 0 and else 0; null for other conditions than comparisons with a number. */
function stepOf(g: Builder, condition: Value): Value | null {
  const node = condition.producer;
  if (node?.domain !== '') return null;
  const [a, b] = node.inputs as readonly Value[];
  if (node.op === 'And') {
    const [left, right] = [stepOf(g, a), stepOf(g, b)];
    return left && right && g.mul(left, right);
  }
  const threshold = scalarOf(b);
  if (a.dtype !== 'float32' || threshold === null || !Number.isFinite(threshold)) return null;
  const step = (x: Value) => g.apply('Step', [x], {}, { domain: TFJS });
  if (node.op === 'Greater') return step(threshold === 0 ? a : g.sub(a, b));
  return node.op === 'Less' ? step(g.sub(b, a)) : null;
}

/** TensorFlow.js: a comparison as a number is one kernel in place of two, of which one is slow. */
export const masksAsSteps = (graph: Graph, g: Builder): Graph =>
  rewriteGraph(graph, (node, [condition]) => {
    if (node.op !== 'Cast' || node.domain !== '' || node.outputs[0].dtype !== 'float32') return null;
    const step = stepOf(g, condition!);
    return step && [step];
  });

/** Bounds between which `signOf` can neither overflow nor lose its sign to underflow. */
const [NARROWEST, FURTHEST] = [1, 1e18];

/** Beyond which a node's output never lies. */
const boundsOf = (node: Node | null): { below: number | null; above: number | null } =>
  node?.op === 'HardSigmoid' ? { below: 0, above: 1 } : node ? bends(node) : { below: null, above: null };

/**
 * The condition that a rectifier's output lies off its bounds, as a number that is 1 where it holds and else 0: the sign of a
 * product that is nowhere below 0. null for any other condition.
 */
function signOf(g: Builder, condition: Value): Value | null {
  const node = condition.producer;
  if (node?.domain !== '') return null;
  const sign = (v: Value) => g.apply('Sign', [v]);
  if (node.op === 'Greater') {
    const [y, threshold] = node.inputs as readonly Value[];
    const { below } = boundsOf(y.producer);
    return y.dtype === 'float32' && below === 0 && scalarOf(threshold) === 0 ? sign(y) : null;
  }
  const [greater, less] = node.op === 'And' ? node.inputs.map((v) => v!.producer) : [];
  if (greater?.op !== 'Greater' || less?.op !== 'Less' || greater.inputs[0] !== less.inputs[0]) return null;
  const y = greater.inputs[0] as Value;
  const { below, above } = boundsOf(y.producer);
  if (y.dtype !== 'float32' || below === null || above === null) return null;
  if (scalarOf(greater.inputs[1]) !== below || scalarOf(less.inputs[1]) !== above) return null;
  if (above - below < NARROWEST || Math.max(-below, above) > FURTHEST) return null;
  return sign(g.mul(below === 0 ? y : g.sub(y, below), g.sub(above, y)));
}

/** WASM: onnxruntime's Cast of a bool is not vectorised, and one kernel does for two, or four for five. */
export const masksAsSigns = (graph: Graph, g: Builder): Graph =>
  rewriteGraph(graph, (node, [condition]) => {
    if (node.op !== 'Cast' || node.domain !== '' || node.outputs[0].dtype !== 'float32') return null;
    const sign = signOf(g, condition!);
    return sign && [sign];
  });
