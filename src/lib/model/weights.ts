/** @file The numbers a model has learned: every weight tensor, what it is for, and windows of it. */
import { topologicalOrder, type Graph, type Node, type Value } from '../graph/graph.ts';
import { Counter, type Histogram } from '../tensor/histogram.ts';
import { random } from '../tensor/random.ts';
import { sizeOf, toFloat32, type FloatTensor } from '../tensor/tensor.ts';
import { isFloat } from '../tensor/dtype.ts';
import { statisticsOf, type Statistics } from './inside.ts';

/** `kernel`: of a convolution, [out, in, height, width]. `matrix`: of a dense or attention layer. */
export type WeightRole = 'kernel' | 'matrix' | 'vector' | 'other';

export interface WeightInfo {
  /** The tensor's name in the file; of one that a pass made, that of its node and the input's place. */
  readonly id: string;
  readonly shape: readonly number[];
  readonly role: WeightRole;
  /** Operator and first output of the node that reads it. */
  readonly op: string;
  readonly layer: string;
  readonly elements: number;
  /** Rows and columns of the tensor as a matrix, without moving a number: [first axis, all others] of a kernel, [n, 1] of a vector, else [all others, last axis]. */
  readonly matrix: readonly [number, number];
  /** The axis along which the layer's channels lie: each entry of it makes one channel. null where there is no such axis. */
  readonly channelAxis: 0 | 1 | null;
  /** Named activations with one channel for each entry of `channelAxis`: the layer's own, and those that follow it channel by channel. */
  readonly makes: readonly string[];
}

export interface WeightSummary {
  readonly info: WeightInfo;
  readonly statistics: Statistics;
  readonly deviation: number;
  readonly histogram: Histogram;
  /**
   * Largest singular value of the tensor as a matrix [out, everything else], as in spectral normalisation (Miyato et al.
   * 2018, arXiv:1802.05957); null for vectors and for matrices too large to do it at once.
   */
  readonly spectralNorm: number | null;
}

export interface Weight {
  readonly info: WeightInfo;
  readonly tensor: FloatTensor;
}

/** The float constants of more than one element that nodes read, in forward order. */
export function weightsOf(graph: Graph): Weight[] {
  const seen = new Set<Value>();
  const names = new Set<string>();
  const nodes = topologicalOrder(graph.outputs);
  const makes = channelsMade(nodes);
  return nodes.flatMap((node) =>
    node.inputs.flatMap((value, i) => {
      if (!value?.constant || seen.has(value) || !isFloat(value.dtype) || sizeOf(value.constant.shape) < 2) return [];
      seen.add(value);
      const id = unusedName(value.name || `${labelOf(node)} input ${i}`, names);
      const info = { ...infoOf(node, i, value.constant.shape, id), makes: makes.get(value) ?? [] };
      return [{ info, tensor: toFloat32(value.constant) }];
    }),
  );
}

/** For each kernel and matrix the names of the activations whose channels it makes. */
function channelsMade(nodes: readonly Node[]): Map<Value, string[]> {
  const makerOf = new Map<Value, Value>();
  const made = new Map<Value, string[]>();
  for (const node of nodes) {
    const [output] = node.outputs;
    const weight = node.inputs[1];
    const maker =
      weight?.constant && channelAxisOf(node, weight.constant.shape) !== null ? weight : inheritedMaker(node, makerOf);
    if (!maker) continue;
    makerOf.set(output, maker);
    if (output.name) made.set(maker, [...(made.get(maker) ?? []), output.name]);
  }
  return made;
}

