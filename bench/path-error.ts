/**
 * @file The error of Integrated Gradients by passes, for points on a grid, gradients where they jump, and segments; and what
 * it takes to reach an error that is asked for. Prints Markdown tables.
 *
 *     node bench/path-error.ts [FOLDER] [--only=WORD,…] [--torch python3] [--asked]
 *     node bench/path-error.ts --small 420              # random small networks in float64: how often the estimate holds
 *
 * FOLDER is what scripts/reach/export.py wrote; without one the bundled models are measured alone. `--torch` names a Python with
 * torch, whose time for 50 gradients, all that Captum's usual number of steps has to compute, is told beside; `--asked` leaves the
 * first table out.
 *
 * The truth is 2,000 midpoint steps, 20,000 of small networks; the error Σ|score − truth| over Σ|truth|; the baseline black.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { boundedIntegratedGradients } from '../src/lib/attribution/bounded-integrated-gradients.ts';
import { integratedGradients } from '../src/lib/attribution/integrated-gradients.ts';
import { placesOnPath } from '../src/lib/attribution/path-terms.ts';
import type { Explanation, Question, Target } from '../src/lib/attribution/types.ts';
import { openModel } from '../src/lib/model/open.ts';
import { createOrtRuntime } from '../src/lib/runtime/ort.ts';
import type { Runtime } from '../src/lib/runtime/runtime.ts';
import { readNpy } from '../src/lib/tensor/npy.ts';
import { example, toFloat32, zerosLike, type FloatTensor } from '../src/lib/tensor/tensor.ts';
import { ask, denseModel, gaussian, SMALL_WIDTHS } from '../tests/attribution/models.ts';
import { denseNet, integratedGradients as literal, type Activation } from '../tests/reference/methods/dense.ts';

const root = join(import.meta.dirname, '..');
const GALLERY = 'tests/fixtures/models/gallery-inputs.npy';
const BUDGETS = [50, 100, 200, 400];
const TARGETS = [5, 1];

interface Subject {
  readonly name: string;
  /** What bench/torch-passes.py calls it. */
  readonly peer: string;
  readonly folder: string;
  readonly file: string;
  readonly inputs: string;
  readonly example: number;
  readonly target: Target;
}

const logit = (index: number): Target => ({ kind: 'logit', index });
const bundled = (name: string, file: string, example: number, target: Target): Subject => ({
  name,
  peer: 'vitrine-16',
  folder: join(root, 'static/models'),
  file,
  inputs: join(root, GALLERY),
  example,
  target,
});
const BUNDLED = [
  bundled('Vitrine 16, cat', 'vitrine-16.onnx', 0, logit(5)),
  bundled('Vitrine 16, cat, as a fish', 'vitrine-16.onnx', 0, logit(8)),
  bundled('Vitrine 16, cat, probability', 'vitrine-16.onnx', 0, { kind: 'probability', index: 5 }),
  bundled('its sibling, fish', 'vitrine-16-shortcut.onnx', 1, logit(8)),
];
const exported = (folder: string, name: string): Subject => ({
  name,
  peer: name,
  folder: join(folder, name),
  file: 'opset17.dynamic.onnx',
  inputs: join(folder, name, 'input.npy'),
  example: 0,
  target: logit(7),
});

const bytesOf = (path: string) => new Uint8Array(readFileSync(path));

/** Black in the units of torchvision's models, and of ours. */
function black(like: FloatTensor): FloatTensor {
  const floor = [0.485 / 0.229, 0.456 / 0.224, 0.406 / 0.225].map((v) => -v);
  const baseline = zerosLike(like);
  const plane = like.data.length / 3;
  baseline.data.forEach((_, i) => (baseline.data[i] = floor[Math.floor(i / plane)]));
  return baseline;
}

function errorOf(scores: ArrayLike<number>, truth: ArrayLike<number>): number {
  let [error, size] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    error += Math.abs(scores[i] - truth[i]);
    size += Math.abs(truth[i]);
  }
  return error === 0 ? 0 : error / size;
}

