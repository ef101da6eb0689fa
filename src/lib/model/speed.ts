/** @file How long one forward pass of a model takes on a runtime. */
import { bindShape } from '../graph/dim.ts';
import type { Graph } from '../graph/graph.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { zeros } from '../tensor/tensor.ts';

/** The first pass prepares; of the others the fastest counts, because what disturbs a pass only makes it longer. */
const PASSES = 4;

/** Milliseconds of one pass for one example. Throws an Error where the runtime cannot run the graph. */
export async function passMilliseconds(runtime: Runtime, graph: Graph, signal?: AbortSignal): Promise<number> {
  const feeds = graph.inputs.map(({ dtype, shape }) => zeros(dtype, bindShape(shape, 1)));
  const program = await runtime.compile(graph);
  try {
    let fastest = Infinity;
    for (let pass = 0; pass < PASSES; pass++) {
      signal?.throwIfAborted();
      const start = performance.now();
      const results = await program.run(feeds);
      await Promise.all(results.map((result) => result.read()));
      results.forEach((result) => result.dispose());
      if (pass > 0) fastest = Math.min(fastest, performance.now() - start);
    }
    return fastest;
  } finally {
    await program.dispose();
  }
}
