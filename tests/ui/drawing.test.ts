import { describe, expect, it } from 'vitest';
import { Overlay } from '../../src/lib/state/overlay.svelte.ts';
import { mapStatistics } from '../../src/lib/tensor/map-statistics.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { drawingOf, legendOf } from '../../src/lib/ui/drawing.ts';
import { resultFor } from '../state/fake-lab.ts';

const result = (values: number[]) => ({
  ...resultFor({} as never, 'a'),
  statistics: mapStatistics([float32([1, values.length], values)]),
});
const overlay = (change: Partial<Overlay> = {}) => Object.assign(new Overlay(), { percentile: 100 }, change);

describe('what is drawn', () => {
  it('is diverging about zero for scores with a sign', () => {
    const drawing = drawingOf(result([-1, 4, 2]), overlay(), true);
    expect(drawing.colours.kind).toBe('diverging');
    expect(legendOf(drawing)).toEqual({ low: -4, high: 4, from: 0, to: 1 });
  });

  it('shows half of the colours for one sign, at the same scale', () => {
    const of = (sign: Overlay['sign']) => legendOf(drawingOf(result([-1, 4, 2]), overlay({ sign }), true));
    expect(of('positive')).toEqual({ low: 0, high: 4, from: 0.5, to: 1 });
    expect(of('negative')).toEqual({ low: -4, high: 0, from: 0, to: 0.5 });
  });

  it('is sequential for sizes, and for methods whose scores have no sign', () => {
    expect(legendOf(drawingOf(result([-1, 4, 2]), overlay({ sign: 'absolute' }), true))).toMatchObject({
      low: 0,
      high: 4,
    });
    const unsigned = drawingOf(result([1, 4, 2]), overlay({ sign: 'negative' }), false);
    expect([unsigned.colours.kind, unsigned.sign]).toEqual(['sequential', 'all']);
  });

  it('suits the page until a colour map is chosen', () => {
    const ids = (dark: boolean, chosen: Partial<Overlay> = {}) =>
      drawingOf(result([-1, 4]), overlay({ dark, ...chosen }), true).colours.id;
    expect([ids(false), ids(true)]).toEqual(['tide', 'night']);
    expect([ids(false, { diverging: 'iris' }), ids(true, { diverging: 'iris' })]).toEqual(['iris', 'iris']);
  });

  it('trusts the scores more than the method: negative ones are drawn with a sign', () => {
    expect(drawingOf(result([-1, 4]), overlay(), false).colours.kind).toBe('diverging');
  });
});
