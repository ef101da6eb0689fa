/**
 * Opens every model that export.py wrote and compares with PyTorch: logits and float64 gradient, the worst of three
 * inputs, and the sum of DeepLIFT's scores. Prints the table of docs/reach.md, a row for each model
 * with the worst of its files, and fails on any miss.
 *
 *     node scripts/reach/check.ts [FOLDER] [NAME ...] [--only=opset17]      # of each model the files of such names
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deepLiftUnder } from '../../src/lib/attribution/deeplift.ts';
import { gradientOf } from '../../src/lib/attribution/gradient.ts';
import { fromLayer } from '../../src/lib/attribution/part.ts';
import { forwardProgram, runOnce, values } from '../../src/lib/attribution/program.ts';
import type { ModelGraph, Question } from '../../src/lib/attribution/types.ts';
import { deepliftComplete, gradient as chainRule } from '../../src/lib/autodiff/rule-sets.ts';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { topologicalOrder, type Value } from '../../src/lib/graph/graph.ts';
import { createEngine } from '../../src/lib/model/engine.ts';
import { openModel } from '../../src/lib/model/open.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { relativeError, relativeL2 } from '../../src/lib/tensor/arithmetic.ts';
import { readNpy } from '../../src/lib/tensor/npy.ts';
import { example, makeTensor, toFloat32, zerosLike, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { asModel, summedOf } from '../../tests/goldens/models.ts';

interface Manifest {
  readonly target: number;
  /** Relative L2 distance of PyTorch's float32 gradient from its float64 gradient, for each input: what a gradient is judged by. */
  readonly float32_noise: readonly number[];
  /** The largest distance between passes of PyTorch that round differently, for the table. */
  readonly float32_spread: readonly number[];
  /** Inputs drawn until three were found, or no more were tried. */
  readonly drawn: number;
  /** Passes that were made at an input, and how many of them agreed at each of the three. */
  readonly passes: number;
  readonly agreed: readonly number[];
  /** Files that PyTorch could not write, and why. */
  readonly refused: Readonly<Record<string, string>>;
  /** The target is the sum of a class over all pixels. */
  readonly sum: boolean;
  /** The input is word numbers; gradients are those of their embedding. */
  readonly embedding: boolean;
}

interface Measured {
  readonly batched: boolean;
  readonly logits: number;
  readonly gradient: number;
  /** Whether every input's gradient is as close as it has to be. */
  readonly close: boolean;
  readonly deeplift: number;
}

/** Relative L2 error of the gradient that is always allowed; where PyTorch's own float32 is worse, three times that. */
const GRADIENT = 1e-4;
const LOGITS = 1e-4;
const COMPLETENESS = 1e-3;

const quiet = { signal: new AbortController().signal, onProgress: () => undefined };

/** A model on one input: where gradients arrive, and what its logits are. */
interface Subject {
  readonly question: Question;
  readonly logits: FloatTensor;
}

type Opened = {
  readonly batched: boolean;
  readonly on: (x: FloatTensor) => Promise<Subject>;
  dispose(): Promise<void>;
};

const asked = (model: ModelGraph, engine: Question['engine'], x: FloatTensor, index: number): Question => ({
  model,
  engine,
  x,
  baseline: zerosLike(x),
  target: { kind: 'logit', index },
  seed: 1,
});

const logitsOf = async (question: Question): Promise<FloatTensor> =>
  (await runOnce(question, await forwardProgram(question), [question.x]))[0];

/** As the page opens it. */
async function openImages(runtime: Runtime, files: Files, { target, sum }: Manifest): Promise<Opened> {
  const loaded = await openModel(runtime, [files.model, files.weights], quiet);
  const engine = sum ? createEngine(runtime) : loaded.engine;
  const model = sum ? summedOf(loaded.model) : loaded.model;
  return {
    batched: loaded.model.batched,
    dispose: async () => {
      await loaded.engine.dispose();
      if (sum) await engine.dispose();
    },
    on: async (x) => ({
      question: asked(model, engine, x, target),
      logits: await logitsOf(asked(loaded.model, loaded.engine, x, 0)),
    }),
  };
}

/** A text classifier, cut behind its embedding: the words themselves have no gradient. */
async function openText(runtime: Runtime, files: Files, { target }: Manifest): Promise<Opened> {
  const external = [{ path: files.weights.name, data: files.weights.bytes }];
  const { graph, batched } = readOnnx(files.model.bytes, files.model.name, { external });
  const model = asModel(files.model.name, graph, batched);
  const embedding = embeddingOf(model);
  const engine = createEngine(runtime);
  return {
    batched,
    dispose: () => engine.dispose(),
    on: async (x) => {
      const part = await fromLayer(asked(model, engine, x, target), embedding);
      const question = { ...part, baseline: zerosLike(part.x) };
      return { question, logits: await logitsOf(question) };
    },
  };
}

