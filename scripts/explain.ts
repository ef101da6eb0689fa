/**
 * @file `npm run explain -- MODEL INPUT --method M [--target T] [--out FILE]…`, or `npm run explain -- LINK [FILE…]`. See
 * docs/library.md. Prints what came out; the exit code is 1 where something does not fit or a link is not reproduced.
 */
import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { parseArgs } from 'node:util';
import {
  attribute,
  exportExplanation,
  openModel,
  type Attribution,
  type AttributionRequest,
  type Baseline,
  type Neuron,
  type OpenModel,
  type Preprocessing,
  type Target,
  type Through,
} from '../src/lib/library/library.ts';
import { sha256 } from '../src/lib/model/sha256.ts';
import { VERSION } from '../src/lib/model/version.ts';
import { linkIn } from '../src/lib/share/kind.ts';
import { neuronTitle, throughTitle } from '../src/lib/synthesis/neuron.ts';
import { writeNpy } from '../src/lib/tensor/npy.ts';
import { preprocessingFor } from '../src/lib/vision/preprocess.ts';
import { bundledPreprocessing, inputFile, inputOf, modelFiles, readFile } from './explain/files.ts';
import { pictureOf } from './explain/images.ts';
import { numbersOf, reproduce } from './explain/link.ts';

const USAGE = `npm run explain -- MODEL INPUT --method M [options]
npm run explain -- LINK [FILE…]

MODEL     a path, or the id of a model of the page, such as vitrine-16
INPUT     a PNG, JPEG or .npy, or the id of a picture of the page, such as cat-0
LINK      a link of the page's "Share"; FILE are the sender's own model and pictures

--method M            such as integrated-gradients
--target T            a class by number or name; probability:T, logit-minus-mean:T or difference:T,T; default the most probable
--neuron L:C,Y,X      a neuron in place of a class: layer, channel, row and column; L:C in a layer without places
--through L:C,Y,X     of neuron-conductance: the neuron to go through; L:C or L leave the rest to the picture
--layer L             a layer by its name
--option K=V          an option of the method; may be repeated
--baseline B          black, white, mean, blur, noise, a number, or a file as INPUT; several files are averaged over where a method can
--seed N              of everything that is drawn; default 0
--preset P            how a picture is fed: torchvision, minus-one-to-one, caffe, zero-to-one, …; default as the files say
--output NAME         of a model with several outputs
--beside FILE         weights or labels beside the model; may be repeated
--out FILE            .npy, .png, .json or .onnx; may be repeated`;

const { values: flags, positionals } = read();

function read() {
  const text = { type: 'string' } as const;
  const texts = { type: 'string', multiple: true } as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        method: text,
        target: text,
        neuron: text,
        through: text,
        layer: text,
        baseline: texts,
        seed: text,
        preset: text,
        output: text,
        option: texts,
        beside: texts,
        out: texts,
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

/** "steps=8" → { steps: 8 } */
function optionsOf(pairs: readonly string[] = []): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new RangeError(`--option ${pair}: give it as name=value.`);
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      return [name, value === 'true' ? true : value === 'false' ? false : Number.isNaN(Number(value)) ? value : +value];
    }),
  );
}

function classOf(text: string, { info }: OpenModel): number {
  const named = info.labels.indexOf(text);
  const index = named !== -1 ? named : /^\d+$/.test(text) ? Number(text) : -1;
  if (index < 0 || index >= info.classes)
    throw new RangeError(
      `--target ${text}: no class of ${info.name}. Give a number from 0 to ${info.classes - 1}${info.labels.length > 0 ? `, or one of ${info.labels.slice(0, 20).join(', ')}` : ''}.`,
    );
  return index;
}

function targetOf(text: string, model: OpenModel): Target {
  const [, kind = 'logit', of] = /^(?:(logit|probability|logit-minus-mean|difference):)?(.*)$/.exec(text)!;
  const [index, other] = (kind === 'difference' ? of.split(',') : [of]).map((name) => classOf(name, model));
  if (kind !== 'difference') return { kind: kind as Exclude<Target['kind'], 'difference'>, index };
  if (other === undefined) throw new RangeError(`--target ${text}: a difference is of two classes, as difference:3,5.`);
  return { kind, index, other };
}

/** "relu3:12,4,5" → channel 12 at row 4, column 5; a layer's name may hold colons itself. */
function neuronOf(text: string): Neuron {
  const [, layer, channel, y, x] = /^(.+):(\d+)(?:,(\d+),(\d+))?$/.exec(text) ?? [];
  if (layer === undefined)
    throw new RangeError(`--neuron ${text}: give it as LAYER:CHANNEL,ROW,COLUMN, or as LAYER:CHANNEL without places.`);
  return { layer, channel: Number(channel), position: y === undefined ? null : { y: Number(y), x: Number(x) } };
}

/** As `neuronOf`; a layer alone, or one of its channels, leaves the rest open. */
function throughOf(text: string): Through {
  return /:\d+(,\d+,\d+)?$/.test(text) ? neuronOf(text) : { layer: text, channel: null, position: null };
}

function baselineOf(given: readonly string[]): Baseline {
  if (given.length > 1) return given.map((text) => inputOf(inputFile(text)));
  const [text] = given;
  if (['black', 'white', 'mean', 'blur', 'noise'].includes(text)) return text as Baseline;
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : inputOf(inputFile(text));
}

