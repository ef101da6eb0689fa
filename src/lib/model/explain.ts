/** @file From a request of the page to a method's question, and from its explanation to what the page draws. */
import { findMethod } from '../attribution/index.ts';
import { forwardProgram } from '../attribution/program.ts';
import type { Explanation, Question, Target } from '../attribution/types.ts';
import type { Value } from '../graph/graph.ts';
import type { DeviceInfo } from '../runtime/runtime.ts';
import { decidedNeuron, neuronTitle, throughTitle } from '../synthesis/neuron.ts';
import { mapStatistics } from '../tensor/map-statistics.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { diagnose, diagnoseInputs, isBlank } from './diagnose.ts';
import {
  baselineOf,
  boundsOf,
  choicesOf,
  drawsFrom,
  feedsOf,
  inputNames,
  inputOf,
  othersAmong,
  scoreOfPlaceless,
  scoresOfInputs,
  type Feed,
  type FindImage,
} from './feed.ts';
import { labelOf } from './labels.ts';
import type { Layer } from './layers.ts';
import { askNeuron, askThrough, neuronThrough } from './neuron.ts';
import type { LoadedModel } from './open.ts';
import { paced } from './pace.ts';
import type {
  AttributionRequest,
  AttributionResult,
  FedInput,
  InputChoice,
  Prediction,
  ProgressReport,
} from './types.ts';

/** What an explanation needs besides the request. */
export interface Setting {
  readonly loaded: LoadedModel;
  readonly device: DeviceInfo;
  readonly version: string;
  readonly image: FindImage;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ProgressReport) => void;
}

/** Logits and probabilities of one input, in the model's flat order. */
export async function evaluate(
  loaded: Pick<LoadedModel, 'model' | 'engine'>,
  x: FloatTensor,
  signal?: AbortSignal,
): Promise<{ logits: Float32Array; probabilities: Float32Array }> {
  const program = await forwardProgram(loaded);
  // A pass of minutes cannot be stopped once it runs.
  signal?.throwIfAborted();
  const results = await program.run([x]);
  const [logits, probabilities] = await Promise.all(
    results.map(async (r) => Float32Array.from((await r.read()).data as Float32Array)),
  );
  results.forEach((r) => r.dispose());
  return { logits, probabilities };
}

const SHOWN_CLASSES = 10;

/** What the model says of its images, most probable class first. */
export async function predict(
  { loaded, device, image, signal }: Setting,
  choices: readonly InputChoice[],
): Promise<Prediction> {
  const feeds = feedsOf(choices, image);
  const x = inputOf(feeds);
  const start = performance.now();
  const { logits, probabilities } = await evaluate(loaded, x, signal);
  const milliseconds = performance.now() - start;
  const top = mostProbable(probabilities, logits).map((index) => ({
    index,
    label: labelOf(loaded.labels, index),
    logit: logits[index],
    probability: probabilities[index],
  }));
  const [first, ...others] = feeds.map(fedInput);
  return { top, classes: logits.length, ...first, ...(others.length > 0 && { others }), milliseconds, device };
}

function fedInput({ x, crop }: Feed): FedInput {
  const [min, max, mean] = spread(x.data);
  return { input: { shape: x.shape, min, max, mean }, crop };
}

/** The first SHOWN_CLASSES in one walk: a file may announce a hundred million classes, which nothing would sort in time. */
function mostProbable(probabilities: Float32Array, logits: Float32Array): number[] {
  const order = (a: number, b: number): number => probabilities[b] - probabilities[a] || logits[b] - logits[a];
  const best: number[] = [];
  for (let i = 0; i < probabilities.length; i++) {
    let at = best.length;
    while (at > 0 && order(i, best[at - 1]) < 0) at--;
    if (at === SHOWN_CLASSES) continue;
    best.splice(at, 0, i);
    best.length = Math.min(best.length, SHOWN_CLASSES);
  }
  return best;
}

function spread(data: Float32Array): [number, number, number] {
  let [min, max, total] = [Infinity, -Infinity, 0];
  for (const v of data) {
    min = Math.min(min, v);
    max = Math.max(max, v);
    total += v;
  }
  return [min, max, total / data.length];
}

/** A request as a method understands it. */
export interface Asked {
  /** What was left to the image in it is decided. */
  readonly request: AttributionRequest;
  readonly method: ReturnType<typeof findMethod>;
  readonly feeds: readonly Feed[];
  readonly layer: Value | undefined;
  readonly question: Question;
}

/** Throws an Error where an image is no longer open, or the layer or the neuron does not exist. */
export async function askedBy({ loaded, image, signal }: Setting, request: AttributionRequest): Promise<Asked> {
  const method = findMethod(request.method);
  const feeds = feedsOf(choicesOf(request), image);
  const layer = layerOf(loaded, request)?.value;
  const ofClass: Question = {
    model: loaded.model,
    engine: loaded.engine,
    x: inputOf(feeds),
    target: request.target,
    ...(method.needs.baseline && {
      baseline: baselineOf(feeds, request.baseline, request.seed, image),
      ...baselinesOf(feeds, request, image),
    }),
    bounds: () => boundsOf(feeds, image),
    layer,
    seed: request.seed,
    signal,
  };
  const { neuron } = request;
  const question = neuron ? askNeuron(loaded, method, ofClass, neuron) : ofClass;
  const asked = { method, feeds, layer };
  if (!method.needs.neuron) return { ...asked, request, question };
  const through = await neuronThrough(loaded, ofClass, request.through ?? null);
  return { ...asked, request: { ...request, through }, question: askThrough(loaded, question, through) };
}