function embeddingOf({ logits }: ModelGraph): Value {
  const gather = topologicalOrder([logits]).find((node) => node.op === 'Gather' && node.inputs[0]?.constant);
  if (!gather) throw new Error('no embedding: no Gather reads rows of a weight.');
  return gather.outputs[0];
}

interface Files {
  readonly model: { name: string; bytes: Uint8Array<ArrayBuffer> };
  readonly weights: { name: string; bytes: Uint8Array<ArrayBuffer> };
}

const bytesOf = (path: string) => new Uint8Array(readFileSync(path));

async function check(runtime: Runtime, folder: string, file: string, manifest: Manifest): Promise<Measured> {
  const load = (name: string): FloatTensor => toFloat32(readNpy(bytesOf(join(folder, name)), name));
  const files = {
    model: { name: file, bytes: bytesOf(join(folder, file)) },
    weights: { name: 'weights.bin', bytes: bytesOf(join(folder, 'weights.bin')) },
  };
  const opened = await (manifest.embedding ? openText : openImages)(runtime, files, manifest);
  try {
    const [xs, expected, gradients] = ['input.npy', 'logits.npy', 'gradient.npy'].map(load);
    const logits: number[] = [];
    const errors: number[] = [];
    // An error relative to F(x) − F(x′) says something of the sum where that is not by chance near nothing.
    let furthest: { question: Question; way: number } | null = null;
    for (let i = 0; i < xs.shape[0]; i++) {
      const { question, logits: found } = await opened.on(example(xs, i));
      const y = example(expected, i);
      logits.push(relativeError(makeTensor('float32', y.shape, found.data), y));
      const { gradient } = await gradientOf(question, chainRule);
      errors.push(relativeL2(gradient, example(gradients, i)));
      const [value, baselineValue] = await values(question, [question.x, question.baseline!]);
      const way = Math.abs(value - baselineValue);
      if (!furthest || way > furthest.way) furthest = { question, way };
    }
    const rules = { multiplyByInputs: true };
    const { check: sum } = await deepLiftUnder(furthest!.question, deepliftComplete, rules);
    const close = errors.every((error, i) => error <= Math.max(GRADIENT, 3 * manifest.float32_noise[i]));
    return {
      batched: opened.batched,
      logits: Math.max(...logits),
      gradient: Math.max(...errors),
      close,
      deeplift: sum!.relative,
    };
  } finally {
    await opened.dispose();
  }
}

const options = process.argv.slice(2);
const only = options.find((v) => v.startsWith('--only='))?.slice('--only='.length) ?? '';
const [place, ...wanted] = options.filter((v) => !v.startsWith('--'));
const root = place ?? join(import.meta.dirname, 'models');
if (!existsSync(root)) throw new Error(`${root}: not there. Run python3 scripts/reach/export.py first.`);
const runtime = await createOrtRuntime({ device: 'wasm' });
const number = (v: number) => v.toExponential(1);
let [passed, failed] = [0, 0];
console.log(
  '| model | input | drawn | files | batch axis | logits | gradient (L2) | noise of PyTorch | other roundings | DeepLIFT sum |',
);
console.log('|---|---|--:|--:|---|--:|--:|--:|--:|--:|');
for (const name of wanted.length > 0 ? wanted : readdirSync(root).sort()) {
  const folder = join(root, name);
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
  const shape = readNpy(bytesOf(join(folder, 'input.npy')), name)
    .shape.slice(1)
    .join('×');
  const rows: Measured[] = [];
  const misses: string[] = [];
  for (const file of readdirSync(folder)
    .filter((f) => f.endsWith('.onnx') && f.includes(only))
    .sort()) {
    try {
      const row = await check(runtime, folder, file, manifest);
      rows.push(row);
      const meets = row.logits <= LOGITS && row.close && row.deeplift <= COMPLETENESS;
      if (meets) passed++;
      else
        misses.push(`${file}: logits ${number(row.logits)}, gradient ${number(row.gradient)}, ${number(row.deeplift)}`);
    } catch (error) {
      misses.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  failed += misses.length;
  const worst = (of: (row: Measured) => number) => number(Math.max(...rows.map(of)));
  const axes = [...new Set(rows.map(({ batched }) => (batched ? 'N' : '1')))].join(', ');
  const numbers = [
    worst((r) => r.logits),
    worst((r) => r.gradient),
    number(Math.max(...manifest.float32_noise)),
    number(Math.max(...manifest.float32_spread)),
    worst((r) => r.deeplift),
  ];
  const well = manifest.agreed.filter((passes) => passes >= manifest.passes).length;
  const drawn = well === manifest.agreed.length ? `${manifest.drawn}` : `${manifest.drawn} (${well} well)`;
  console.log(`| ${name} | ${shape} | ${drawn} | ${rows.length} | ${axes} | ${numbers.join(' | ')} |`);
  for (const miss of misses) console.log(`**${name}/${miss}**`);
  for (const [file, reason] of Object.entries(manifest.refused))
    console.error(`${name}/${file}, not written: ${reason}`);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
