/** @file One graph on two runtimes: where they part, by name. */
import { createEngine, type ModelEngine } from './engine.ts';
import type { Compiled, Engine, Resident } from '../attribution/types.ts';
import { topologicalOrder, type Graph, type Node, type Value } from '../graph/graph.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { relativeError } from '../tensor/arithmetic.ts';
import { isFloat } from '../tensor/dtype.ts';
import { toFloat32, type Tensor } from '../tensor/tensor.ts';

/** Largest difference, relative to the largest number, that rounding explains. */
export const AGREEMENT = 1e-3;

/** The first operator whose result differs although what it reads does not. */
export interface Divergence {
  readonly op: string;
  /** Name of the node, or of its result; '' where neither has one. */
  readonly node: string;
  /** max|a − b| / max|a| of its result. */
  readonly difference: number;
}

export interface Pair {
  /** The one whose numbers count as true. */
  readonly first: Runtime;
  readonly second: Runtime;
}

/** A graph as it was run, with what it was fed. */
export interface Run {
  readonly graph: Graph;
  readonly batch: number;
  readonly feeds: readonly Tensor[];
}

export interface SearchOptions {
  readonly tolerance?: number;
  readonly signal?: AbortSignal;
  /** Values that were compared, and about how many there will be. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Finds where two runtimes part: halves the graph's values in topological order until one differs and the one before it does
 * not, then goes up to the node whose own inputs agree. null where the results agree within `tolerance`.
 */
export async function firstDivergence(pair: Pair, run: Run, options: SearchOptions = {}): Promise<Divergence | null> {
  const { tolerance = AGREEMENT, signal, onProgress } = options;
  const total = Math.ceil(Math.log2(topologicalOrder(run.graph.outputs).length + 1)) + 3;
  let done = 0;
  const differences = async (values: readonly Value[]): Promise<number[]> => {
    signal?.throwIfAborted();
    const found = await compare(pair, run, values);
    onProgress?.(Math.min(++done, total), total);
    return found;
  };
  const differs = async (node: Node) => (await differences([node.outputs[0]]))[0] > tolerance;
  const ends = run.graph.outputs.filter(({ producer }) => producer !== null && isComparable(producer));
  const end = ends.length > 0 ? (await differences(ends)).findIndex((difference) => difference > tolerance) : -1;
  if (end < 0) return null;
  const nodes = topologicalOrder([ends[end]]).filter(isComparable);
  let [low, high] = [-1, nodes.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (await differs(nodes[middle])) high = middle;
    else low = middle;
  }
  return climb(nodes[high], differences, tolerance);
}

/** What a node reads may have parted on a branch that the halving passed by. */
async function climb(
  from: Node,
  differences: (values: readonly Value[]) => Promise<number[]>,
  tolerance: number,
): Promise<Divergence> {
  let node = from;
  for (;;) {
    const read = node.inputs.filter((v): v is Value => v?.producer != null && isComparable(v.producer));
    const found = read.length > 0 ? await differences(read) : [];
    const parted = found.findIndex((difference) => difference > tolerance);
    if (parted < 0) break;
    node = read[parted].producer!;
  }
  const [difference] = await differences([node.outputs[0]]);
  return { op: node.op, node: node.name || node.outputs[0].name, difference };
}

/** Indices and masks are compared by what is made of them. */
const isComparable = ({ outputs: [value] }: Node): boolean => isFloat(value.dtype) && !value.isConstant;

/** How far the two runtimes are apart on each of `values`. */
async function compare({ first, second }: Pair, run: Run, values: readonly Value[]): Promise<number[]> {
  const reached = new Set(topologicalOrder(values).flatMap(({ inputs }) => inputs));
  const wanted = run.graph.inputs.map((input) => reached.has(input) || values.includes(input));
  const graph: Graph = { ...run.graph, inputs: run.graph.inputs.filter((_, i) => wanted[i]), outputs: values };
  const feeds = run.feeds.filter((_, i) => wanted[i]);
  const a = await evaluate(first, graph, run.batch, feeds);
  const b = await evaluate(second, graph, run.batch, feeds);
  return a.map((x, i) => differenceOf(b[i], x));
}

/** Not a number on one side only is as far as can be. */
export function differenceOf(a: Tensor, b: Tensor): number {
  const gap = relativeError(toFloat32(a), toFloat32(b));
  return Number.isNaN(gap) ? Infinity : gap;
}

async function evaluate(runtime: Runtime, graph: Graph, batch: number, feeds: readonly Tensor[]): Promise<Tensor[]> {
  const program = await runtime.compile(graph, { batch });
  try {
    return await readAll(await program.run(feeds));
  } finally {
    await program.dispose();
  }
}

/** Copies on the host. */
async function readAll(results: readonly Resident[]): Promise<Tensor[]> {
  const tensors = await Promise.all(
    results.map(async (result) => {
      const { dtype, shape, data } = await result.read();
      return { dtype, shape, data: data.slice() } as Tensor;
    }),
  );
  results.forEach((result) => result.dispose());
  return tensors;
}

/** Thrown out of a computation at the first run in which the runtimes part. */
class Parted extends Error {
  override name = 'Parted';
  readonly run: Run;

  constructor(run: Run) {
    super('internal: the runtimes part.');
    this.run = run;
  }
}

/**
 * Does `work` with an engine that runs each graph on both runtimes, fed the same, and returns the first run whose results
 * differ; null where none does, so that the difference of the whole is the sum of small ones.
 */
export async function firstPartedRun(
  { first, second }: Pair,
  batch: number,
  work: (engine: Engine) => Promise<unknown>,
): Promise<Run | null> {
  const engines = [createEngine(first, { batch }), createEngine(second, { batch })];
  try {
    await work(lockstep(engines[0], engines[1]));
    return null;
  } catch (error) {
    if (error instanceof Parted) return error.run;
    throw error;
  } finally {
    for (const engine of engines) await engine.dispose();
  }
}

function lockstep(first: ModelEngine, second: ModelEngine): Engine {
  return {
    preferredBatch: (total) => first.preferredBatch(total),
    async program(key, build, { batch }): Promise<Compiled> {
      const graph = build();
      const [a, b] = [
        await first.program(key, () => graph, { batch }),
        await second.program(key, () => graph, { batch }),
      ];
      return {
        batch,
        run: async (given) => {
          const feeds = await Promise.all(given.map(async (feed) => ('read' in feed ? feed.read() : feed)));
          const results = await readAll(await a.run(feeds));
          const others = await readAll(await b.run(feeds));
          if (results.some((x, i) => isFloat(x.dtype) && differenceOf(others[i], x) > AGREEMENT))
            throw new Parted({ graph, batch, feeds });
          return results.map(onHost);
        },
      };
    },
  };
}

const onHost = (tensor: Tensor): Resident => ({
  shape: tensor.shape,
  read: async () => tensor,
  dispose: () => undefined,
});