/** With the computing time that it took, which says more than elapsed time where others use the machine. */
async function timed(run: () => Promise<Explanation>): Promise<Explanation & { readonly seconds: number }> {
  const start = process.cpuUsage();
  const found = await run();
  const { user, system } = process.cpuUsage(start);
  return { ...found, seconds: (user + system) / 1e6 };
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))}`;
const seconds = (s: number): string => s.toFixed(s < 10 ? 1 : 0);
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

interface Wanted {
  /** A Python with torch, or ''. */
  readonly torch: string;
  /** Whether the first table is wanted, too. */
  readonly byPasses: boolean;
}

/** Seconds in which torch computes 50 gradients on one thread. */
function torchSeconds(python: string, peer: string): number {
  const output = execFileSync(python, [join(root, 'bench/torch-passes.py'), peer], { encoding: 'utf8' });
  const { single, batch } = JSON.parse(output) as Record<'single' | 'batch', number>;
  return Math.min(single, batch);
}

/** A row for each table. */
async function measure(runtime: Runtime, subject: Subject, wanted: Wanted): Promise<readonly [string[], string[]]> {
  const names = [subject.file, ...(readdirSync(subject.folder).includes('weights.bin') ? ['weights.bin'] : [])];
  const files = names.map((name) => ({ name, bytes: bytesOf(join(subject.folder, name)) }));
  const quiet = { signal: new AbortController().signal, onProgress: () => undefined };
  const { model, engine } = await openModel(runtime, files, quiet);
  const x = example(toFloat32(readNpy(bytesOf(subject.inputs), subject.inputs)), subject.example);
  const question: Question = { model, engine, x, baseline: black(x), target: subject.target, seed: 1 };
  const plain = (steps: number) => timed(() => integratedGradients.explain(question, { steps }));
  const within = (options: object) => timed(() => boundedIntegratedGradients.explain(question, { ...options }));
  const truth = await midpoints(question, 2000);
  const wrong = ({ scores }: Explanation): number => errorOf(scores.data, truth);

  const byPasses: string[] = [];
  for (const passes of wanted.byPasses ? BUDGETS : []) {
    byPasses.push(percent(wrong(await plain(passes - 2))));
    for (const rule of ['gradients', 'segments']) {
      const found = await within({ error: 0.01, passes, rule });
      byPasses.push(`${percent(wrong(found))} (${percent(found.check!.estimate!.error)})`);
    }
  }
  const fifty = await plain(50);
  const asked: string[] = [percent(wrong(fifty)), seconds(fifty.seconds)];
  for (const error of TARGETS) {
    const found = await within({ error, passes: 1000 });
    const { rule, error: estimate } = found.check!.estimate!;
    asked.push(String(found.passes), percent(estimate), percent(wrong(found)), seconds(found.seconds));
    if (rule !== 'gradients') asked[asked.length - 4] += ` by ${rule}`;
  }
  if (wanted.torch) asked.push(seconds(torchSeconds(wanted.torch, subject.peer)));
  await engine.dispose();
  return [byPasses, asked];
}

/** The mean of the path's terms at the middle of each of `steps` stretches, added up in float64. */
async function midpoints(question: Question, steps: number): Promise<Float64Array> {
  const total = new Float64Array(question.x.data.length);
  for (let start = 0; start < steps; start += 50) {
    const alphas = Array.from({ length: 50 }, (_, k) => (start + k + 0.5) / steps);
    for (const { slope } of await placesOnPath(question, alphas)) slope.forEach((v, i) => (total[i] += v / steps));
  }
  return total;
}

async function onModels(folder: string | undefined, only: readonly string[], wanted: Wanted): Promise<void> {
  const runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
  const subjects = [
    ...BUNDLED,
    ...(folder === undefined
      ? []
      : readdirSync(folder)
          .sort()
          .map((name) => exported(folder, name))),
  ].filter(({ name }) => only.some((word) => name.includes(word)));
  const rows: [string, readonly [string[], string[]]][] = [];
  for (const subject of subjects) {
    rows.push([subject.name, await measure(runtime, subject, wanted)]);
    console.error(subject.name, JSON.stringify(rows.at(-1)![1]));
  }
  const print = (heads: readonly string[], k: 0 | 1) =>
    console.log(
      [
        row(heads),
        row(heads.map((_, i) => (i === 0 ? '---' : '--:'))),
        ...rows.map(([name, of]) => row([name, ...of[k]])),
      ].join('\n') + '\n',
    );
  console.log(
    `${new Date().toISOString().slice(0, 10)} · ${os.cpus()[0].model} · Node ${process.versions.node} · one thread\n`,
  );
  if (wanted.byPasses) print(['model', ...BUDGETS.flatMap((n) => [`${n} passes: grid`, 'gradients', 'segments'])], 0);
  print(
    [
      'model',
      ...['50 steps, %', 's'],
      ...TARGETS.flatMap((t) => [`${t} % asked: passes`, 'estimate, %', 'true, %', 's']),
      ...(wanted.torch ? ['50 gradients of torch, s'] : []),
    ],
    1,
  );
}

/** How often the true error of random networks is what was asked for. */
async function onSmall(count: number): Promise<void> {
  const heads = ['activation', 'rule', 'asked, %', 'error met', 'worst, of what was asked', 'passes, median', 'most'];
  console.log(`${row(heads)}\n${row(heads.map((_, i) => (i < 2 ? '---' : '--:')))}`);
  for (const activation of ['relu', 'tanh'] as const) {
    const cases = Array.from({ length: count }, (_, k) => smallCase(activation, k));
    for (const rule of ['gradients', 'segments', 'measured'])
      for (const error of [5, 1, 0.2]) {
        const found = [];
        for (const { question, truth } of cases) {
          const { scores, passes } = await boundedIntegratedGradients.explain(question, { rule, error, passes: 5000 });
          found.push({ passes, share: errorOf(scores.data, truth) / (error / 100) });
        }
        const met = found.filter(({ share }) => share <= 1).length;
        const passes = found.map((one) => one.passes).sort((a, b) => a - b);
        const worst = Math.max(...found.map(({ share }) => share)).toFixed(2);
        const cells = [`${met}/${count}`, worst, passes[count >> 1], passes.at(-1)!].map(String);
        console.log(row([activation, rule, String(error), ...cells]));
      }
  }
}

function smallCase(activation: Activation, k: number): { question: Question; truth: readonly number[] } {
  const widths = SMALL_WIDTHS[k % SMALL_WIDTHS.length];
  const net = denseNet(widths, activation, 1000 + k);
  const x = gaussian([1, widths[0]], 2000 + k);
  const baseline = gaussian([1, widths[0]], 3000 + k, k % 2 ? 0.5 : 1);
  const seed = Array.from({ length: widths.at(-1)! }, (_, i) => (i === 0 ? 1 : 0));
  return {
    question: ask({ model: denseModel(net), x, baseline }, 8),
    truth: literal(net, [...x.data], [...baseline.data], seed, 20_000),
  };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    small: { type: 'string' },
    only: { type: 'string', default: '' },
    torch: { type: 'string', default: '' },
    asked: { type: 'boolean', default: false },
  },
});
const [folder] = positionals;
const { small, only, torch, asked } = values;
await (small === undefined ? onModels(folder, only.split(','), { torch, byPasses: !asked }) : onSmall(Number(small)));
// The threads of onnxruntime keep Node alive.
process.exit(0);
