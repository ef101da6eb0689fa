/**
 * @file What batches gain, on WASM in Node: Integrated Gradients' time a pass with one example a pass, with fixed batches, and
 * with the batch that the engine measures. Prints a Markdown table.
 *
 *     node bench/batch.ts FOLDER [models…] [--threads 1] [--rounds 5]
 *
 * FOLDER is what scripts/reach/export.py wrote. Each model runs in a process of its own; batches take turns there.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureBatch } from '../src/lib/model/batch.ts';
import { createOrtRuntime } from '../src/lib/runtime/ort.ts';
import { loadReach, pathOf, reachModels } from './reach.ts';
import { apart, machine, table } from './report.ts';
import { interleave } from './timing.ts';

const BATCHES = [1, 2, 4, 8, 16];
const STEPS = 16;

interface Measured {
  /** Milliseconds an example by batch, the fastest round. */
  readonly times: readonly number[];
  readonly chosen: number;
  /** What choosing took, in elapsed milliseconds and in passes of one example. */
  readonly choosing: number;
}

async function measure(folder: string, name: string, threads: number, rounds: number): Promise<Measured> {
  const runtime = await createOrtRuntime({ device: 'wasm', threads });
  const reach = loadReach(folder, name);
  const explainWith = (batch: number) => {
    const explain = pathOf(runtime, reach, batch);
    return () => explain(STEPS);
  };
  const tasks = Object.fromEntries(BATCHES.map((batch) => [`by ${batch}`, explainWith(batch)]));
  const turns = await interleave(tasks, rounds, 1);
  const of = threads === 1 ? 'cpu' : 'wall';
  const times = BATCHES.map((batch) => Math.min(...turns[`by ${batch}`].map((turn) => turn[of])) / (STEPS + 2));
  const start = performance.now();
  const chosen = (await measureBatch(runtime, reach.model)) ?? 1;
  return { times, chosen, choosing: performance.now() - start };
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { threads: { type: 'string', default: '1' }, rounds: { type: 'string', default: '5' } },
  });
  const [folder, ...names] = positionals;
  const self = fileURLToPath(import.meta.url);
  const rows = (names.length > 0 ? names : reachModels(folder)).map((name) => {
    const { times, chosen, choosing } = apart<Measured>(self, [folder, name, values.threads, values.rounds]);
    const gain = times[0] / times[BATCHES.indexOf(chosen)];
    const row = [name, ...times.map((t) => t.toFixed(2)), chosen, gain.toFixed(2), choosing.toFixed(0)];
    console.error(row.join(' | '));
    return row;
  });
  console.log(`${machine()}, ${values.threads} thread(s). Fastest of ${values.rounds} rounds, ms an example.\n`);
  console.log(table(['model', ...BATCHES.map((batch) => `by ${batch}`), 'chosen', 'gain', 'choosing, ms'], rows));
}

if (process.argv[2] === '--child') {
  const [folder, name, threads, rounds] = process.argv.slice(3);
  console.log(JSON.stringify(await measure(folder, name, Number(threads), Number(rounds))));
  process.exit(0);
} else {
  main();
}