/** By the preset that is asked for, else as the page feeds a model of its own; undefined leaves it to the model's files. */
function preprocessingOf({ info }: OpenModel, modelName: string): Preprocessing | undefined {
  if (flags.preset === undefined) return bundledPreprocessing(modelName);
  const { layout, width, height, order } = info.preprocessing;
  return preprocessingFor(flags.preset, { layout, width, height, channels: order === 'grey' ? 1 : 3 });
}

function requestOf(model: OpenModel, modelName: string): AttributionRequest {
  const preprocessing = preprocessingOf(model, modelName);
  const { method, target, neuron, through, layer, baseline, seed = '0', option } = flags;
  if (method === undefined) {
    const usable = model.info.methods.filter(({ unavailable }) => unavailable === null).map(({ id }) => id);
    throw new RangeError(`--method is missing. ${model.info.name} allows ${usable.join(', ')}.`);
  }
  if (!Number.isSafeInteger(Number(seed))) throw new RangeError(`--seed ${seed}: give a whole number.`);
  return {
    method,
    options: optionsOf(option),
    seed: Number(seed),
    ...(target !== undefined && { target: targetOf(target, model) }),
    ...(neuron !== undefined && { neuron: neuronOf(neuron) }),
    ...(through !== undefined && { through: throughOf(through) }),
    ...(layer !== undefined && { layer }),
    ...(baseline !== undefined && { baseline: baselineOf(baseline) }),
    ...(preprocessing && { preprocessing }),
  };
}

const ENDINGS = ['.npy', '.png', '.json', '.onnx'];

/** What a file of that ending holds. */
function content(path: string, model: OpenModel, request: AttributionRequest, found: Attribution, input: string) {
  const { info } = model;
  switch (extname(path)) {
    case '.npy':
      return writeNpy(found.scores);
    case '.png':
      return pictureOf(found.maps[0], info.methods.find(({ id }) => id === request.method)!.signed);
    case '.onnx':
      return exportExplanation(model, {
        method: request.method,
        ...(request.neuron ? { neuron: request.neuron } : { target: found.target.kind }),
        ...(found.through && { through: found.through }),
        ...(request.options && { options: request.options }),
        ...(request.preprocessing && { preprocessing: request.preprocessing }),
        ...(request.layer !== undefined && { layer: request.layer }),
        ...(request.seed !== undefined && { seed: request.seed }),
      }).bytes;
    default:
      return `${JSON.stringify({ ...summary(model, request, found), inputSha256: input, shape: found.scores.shape, numbers: numbersOf(found) }, null, 2)}\n`;
  }
}

function summary(
  { info }: OpenModel,
  { method, options, layer, neuron, seed, preprocessing }: AttributionRequest,
  found: Attribution,
) {
  const { target, value, baselineValue, check, passes, device } = found;
  return {
    model: info.name,
    modelSha256: info.sha256,
    method,
    options,
    layer: layer ?? null,
    seed,
    target,
    neuron: neuron ?? null,
    through: found.through ?? null,
    label: neuron ? neuronTitle(neuron, neuron.layer) : (info.labels[target.index] ?? null),
    value,
    baselineValue: baselineValue ?? null,
    check: check ?? null,
    passes,
    preprocessing: preprocessing ?? info.preprocessing,
    device: `${device.runtime} ${device.version}, ${device.kind}`,
    version: VERSION,
  };
}

async function explain(modelName: string, inputName: string): Promise<void> {
  const out = flags.out ?? [];
  const odd = out.find((path) => !ENDINGS.includes(extname(path)));
  if (odd !== undefined) throw new RangeError(`--out ${odd}: give it one of the endings ${ENDINGS.join(', ')}.`);
  const file = inputFile(inputName);
  const files = [...modelFiles(modelName), ...(flags.beside ?? []).map(readFile)];
  const model = await openModel(files, { device: 'wasm', ...(flags.output !== undefined && { output: flags.output }) });
  try {
    const request = requestOf(model, modelName);
    const found = await attribute(model, inputOf(file), request);
    const { target, neuron, through, label, value, check, passes } = summary(model, request, found);
    const gap = check ? `, ${check.claim} missed by ${check.delta.toPrecision(2)}` : '';
    const estimate = check?.estimate;
    const share = (v: number) => `${Number((100 * v).toPrecision(3))} %`;
    const error = estimate
      ? `, error about ${share(estimate.error)} of ${share(estimate.target)} allowed, by ${estimate.rule}`
      : '';
    const of = label ?? `class ${target.index}`;
    console.log(
      `${request.method} of ${through ? throughTitle(of, neuronTitle(through, through.layer)) : of} (${neuron ? 'activation' : target.kind}): F = ${value.toPrecision(6)}${gap}${error}, ${passes} passes`,
    );
    const digest = await sha256(file.bytes);
    for (const path of out) {
      writeFileSync(path, content(path, model, request, found, digest));
      console.log(path);
    }
  } finally {
    await model.dispose();
  }
}

try {
  const [first, second] = positionals;
  const link = linkIn(first ?? '');
  if (flags.help) console.log(USAGE);
  else if (link) {
    const verdict = await reproduce(link, positionals.slice(1));
    console.log(verdict);
    if (!verdict.startsWith('Reproduced')) process.exitCode = 1;
  } else if (positionals.length === 2) await explain(first, second);
  else fail(USAGE);
} catch (error) {
  fail((error as Error).message);
}
