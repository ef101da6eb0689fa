/**
 * @file How long the gradient of one logit to the image takes, against the forward pass, on WASM in Node; and how much
 * Integrated Gradients adds to its own passes. Prints Markdown tables.
 *
 *     node bench/gradient.ts [models…] [--threads 1,2] [--rounds 10] [--torch python3]
 *
 * Each model runs in a process of its own. `--torch` names a Python with torch, which is timed the same way.
 */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { integratedGradients } from '../src/lib/attribution/integrated-gradients.ts';
import { createEngine } from '../src/lib/model/engine.ts';
import { Builder } from '../src/lib/ops/builder.ts';
import { createOrtRuntime } from '../src/lib/runtime/ort.ts';
import { zeros } from '../src/lib/tensor/tensor.ts';
import { CLASS, gradientGraph, image, loadModel, MODELS, oneHot } from './models.ts';
import { interleave, ratio, spread, type Spread } from './timing.ts';

/** Points on the path of Integrated Gradients; it makes two more passes for F(x) and F(x′). */
const STEPS = 16;
/** Rounds for Integrated Gradients, each of 2 · (STEPS + 2) passes. */
const IG_ROUNDS = 5;

interface Measured {
  readonly model: string;
  readonly threads: number;
  readonly forward: Spread;
  readonly gradient: Spread;
  /** Gradient / forward; of computing time on one thread, of elapsed time on more. */
  readonly ratio: Spread;
  /** Integrated Gradients / its own passes, of elapsed time: computing time would count the garbage collector's threads. */
  readonly ig: Spread;
  readonly heapBytes: number;
}

async function measure(model: string, threads: number, rounds: number): Promise<Measured> {
  const runtime = await createOrtRuntime({ device: 'wasm', threads });
  const graph = loadModel(model);
  const [input, output] = [graph.inputs[0], graph.outputs[0]];
  const x = image([1, ...(input.shape.slice(1) as number[])]);
  const seed = oneHot(output.shape[1] as number);
  const [forward, gradient] = await Promise.all([runtime.compile(graph), runtime.compile(gradientGraph(graph))]);
  const times = await interleave({ forward: () => forward.run([x]), gradient: () => gradient.run([x, seed]) }, rounds);

  const probabilities = new Builder().softmax(output, 1);
  const question = {
    model: { graph, input, images: [input], logits: output, probabilities, batched: false },
    engine: createEngine(runtime, { batch: 1 }),
    x,
    baseline: zeros('float32', x.shape),
    target: { kind: 'logit', index: CLASS },
    seed: 0,
  } as const;
  const options = { steps: STEPS, quadrature: 'gauss-legendre', multiplyByInputs: true } as const;
  const passes = async () => {
    for (let i = 0; i < STEPS; i++) await gradient.run([x, seed]);
    for (let i = 0; i < 2; i++) await forward.run([x]);
  };
  const ig = await interleave({ passes, ig: () => integratedGradients.explain(question, options) }, IG_ROUNDS, 1);
  const of = threads === 1 ? 'cpu' : 'wall';
  return {
    model,
    threads,
    forward: spread(times.forward.map((t) => t.wall)),
    gradient: spread(times.gradient.map((t) => t.wall)),
    ratio: ratio(times.gradient, times.forward, of),
    ig: ratio(ig.ig, ig.passes, 'wall'),
    heapBytes: runtime.heapBytes,
  };
}

/** Runs this file again for one model, so that no measurement inherits another one's memory. */
function measureApart(model: string, threads: number, rounds: number): Measured {
  const self = fileURLToPath(import.meta.url);
  const output = execFileSync(process.execPath, [self, '--child', model, String(threads), String(rounds)], {
    encoding: 'utf8',
  });
  process.stderr.write(output);
  return JSON.parse(output) as Measured;
}

interface TorchRow {
  readonly runtime: string;
  readonly model: string;
  readonly threads: number;
  readonly forward: Spread;
  readonly gradient: Spread;
}

function timeTorch(python: string, models: readonly string[], threads: readonly number[], rounds: number): TorchRow[] {
  const script = fileURLToPath(new URL('export.py', import.meta.url));
  const args = [script, ...models, '--time', '--rounds', String(rounds), '--threads', ...threads.map(String)];
  const lines = execFileSync(python, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as TorchRow);
}

const times = ({ min, median }: Spread): string => `${min.toFixed(2)} / ${median.toFixed(2)}`;
const ms = ({ min, median }: Spread): string => `${min.toFixed(1)} / ${median.toFixed(1)}`;

function table(rows: readonly Measured[], torch: readonly TorchRow[]): string {
  const head = [
    'model',
    'threads',
    'forward',
    'gradient',
    'gradient / forward',
    'IG / its passes',
    'heap, MB',
    'torch forward',
    'torch gradient',
  ];
  const lines = rows.map((r) => {
    const peer = torch.find((t) => t.model === r.model && t.threads === r.threads);
    const own = [ms(r.forward), ms(r.gradient), times(r.ratio), times(r.ig), (r.heapBytes / 1e6).toFixed(0)];
    return [r.model, r.threads, ...own, peer ? ms(peer.forward) : '–', peer ? ms(peer.gradient) : '–'];
  });
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      threads: { type: 'string', default: '1,2' },
      rounds: { type: 'string', default: '10' },
      torch: { type: 'string' },
    },
  });
  const models = positionals.length > 0 ? positionals : MODELS;
  const threads = values.threads.split(',').map(Number);
  const rounds = Number(values.rounds);
  const rows = models.flatMap((model) => threads.map((count) => measureApart(model, count, rounds)));
  const torch = values.torch ? timeTorch(values.torch, models, threads, rounds) : [];
  const ratios = rows.map((r) => r.ratio.median);
  console.log(
    `${new Date().toISOString().slice(0, 10)} · ${os.cpus()[0].model}, ${os.cpus().length} cores · Node ${process.versions.node}`,
  );
  if (torch.length > 0) console.log(torch[0].runtime);
  console.log(`\nMinimum / median of ${rounds} rounds; times in milliseconds.\n\n${table(rows, torch)}\n`);
  console.log(`Median of gradient / forward: ${spread(ratios).median.toFixed(2)}`);
}

if (process.argv[2] === '--child') {
  const [model, threads, rounds] = process.argv.slice(3);
  console.log(JSON.stringify(await measure(model, Number(threads), Number(rounds))));
  // The threads of onnxruntime keep Node alive.
  process.exit(0);
} else {
  main();
}
