/** @file Axes of a host tensor in another order. */
import { allocate } from './dtype.ts';
import { makeTensor, sizeOf, type Tensor } from './tensor.ts';

/** Axis `i` of the result is axis `perm[i]` of what is transposed, as in ONNX's Transpose. */
export type Permutation = readonly number[];

/** A copy with its axes in another order. */
export function transposed(x: Tensor, perm: Permutation): Tensor {
  const shape = perm.map((axis) => x.shape[axis]);
  const source = x.shape.map((_, axis) => sizeOf(x.shape.slice(axis + 1)));
  const steps = perm.map((axis) => source[axis]);
  const data = allocate(x.dtype, sizeOf(shape));
  const at = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    data[to] = x.data[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++at[axis] < shape[axis]) break;
      from -= steps[axis] * shape[axis];
      at[axis] = 0;
    }
  }
  return makeTensor(x.dtype, shape, data);
}
