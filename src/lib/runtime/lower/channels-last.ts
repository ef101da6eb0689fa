/**
 * @file Convolutions and poolings in the forms that TensorFlow.js has kernels for, each between two Transposes, which
 * `ops/passes/transposes.ts` moves along and cancels: one stays at each end of a network whose channels come first, none elsewhere.
 */
import { TFJS, VITRINE, type Attributes, type Graph, type Node, type Value } from '../../graph/graph.ts';
import { rewriteGraph } from '../../graph/rewrite.ts';
import type { Builder } from '../../ops/builder.ts';
import {
  mirroredWeights,
  transposedWindows,
  type ConvolutionAttributes,
  type TransposeAttributes,
} from '../../ops/convolution.ts';
import { attributesOf, getOp } from '../../ops/define.ts';
import { shareWithinInput, type AverageAttributes, type PoolingAttributes } from '../../ops/pooling.ts';
import { repeatedAxes, resizeByMatrices, type ResizeAttributes } from '../../ops/resize.ts';
import { reaching } from '../../ops/tensorflow-windows.ts';
import { extent, slidingWindows, windowAttributes, type Windows } from '../../ops/windows.ts';
import { routeToMaxima } from './max-pool.ts';
import { interleave, lengthOf, padAxis, spread } from './strided.ts';

/** [N, C, …] → [N, …, C]. Copies of one number a channel are made where channels already come last. */
function last(g: Builder, x: Value): Value {
  const perm = [0, ...x.shape.slice(2).map((_, i) => i + 2), 1];
  const shape = perm.map((axis) => x.shape[axis]);
  const few = x.producer?.op === 'Expand' ? x.producer.inputs[0]!.shape : [];
  if (few.length !== x.shape.length || few.slice(2).some((d) => d !== 1)) return g.transpose(x, perm);
  return g.expand(
    g.reshape(
      x.producer!.inputs[0]!,
      perm.map((axis) => few[axis]),
    ),
    shape,
  );
}

/** [N, …, C] → [N, C, …]. */
const first = (g: Builder, x: Value): Value =>
  g.transpose(x, [0, x.shape.length - 1, ...x.shape.slice(2).map((_, i) => i + 1)]);

/** Weights [M, C, k…] → [k…, C, M]. */
const kernelFirst = (g: Builder, w: Value): Value => g.transpose(w, [...w.shape.slice(2).map((_, i) => i + 2), 1, 0]);

const spatialOf = (x: Value): number[] => x.shape.slice(2) as number[];

/** `x` [N, …, C], `w` [k…, C / group, M]. */
function convolve(
  g: Builder,
  x: Value,
  w: Value,
  bias: Value | undefined,
  windows: Windows,
  group: number,
  name = '',
): Value {
  const channels = x.shape.at(-1) as number;
  if (group > 1 && (group !== channels || x.shape.length === 5)) return groupByGroup(g, x, w, bias, windows, group);
  const { kernel, strides, dilations, begins, ends } = windows;
  const apart = x.shape.length === 5 || strides.some((s) => s > 1);
  const dense = apart ? dilations.reduce((v, d, axis) => spread(g, v, axis, d), w) : w;
  const attrs = { strides, dilations: apart ? kernel.map(() => 1) : dilations, pads: [...begins, ...ends], group };
  return g.apply('Conv', [x, dense, ...(bias ? [bias] : [])], attrs, { domain: TFJS, name });
}

function groupByGroup(g: Builder, x: Value, w: Value, bias: Value | undefined, windows: Windows, group: number): Value {
  const split = (v: Value, axis: number) =>
    g.applyAll('Split', [v], { axis, num_outputs: group }, { outputs: Array.from({ length: group }, () => '') });
  const axis = x.shape.length - 1;
  const [xs, ws, biases] = [split(x, axis), split(w, axis), bias ? split(bias, 0) : []];
  return g.concat(
    xs.map((part, i) => convolve(g, part, ws[i], biases[i], windows, 1)),
    axis,
  );
}

