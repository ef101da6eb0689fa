/**
 * @file MaxPoolGrad (of our own domain) in ONNX's operators. Its inputs are a MaxPool's x and what flows into its
 * output; each window's share goes to its first maximum in row-major order, as in every framework, so ties matter.
 */
import { concreteShape, product } from '../../graph/dim.ts';
import { Node, topologicalOrder, VITRINE, type Attributes, type Graph, type Value } from '../../graph/graph.ts';
import { rewriteGraph } from '../../graph/rewrite.ts';
import type { Builder } from '../../ops/builder.ts';
import { attributesOf, getOp } from '../../ops/define.ts';
import { slidingWindows, type WindowAttributes, type Windows } from '../../ops/windows.ts';
import { interleave, lengthOf, padAxis, replaceAxis } from './strided.ts';

const isMaxPoolGrad = (node: Node): boolean => node.op === 'MaxPoolGrad' && node.domain === VITRINE;

function windowsOf(node: Node): Windows {
  const [x] = node.inputs as readonly Value[];
  const attrs = attributesOf(getOp(node.op, node.domain), node) as WindowAttributes & {
    kernelShape: readonly number[];
  };
  return slidingWindows(concreteShape(x.shape.slice(2), node.op), attrs.kernelShape, attrs);
}

/**
 * The windows as attributes with explicit pads and without ceil_mode, so that equal poolings look equal. null where a
 * pad would not be smaller than the kernel, which onnxruntime refuses.
 */
