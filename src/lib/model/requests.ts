/** @file Requests come from forms, links and files: what would make an allocation absurd or a number meaningless is refused. */
import type { ImageInput } from '../vision/preprocess.ts';
import type { AttributionRequest, InputChoice } from './types.ts';
import type { Preprocessing } from '../vision/types.ts';

const TARGETS = ['logit', 'probability', 'logit-minus-mean', 'difference'];
const BASELINES = ['black', 'white', 'mean', 'blur', 'noise', 'value', 'image', 'images'];
const ORDERS = ['RGB', 'BGR', 'grey'];
const RESIZES = ['centre-crop', 'stretch', 'fit'];

/** Throws a RangeError naming the setting, both values and what would fit. */
export function refusePreprocessing(p: Preprocessing, input: ImageInput): void {
  const wrong = wrongSetting(p, input);
  if (wrong) throw new RangeError(`Preprocessing: ${wrong} Choose a preset to start again.`);
}

/** As `refusePreprocessing`, for every input of a model called `names`. Throws also where there are too few or too many. */
export function refuseChoices(
  choices: readonly InputChoice[],
  images: readonly ImageInput[],
  names: readonly string[],
): void {
  if (choices.length !== images.length)
    throw new RangeError(
      `Input: the model takes ${images.length} (${names.join(', ')}), ${choices.length} came. Choose an image for each.`,
    );
  choices.forEach(({ preprocessing }, i) => refusePreprocessing(preprocessing, images[i]));
}

/** As `refusePreprocessing`, for the rest of a request; methods check their options, targets their index. */
export function refuseRequest({ target, neuron, through, baseline, seed }: AttributionRequest): void {
  if (!TARGETS.includes(target.kind))
    throw new RangeError(`Target: the kind ${show(target.kind)} is not known. Choose one of ${TARGETS.join(', ')}.`);
  const classes = target.kind === 'difference' ? [target.index, target.other] : [target.index];
  const odd = classes.findIndex((c) => typeof c !== 'number');
  if (odd !== -1) throw new RangeError(`Target: the class ${show(classes[odd])} is no number. Choose a class.`);
  for (const one of [neuron, through])
    if (one && typeof one.layer !== 'string')
      throw new RangeError(`Neuron: its layer is ${show(one.layer)}. Give the layer's name.`);
  if (!BASELINES.includes(baseline.kind))
    throw new RangeError(
      `Baseline: the kind ${show(baseline.kind)} is not known. Choose one of ${BASELINES.join(', ')}.`,
    );
  if (baseline.kind === 'value' && !Number.isFinite(baseline.value))
    throw new RangeError(`Baseline: its value is ${show(baseline.value)}. Give a finite number.`);
  if (baseline.kind === 'images' && !Array.isArray(baseline.images))
    throw new RangeError(`Baseline: its images are ${show(baseline.images)}. Give a list of open images.`);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`Seed: it is ${show(seed)}. Give a whole number.`);
}

function wrongSetting(p: Preprocessing, input: ImageInput): string | null {
  if (p.width !== input.width || p.height !== input.height || p.layout !== input.layout)
    return `it makes ${show(p.width)}×${show(p.height)} pixels (${show(p.layout)}), the model takes ${input.width}×${input.height} (${input.layout}).`;
  if (!ORDERS.includes(p.order)) return `the channel order ${show(p.order)} is not one of ${ORDERS.join(', ')}.`;
  if (!RESIZES.includes(p.resize)) return `the resize mode ${show(p.resize)} is not one of ${RESIZES.join(', ')}.`;
  if (!(p.cropFraction > 0 && p.cropFraction <= 1))
    return `the crop fraction is ${show(p.cropFraction)}, it must be above 0 and at most 1.`;
  if (!Number.isFinite(p.scale)) return `the scale is ${show(p.scale)}, it must be a finite number.`;
  const channels = p.order === 'grey' ? 1 : 3;
  if (channels !== input.channels)
    return `the channel order ${show(p.order)} has ${channels} channels, the model takes ${input.channels}.`;
  if (!numbers(p.mean, channels) || !numbers(p.std, channels))
    return `mean ${show(p.mean)} and standard deviation ${show(p.std)} must be ${channels} finite numbers each.`;
  if (p.std.some((s) => s === 0))
    return `the standard deviation ${show(p.std)} holds a zero, by which pixels are divided.`;
  return null;
}

const numbers = (values: unknown, count: number): boolean =>
  Array.isArray(values) && values.length === count && values.every(Number.isFinite);

/** Anything as an error shows it. */
const show = (value: unknown): string =>
  typeof value === 'number' ? String(value) : (JSON.stringify(value)?.slice(0, 100) ?? 'missing');
