/** @file One graph on two runtimes: where they part, by name. */
import type { Compiled, Engine, Resident } from '../attribution/types.ts';
import { topologicalOrder, type Graph, type Node, type Value } from '../graph/graph.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { relativeError } from '../tensor/arithmetic.ts';
import { isFloat } from '../tensor/dtype.ts';
import { toFloat32, type Tensor } from '../tensor/tensor.ts';
import { bytesOf } from './memory.ts';

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
  /** Comparisons that were made, and about how many there will be. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Compiling a graph for a GPU takes longer than running it, so a comparison looks at several values at once. */
const PROBES = 8;

/** Of the values that one comparison reads from each runtime. */
const PROBED_BYTES = 64 * 2 ** 20;

/**
 * Finds where two runtimes part: cuts the graph's values, in topological order, into parts until one differs and the one
 * before it does not, then goes up to the node whose own inputs agree. null where the results agree within `tolerance`.
 */
export async function firstDivergence(pair: Pair, run: Run, options: SearchOptions = {}): Promise<Divergence | null> {
  const { tolerance = AGREEMENT, signal, onProgress } = options;
  const total = Math.ceil(Math.log(topologicalOrder(run.graph.outputs).length + 1) / Math.log(PROBES + 1)) + 2;
  let done = 0;
  const known = new Map<Value, number>();
  /** Index of the first of `values` that differs; -1 where none does. */
  const firstDiffering = async (values: readonly Value[]): Promise<number> => {
    signal?.throwIfAborted();
    const unknown = values.filter((value) => !known.has(value));
    if (unknown.length > 0) {
      (await compare(pair, run, unknown)).forEach((difference, i) => known.set(unknown[i], difference));
      onProgress?.(Math.min(++done, total), total);
    }
    return values.findIndex((value) => known.get(value)! > tolerance);
  };
  const ends = run.graph.outputs.filter(({ producer }) => producer !== null && isComparable(producer));
  const end = await firstDiffering(ends);
  if (end < 0) return null;
  const values = topologicalOrder([ends[end]])
    .filter(isComparable)
    .map(({ outputs }) => outputs[0]);
  let [low, high] = [-1, values.length - 1];
  while (high - low > 1) {
    const probes = probesBetween(values, low, high, run.batch);
    const at = await firstDiffering(probes.map((i) => values[i]));
    [low, high] = [(at < 0 ? probes.at(-1) : probes[at - 1]) ?? low, probes[at] ?? high];
  }
  const { op, name, outputs } = await climb(values[high].producer!, firstDiffering);
  return { op, node: name || outputs[0].name, difference: known.get(outputs[0])! };
}

/** Indices strictly between `low` and `high`, evenly spaced; as many as may be read at once, at least one. */
function probesBetween(values: readonly Value[], low: number, high: number, batch: number): number[] {
  const largest = Math.max(...values.slice(low + 1, high).map((value) => bytesOf(value, batch)));
  const count = Math.max(1, Math.min(PROBES, high - low - 1, Math.floor(PROBED_BYTES / largest)));
  return Array.from({ length: count }, (_, i) => low + Math.round(((i + 1) * (high - low)) / (count + 1)));
}

/** What a node reads may have parted on a branch that the cutting passed by. */
async function climb(from: Node, firstDiffering: (values: readonly Value[]) => Promise<number>): Promise<Node> {
  const read = from.inputs.filter((v): v is Value => v?.producer != null && isComparable(v.producer));
  const parted = await firstDiffering(read);
  return parted < 0 ? from : climb(read[parted].producer!, firstDiffering);
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
 * Does `work` with an engine that runs each graph on both engines, fed the same, and returns the first run whose results
 * differ; null where none does, so that the difference of the whole is the sum of small ones. Programs that the engines
 * have at hand are used again; of `batch` examples each, on both.
 */
export async function firstPartedRun(
  engines: { readonly first: Engine; readonly second: Engine },
  batch: number,
  work: (engine: Engine) => Promise<unknown>,
): Promise<Run | null> {
  try {
    await work(lockstep(engines, batch));
    return null;
  } catch (error) {
    if (error instanceof Parted) return error.run;
    throw error;
  }
}

function lockstep({ first, second }: { readonly first: Engine; readonly second: Engine }, usual: number): Engine {
  return {
    preferredBatch: async () => usual,
    async program(key, build, options): Promise<Compiled> {
      const graph = build();
      const { batch } = options;
      const a = await first.program(key, () => graph, options);
      const b = await second.program(key, () => graph, options);
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
