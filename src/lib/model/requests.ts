/** @file Requests come from forms, links and files: what would make an allocation absurd or a number meaningless is refused. */
import type { ImageInput } from '../vision/preprocess.ts';
import type { Preprocessing } from '../vision/types.ts';

const ORDERS = ['RGB', 'BGR', 'grey'];
const RESIZES = ['centre-crop', 'stretch', 'fit'];

/** Throws a RangeError naming the setting, both values and what would fit. */
export function refusePreprocessing(p: Preprocessing, input: ImageInput): void {
  const wrong = wrongSetting(p, input);
  if (wrong) throw new RangeError(`Preprocessing: ${wrong} Choose a preset to start again.`);
}

function wrongSetting(p: Preprocessing, input: ImageInput): string | null {
  if (p.width !== input.width || p.height !== input.height || p.layout !== input.layout)
    return `it makes ${p.width}×${p.height} pixels (${p.layout}), the model takes ${input.width}×${input.height} (${input.layout}).`;
  if (!ORDERS.includes(p.order)) return `the channel order "${p.order}" is not one of ${ORDERS.join(', ')}.`;
  if (!RESIZES.includes(p.resize)) return `the resize mode "${p.resize}" is not one of ${RESIZES.join(', ')}.`;
  if (!(p.cropFraction > 0 && p.cropFraction <= 1))
    return `the crop fraction is ${p.cropFraction}, it must be above 0 and at most 1.`;
  if (!Number.isFinite(p.scale)) return `the scale is ${p.scale}, it must be a finite number.`;
  const channels = p.order === 'grey' ? 1 : 3;
  if (channels !== input.channels)
    return `the channel order "${p.order}" has ${channels} channels, the model takes ${input.channels}.`;
  if (!numbers(p.mean, channels) || !numbers(p.std, channels))
    return `mean [${p.mean}] and standard deviation [${p.std}] must be ${channels} finite numbers each.`;
  if (p.std.some((s) => s === 0)) return `the standard deviation [${p.std}] holds a zero, by which pixels are divided.`;
  return null;
}

const numbers = (values: unknown, count: number): boolean =>
  Array.isArray(values) && values.length === count && values.every(Number.isFinite);
