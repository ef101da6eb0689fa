import { describe, expect, it } from 'vitest';
import { pictureOf } from '../../src/lib/model/weight-picture.ts';
import { summaryOf, weightsOf, type Weight, type WeightInfo } from '../../src/lib/model/weights.ts';
import '../../src/lib/ops/index.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { convModel, gaussian, modelOf } from '../attribution/models.ts';

const weight = (shape: number[], info: Partial<WeightInfo> = {}): Weight => {
  const tensor = gaussian(shape, 7);
  const elements = tensor.data.length;
  return {
    tensor,
    info: {
      id: 'w',
      shape,
      role: 'kernel',
      op: 'Conv',
      layer: 'y',
      elements,
      matrix: [shape[0], elements / shape[0]],
      channelAxis: 0,
      makes: [],
      ...info,
    },
  };
};
/** w[f, i, y, x] of a kernel [·, ·, 3, 2] with `second` as its second length. */
const at = ({ tensor }: Weight, second: number, f: number, i: number, p: number) =>
  tensor.data[(f * second + i) * 6 + p];

describe('the picture of a kernel', () => {
  const kernel = weight([4, 3, 3, 2]);

  it('in colour has the three input channels of each filter as its planes', () => {
    const picture = pictureOf(kernel, { kind: 'colour' });
    expect(picture).toMatchObject({ tiles: 4, planes: 3, height: 3, width: 2 });
    expect(picture.data).toEqual(kernel.tensor.data);
  });

  it('on one input channel is that slice of each filter', () => {
    const { data, tiles } = pictureOf(kernel, { kind: 'input', input: 2 });
    expect(tiles).toBe(4);
    for (let f = 0; f < 4; f++) for (let p = 0; p < 6; p++) expect(data[f * 6 + p]).toBe(at(kernel, 3, f, 2, p));
  });

  it('of one filter is that filter on each input channel', () => {
    const { data, tiles } = pictureOf(kernel, { kind: 'filter', filter: 1 });
    expect(tiles).toBe(3);
    expect(data).toEqual(kernel.tensor.data.slice(18, 36));
  });

  it('by norm is √Σ w² over the input channels', () => {
    const { data } = pictureOf(kernel, { kind: 'norm' });
    for (let f = 0; f < 4; f++)
      for (let p = 0; p < 6; p++)
        expect(data[f * 6 + p]).toBeCloseTo(Math.hypot(...[0, 1, 2].map((i) => at(kernel, 3, f, i, p))), 6);
  });

  it('of a transposed convolution has its filters along the second axis', () => {
    const turned = weight([4, 5, 3, 2], { op: 'ConvTranspose', channelAxis: 1 });
    const { data, tiles } = pictureOf(turned, { kind: 'input', input: 3 });
    expect(tiles).toBe(5);
    for (let f = 0; f < 5; f++) for (let p = 0; p < 6; p++) expect(data[f * 6 + p]).toBe(at(turned, 5, 3, f, p));
  });

  it('of a depthwise convolution is one tile for each filter', () => {
    const depthwise = weight([6, 1, 3, 2]);
    expect(pictureOf(depthwise, { kind: 'input', input: 0 }).data).toEqual(depthwise.tensor.data);
  });

  it('that there is not is refused with what there is', () => {
    expect(() => pictureOf(kernel, { kind: 'input', input: 3 })).toThrow(/w: input channel 3 .* it has 3/);
    expect(() => pictureOf(kernel, { kind: 'filter', filter: 4 })).toThrow(/w: filter 4 .* it has 4/);
    expect(() => pictureOf(weight([4, 2, 3, 2]), { kind: 'colour' })).toThrow(/it has 2 input channels/);
    expect(() => pictureOf(weight([4, 2], { role: 'matrix' }), { kind: 'norm' })).toThrow(/it is a matrix/);
  });
});

describe('a window of a tensor as a matrix', () => {
  const dense = weight([6, 8], { role: 'matrix', op: 'MatMul' });
  const view = { kind: 'window', row: 1, rows: 4, column: 2, columns: 6, most: 99 } as const;

  it('is exact where it fits', () => {
    const { data, height, width } = pictureOf(dense, view);
    expect([height, width]).toEqual([4, 6]);
    for (let y = 0; y < 4; y++)
      for (let x = 0; x < 6; x++) expect(data[y * 6 + x]).toBe(dense.tensor.data[(1 + y) * 8 + 2 + x]);
  });

  it('shows the strongest of what comes together in a dot, with its sign', () => {
    const { data, height, width } = pictureOf(dense, { ...view, most: 2 });
    expect([height, width]).toEqual([2, 2]);
    for (const [dot, [row, column]] of [
      [1, 2],
      [1, 5],
      [3, 2],
      [3, 5],
    ].entries()) {
      const block = [0, 1].flatMap((y) => [0, 1, 2].map((x) => dense.tensor.data[(row + y) * 8 + column + x]));
      expect(data[dot]).toBe(block.toSorted((a, b) => Math.abs(b) - Math.abs(a))[0]);
    }
  });

  it('shows a NaN among many numbers', () => {
    const spoilt = { ...dense, tensor: float32([6, 8], dense.tensor.data.slice().fill(NaN, 20, 21)) };
    const { data } = pictureOf(spoilt, { kind: 'window', row: 0, rows: 6, column: 0, columns: 8, most: 2 });
    expect(Array.from(data, Number.isNaN)).toEqual([false, true, false, false]);
  });

  it('beyond the end is refused', () => {
    expect(() => pictureOf(dense, { ...view, rows: 6 })).toThrow(/rows 1 to 7 .* it has 6 × 8/);
    expect(() => pictureOf(dense, { ...view, columns: 0 })).toThrow(/Ask for a window within/);
  });
});

describe('a weight makes', () => {
  it('the activations that follow its layer channel by channel', () => {
    const list = weightsOf(convModel('Tanh').graph).map(({ info }) => info);
    expect(list.map(({ channelAxis }) => channelAxis)).toEqual([0, null, 0, null, 1]);
    expect(list.map(({ matrix }) => matrix.join('×'))).toEqual(['4×18', '4×1', '5×36', '5×1', '5×3']);
    expect(list[0].makes).toContain('first');
    expect(list[0].makes).not.toContain('feature');
    expect(list[2].makes).toContain('feature');
  });

  it('nothing where two branches come together', () => {
    const model = modelOf([2, 3, 3], (g, v) => {
      const conv = (name: string, x: typeof v) =>
        g.apply('Conv', [x, g.constant(gaussian([2, 2, 1, 1], 3))], {}, { outputs: [name] });
      const a = conv('a', v);
      const sum = g.apply('Add', [conv('b', a), a], {}, { outputs: ['sum'] });
      return g.reshape(g.apply('Relu', [sum], {}, { outputs: ['out'] }), [v.shape[0], 18]);
    });
    expect(weightsOf(model.graph).map(({ info }) => info.makes)).toEqual([['a'], ['b']]);
  });
});

describe('bad weights are summed up', () => {
  it('a constant one has no spread, a spoilt one no norm', () => {
    const flat = weight([4, 4], { role: 'matrix' });
    flat.tensor.data.fill(0.5);
    expect(summaryOf(flat)).toMatchObject({ deviation: 0, statistics: { min: 0.5, max: 0.5 } });
    expect(summaryOf(flat).spectralNorm).toBeCloseTo(2, 5);
    flat.tensor.data[3] = NaN;
    expect(summaryOf(flat)).toMatchObject({ spectralNorm: null, statistics: { nonFinite: 1 } });
  });
});
