/** @file How many examples a pass takes on best, found by timing passes of the model at hand on the device at hand. */
import { backward } from '../autodiff/backward.ts';
import { gradient } from '../autodiff/rule-sets.ts';
import { missingRules } from '../attribution/method.ts';
import type { ModelGraph } from '../attribution/types.ts';
import { bindShape } from '../graph/dim.ts';
import { topologicalOrder, Value, type Graph } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { zeros } from '../tensor/tensor.ts';
import { bytesOf } from './memory.ts';

/** Tried in this order, up to the first that gains nothing. Each has to be compiled, so steps are large. */
const BATCHES = [1, 4, 16];

/** A larger batch has to take this share less time for each example: less than that is noise, and it answers later. */
const GAIN = 0.04;

/**
 * A batch saves what starting each kernel costs, which longer passes do not feel; and timing them would hold up for seconds what a
 * person waits for.
 */
const LONGEST_PASS_MS = 60;

/** Rounds of passes at two batches in turns, as many as fit into a time; the fastest counts. One is thrown away before. */
const ROUNDS = { least: 3, most: 30, milliseconds: 200 };

/** What activations of one pass may take. Programs prepare weights anew, so heavy models are not measured at all. */
const MOST_ACTIVATIONS = 512 * 2 ** 20;
const MOST_WEIGHTS = 128 * 2 ** 20;

/** A program for `batch` examples, as far as timing it needs. */
export interface Trial {
  run(): Promise<void>;
  dispose(): Promise<void>;
}

/**
 * The batch of at most `limit` with the least time for each example. Each batch is compared with the best one so far in
 * turns, so that what else the machine does slows both, and has to win by more than noise: so the answer is never slower
 * than one by one. null: a pass of one example takes too long for it to matter. `now` gives milliseconds.
 */
export async function fastestBatch(
  prepare: (batch: number) => Promise<Trial>,
  limit: number,
  now: () => number = () => performance.now(),
): Promise<number | null> {
  let best = { batch: 1, trial: await prepare(1) };
  try {
    await best.trial.run();
    const start = now();
    await best.trial.run();
    if (now() - start > LONGEST_PASS_MS) return null;
    for (const batch of BATCHES.filter((b) => b > 1 && b <= limit)) {
      const trial = await prepare(batch);
      const won = await wins({ batch, trial }, best, now).catch(async (error: unknown) => {
        await trial.dispose();
        throw error;
      });
      await (won ? best.trial : trial).dispose();
      if (!won) break;
      best = { batch, trial };
    }
    return best.batch;
  } finally {
    await best.trial.dispose();
  }
}

interface Candidate {
  readonly batch: number;
  readonly trial: Trial;
}

async function wins(larger: Candidate, best: Candidate, now: () => number): Promise<boolean> {
  await larger.trial.run();
  const fastest = [larger, best].map(() => Infinity);
  const begin = now();
  const goesOn = (round: number) =>
    round < ROUNDS.least || (round < ROUNDS.most && now() - begin < ROUNDS.milliseconds);
  for (let round = 0; goesOn(round); round++) {
    for (const [i, { batch, trial }] of [larger, best].entries()) {
      const start = now();
      await trial.run();
      fastest[i] = Math.min(fastest[i], (now() - start) / batch);
    }
  }
  return fastest[0] < (1 - GAIN) * fastest[1];
}

/** The best batch for the gradient of `model`'s logits, or, where it has none, for its forward pass; null where none is worth finding. */
export function measureBatch(runtime: Runtime, model: ModelGraph, now?: () => number): Promise<number | null> {
  const graph = passOf(model);
  const limit = largestBatch(graph);
  if (limit < 2) return Promise.resolve(null);
  return fastestBatch((batch) => trialOf(runtime, graph, batch), limit, now);
}

function passOf(model: ModelGraph): Graph {
  const { input, logits } = model;
  if (missingRules(model, gradient) !== null) return { name: 'batch', inputs: [input], outputs: [logits] };
  const seed = new Value('float32', logits.shape, { name: 'seed' });
  const outputs = backward(new Builder(), gradient, { y: logits, seed, xs: [input] });
  return { name: 'batch', inputs: [input, seed], outputs };
}

/** The most examples whose values all fit into MOST_ACTIVATIONS; 1 where the weights alone are too heavy. */
export function largestBatch(graph: Graph): number {
  let [weights, activations] = [0, 0];
  const constants = new Set<Value>();
  for (const node of topologicalOrder(graph.outputs)) {
    for (const v of node.inputs) if (v?.constant) constants.add(v);
    for (const v of node.outputs) activations += bytesOf(v, 1);
  }
  for (const v of constants) weights += bytesOf(v, 1);
  return weights > MOST_WEIGHTS ? 1 : Math.floor(MOST_ACTIVATIONS / Math.max(1, activations));
}

async function trialOf(runtime: Runtime, graph: Graph, batch: number): Promise<Trial> {
  const program = await runtime.compile(graph, { batch });
  const feeds = graph.inputs.map(({ shape }) => zeros('float32', bindShape(shape, batch)));
  return {
    async run() {
      const results = await program.run(feeds);
      await Promise.all(results.map((result) => result.read()));
      results.forEach((result) => result.dispose());
    },
    dispose: () => program.dispose(),
  };
}
