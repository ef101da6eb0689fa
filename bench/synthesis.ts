/**
 * @file How much a step of activation maximisation costs against a forward pass, on WASM.
 *
 *     node bench/synthesis.ts [model …] [--threads 1,2] [--rounds 10]
 *
 * Without names: the bundled model, SqueezeNet and ResNet-18 (`python3 bench/export.py` writes the latter two). Each model runs
 * in a process of its own; step and forward pass take turns. The step is what the page makes: Fourier parameters, Lucid's moves, total
 * variation, tables built on the host.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { forwardProgram } from '../src/lib/attribution/program.ts';
import { openModel } from '../src/lib/model/open.ts';
import { createOrtRuntime } from '../src/lib/runtime/ort.ts';
import { NO_REGULARISERS, recipeFor } from '../src/lib/synthesis/recipes.ts';
import { REDIRECTED_STEPS } from '../src/lib/synthesis/redirect.ts';
import { createSynthesis } from '../src/lib/synthesis/synthesis.ts';
import { adjointShares, drawMove, tablesOf } from '../src/lib/synthesis/transform.ts';
import { random } from '../src/lib/tensor/random.ts';
import { image } from './models.ts';
import { interleave, ratio, spread, type Spread } from './timing.ts';

const MODELS = ['../static/models/vitrine-16.onnx', 'models/squeezenet1_1.onnx', 'models/resnet18.onnx'];

interface Measured {
  readonly model: string;
  readonly threads: number;
  readonly forward: Spread;
  readonly step: Spread;
  /** Step / forward; of computing time on one thread, of elapsed time on more. */
  readonly ratio: Spread;
  /** Drawing a move and writing its tables, on the host. */
  readonly tables: Spread;
}

async function measure(path: string, threads: number, rounds: number): Promise<Measured> {
  const runtime = await createOrtRuntime({ device: 'wasm', threads });
  const file = { name: basename(path), bytes: new Uint8Array(readFileSync(new URL(path, import.meta.url))) };
  const job = { signal: new AbortController().signal, onProgress: () => undefined };
  const { model, engine, info } = await openModel(runtime, [file], job);
  const recipe = { ...recipeFor('fourier'), regularisers: { ...NO_REGULARISERS, totalVariation: 0.002 } };
  const { preprocessing } = info;
  const synthesis = await createSynthesis({
    model,
    engine,
    preprocessing,
    sites: { layer: () => ({ value: model.logits, layout: null }), logits: { value: model.logits, layout: null } },
    recipe,
    objectives: [{ terms: [{ weight: 1, term: { kind: 'logit', index: 1 } }] }],
  });
  const x = image([1, ...(model.input.shape.slice(1) as number[])]);
  const forward = await forwardProgram({ model, engine });
  const pass = async () => (await forward.run([x])).forEach((result) => result.dispose());
  while (synthesis.step < REDIRECTED_STEPS) await synthesis.advance();
  const draws = random(1);
  const size = { channels: 3, height: preprocessing.height, width: preprocessing.width } as const;
  const tables = async () => tablesOf(drawMove(recipe.transform, draws), size, adjointShares(recipe.transform));
  const times = await interleave({ forward: pass, step: () => synthesis.advance(), tables }, rounds);
  const wall = (turns: readonly { readonly wall: number }[]) => spread(turns.map((turn) => turn.wall));
  return {
    model: file.name,
    threads,
    forward: wall(times.forward),
    step: wall(times.step),
    ratio: ratio(times.step, times.forward, threads === 1 ? 'cpu' : 'wall'),
    tables: wall(times.tables),
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

const both = ({ min, median }: Spread, digits = 1): string => `${min.toFixed(digits)} / ${median.toFixed(digits)}`;

function table(rows: readonly Measured[]): string {
  const head = [
    'model',
    'threads',
    'forward',
    'step',
    'step / forward',
    'tables',
    'forwards a second',
    'steps a second',
  ];
  const lines = rows.map((r) => [
    r.model,
    r.threads,
    both(r.forward),
    both(r.step),
    both(r.ratio, 2),
    both(r.tables),
    (1000 / r.forward.min).toFixed(1),
    (1000 / r.step.min).toFixed(1),
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { threads: { type: 'string', default: '1,2' }, rounds: { type: 'string', default: '10' } },
  });
  const models = positionals.length > 0 ? positionals.map((name) => `models/${name}.onnx`) : MODELS;
  const threads = values.threads.split(',').map(Number);
  const rounds = Number(values.rounds);
  const rows = models.flatMap((model) => threads.map((count) => measureApart(model, count, rounds)));
  console.log(
    `${new Date().toISOString().slice(0, 10)} · ${os.cpus()[0].model}, ${os.cpus().length} cores · Node ${process.versions.node}`,
  );
  console.log(`\nMinimum / median of ${rounds} rounds; times in milliseconds.\n\n${table(rows)}`);
}

if (process.argv[2] === '--child') {
  const [model, threads, rounds] = process.argv.slice(3);
  console.log(JSON.stringify(await measure(model, Number(threads), Number(rounds))));
  // The threads of onnxruntime keep Node alive.
  process.exit(0);
} else {
  main();
}