/** Operators that keep each channel to itself although its positions change. */
const POOLING = new Set(['MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'ReduceMean', 'ReduceMax']);

/** Of a node that works channel by channel on one activation; where several come together, no weight alone made it. */
function inheritedMaker({ op, inputs, outputs: [output] }: Node, makerOf: Map<Value, Value>): Value | null {
  const flowing = [...new Set(inputs.filter((value) => value && !value.isConstant))];
  const [input] = flowing;
  if (flowing.length !== 1 || !input) return null;
  const long = ({ shape }: Value) => String(shape.filter((n) => n !== 1));
  const kept = long(input) === long(output) || (POOLING.has(op) && String(input.shape[1]) === String(output.shape[1]));
  return kept ? (makerOf.get(input) ?? null) : null;
}

/** Of the second input of a node. A transposed convolution in groups has no axis of its own for its channels. */
function channelAxisOf(node: Node, shape: readonly number[]): 0 | 1 | null {
  if (node.op === 'Conv' && shape.length >= 3) return 0;
  if (node.op === 'ConvTranspose' && shape.length >= 3) return (node.attrs.group ?? 1) === 1 ? 1 : null;
  if (shape.length !== 2) return null;
  if (node.op === 'MatMul') return 1;
  return node.op === 'Gemm' ? (node.attrs.transB === 1 ? 0 : 1) : null;
}

const labelOf = (node: Node): string => node.name || node.outputs[0].name || node.op;

function unusedName(name: string, taken: Set<string>): string {
  let free = name;
  for (let i = 2; taken.has(free); i++) free = `${name} (${i})`;
  taken.add(free);
  return free;
}

function infoOf(node: Node, input: number, shape: readonly number[], id: string): Omit<WeightInfo, 'makes'> {
  const long = shape.filter((n) => n > 1).length;
  const role: WeightRole =
    input === 1 && /^Conv/.test(node.op) && shape.length >= 3
      ? 'kernel'
      : ['MatMul', 'Gemm'].includes(node.op) && shape.length === 2
        ? 'matrix'
        : long <= 1
          ? 'vector'
          : 'other';
  const elements = sizeOf(shape);
  const columns = role === 'vector' ? 1 : role === 'kernel' ? elements / shape[0] : shape[shape.length - 1];
  return {
    id,
    shape,
    role,
    op: node.op,
    layer: node.outputs[0].name,
    elements,
    matrix: [elements / columns, columns],
    channelAxis: input === 1 ? channelAxisOf(node, shape) : null,
  };
}

/** Multiplications that a spectral norm may take; with fewer than ten rounds for them it is left out. */
const NORM_LIMIT = 4e8;
const ROUNDS = 100;

export function summaryOf({ info, tensor }: Weight): WeightSummary {
  const { data, shape } = tensor;
  const statistics = statisticsOf(data);
  const counter = new Counter();
  counter.add(data);
  let squares = 0;
  for (const v of data) if (Number.isFinite(v)) squares += (v - statistics.mean) ** 2;
  const finite = data.length - statistics.nonFinite;
  return {
    info,
    statistics,
    deviation: finite > 0 ? Math.sqrt(squares / finite) : NaN,
    histogram: counter.histogram(),
    spectralNorm: shape.length < 2 || statistics.nonFinite > 0 ? null : spectralNorm(tensor),
  };
}

/** By power iteration on WᵀW, until it moves by less than 1e-7 of itself; null where that would take seconds. */
export function spectralNorm({ data, shape }: FloatTensor): number | null {
  const rows = shape[0];
  const columns = data.length / rows;
  const rounds = Math.min(ROUNDS, Math.floor(NORM_LIMIT / data.length));
  if (rounds < 10) return null;
  const { normal } = random(1);
  let v = normalized(Float64Array.from({ length: columns }, normal));
  let norm = 0;
  for (let round = 0; round < rounds; round++) {
    const next = gram(data, v, rows, columns);
    const before = norm;
    norm = Math.sqrt(lengthOf(next));
    if (norm === 0) return 0;
    v = normalized(next);
    if (Math.abs(norm - before) <= 1e-7 * norm) break;
  }
  return norm;
}

/** WᵀW v, one row of W at a time. */
function gram(w: Float32Array, v: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(columns);
  for (let r = 0; r < rows; r++) {
    let dot = 0;
    for (let c = 0; c < columns; c++) dot += w[r * columns + c] * v[c];
    for (let c = 0; c < columns; c++) out[c] += w[r * columns + c] * dot;
  }
  return out;
}

const lengthOf = (v: Float64Array): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));

function normalized(v: Float64Array): Float64Array {
  const length = lengthOf(v);
  return v.map((x) => x / length);
}

/** Elements `start` … `start + count` − 1 of a weight, in row-major order. Throws a RangeError where they do not exist. */
export function windowOf({ info, tensor }: Weight, start: number, count: number): Float32Array {
  if (!Number.isInteger(start) || !Number.isInteger(count) || start < 0 || count < 0 || start + count > info.elements)
    throw new RangeError(
      `${info.id}: elements ${start} to ${start + count} are asked for, it has ${info.elements}. Ask for a window within them.`,
    );
  return tensor.data.slice(start, start + count);
}
