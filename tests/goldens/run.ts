/** @file Runs golden cases through the real stack: file → graph → method → onnxruntime → numbers. */
import type { ModelGraph, Question } from '../../src/lib/attribution/types.ts';
import { createEngine, type ModelEngine } from '../../src/lib/model/engine.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { maxAbs, sub } from '../../src/lib/tensor/arithmetic.ts';
import { concat0, example, makeTensor, slice0, toFloat32, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { referenceEngine } from '../reference/engine.ts';
import { claims, type Asked } from './claims.ts';
import { resolveArray, truthOf, type GoldenCase, type GoldenFile, type GoldenFolder } from './folder.ts';
import { layerOf, openModel, targetOf } from './models.ts';

export interface Result {
  readonly folder: string;
  readonly file: string;
  readonly case: string;
  readonly method: string;
  readonly outcome: 'passed' | 'failed' | 'not claimed';
  /** max|a − b| / max|b|, beside the case's tolerance; null where nothing was compared. */
  readonly error: number | null;
  readonly tolerance: number;
  /** Why it failed or is not claimed; '' when it passed. */
  readonly reason: string;
}

/** More than the steps of any chunk in the goldens divide evenly, so that the last chunk is a partial one. */
const BATCH = 4;

/** Every case of a folder on every one of its files. */
export async function runFolder(folder: GoldenFolder, runtime: Runtime, onResult: (result: Result) => void = () => undefined): Promise<Result[]> {
  const results: Result[] = [];
  for (const file of folder.files) {
    const opened = open(folder, file);
    const engine = createEngine(runtime, { batch: BATCH });
    for (const golden of folder.cases) {
      const isTossed = tossed.has(`${folder.name}/${file.file} ${golden.id}`);
      const result = await runCase({ folder, file, golden, opened, engine: isTossed ? precise : engine, runtime });
      results.push(result);
      onResult(result);
    }
    await engine.dispose();
  }
  return results;
}

/**
 * Cases on the path of which a unit is closer to its kink than float32 rounds: a coin toss there, so that what the method says
 * is seen in float64, on the interpreter of tests/reference. docs/accuracy.md has the numbers of both.
 */
const tossed = new Set(['resnet_mix/model.onnx internal_influence.a1b', 'resnet_mix/model.onnx internal_influence.a2out']);

/** The engine in float64, for such cases. */
const precise = { ...referenceEngine(BATCH), dispose: () => Promise.resolve() };

/** A tolerance above this says nothing about the numbers. */
const MEANINGLESS = 0.1;

type Opened = { model: ModelGraph } | { error: string; unsupported: boolean };

function open(folder: GoldenFolder, file: GoldenFile): Opened {
  try {
    return { model: openModel(folder, file) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { error: message, unsupported: /unsupported operator/.test(message) };
  }
}

interface Site {
  readonly folder: GoldenFolder;
  readonly file: GoldenFile;
  readonly golden: GoldenCase;
  readonly opened: Opened;
  readonly engine: ModelEngine;
  readonly runtime: Runtime;
}

async function runCase(site: Site): Promise<Result> {
  const { folder, file, golden } = site;
  const truth = truthOf(folder, golden);
  const result = (outcome: Result['outcome'], reason: string, error: number | null = null): Result => ({
    folder: folder.name, file: file.file, case: golden.id, method: golden.method, outcome, reason, error, tolerance: truth.tolerance.value,
  });
  const excuse = notClaimed(site, truth);
  if (excuse) return result('not claimed', excuse);
  if ('error' in site.opened) return result('failed', site.opened.error);
  try {
    const scores = await explainAll(site, site.opened.model);
    const expected = toFloat32(folder.array(truth.expected));
    if (scores.data.length !== expected.data.length) return result('failed', `shape [${scores.shape}], expected [${expected.shape}]`);
    const error = distance(makeTensor('float32', expected.shape, scores.data), expected);
    return error <= truth.tolerance.value ? result('passed', '', error) : result('failed', `error ${error.toExponential(1)}`, error);
  } catch (error) {
    return result('failed', error instanceof Error ? error.message : String(error));
  }
}

/** max|a − b| / max|b|; where the truth is zero everywhere, max|a|. */
function distance(a: FloatTensor, b: FloatTensor): number {
  const gap = maxAbs(sub(a, b));
  return a.data.some((v) => !Number.isFinite(v)) ? Infinity : gap / (maxAbs(b) || 1);
}

/** Why nothing is claimed of a case, or null. */
function notClaimed({ file, golden, opened }: Site, truth: GoldenCase): string | null {
  if (!(golden.method in claims)) return `${golden.method}: not a method of this project`;
  if ('unsupported' in opened && opened.unsupported) return opened.error;
  if (truth.unstable_in_float32 && truth.tolerance.value > MEANINGLESS) return `unstable in float32: its own tolerance is above ${MEANINGLESS}`;
  if ('model' in opened && opened.model.graph.inputs.length !== 1) return 'the model has several inputs';
  if (golden.method === 'LRP' && isFolded(file) && typeof golden.params.rules === 'object')
    return 'LRP by layer: the rule weighs the sum of the convolution alone, which a file with its BatchNormalization folded in does not tell';
  if (/GradCam$/.test(golden.method) && !hasPlaces(file.layers[golden.layer!]?.shape))
    return 'Grad-CAM of a layer that has no places';
  if (golden.layer && !file.layers[golden.layer]?.onnx_tensor) return `${file.file} has no tensor for the layer ${golden.layer}`;
  return null;
}

const isFolded = ({ bn_unfolded, layers }: GoldenFile) => !bn_unfolded && Object.keys(layers).some((name) => name.startsWith('bn'));

const hasPlaces = ([, , ...places]: readonly number[] = []) => places.reduce((n, length) => n * length, 1) > 1;

/** The case's examples, asked one at a time as a page asks, and stacked again. */
async function explainAll(site: Site, model: ModelGraph): Promise<FloatTensor> {
  const { folder, golden } = site;
  const whole = toFloat32(folder.array('input.npy'));
  const xs = golden.params.input === undefined ? whole : resolveArray(folder, golden.params.input, whole);
  const scores: FloatTensor[] = [];
  for (let i = 0; i < xs.shape[0]; i++) {
    const extra: ModelEngine[] = [];
    scores.push(await claims[golden.method](ask(site, model, xs, i, extra)));
    for (const engine of extra) await engine.dispose();
  }
  return concat0(scores);
}

/** Parameters that name one baseline for each example; distributions of baselines are read by the claims. */
function baselineOf({ folder, golden }: Site, xs: FloatTensor, i: number): FloatTensor | undefined {
  const { baseline, n_baselines: several } = golden.params;
  if (several !== undefined) return undefined;
  const rows = resolveArray(folder, baseline ?? 0, xs);
  return example(rows, rows.shape[0] === 1 ? 0 : i);
}

function ask(site: Site, model: ModelGraph, xs: FloatTensor, i: number, extra: ModelEngine[]): Asked {
  const { folder, file, golden, runtime } = site;
  const aim = targetOf(model, golden, i);
  const engine = aim.model === model ? site.engine : createEngine(runtime, { batch: BATCH });
  if (engine !== site.engine) extra.push(engine);
  const question: Question = { model: aim.model, engine, x: example(xs, i), target: aim.target, baseline: baselineOf(site, xs, i), seed: 0 };
  const array = (name: string) => (golden.arrays?.[name] ? folder.array(golden.arrays[name]) : null);
  const rowsOf = (all: FloatTensor) => Array.from({ length: all.shape[0] }, (_, k) => example(all, k));
  return {
    question,
    params: golden.params,
    example: i,
    layer: () => layerOf(model, file, golden.layer!)!,
    array,
    rows: (name, count) => rowsOf(slice0(toFloat32(array(name)!), i * count, (i + 1) * count)),
    distribution: (parameter) => rowsOf(toFloat32(folder.array(parameter))),
    other: (k) => example(xs, k),
  };
}

export const casesOf = (results: readonly Result[], outcome: Result['outcome']): Result[] => results.filter((r) => r.outcome === outcome);