function convolution(g: Builder, node: Node, [x, w, bias]: readonly Value[]): Value {
  const attrs = attributesOf(getOp('Conv'), node) as ConvolutionAttributes;
  const windows = slidingWindows(spatialOf(x), spatialOf(w), attrs);
  return first(g, convolve(g, last(g, x), kernelFirst(g, w), bias, windows, attrs.group, node.name));
}

/** What one element out of `stride` of a transposed convolution's output reads, along one axis. */
interface Phase {
  /** Of the mirrored kernel: the first tap and how many there are, `stride` apart. */
  readonly from: number;
  readonly taps: number;
  /** Pads of x; negative ones crop. */
  readonly begin: number;
  readonly end: number;
}

/**
 * y[q·s + r] = Σₜ w[ρ + t·s] · x[q + b − t] with ρ = (r + begin) mod s and b = ⌊(r + begin) / s⌋: a convolution for each r, with the
 * taps that meet no zero between the elements of x. All have ⌈length / s⌉ elements.
 */
function phasesOf(n: number, kernel: number, s: number, begin: number, length: number): Phase[] {
  return Array.from({ length: s }, (_, r) => {
    const shift = Math.floor((r + begin) / s);
    const rho = r + begin - shift * s;
    const taps = Math.max(0, Math.ceil((kernel - rho) / s));
    return {
      from: kernel - 1 - rho - s * (taps - 1),
      taps,
      begin: taps - 1 - shift,
      end: Math.ceil(length / s) - n + shift,
    };
  });
}

function transposedConvolution(g: Builder, node: Node, [x, w, bias]: readonly Value[]): Value {
  const attrs = attributesOf(getOp('ConvTranspose'), node) as TransposeAttributes;
  const { kernel, strides, dilations, begins, output } = transposedWindows(spatialOf(x), spatialOf(w), attrs);
  const mirrored = kernelFirst(g, mirroredWeights(g, w, attrs.group));
  const dense = dilations.reduce((v, d, axis) => spread(g, v, axis, d), mirrored);
  const extents = kernel.map((k, i) => extent(k, dilations[i]));
  const phases = spatialOf(x).map((n, i) => phasesOf(n, extents[i], strides[i], begins[i], output[i]));
  const onlyCopies = w.constant !== null && attrs.group === w.shape[0] && isOnes(w);
  const source = last(g, x);
  /** The elements of the chosen phases, or null where they read nothing. */
  const build = (chosen: readonly Phase[]): Value | null => {
    const axis = chosen.length;
    if (axis < phases.length) {
      const planes = phases[axis].map((phase) => build([...chosen, phase]));
      return planes.every((plane) => plane === null) ? null : interleave(g, planes, axis + 1);
    }
    if (chosen.some(({ taps }) => taps === 0)) return null;
    return onePhase(g, source, dense, { chosen, strides, group: attrs.group, onlyCopies });
  };
  const whole = build([])!;
  const y = output.reduce((v, length, i) => padAxis(g, v, i + 1, 0, length - lengthOf(v, i + 1)), whole);
  return first(g, bias ? g.add(y, bias) : y);
}

/** Weights of a pooling's gradient: copies of what flows into its means. */
const isOnes = (w: Value): boolean => (w.constant!.data as Float32Array).every((v) => v === 1);

interface PhaseSite {
  readonly chosen: readonly Phase[];
  readonly strides: readonly number[];
  readonly group: number;
  readonly onlyCopies: boolean;
}

function onePhase(g: Builder, x: Value, w: Value, { chosen, strides, group, onlyCopies }: PhaseSite): Value {
  const axes = chosen.map((_, i) => i);
  const taps = chosen.map((phase) => phase.taps);
  const copied = onlyCopies && taps.every((n) => n === 1) && w.shape.at(-1) === group;
  const clamp = (limit: (a: number, b: number) => number) =>
    [chosen.map(({ begin }) => limit(begin, 0)), chosen.map(({ end }) => limit(end, 0))] as const;
  const [cropBegins, cropEnds] = copied ? [chosen.map((p) => p.begin), chosen.map((p) => p.end)] : clamp(Math.min);
  const source = g.pad(x, [0, ...cropBegins, 0, 0, ...cropEnds, 0]);
  if (copied) return source;
  const part = g.slice(
    w,
    chosen.map(({ from }) => from),
    chosen.map(({ from, taps: n }, i) => from + (n - 1) * strides[i] + 1),
    axes,
    strides,
  );
  const [begins, ends] = clamp(Math.max);
  const ones = axes.map(() => 1);
  return convolve(
    g,
    source,
    part,
    undefined,
    { kernel: taps, strides: ones, dilations: ones, begins, ends, output: [] },
    group,
  );
}

