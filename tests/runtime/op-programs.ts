/** @file Every case of every operator as a graph of its outputs and its gradients: what a device must compute as the reference does. */
import { backward } from '../../src/lib/autodiff/backward.ts';
import { gradient } from '../../src/lib/autodiff/rule-sets.ts';
import { bindShape } from '../../src/lib/graph/dim.ts';
import { topologicalOrder, Value, type Graph } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { findOp } from '../../src/lib/ops/define.ts';
import '../../src/lib/ops/index.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { allocate, isFloat, type TensorData } from '../../src/lib/tensor/dtype.ts';
import { sizeOf, type Tensor } from '../../src/lib/tensor/tensor.ts';
import type { Case, Variable } from '../ops/case.ts';
import { cases } from '../ops/cases/index.ts';
import { evaluate } from '../reference/interpreter.ts';
import { seedOf, uniform } from '../reference/random.ts';
import { ref } from '../reference/tensor.ts';

export const BATCH = 2;

export interface OpProgram {
  readonly title: string;
  readonly graph: Graph;
  readonly feeds: readonly Tensor[];
}

export function opPrograms(): OpProgram[] {
  return Object.entries(cases).flatMap(([op, rows]) =>
    rows.map((c, i) => program(op, c, `${op}: ${c.title ?? `case ${i + 1}`}`)),
  );
}

/** The first case of each of ONNX's operators as a graph of that one node, as it is written before any lowering. */
export function plainNodes(): OpProgram[] {
  return Object.entries(cases)
    .filter(([op]) => findOp(op))
    .map(([op, [first]]) => {
      const { graph, feeds } = program(op, first, op);
      const [node] = topologicalOrder(graph.outputs).filter((n) => n.op === op);
      const inputs = graph.inputs.filter((v) => node.inputs.includes(v));
      return { title: op, graph: { ...graph, inputs, outputs: node.outputs }, feeds: feeds.slice(0, inputs.length) };
    });
}

function program(op: string, c: Case, title: string): OpProgram {
  const g = new Builder();
  const random = uniform(seedOf(title));
  const inputs: Value[] = [];
  const feeds: Tensor[] = [];
  const feed = (spec: Variable, name: string): Value => {
    const value = new Value(spec.dtype, spec.shape, { name });
    inputs.push(value);
    feeds.push(draw(spec, random));
    return value;
  };
  const operands = c.inputs.map((v, i) => (v === null || v instanceof Value ? v : feed(v, `x${i}`)));
  const xs = inputs.filter((v) => isFloat(v.dtype));
  const names = Array.from({ length: c.outputs ?? 1 }, (_, i) => `y${i}`);
  const ys = g.applyAll(op, operands, c.attrs, { outputs: names, domain: c.domain });
  const differentiable = findOp(op, c.domain)?.gradient !== undefined && xs.length > 0;
  const gradients = ys
    .filter((y) => differentiable && isFloat(y.dtype))
    .flatMap((y) => {
      const seed = feed({ kind: 'variable', dtype: 'float32', shape: y.shape, low: -1, high: 1 }, `d${y.name}`);
      return backward(g, gradient, { y, seed, xs });
    });
  return { title, graph: { name: title, inputs, outputs: [...ys, ...gradients] }, feeds };
}

function draw(spec: Variable, random: () => number): Tensor {
  const { dtype, low = -2, high = 2, avoid = [], values } = spec;
  const shape = bindShape(spec.shape, BATCH);
  const one = (): number => {
    if (!isFloat(dtype)) return low + Math.floor(random() * (high - low + 1));
    const v = low + (high - low) * random();
    return avoid.every((kink) => Math.abs(v - kink) > 0.05) ? v : one();
  };
  const numbers = values ?? Array.from({ length: sizeOf(shape) }, one);
  const data: TensorData = allocate(dtype, sizeOf(shape));
  numbers.forEach((v, i) => (data[i] = dtype.endsWith('int64') ? (BigInt(v) as never) : v));
  return { dtype, shape, data };
}

/** null when the device agrees with the reference; otherwise what it did. */
export async function disagreement(
  runtime: Runtime,
  { title, graph, feeds }: OpProgram,
  tolerance: number,
): Promise<string | null> {
  const unsupported = runtime.unsupported(graph);
  if (unsupported.length > 0) return `${title}: unsupported: ${unsupported.map((u) => u.reason).join()}`;
  try {
    const program = await runtime.compile(graph, {
      batch: BATCH,
    });
    const onDevice = await program.run(feeds);
    const results = await Promise.all(onDevice.map((t) => t.read()));
    onDevice.forEach((t) => t.dispose());
    await program.dispose();
    return mismatch(title, graph, feeds, results, tolerance);
  } catch (error) {
    return `${title}: ${error instanceof Error ? error.message : error}`;
  }
}

function mismatch(
  title: string,
  graph: Graph,
  feeds: readonly Tensor[],
  results: readonly Tensor[],
  tolerance: number,
): string | null {
  const known = new Map(
    graph.inputs.map((v, i) => [
      v,
      ref(v.dtype, feeds[i].shape, Float64Array.from(feeds[i].data as ArrayLike<number>, Number)),
    ]),
  );
  const truth = evaluate(graph.outputs, known, BATCH);
  for (const [i, { shape, data }] of truth.entries()) {
    const got = results[i];
    if (got.shape.join() !== shape.join()) return `${title}: output ${i} has shape [${got.shape}], [${shape}] is right`;
    const scale = data.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 1);
    const wrong = data.findIndex((v, j) => !same(Number(got.data[j]), v, tolerance * scale));
    if (wrong >= 0) return `${title}: output ${i} is ${got.data[wrong]} at ${wrong}, ${data[wrong]} is right`;
  }
  return null;
}

const same = (a: number, b: number, tolerance: number): boolean => Object.is(a, b) || Math.abs(a - b) <= tolerance;

/** Forms that TensorFlow.js has no kernel for: positions of maxima, the largest of several updates, a border value. */
export const refusedByTfjs: readonly string[] = [
  'MaxPool: indices that nobody reads',
  'ScatterElements: the largest, of constants',
  'Resize: crop and resize',
];