function plainAttributes(
  { kernel, strides, dilations, begins, output }: Windows,
  spatial: readonly number[],
): Attributes | null {
  const ends = output.map((n, i) =>
    Math.max(0, (n - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 - begins[i] - spatial[i]),
  );
  if ([...begins, ...ends].some((p, i) => p >= kernel[i % kernel.length])) return null;
  return { kernel_shape: kernel, strides, dilations, pads: [...begins, ...ends] };
}

function attributesFor(node: Node): Attributes {
  return plainAttributes(windowsOf(node), (node.inputs[0] as Value).shape.slice(2) as number[]) ?? node.attrs;
}

/** Every MaxPool with explicit pads, and without Indices where nobody reads them. */
export function plainMaxPool(graph: Graph, g: Builder): Graph {
  const read = new Set<Value>(graph.outputs);
  for (const node of topologicalOrder(graph.outputs)) node.inputs.forEach((v) => v && read.add(v));
  return rewriteGraph(graph, (node, [x]) => {
    if (node.op !== 'MaxPool' || (node.outputs[1] && read.has(node.outputs[1]))) return null;
    return [g.apply('MaxPool', [x], attributesFor(node), { name: node.name })];
  });
}

/**
 * WASM: MaxPool's Indices and one ScatterElements that adds, on the tensor as one long vector. The forward pooling and
 * its gradient share the node, so pooling runs once.
 */
export function maxPoolGradByIndices(graph: Graph, g: Builder): Graph {
  const pooled = new Map<Value, Map<string, readonly Value[]>>();
  const poolOnce = (x: Value, attrs: Attributes): readonly Value[] => {
    const byAttributes = pooled.get(x) ?? new Map<string, readonly Value[]>();
    pooled.set(x, byAttributes);
    const key = JSON.stringify(attrs);
    const outputs = byAttributes.get(key) ?? g.applyAll('MaxPool', [x], attrs, { outputs: ['', ''] });
    byAttributes.set(key, outputs);
    return outputs;
  };
  const wanted = pooledWithGradient(graph);
  return rewriteGraph(graph, (node, inputs) => {
    const [x, dy] = inputs as readonly Value[];
    if (isMaxPoolGrad(node)) {
      const indices = g.reshape(poolOnce(x, attributesFor(node))[1], [product(dy.shape)]);
      const zeros = g.expand(g.scalar(0), [product(x.shape)]);
      const updates = g.reshape(dy, [product(dy.shape)]);
      // Along the batch axis too, which inference refuses: each example keeps to its own part of the vector.
      const type = { dtype: zeros.dtype, shape: zeros.shape };
      const added = new Node('ScatterElements', [zeros, indices, updates], { axis: 0, reduction: 'add' }, [type]);
      return [g.reshape(added.outputs[0], x.shape)];
    }
    if (node.op !== 'MaxPool' || node.outputs.length > 1 || !wanted(node)) return null;
    return [poolOnce(x, attributesFor(node))[0]];
  });
}

/** Whether a MaxPool node's gradient is taken too. Decided on the graph before rewriting. */
function pooledWithGradient(graph: Graph): (node: Node) => boolean {
  const keys = new Map<Value, Set<string>>();
  rewriteGraph(graph, (node) => {
    if (isMaxPoolGrad(node)) {
      const x = node.inputs[0] as Value;
      keys.set(x, (keys.get(x) ?? new Set()).add(JSON.stringify(attributesFor(node))));
    }
    return null;
  });
  return (node) => keys.get(node.inputs[0] as Value)?.has(JSON.stringify(attributesFor(node))) ?? false;
}

/** WebGPU, whose MaxPool has no Indices. */
export function maxPoolGradByMatching(graph: Graph, g: Builder): Graph {
  return rewriteGraph(graph, (node, inputs) => {
    if (!isMaxPoolGrad(node)) return null;
    const [x, dy] = inputs as readonly Value[];
    return [
      routeToMaxima(g, x, dy, { windows: windowsOf(node), attrs: attributesFor(node), domain: '', firstAxis: 2 }),
    ];
  });
}

/** Pooling in one of its layouts. */
interface Pooling {
  readonly windows: Windows;
  /** Of the forward pooling, which is shared with it. */
  readonly attrs: Attributes;
  /** Of its MaxPool. */
  readonly domain: string;
  /** The first axis that has windows: 2 where channels come before, 1 where they come last. */
  readonly firstAxis: number;
}

/**
 * A maximum over a box is a maximum along one axis after the other, so the share is routed along the axes one by one, the
 * outermost first. First match along each is first in row-major order.
 */
export function routeToMaxima(g: Builder, x: Value, dy: Value, pooling: Pooling): Value {
  return pooledAxisByAxis(g, x, pooling).reduceRight((share, stage) => routeAlong(g, stage, share, pooling), dy);
}

interface Stage {
  /** Among the axes that have windows. */
  readonly axis: number;
  /** Before pooling along the axis. */
  readonly x: Value;
  /** After. */
  readonly y: Value;
}

/** x pooled along the last axis, then the one before, …, leaving out axes that pooling does not touch. */
function pooledAxisByAxis(g: Builder, x: Value, { windows: { kernel, strides }, attrs, domain }: Pooling): Stage[] {
  const axes = kernel.flatMap((k, axis) => (k > 1 || strides[axis] > 1 ? [axis] : [])).reverse();
  let current = x;
  return axes.map((axis, i) => {
    // The last step's result is the pooling that the forward pass has anyway.
    const whole = i === axes.length - 1;
    const y = g.apply('MaxPool', [whole ? x : current], whole ? attrs : alongAxis(attrs, axis), { domain });
    const stage = { axis, x: current, y };
    current = y;
    return stage;
  });
}

/** The same windows along one axis, one element wide along the others. */
function alongAxis(attrs: Attributes, axis: number): Attributes {
  const rank = (attrs.kernel_shape as readonly number[]).length;
  const only = (name: string, other: number) =>
    (attrs[name] as readonly number[]).map((v, i) => (i % rank === axis ? v : other));
  return {
    kernel_shape: only('kernel_shape', 1),
    strides: only('strides', 1),
    dilations: only('dilations', 1),
    pads: only('pads', 0),
  };
}

/** Each element of `dy` to the first element of its window, along one axis of x, that equals y. */
function routeAlong(g: Builder, stage: Stage, dy: Value, { windows, firstAxis }: Pooling): Value {
  const { x, y } = stage;
  const [k, s, d, begin, count] = (['kernel', 'strides', 'dilations', 'begins', 'output'] as const).map(
    (name) => windows[name][stage.axis],
  );
  const axis = stage.axis + firstAxis;
  const reach = (count - 1) * s + (k - 1) * d + 1;
  const padded = padWithLowest(g, x, axis, begin, reach - begin - lengthOf(x, axis));
  const taps: Value[] = [];
  let rest = dy;
  for (let tap = 0; tap < k; tap++) {
    const at = tap * d;
    const slice = g.slice(padded, [at], [at + (count - 1) * s + 1], [axis], [s]);
    const matches = g.equal(slice, y);
    taps.push(g.where(matches, rest, 0));
    rest = g.where(matches, 0, rest);
  }
  return crop(g, assemble(g, taps, axis, s, d), axis, begin, lengthOf(x, axis));
}

/** Σ over taps of tap j's elements, m-th at position j·d + m·s along the axis. */
function assemble(g: Builder, taps: readonly Value[], axis: number, s: number, d: number): Value {
  const count = lengthOf(taps[0], axis);
  const length = Math.max(...taps.map((_, j) => Math.floor((j * d) / s))) + count;
  const planes: (Value | null)[] = new Array(s).fill(null);
  taps.forEach((tap, j) => {
    const [residue, offset] = [(j * d) % s, Math.floor((j * d) / s)];
    const moved = padAxis(g, tap, axis, offset, length - offset - count);
    const sofar = planes[residue];
    planes[residue] = sofar ? g.add(sofar, moved) : moved;
  });
  return interleave(g, planes, axis);
}

/** Positions begin … begin + length − 1 along the axis; what lies beyond x was padding, or was never reached. */
const crop = (g: Builder, x: Value, axis: number, begin: number, length: number): Value =>
  padAxis(g, x, axis, -begin, begin + length - lengthOf(x, axis));

/** Padding that no element of a pooled window can equal unless it is a maximum itself. */
function padWithLowest(g: Builder, x: Value, axis: number, before: number, after: number): Value {
  if (before === 0 && after === 0) return x;
  const pads = [replaceAxis(x, axis, before, 0), replaceAxis(x, axis, after, 0)].flat();
  return g.apply('Pad', [x, g.ints(pads), g.scalar(LOWEST)]);
}

/** The smallest float32: WGSL may assume that no infinity occurs. */
const LOWEST = -3.4028234663852886e38;
