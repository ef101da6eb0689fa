/** @file Axes of a host tensor in another order. */
import { allocate } from './dtype.ts';
import { makeTensor, sizeOf, stridesOf, type Tensor } from './tensor.ts';

/** A constant with its axes in another order: axis `i` of the result is axis `perm[i]` of `x`. A copy. */
export function transposed(x: Tensor, perm: readonly number[]): Tensor {
  const shape = perm.map((axis) => x.shape[axis]);
  const source = stridesOf(x.shape);
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
