import { describe, expect, it } from 'vitest';
import type { WeightInfo } from '../../src/lib/state/filters.svelte.ts';
import { scrollTo, spanOf } from '../../src/lib/ui/weight-window.ts';
import { positionText, searchWeights } from '../../src/lib/ui/weight-words.ts';

describe('the window of a long table', () => {
  it.each([
    [5, 300],
    [1000, 300],
    [25_088, 417],
    [3_000_000, 300],
  ])('of %i rows shows the first at the beginning and the last at the end (%i px)', (length, room) => {
    const start = spanOf(length, 28, room, 0);
    expect(start.first).toBe(0);
    const end = spanOf(length, 28, room, Math.max(0, start.pixels - room));
    expect(end.first + end.count).toBe(length);
  });

  it('goes to any row, and back to where it was', () => {
    for (const length of [40, 25_088, 3_000_000])
      for (const index of [0, 1, 17, length >> 1, length - 2, length - 1]) {
        const scroll = scrollTo(index, length, spanOf(length, 28, 300, 0), 300);
        const { first, visible } = spanOf(length, 28, 300, scroll);
        expect(index).toBeGreaterThanOrEqual(first);
        expect(index).toBeLessThan(first + visible);
      }
  });

  it('does not move for a row that is seen', () => {
    const span = spanOf(1000, 28, 300, 500);
    expect(spanOf(1000, 28, 300, scrollTo(span.first + 3, 1000, span, 300)).first).toBe(span.first);
  });
});

describe('words about weights', () => {
  it('name the place of a number in its tensor', () => {
    // Row-major: the last axis runs fastest.
    expect(positionText([3, 4, 5], (2 * 4 + 3) * 5 + 1)).toBe('2, 3, 1');
  });

  it('find a weight by its name, its layer, its kind or its shape', () => {
    const weight = (id: string, layer: string, role: WeightInfo['role'], shape: number[]) => ({
      id,
      layer,
      role,
      shape,
      op: role === 'kernel' ? 'Conv' : 'Gemm',
    });
    const list = [weight('a.w', 'conv1', 'kernel', [16, 3, 3, 3]), weight('b1x1.w', 'logits', 'matrix', [16, 128])];
    const found = (query: string) => searchWeights(list, query).map(({ id }) => id);
    expect(found('')).toEqual(['a.w', 'b1x1.w']);
    expect(found('KERNEL')).toEqual(['a.w']);
    expect(found('logits gemm')).toEqual(['b1x1.w']);
    expect(found('16x3')).toEqual(['a.w']);
    expect(found('b1x1')).toEqual(['b1x1.w']);
    expect(found('nothing')).toEqual([]);
  });
});
