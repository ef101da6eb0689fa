/**
 * @file Reshapes and the batch axis. Examples lie one after another along the batch axis (row-major, example-major in
 * k·N), so a reshape keeps them apart exactly when the product of the lengths before the batch axis stays the same.
 */
import { BatchError, batch, divDim, isBatch, mulDim, product, type Dim, type Shape } from './dim.ts';

const batchAxis = (shape: Shape): number => shape.findIndex(isBatch);

/**
 * The shape that ONNX's Reshape gives: 0 copies the input's length (unless `allowZero`), −1 takes what is left.
 * Throws a RangeError where the sizes differ and a BatchError where examples would mix.
 */
export function resolveReshape(shape: Shape, target: Shape, allowZero = false): Shape {
  const resolved = resolveTarget(shape, target, allowZero);
  const [total, held] = [product(shape), product(resolved)];
  if (total !== held) {
    const Failure = isBatch(total) !== isBatch(held) ? BatchError : RangeError;
    throw new Failure(`target shape [${target}] holds ${held} elements, the input [${shape}] has ${total}.`);
  }
  if (isBatch(total) && total.times !== 0 && before(shape) !== before(resolved)) {
    throw new BatchError(
      `[${shape}] to [${resolved}] would mix examples: the lengths before the batch axis multiply to ${before(shape)} and ${before(resolved)}.`,
    );
  }
  return resolved;
}

const before = (shape: Shape): Dim => product(shape.slice(0, batchAxis(shape)));

function resolveTarget(shape: Shape, target: Shape, allowZero: boolean): Shape {
  const copied = target.map((d, i) => {
    if (d !== 0 || allowZero) return d;
    if (i >= shape.length)
      throw new RangeError(`target shape [${target}] copies axis ${i}, the input [${shape}] has ${shape.length}.`);
    return shape[i];
  });
  const free = copied.indexOf(-1);
  if (free === -1) return copied;
  const rest = product(copied.toSpliced(free, 1));
  const length = rest === 0 ? null : divDim(product(shape), rest);
  if (length === null)
    throw new RangeError(`target shape [${target}] does not divide the ${product(shape)} elements of [${shape}].`);
  return copied.with(free, length);
}

const forOneExample = (shape: Shape): number[] => shape.map((d) => (isBatch(d) ? d.times : d));

/**
 * The target of a Reshape whose file has batch size 1 baked into it, with the batch axis put back: N goes to the first
 * place where the lengths before it multiply to the same number as before the input's batch axis. For one example the
 * result is the file's; for more, each example is treated alike. null: no such place, or the target does not fit.
 */
export function reopenReshape(inputShape: Shape, target: readonly number[], allowZero = false): Dim[] | null {
  const axis = batchAxis(inputShape);
  if (axis === -1) return null;
  const single = forOneExample(inputShape);
  const baked = bakedTarget(single, target, allowZero);
  if (!baked) return null;
  const leading = product(single.slice(0, axis));
  for (let q = 0, passed = 1; q < baked.length; passed *= baked[q++]) {
    if (passed === leading) return baked.with(q, batch(baked[q])) as Dim[];
  }
  return null;
}

function bakedTarget(
  single: readonly number[],
  target: readonly number[],
  allowZero: boolean,
): (Dim[] & number[]) | null {
  try {
    return resolveReshape(single, target, allowZero) as number[];
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * Concat of parts of which some depend on the batch and others, such as a class token, have the length for one example
 * baked in: for each part the shape to expand it to first, or null where it fits as it is.
 */
export function reopenConcat(shapes: readonly Shape[], axis: number): (Shape | null)[] {
  const open = shapes.find((shape) => shape.some((d, i) => isBatch(d) && i !== axis));
  if (!open) return shapes.map(() => null);
  const at = open.findIndex((d, i) => isBatch(d) && i !== axis);
  return shapes.map((shape) =>
    shape.length === open.length && shape[at] === 1 ? shape.with(at, mulDim(open[at], 1)) : null,
  );
}
