/** @file What a model's inputs are declared as, whatever its format, and the shapes that they get. */
import { LARGEST_VALUE } from '../graph/budget.ts';
import { N, bindShape, type Dim } from '../graph/dim.ts';
import { isFloat, type DType } from '../tensor/dtype.ts';
import { FormatError } from './error.ts';

/** An input or output as the file declares it. */
export interface Declared {
  readonly name: string;
  /** As in the file; graphs compute in float32 where it is another float type. */
  readonly dtype: DType;
  /** A number, the name of an open axis, or null for one without a name; null altogether where the rank is open. */
  readonly shape: readonly (number | string | null)[] | null;
  /** The least and the largest number that it takes, where the file says so. */
  readonly range?: readonly [low: number, high: number];
  /** What is done to the pixels of an image that is fed, where the file says so. */
  readonly normalization?: Normalization;
}

/** (pixel − mean) / deviation of pixels of 0…255: one number each, or one for each channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export interface InputOptions {
  /** Shapes by input name, for axes that the file leaves open. The first length counts only where N does not stand there. */
  readonly inputShapes?: Readonly<Record<string, readonly number[]>>;
  /** Height and width where the file leaves them open. Default 224. */
  readonly spatialSize?: number;
}

/** Axes of other inputs that the file leaves open, such as the length of a text. */
const OPEN_LENGTH = 32;

/** Whether the axis may be the batch: open, or 1 as exporters write it for an example. */
const mayBeBatch = (d: number | string | null): boolean => typeof d !== 'number' || d === 1;

/**
 * The shape an input gets: its first axis is N (1 where `batched` is false) if it may be the batch, other open axes
 * get a length from the options or the default, which `notes` reports.
 */
export function shapeOf(
  input: Declared,
  batched: boolean,
  { inputShapes, spatialSize = 224 }: InputOptions,
  file: string,
  notes: string[],
): Dim[] {
  const given = inputShapes?.[input.name];
  if (given && given.some((d) => !Number.isSafeInteger(d) || d < 0))
    throw new FormatError(`${file}: input "${input.name}" cannot have the shape [${given}]. Give whole numbers.`);
  const declared = input.shape ?? given;
  if (!declared)
    throw new FormatError(
      `${file}: input "${input.name}" has no shape. Export the model with a shape, such as [batch, 3, 224, 224].`,
    );
  if (given && given.length !== declared.length) {
    throw new FormatError(
      `${file}: input "${input.name}" has ${declared.length} axes ([${declared.map((d) => d ?? '?')}]), the shape [${given}] has ${given.length}. Give one length per axis.`,
    );
  }
  const lengths = declared.map((d, axis) => {
    if (axis === 0 && mayBeBatch(d)) return batched ? N : (given?.[0] ?? 1);
    if (typeof d === 'number') return d;
    const length = given?.[axis] ?? openLength(input, declared, axis, spatialSize);
    notes.push(`Input "${input.name}" leaves axis ${axis}${d ? ` (${d})` : ''} open; it is ${length} here.`);
    return length;
  });
  const elements = bindShape(lengths, 1).reduce((n, d) => n * Math.max(d, 1), 1);
  if (elements > LARGEST_VALUE)
    throw new FormatError(
      `${file}: input "${input.name}" of the shape [${lengths}] would have ${elements} elements, the most is ${LARGEST_VALUE}. Export the model for a smaller image.`,
    );
  return lengths;
}

/** Images are [batch, channels, height, width], or channels last where the last axis says so. */
function openLength(
  input: Declared,
  declared: readonly (number | string | null)[],
  axis: number,
  spatialSize: number,
): number {
  if (declared.length !== 4 || !isFloat(input.dtype)) return OPEN_LENGTH;
  const channelsLast = typeof declared[3] === 'number' && declared[3] <= 4;
  return axis === (channelsLast ? 3 : 1) ? 3 : spatialSize;
}
