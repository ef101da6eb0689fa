/** @file How far one tensor is from another. */
import type { Tensor } from '../../src/lib/tensor/tensor.ts';

/** Where `got` misses `expected` by more than rtol·|expected| + atol, said in words; null where it never does. */
export function mismatch(got: Tensor, expected: Tensor, rtol = 1e-3, atol = 1e-7): string | null {
  if (got.shape.join() !== expected.shape.join()) return `shape [${got.shape}] instead of [${expected.shape}]`;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [Number(got.data[i]), Number(expected.data[i])];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    if (!(Math.abs(a - b) <= rtol * Math.abs(b) + atol)) return `element ${i} is ${a} instead of ${b}`;
  }
  return null;
}

/** max|a − b| / max|b| */
export function relativeMiss(got: Tensor, expected: Tensor): number {
  let [gap, size] = [0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [Number(got.data[i]), Number(expected.data[i])];
    if (a !== b && Number.isFinite(b)) gap = Math.max(gap, Math.abs(a - b));
    if (Number.isFinite(b)) size = Math.max(size, Math.abs(b));
  }
  return gap === 0 ? 0 : gap / size;
}
