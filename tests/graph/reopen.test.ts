import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchError, N, batch, bindShape, isBatch, type Dim, type Shape } from '../../src/lib/graph/dim.ts';
import { reopenConcat, reopenReshape, resolveReshape } from '../../src/lib/graph/reopen.ts';

/** Which example each element belongs to: row-major, k·N example after example. */
function exampleOf(shape: Shape, examples: number): number[] {
  const lengths = bindShape(shape, examples);
  const axis = shape.findIndex(isBatch);
  const after = lengths.slice(axis + 1).reduce((n, d) => n * d, 1);
  const each = lengths[axis] / examples;
  const total = lengths.reduce((n, d) => n * d, 1);
  return Array.from({ length: total }, (_, flat) => Math.floor((Math.floor(flat / after) % lengths[axis]) / each));
}

const length = fc.integer({ min: 1, max: 4 });
const shapeWithBatch = fc
  .tuple(fc.array(length, { maxLength: 2 }), fc.integer({ min: 1, max: 3 }), fc.array(length, { maxLength: 3 }))
  .map(([before, times, after]): Dim[] => [...before, batch(times), ...after]);

describe('resolveReshape', () => {
  it('accepts what keeps examples apart, and only that', () => {
    let accepted = 0;
    fc.assert(
      fc.property(shapeWithBatch, shapeWithBatch, (shape, target) => {
        const [size, held] = [shape, target].map((s) => bindShape(s, 1).reduce((n, d) => n * d, 1));
        fc.pre(size === held);
        const apart = exampleOf(shape, 3).join() === exampleOf(target, 3).join();
        let allowed = true;
        try {
          expect(resolveReshape(shape, target)).toEqual(target);
          accepted++;
        } catch (error) {
          expect(error).toBeInstanceOf(BatchError);
          allowed = false;
        }
        expect(allowed).toBe(apart);
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it('copies, infers and counts as ONNX says', () => {
    expect(resolveReshape([N, 3, 4], [0, -1])).toEqual([N, 12]);
    expect(resolveReshape([N, 3, 4], [-1, 4])).toEqual([batch(3), 4]);
    expect(resolveReshape([197, N, 768], [197, batch(12), 64])).toEqual([197, batch(12), 64]);
    expect(resolveReshape([0, 3], [3, 0], true)).toEqual([3, 0]);
  });

  it('says what does not fit', () => {
    expect(() => resolveReshape([2, 3], [4, -1])).toThrow(
      'target shape [4,-1] does not divide the 6 elements of [2,3].',
    );
    expect(() => resolveReshape([2, 3], [7])).toThrow('target shape [7] holds 7 elements, the input [2,3] has 6.');
    expect(() => resolveReshape([N, 768], [1, 768])).toThrow(BatchError);
    expect(() => resolveReshape([N, 2, 3], [2, N, 3])).toThrow('would mix examples');
    expect(() => resolveReshape([2], [0, 0])).toThrow('copies axis 1');
  });
});

describe('reopenReshape', () => {
  it('puts the batch axis back into targets with batch size 1 baked in', () => {
    expect(reopenReshape([N, 197, 768], [1, 197, 12, 64])).toEqual([N, 197, 12, 64]);
    expect(reopenReshape([N, 512, 7, 7], [1, -1])).toEqual([N, 25088]);
    expect(reopenReshape([N, 512, 7, 7], [-1, 25088])).toEqual([N, 25088]);
    expect(reopenReshape([N, 512, 1, 1], [0, 512])).toEqual([N, 512]);
    expect(reopenReshape([197, N, 768], [197, 12, 64])).toEqual([197, batch(12), 64]);
    expect(reopenReshape([197, batch(12), 64], [197, 1, 768])).toEqual([197, N, 768]);
    expect(reopenReshape([N, 116, 28, 28], [1, 2, 58, 28, 28])).toEqual([N, 2, 58, 28, 28]);
  });

  it('knows when it cannot', () => {
    expect(reopenReshape([N, 6], [7])).toBeNull();
    expect(reopenReshape([2, 3], [6])).toBeNull();
    expect(reopenReshape([4, N, 3], [6, 2])).toBeNull();
  });

  it('gives the file’s shape for one example, and keeps examples apart', () => {
    fc.assert(
      fc.property(shapeWithBatch, fc.array(length, { minLength: 1, maxLength: 4 }), (shape, target) => {
        const open = reopenReshape(shape, target);
        if (!open) return;
        expect(bindShape(open, 1)).toEqual(target);
        expect(resolveReshape(shape, open)).toEqual(open);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('reopenConcat', () => {
  it('expands a class token to the batch', () => {
    expect(
      reopenConcat(
        [
          [1, 1, 768],
          [N, 196, 768],
        ],
        1,
      ),
    ).toEqual([[N, 1, 768], null]);
  });
  it('leaves parts alone that fit, or that join along the batch axis', () => {
    expect(
      reopenConcat(
        [
          [N, 1, 768],
          [N, 196, 768],
        ],
        1,
      ),
    ).toEqual([null, null]);
    expect(
      reopenConcat(
        [
          [1, 3],
          [2, 3],
        ],
        0,
      ),
    ).toEqual([null, null]);
    expect(
      reopenConcat(
        [
          [N, 3],
          [1, 3],
        ],
        0,
      ),
    ).toEqual([null, null]);
  });
});
