/** @file What one forward pass costs: multiply-adds from shapes alone, seconds from what this device does. */
import { bindShape } from '../graph/dim.ts';
import { Value, topologicalOrder, type Graph } from '../graph/graph.ts';
import { Budget } from '../graph/budget.ts';
import { Builder } from '../ops/builder.ts';
import { attributesOf, findOp } from '../ops/define.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { sizeOf, zeros } from '../tensor/tensor.ts';

/** A pass of this many multiply-adds takes minutes on WASM: nothing of a graphical page is left of that. */
const MOST_FLOPS = 2 ** 40;

/** Preparing a program takes onnxruntime longer than linearly; the largest published classifiers have some 5,000 nodes. */
const MOST_NODES = 20_000;

/** Passes that may take longer are not begun unasked: nobody sees what a page does that answers so late. */
const LONG_PASS_S = 10;

/** A device that needs LONG_PASS_S for fewer multiply-adds than these is not worth measuring. */
const SURELY_SHORT = 1e10;

/** Multiply-adds of one forward pass for one example; what reads a tensor takes at least a step for each element. */
export function forwardFlops(graph: Graph): number {
  const elements = (values: readonly (Value | null)[]): number =>
    values.reduce((n, v) => n + (v ? sizeOf(bindShape(v.shape, 1)) : 0), 0);
  let total = 0;
  for (const node of topologicalOrder(graph.outputs)) {
    const op = findOp(node.op, node.domain);
    const touched = elements(node.inputs) + elements(node.outputs);
    const flops = op?.flops?.(node.inputs as never, node.outputs, attributesOf(op, node)) ?? touched;
    total += Number.isFinite(flops) ? Math.max(flops, touched) : touched;
  }
  return total;
}

/** A model whose passes take so long that the person is asked before the first of them. */
export class LongPass extends Error {
  override name = 'LongPass';
}

/** What to ask where one pass of `graph` takes longer than LONG_PASS_S on this device; null where it does not. */
export async function longPass(runtime: Runtime, graph: Graph, file: string): Promise<LongPass | null> {
  const flops = forwardFlops(graph);
  if (flops < SURELY_SHORT) return null;
  const seconds = flops / (await multiplyAddsPerSecond(runtime));
  if (seconds <= LONG_PASS_S) return null;
  return new LongPass(
    `${file}: one pass is about ${scientific(flops)} multiplications, about ${duration(seconds)} here. Open it all the same, or export the model for a smaller image.`,
  );
}

/** Measured by a convolution as models have them in their middle. */
async function multiplyAddsPerSecond(runtime: Runtime): Promise<number> {
  const g = new Builder();
  const [channels, side] = [64, 96];
  const x = new Value('float32', [1, channels, side, side], { name: 'x' });
  const kernel = g.constant(zeros('float32', [channels, channels, 3, 3]));
  const y = g.apply('Conv', [x, kernel], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
  const graph = { name: 'speed', inputs: [x], outputs: [y] };
  const program = await runtime.compile(graph);
  try {
    const pass = async (): Promise<number> => {
      const start = performance.now();
      const [result] = await program.run([zeros('float32', [1, channels, side, side])]);
      await result.read();
      result.dispose();
      return (performance.now() - start) / 1000;
    };
    await pass();
    return forwardFlops(graph) / (await pass());
  } finally {
    await program.dispose();
  }
}

/** 1.1 × 10¹². */
function scientific(n: number): string {
  const [digits, exponent] = n.toExponential(1).split('e+');
  return `${digits} × 10${[...exponent].map((d) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(d)]).join('')}`;
}

const duration = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`;

/** Throws an Error naming `file` where one pass would be too large or too slow to run in a page. */
export function refuseCostly(graph: Graph, file: string): void {
  const nodes = topologicalOrder(graph.outputs);
  if (nodes.length > MOST_NODES)
    throw new Error(
      `${file}: its graph has ${nodes.length} nodes, the most is ${MOST_NODES}. Simplify the model before exporting, or choose a smaller one.`,
    );
  const budget = new Budget();
  for (const node of nodes) {
    try {
      budget.spend(node);
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
    }
  }
  const flops = forwardFlops(graph);
  if (flops > MOST_FLOPS)
    throw new Error(
      `${file}: one pass takes ${(flops / 1e9).toPrecision(3)} billion multiply-adds, the most is ${(MOST_FLOPS / 1e9).toPrecision(4)} billion. Export the model for a smaller image, or choose a smaller model.`,
    );
}
