/** @file An Engine over the reference interpreter: methods run in float64, with no runtime and no device. */
import type { Compiled, Engine, Resident } from '../../src/lib/attribution/types.ts';
import type { Graph } from '../../src/lib/graph/graph.ts';
import { float32, toNumbers, type Tensor } from '../../src/lib/tensor/tensor.ts';
import { evaluate } from './interpreter.ts';
import { ref, type RefTensor } from './tensor.ts';

interface Held extends Resident {
  readonly held: RefTensor;
}

export interface ReferenceEngine extends Engine {
  /** Keys of the programs that were built, in order. */
  readonly built: readonly string[];
  /** Results that were handed out and not disposed of. */
  readonly alive: () => number;
  /** Runs of programs so far. */
  readonly runs: () => number;
}

/** Results stay float64 as long as they stay in the engine, as on a device; reading rounds them to float32. */
export function referenceEngine(batch = 1): ReferenceEngine {
  const graphs = new Map<string, Graph>();
  const built: string[] = [];
  let [alive, runs] = [0, 0];

  const hold = (held: RefTensor): Held => {
    alive++;
    let open = true;
    return {
      held,
      shape: held.shape,
      read: () => Promise.resolve(float32(held.shape, held.data)),
      dispose: () => {
        if (open) alive--;
        open = false;
      },
    };
  };
  const valueOf = (feed: Tensor | Resident): RefTensor =>
    'held' in feed ? (feed as Held).held : ref('float32', feed.shape, toNumbers(feed as Tensor));

  const compiled = (graph: Graph, batch: number): Compiled => ({
    batch,
    run: (feeds) => {
      runs++;
      if (feeds.length !== graph.inputs.length) {
        throw new Error(`reference: ${graph.name} has ${graph.inputs.length} inputs, got ${feeds.length}`);
      }
      const values = new Map(graph.inputs.map((input, i) => [input, valueOf(feeds[i])]));
      return Promise.resolve(evaluate(graph.outputs, values, batch).map(hold));
    },
  });

  return {
    preferredBatch: () => Promise.resolve(batch),
    built,
    alive: () => alive,
    runs: () => runs,
    program(key, build, { batch }) {
      let graph = graphs.get(key);
      if (!graph) {
        graphs.set(key, (graph = build()));
        built.push(key);
      }
      return Promise.resolve(compiled(graph, batch));
    },
  };
}