/** Runs a method as the request says. Throws what the method throws, among it the signal's reason when cancelled. */
export async function explain(setting: Setting, wanted: AttributionRequest): Promise<AttributionResult> {
  const { loaded, device, version } = setting;
  const { request, method, feeds, layer, question: silent } = await askedBy(setting, wanted);
  const question: Question = { ...silent, onProgress: progressReporter(setting.onProgress) };
  const { x } = question;
  const start = performance.now();
  const explanation = await method.explain(question, request.options);
  const milliseconds = performance.now() - start;
  const { neuron } = request;
  // A neuron has no probability.
  const probabilities = neuron ? null : (await evaluate(loaded, x)).probabilities;
  const inputs = scoresOfInputs(loaded.model, feeds, explanation.scores, layer).map((scores, i) => ({
    ...scores,
    crop: feeds[i].crop,
    imageSha256: feeds[i].image.sha256,
  }));
  const [first, ...others] = inputs;
  const maps = inputs.map(({ map }) => map);
  const diagnosis = diagnose(maps, explanation as Explanation, {
    method: method.id,
    target: question.target,
    probabilities,
    replaces: method.needs.baseline,
    undropped: maps.every(isBlank) ? await undropped(method, question, request.options) : null,
  });
  return {
    request,
    ...first,
    ...(others.length > 0 && { others }),
    statistics: mapStatistics(maps),
    label: labelFor(loaded.labels, request),
    value: explanation.value,
    probability: probabilities?.[request.target.index] ?? null,
    baselineValue: explanation.baselineValue ?? null,
    check: explanation.check ?? null,
    passes: explanation.passes,
    milliseconds,
    device,
    modelSha256: loaded.info.sha256,
    version,
    ...diagnosis,
    notes: [
      ...diagnosis.notes,
      ...diagnoseInputs(loaded.model, inputNames(loaded.info), maps, layer),
      ...placelessNote(scoreOfPlaceless(loaded.model, explanation.scores, layer)),
    ],
  };
}

/** The scores that a method dropped for being negative, where they are all that there was; null of other methods. */
async function undropped(
  method: ReturnType<typeof findMethod>,
  question: Question,
  options: AttributionRequest['options'],
): Promise<FloatTensor | null> {
  if (!('relu' in method.options.properties) || options.relu === false) return null;
  return (await method.explain(question, { ...options, relu: false })).scores;
}

/**
 * Noise is a distribution, of which each input draws with a seed of its own, and so are other images, which end; nothing where there is
 * but one baseline.
 */
export function baselinesOf(
  feeds: readonly Feed[],
  { baseline, seed }: Pick<AttributionRequest, 'baseline' | 'seed'>,
  image: FindImage,
): Pick<Question, 'baselines' | 'baselineCount'> {
  if (baseline.kind === 'noise')
    return { baselines: (k) => baselineOf(feeds, baseline, seed + k * feeds.length, image) };
  if (baseline.kind !== 'images') return {};
  const others = othersAmong(feeds, baseline.images, image);
  return { baselines: drawsFrom(feeds, others), baselineCount: others.length };
}

/** The layer that a request is about; undefined where it explains the image. Throws an Error where the model has it not. */
export function layerOf(
  loaded: Pick<LoadedModel, 'info' | 'layers'>,
  { method: id, layer: wanted }: Pick<AttributionRequest, 'method' | 'layer'>,
): Layer | undefined {
  const method = findMethod(id);
  return method.needs.layer || (method.layers && wanted !== null) ? layerFor(loaded, wanted) : undefined;
}

function layerFor(loaded: Pick<LoadedModel, 'info' | 'layers'>, id: string | null): Layer {
  const wanted = id ?? loaded.info.defaultLayer;
  const layer = loaded.layers.find((l) => l.info.id === wanted);
  if (!layer)
    throw new Error(
      `Layer "${wanted ?? ''}" is not among the ${loaded.layers.length} layers with positions of this model. Pick one from the list.`,
    );
  return layer;
}

const placelessNote = (score: number | null): string[] =>
  score === null
    ? []
    : [
        `Scores that sum to ${Number(score.toPrecision(3))} lie on tokens without a place in the picture, such as the class token; the map leaves them out.`,
      ];

function labelFor(labels: readonly string[], { target, neuron, through }: AttributionRequest): string {
  const of = neuron ? neuronTitle(neuron, neuron.layer) : targetLabel(labels, target);
  const way = decidedNeuron(through);
  return way ? throughTitle(of, neuronTitle(way, way.layer)) : of;
}

const targetLabel = (labels: readonly string[], target: Target): string =>
  target.kind === 'difference'
    ? `${labelOf(labels, target.index)} − ${labelOf(labels, target.other)}`
    : labelOf(labels, target.index);

function progressReporter(report: (p: ProgressReport) => void): (p: { done: number; total: number }) => void {
  const start = performance.now();
  return paced(({ done, total }) => {
    const elapsed = (performance.now() - start) / 1000;
    report({
      doing: `pass ${done} of ${total}`,
      fraction: done / total,
      secondsLeft: done > 0 ? (elapsed / done) * (total - done) : null,
    });
  });
}