function poolingWindows(x: Value, node: Node): { windows: Windows; attrs: Attributes } {
  const decoded = attributesOf(getOp(node.op, node.domain), node) as PoolingAttributes;
  const windows = slidingWindows(spatialOf(x), decoded.kernelShape, decoded);
  return { windows, attrs: windowAttributes(reaching(windows, spatialOf(x))) };
}

function maxPool(g: Builder, node: Node, [x]: readonly Value[]): Value | null {
  if (node.outputs.length > 1) return null;
  const { attrs } = poolingWindows(x, node);
  return first(g, g.apply('MaxPool', [last(g, x)], attrs, { domain: TFJS, name: node.name }));
}

function averagePool(g: Builder, node: Node, [x]: readonly Value[]): Value {
  const { windows, attrs } = poolingWindows(x, node);
  const mean = g.apply('AveragePool', [last(g, x)], attrs, { domain: TFJS, name: node.name });
  const { countIncludePad } = attributesOf(getOp('AveragePool'), node) as AverageAttributes;
  const share = countIncludePad === 1 ? shareWithinInput(windows, spatialOf(x)) : null;
  return first(g, share ? g.mul(mean, g.constant(share)) : mean);
}

/** Elements of an image repeated along its axes: copies of rows of channels, one after another. */
function repeat(g: Builder, node: Node, x: readonly Value[]): Value | null {
  const times = repeatedAxes(x, attributesOf(getOp('Resize'), node) as ResizeAttributes);
  if (!times || times.has(0) || times.has(1)) return null;
  const copies = (v: Value, axis: number, k: number) => interleave(g, new Array<Value>(k).fill(v), axis);
  return first(
    g,
    [...times].reduce((v, [axis, k]) => copies(v, axis - 1, k), last(g, x[0])),
  );
}

type Form = (g: Builder, node: Node, x: readonly Value[]) => Value | null;

const forms: Readonly<Record<string, Form>> = {
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  MaxPool: maxPool,
  AveragePool: averagePool,
  Resize: (g, node, x) =>
    repeat(g, node, x) ?? resizeByMatrices(g, x, attributesOf(getOp('Resize'), node) as ResizeAttributes),
};

/** Whether an operator is written in a form of TensorFlow.js's own. */
export const hasChannelsLastForm = (op: string): boolean => Object.hasOwn(forms, op) || op === 'MaxPoolGrad';

const maxPoolGradOnHost: Form = (g, node, [x, dy]) =>
  first(g, g.apply('MaxPoolGrad', [last(g, x), last(g, dy)], poolingWindows(x, node).attrs, { domain: TFJS }));

/** A GPU's tensors stay there. */
const maxPoolGradByMatching: Form = (g, node, [x, dy]) => {
  const { windows, attrs } = poolingWindows(x, node);
  return first(g, routeToMaxima(g, last(g, x), last(g, dy), { windows, attrs, domain: TFJS, firstAxis: 1 }));
};

/** Every convolution and pooling. `onHost`: whether the backend's tensors lie in the host's memory. */
export function channelsLast(graph: Graph, g: Builder, onHost: boolean): Graph {
  const maxPoolGrad = onHost ? maxPoolGradOnHost : maxPoolGradByMatching;
  return rewriteGraph(graph, (node, inputs) => {
    const form =
      node.domain === VITRINE && node.op === 'MaxPoolGrad'
        ? maxPoolGrad
        : node.domain === '' && Object.hasOwn(forms, node.op)
          ? forms[node.op]
          : null;
    const y = form?.(g, node, inputs as readonly Value[]);
    return y ? [y] : null;
  });
}
