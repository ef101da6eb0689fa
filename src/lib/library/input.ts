/** @file What a program gives a model: pixels, or tensors that are ready to be fed. */
import { join } from '../attribution/inputs.ts';
import { exampleShape } from '../attribution/target.ts';
import type { LoadedModel } from '../model/open.ts';
import { refuseChoices } from '../model/requests.ts';
import { full, type FloatTensor } from '../tensor/tensor.ts';
import { sameShape } from '../graph/dim.ts';
import { baselineTensor, modelView, normalize, type BaselineKind } from '../vision/preprocess.ts';
import type { FloatImage } from '../vision/resize.ts';
import type { Pixels, Preprocessing } from '../vision/types.ts';

/** An image, RGBA of 0…255, which is preprocessed; or a tensor in model space, [1, …] in the shape of the model's input. */
export type ModelInput = Pixels | FloatTensor;

/**
 * What an explanation compares with: made from the pixels (`mean`: their mean colour), a number in model space for every
 * element, or an input of its own. Several inputs are a distribution, for methods that average over one; others take the first.
 */
export type Baseline = BaselineKind | number | ModelInput | readonly ModelInput[];

/** Whether it is several inputs. */
export const areSeveral = (baseline: Baseline): baseline is readonly ModelInput[] => Array.isArray(baseline);

/** An image input and what it is fed. */
export interface FedImage {
  /** [1, …] in the input's layout. */
  readonly x: FloatTensor;
  readonly preprocessing: Preprocessing;
  /** The model's view of the pixels; null where a tensor was given. */
  readonly view: FloatImage | null;
}

const isPixels = (input: ModelInput): input is Pixels => !('shape' in input);

/**
 * What each image input is fed. Throws a RangeError where the number of inputs, a shape or a setting does not fit the model.
 */
export function fedImages(
  { model, images, info }: Pick<LoadedModel, 'model' | 'images' | 'info'>,
  input: ModelInput | readonly ModelInput[],
  preprocessing: Preprocessing | readonly Preprocessing[] | undefined,
): FedImage[] {
  const inputs = listOf(input);
  const usual = [info.preprocessing, ...(info.others ?? []).map((other) => other.preprocessing)];
  const settings = preprocessing === undefined ? usual : listOf(preprocessing);
  if (inputs.length !== images.length || settings.length !== images.length)
    throw new RangeError(
      `${info.name}: takes ${images.length} images; ${inputs.length} inputs and ${settings.length} preprocessings are given.`,
    );
  const names = [info.input, ...(info.others ?? [])].map(({ name }) => name);
  refuseChoices(
    settings.map((p) => ({ image: 0, preprocessing: p })),
    images,
    names,
  );
  return inputs.map((one, i) => fed(one, settings[i], exampleShape(model.images[i]), names[i]));
}

function fed(input: ModelInput, preprocessing: Preprocessing, shape: readonly number[], name: string): FedImage {
  if (isPixels(input)) {
    refusePixels(input, name);
    const view = modelView(input, preprocessing);
    return { x: normalize(view, preprocessing), preprocessing, view };
  }
  if (input.dtype !== 'float32' || !sameShape(input.shape, shape))
    throw new RangeError(
      `Input "${name}": it is ${input.dtype}[${input.shape}], the model takes float32[${shape}]. Give such a tensor, or pixels.`,
    );
  return { x: input, preprocessing, view: null };
}

function refusePixels({ width, height, data }: Pixels, name: string): void {
  if (data.length !== 4 * width * height)
    throw new RangeError(
      `Input "${name}": ${width}×${height} pixels have ${4 * width * height} numbers (RGBA), the data has ${data.length}.`,
    );
}

/** x: what the model's one vector holds, [1, …]. */
export const inputOf = (fed: readonly FedImage[]): FloatTensor => join(fed.map(({ x }) => x));

/**
 * x′, [1, …] as `inputOf`. Throws a RangeError where it is to be made from pixels and a tensor was given, or does not fit.
 */
export function baselineOf(fed: readonly FedImage[], given: Baseline, seed: number): FloatTensor {
  const baseline = areSeveral(given) ? given[0] : given;
  if (baseline === undefined) throw new RangeError('Baseline: a list of none is given. Give at least one input.');
  return join(
    fed.map(({ x, view, preprocessing }, i) => {
      if (typeof baseline === 'number') return full(x.shape, baseline);
      if (typeof baseline !== 'string') return fedAs(baseline, x, preprocessing);
      if (view) return baselineTensor(baseline, view, preprocessing, seed + i);
      throw new RangeError(
        `Baseline "${baseline}": it is made from pixels, and a tensor is given. Give a number or a tensor.`,
      );
    }),
  );
}

const fedAs = (baseline: ModelInput, x: FloatTensor, preprocessing: Preprocessing): FloatTensor =>
  fed(baseline, preprocessing, x.shape, 'baseline').x;

const listOf = <T extends object>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T];
