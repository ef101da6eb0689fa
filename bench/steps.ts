/**
 * @file Integrated Gradients over more and more steps, on WASM in Node: time a step, WebAssembly memory and the heap of
 * JavaScript after it. Time should grow with the steps, memory not at all. Prints a Markdown table.
 *
 *     node bench/steps.ts FOLDER [models…] [--steps 16,64,256]
 *
 * FOLDER is what scripts/reach/export.py wrote. Each model runs in a process of its own, on one thread.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createOrtRuntime } from '../src/lib/runtime/ort.ts';
import { loadReach, pathOf } from './reach.ts';
import { apart, machine, table } from './report.ts';
import { time } from './timing.ts';

const MODELS = ['mobilenet_v2', 'resnet18', 'swin'];

interface Measured {
  readonly steps: number;
  /** Computing time, ms: the fastest of three runs. */
  readonly cpu: number;
  readonly wasm: number;
  /** Of JavaScript, after its garbage was collected: objects and array buffers other than WebAssembly's. */
  readonly js: number;
}

async function measure(folder: string, name: string, counts: readonly number[]): Promise<Measured[]> {
  const runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
  const run = pathOf(runtime, loadReach(folder, name), 1);
  const warm = performance.now();
  while (performance.now() - warm < 3000) await run(counts[0]);
  const found: Measured[] = [];
  for (const steps of counts) {
    const runs = [];
    for (let i = 0; i < 3; i++) runs.push((await time(() => run(steps))).cpu);
    (globalThis as { gc?: () => void }).gc!();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const js = heapUsed + Math.max(0, arrayBuffers - runtime.heapBytes);
    found.push({ steps, cpu: Math.min(...runs), wasm: runtime.heapBytes, js });
  }
  return found;
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { steps: { type: 'string', default: '16,64,256' } },
  });
  const [folder, ...names] = positionals;
  const self = fileURLToPath(import.meta.url);
  const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
  const rows = (names.length > 0 ? names : MODELS).flatMap((name) =>
    apart<Measured[]>(self, [folder, name, values.steps], ['--expose-gc']).map(({ steps, cpu, wasm, js }) => [
      name,
      steps,
      cpu.toFixed(0),
      (cpu / (steps + 2)).toFixed(2),
      mb(wasm),
      mb(js),
    ]),
  );
  console.log(`${machine()}, one thread.\n`);
  console.log(table(['model', 'steps', 'ms', 'ms a pass', 'WebAssembly, MB', 'JavaScript, MB'], rows));
}

if (process.argv[2] === '--child') {
  const [folder, name, steps] = process.argv.slice(3);
  console.log(JSON.stringify(await measure(folder, name, steps.split(',').map(Number))));
  process.exit(0);
} else {
  main();
}
