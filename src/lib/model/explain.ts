/** @file From a request of the page to a method's question, and from its explanation to what the page draws. */
import { findMethod } from '../attribution/index.ts';
import { forwardProgram } from '../attribution/program.ts';
import type { Explanation, Question, Target } from '../attribution/types.ts';
import type { DeviceInfo } from '../runtime/runtime.ts';
import { full, makeTensor, sizeOf, zeros, type FloatTensor } from '../tensor/tensor.ts';
import { baselineTensor, cropOf, modelView, normalize } from '../vision/preprocess.ts';
import type { Pixels, Preprocessing } from '../vision/types.ts';
import { diagnose } from './diagnose.ts';
import { labelOf } from './labels.ts';
import type { LoadedModel } from './open.ts';
import type { AttributionRequest, AttributionResult, BaselineChoice, Prediction, ProgressReport } from './types.ts';

export interface OpenImage {
  readonly pixels: Pixels;
  readonly sha256: string;
}

/** What an explanation needs besides the request. */
export interface Setting {
  readonly loaded: LoadedModel;
  readonly device: DeviceInfo;
  readonly version: string;
  /** Throws an Error when the image is not open. */
  readonly image: (id: number) => OpenImage;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ProgressReport) => void;
}

/** Logits and probabilities of one input, in the model's flat order. */
export async function evaluate(
  loaded: Pick<LoadedModel, 'model' | 'engine'>,
  x: FloatTensor,
): Promise<{ logits: Float32Array; probabilities: Float32Array }> {
  const program = await forwardProgram(loaded);
  const results = await program.run([x]);
  const [logits, probabilities] = await Promise.all(
    results.map(async (r) => Float32Array.from((await r.read()).data as Float32Array)),
  );
  results.forEach((r) => r.dispose());
  return { logits, probabilities };
}

const SHOWN_CLASSES = 10;

/** What the model says of an image, most probable class first. */
export async function predict({ loaded, device, image }: Setting, id: number, p: Preprocessing): Promise<Prediction> {
  const { pixels } = image(id);
  const x = feed(pixels, p);
  const start = performance.now();
  const { logits, probabilities } = await evaluate(loaded, x);
  const milliseconds = performance.now() - start;
  const top = mostProbable(probabilities, logits).map((index) => ({
    index,
    label: labelOf(loaded.labels, index),
    logit: logits[index],
    probability: probabilities[index],
  }));
  const [min, max, mean] = spread(x.data);
  return {
    top,
    classes: logits.length,
    input: { shape: x.shape, min, max, mean },
    crop: cropOf(pixels, p),
    milliseconds,
    device,
  };
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

const feed = (pixels: Pixels, p: Preprocessing): FloatTensor => normalize(modelView(pixels, p), p);

function spread(data: Float32Array): [number, number, number] {
  let [min, max, total] = [Infinity, -Infinity, 0];
  for (const v of data) {
    min = Math.min(min, v);
    max = Math.max(max, v);
    total += v;
  }
  return [min, max, total / data.length];
}

/** Runs a method as the request says. Throws what the method throws, among it the signal's reason when cancelled. */
export async function explain(setting: Setting, request: AttributionRequest): Promise<AttributionResult> {
  const { loaded, device, version, image, signal } = setting;
  const method = findMethod(request.method);
  const open = image(request.image);
  const x = feed(open.pixels, request.preprocessing);
  const question: Question = {
    model: loaded.model,
    engine: loaded.engine,
    x,
    target: request.target,
    baseline: method.needs.baseline ? baselineFor(setting, request) : undefined,
    layer: method.needs.layer ? layerFor(loaded, request.layer) : undefined,
    seed: request.seed,
    signal,
    onProgress: progressReporter(setting.onProgress),
  };
  const start = performance.now();
  const explanation = await method.explain(question, request.options);
  const milliseconds = performance.now() - start;
  const { probabilities } = await evaluate(loaded, x);
  const scores = channelsFirst(explanation.scores, request.preprocessing, x);
  const map = sumChannels(scores);
  return {
    request,
    scores,
    map,
    crop: cropOf(open.pixels, request.preprocessing),
    label: targetLabel(loaded.labels, request.target),
    value: explanation.value,
    probability: probabilities[request.target.index] ?? null,
    baselineValue: explanation.baselineValue ?? null,
    check: explanation.check ?? null,
    passes: explanation.passes,
    milliseconds,
    device,
    modelSha256: loaded.info.sha256,
    imageSha256: open.sha256,
    version,
    notes: diagnose(map, explanation as Explanation, request.target, probabilities),
  };
}

function baselineFor(setting: Setting, { baseline, image, preprocessing, seed }: AttributionRequest): FloatTensor {
  return baselineOf(setting, baseline, setting.image(image).pixels, preprocessing, seed);
}

function baselineOf(
  setting: Setting,
  choice: BaselineChoice,
  pixels: Pixels,
  p: Preprocessing,
  seed: number,
): FloatTensor {
  if (choice.kind === 'image') return feed(setting.image(choice.image).pixels, p);
  if (choice.kind === 'value') return full(feed(pixels, p).shape, choice.value);
  return baselineTensor(choice.kind, modelView(pixels, p), p, seed);
}

function layerFor(loaded: LoadedModel, id: string | null) {
  const wanted = id ?? loaded.info.defaultLayer;
  const layer = loaded.layers.find((l) => l.info.id === wanted);
  if (!layer)
    throw new Error(
      `Layer "${wanted ?? ''}" is not among the ${loaded.layers.length} layers with positions of this model. Pick one from the list.`,
    );
  return layer.value;
}

const targetLabel = (labels: readonly string[], target: Target): string =>
  target.kind === 'difference'
    ? `${labelOf(labels, target.index)} − ${labelOf(labels, target.other)}`
    : labelOf(labels, target.index);

/** [channels, height, width] from a method's scores, whatever the model's own layout; a layer's map has one channel. */
function channelsFirst(scores: FloatTensor, p: Preprocessing, x: FloatTensor): FloatTensor {
  const shape = scores.shape[0] === 1 && scores.shape.length > 3 ? scores.shape.slice(1) : scores.shape;
  if (shape.length === 2) return makeTensor('float32', [1, ...shape], scores.data);
  if (p.layout === 'NCHW' || sizeOf(shape) !== sizeOf(x.shape)) return makeTensor('float32', shape, scores.data);
  const [height, width, channels] = shape;
  const out = zeros('float32', [channels, height, width]);
  for (let i = 0; i < height * width; i++)
    for (let c = 0; c < channels; c++) out.data[c * height * width + i] = scores.data[i * channels + c];
  return out;
}

function sumChannels(scores: FloatTensor): FloatTensor {
  const [channels, height, width] = scores.shape;
  if (channels === 1) return scores;
  const map = zeros('float32', [1, height, width]);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < map.data.length; i++) map.data[i] += scores.data[c * map.data.length + i];
  return map;
}

function progressReporter(report: (p: ProgressReport) => void): (p: { done: number; total: number }) => void {
  const start = performance.now();
  return ({ done, total }) => {
    const elapsed = (performance.now() - start) / 1000;
    report({
      doing: `pass ${done} of ${total}`,
      fraction: done / total,
      secondsLeft: done > 0 ? (elapsed / done) * (total - done) : null,
    });
  };
}
