/**
 * @file The gradient of one class against the forward pass, and the memory that each takes, for one model of each family,
 * on WASM in Node. Prints a Markdown table.
 *
 *     node bench/families.ts FOLDER [models…] [--threads 1,2] [--rounds 10]
 *
 * FOLDER is what scripts/reach/export.py wrote. Each model runs in a process of its own; passes take turns there. On one
 * thread the quotient is of computing time, which hardly depends on what else the machine does, on more of elapsed time.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createOrtRuntime } from '../src/lib/runtime/ort.ts';
import { apart, machine, table } from './report.ts';
import { loadReach, reachModels } from './reach.ts';
import { interleave, ratio, spread, type Spread } from './timing.ts';

interface Measured {
  readonly forward: Spread;
  readonly gradient: Spread;
  readonly ratio: Spread;
}

async function times(folder: string, name: string, threads: number, rounds: number): Promise<Measured> {
  const runtime = await createOrtRuntime({ device: 'wasm', threads });
  const { forward, gradient, x, seed } = loadReach(folder, name);
  const [pass, both] = await Promise.all([runtime.compile(forward), runtime.compile(gradient)]);
  const turns = await interleave({ forward: () => pass.run([x]), gradient: () => both.run([x, seed]) }, rounds);
  const of = threads === 1 ? 'cpu' : 'wall';
  const spreadOf = (task: 'forward' | 'gradient') => spread(turns[task].map((turn) => turn[of]));
  return {
    forward: spreadOf('forward'),
    gradient: spreadOf('gradient'),
    ratio: ratio(turns.gradient, turns.forward, of),
  };
}

interface Memory {
  /** Of the model's file and its weights. */
  readonly weights: number;
  readonly heap: number;
}

/** What WebAssembly memory has grown to, and never shrinks from, when one program has run twice. */
async function memory(folder: string, name: string, which: 'forward' | 'gradient'): Promise<Memory> {
  const runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
  const model = loadReach(folder, name);
  const program = await runtime.compile(model[which]);
  const feeds = which === 'forward' ? [model.x] : [model.x, model.seed];
  for (let i = 0; i < 2; i++) (await program.run(feeds)).forEach((result) => result.dispose());
  return { weights: model.weightBytes, heap: runtime.heapBytes };
}

const ms = ({ min, median }: Spread): string => `${min.toFixed(1)} / ${median.toFixed(1)}`;
const times2 = ({ min, median }: Spread): string => `${min.toFixed(2)} / ${median.toFixed(2)}`;
const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { threads: { type: 'string', default: '1,2' }, rounds: { type: 'string', default: '10' } },
  });
  const [folder, ...names] = positionals;
  const self = fileURLToPath(import.meta.url);
  const threads = values.threads.split(',').map(Number);
  const all = new Map<number, Spread[]>(threads.map((count) => [count, []]));
  const rows = (names.length > 0 ? names : reachModels(folder)).map((name) => {
    const cells = threads.flatMap((count) => {
      const row = apart<Measured>(self, ['times', folder, name, count, values.rounds]);
      all.get(count)!.push(row.ratio);
      return [ms(row.forward), ms(row.gradient), times2(row.ratio)];
    });
    const [alone, both] = ['forward', 'gradient'].map((which) => apart<Memory>(self, ['memory', folder, name, which]));
    const row = [name, ...cells, mb(alone.weights), mb(alone.heap), mb(both.heap)];
    console.error(row.join(' | '));
    return row;
  });
  const head = threads.flatMap((count) => [`forward ×${count}, ms`, `gradient ×${count}, ms`, `quotient ×${count}`]);
  console.log(`${machine()}. Fastest / median of ${values.rounds} rounds.\n`);
  console.log(table(['model', ...head, 'weights, MB', 'heap, forward', 'heap, gradient'], rows));
  for (const [count, ratios] of all) {
    const [min, median] = (['min', 'median'] as const).map((of) => ratios.map((r) => r[of]));
    console.log(
      `\n${count} thread${count > 1 ? 's' : ''}: of the fastest turns, median ${spread(min).median.toFixed(2)}, worst ${Math.max(...min).toFixed(2)}; ` +
        `of medians, median ${spread(median).median.toFixed(2)}, worst ${Math.max(...median).toFixed(2)}.`,
    );
  }
}

if (process.argv[2] === '--child') {
  const [what, folder, name, ...rest] = process.argv.slice(3);
  const found =
    what === 'times'
      ? await times(folder, name, Number(rest[0]), Number(rest[1]))
      : await memory(folder, name, rest[0] as 'forward' | 'gradient');
  console.log(JSON.stringify(found));
  // The threads of onnxruntime keep Node alive.
  process.exit(0);
} else {
  main();
}
