/** @file What a model is fed, as its files say or let guess; the person sees it and can change it. */
import type { ImportedModel } from '../formats/model.ts';
import type { Normalization } from '../formats/inputs.ts';
import { normalizedBy, preprocessingFor, type ImageInput } from '../vision/preprocess.ts';
import type { Preprocessing } from '../vision/types.ts';
import { pixelsByStatistics, pixelsByWeights, scalesPixels } from './preset-evidence.ts';

interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** An id of a preset of vision/preprocess.ts, or numbers of the file's own, and what speaks for it: '' where nothing does. */
interface Found {
  readonly fed: string | Normalization;
  readonly because: string;
}

/** How a model is fed, and the words that follow "because"; '' where nothing in its files says so. */
export interface Expected {
  readonly preprocessing: Preprocessing;
  readonly because: string;
}

/** How image input `i` of a model is fed. `beside`: what came with the model. */
export function expectedBy(
  imported: ImportedModel,
  i: number,
  image: ImageInput,
  beside: readonly NamedFile[],
): Expected {
  const { fed, because } = found(imported, i, image.channels, beside);
  const preprocessing = typeof fed === 'string' ? preprocessingFor(fed, image) : normalizedBy(fed, image);
  return { preprocessing, because };
}

function found(imported: ImportedModel, i: number, channels: number, beside: readonly NamedFile[]): Found {
  return said(imported, i, channels, beside) ?? byEvidence(imported, i) ?? { fed: usual(imported), because: '' };
}

/** What a file states outright. */
function said({ inputs }: ImportedModel, i: number, channels: number, beside: readonly NamedFile[]): Found | null {
  if (beside.some(isTeachableMachine))
    return { fed: 'teachable-machine', because: 'metadata.json is Teachable Machine’s' };
  const { range, normalization } = inputs[i] ?? {};
  if (normalization && fits(normalization, range, channels))
    return { fed: normalization, because: 'the file’s metadata give its mean and deviation' };
  const preset = range ? presetOfRange(range) : null;
  return preset ? { fed: preset, because: 'its input can hold no other numbers' } : null;
}

/** What the weights let conclude. */
function byEvidence({ graph }: ImportedModel, i: number): Found | null {
  const input = graph.inputs[i];
  if (scalesPixels(graph, input)) return { fed: 'zero-to-255', because: 'its first layer scales pixels of 0…255' };
  const counted = pixelsByStatistics(graph, input);
  if (counted) return { fed: counted, because: 'its batch normalisation counted such numbers when it was trained' };
  const weighed = pixelsByWeights(graph, input);
  if (!weighed) return null;
  return { fed: weighed, because: 'its first weights are too small for other numbers' };
}

/** What models of a format are fed as a rule. */
function usual({ format, info }: ImportedModel): string {
  if (format === 'tflite' || format === 'tensorflow') return 'minus-one-to-one';
  if (format !== 'onnx') return 'zero-to-one';
  if (/tf2onnx|keras|tensorflow/i.test(info.producer)) return 'minus-one-to-one';
  if (/caffe|winml|onnxmltools|coreml/i.test(info.producer)) return 'caffe';
  return 'torchvision';
}

/** A step of rounding off. */
const near = (value: number, wanted: number, [low, high]: readonly [number, number]): boolean =>
  Math.abs(value - wanted) <= (high - low) / 50;

/** Whether there is one number or one for each channel, and pixels become what a quantised input can hold. */
function fits(
  { mean, deviation }: Normalization,
  range: readonly [number, number] | undefined,
  channels: number,
): boolean {
  if ([mean, deviation].some(({ length }) => length !== 1 && length !== channels)) return false;
  const ends = [0, 255].flatMap((pixel) => mean.map((m, c) => (pixel - m) / (deviation[c] ?? deviation[0])));
  return !range || (near(Math.min(...ends), range[0], range) && near(Math.max(...ends), range[1], range));
}

/** What a quantised input can hold is what it was fed: 0…255, 0…1, −1…1, or black to white of torchvision's. */
function presetOfRange(range: readonly [number, number]): string | null {
  const between = (low: number, high: number) => near(range[0], low, range) && near(range[1], high, range);
  if (between(0, 255)) return 'zero-to-255';
  if (between(0, 1)) return 'zero-to-one';
  if (between(-1, 1)) return 'minus-one-to-one';
  return between(-2.118, 2.64) ? 'torchvision' : null;
}

/** Teachable Machine's metadata.json says which of its versions wrote it, and the size of its images. */
function isTeachableMachine({ name, bytes }: NamedFile): boolean {
  if (!/(^|\/)metadata\.json$/.test(name)) return false;
  const text = new TextDecoder().decode(bytes.subarray(0, 64 * 1024));
  return /"(tmVersion|tfjsVersion)"\s*:/.test(text) && /"(imageSize|labels)"\s*:/.test(text);
}
