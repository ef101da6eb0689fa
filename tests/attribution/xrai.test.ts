/** XRAI against PAIR's library, a version on masks, and what its regions promise. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findMethod } from '../../src/lib/attribution/index.ts';
import { pack } from '../../src/lib/attribution/inputs.ts';
import { greedyDensities, grownRegions, sortedDensities, type Region } from '../../src/lib/attribution/regions.ts';
import type { ModelGraph } from '../../src/lib/attribution/types.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { sum } from '../../src/lib/tensor/arithmetic.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { float32, full, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { dilated, enlarged, segments, xraiFast, xraiFull } from '../reference/methods/xrai.ts';
import { ask, convModel, denseModel, gap, gaussian, modelOf } from './models.ts';
import { denseNet } from '../reference/methods/dense.ts';

interface Golden {
  readonly height: number;
  readonly width: number;
  readonly radius: number;
  readonly spread: readonly number[][];
  readonly map: number[];
  readonly cases: readonly {
    readonly algorithm: string;
    readonly area: number;
    readonly least: number;
    readonly densities: number[];
  }[];
}

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/saliency/regions.json'), 'utf8'),
) as Golden;
const method = findMethod('xrai');
const segmentsFrom = (labels: readonly number[]) => ({ count: Math.max(...labels) + 1, of: Int32Array.from(labels) });
const maskOf = (region: Region, places: number) => Array.from({ length: places }, (_, p) => region.includes(p));

describe('regions', () => {
  const { width, height, radius, spread, map } = golden;
  const size = { width, height };
  const grown = spread.flatMap((labels) => grownRegions(segmentsFrom(labels), size, size, radius));

  it.each(golden.cases)(
    'are ranked as PAIR’s library ranks them: $algorithm, area $area, at least $least',
    ({ algorithm, area, least, densities }) => {
      const found =
        algorithm === 'full' ? greedyDensities(map, grown, { least, area }) : sortedDensities(map, grown, least);
      expect(gap(found, densities)).toBeLessThan(1e-9);
    },
  );

  it('are grown by a disk', () => {
    for (const [i, labels] of spread.entries())
      for (const r of [0, 1, 4])
        expect(
          grownRegions(segmentsFrom(labels), size, size, r).map((region) => maskOf(region, width * height)),
          `${i}, ${r}`,
        ).toEqual(dilated(labels, width, r));
  });

  it('of a finer grid keep what is around the middle of a place, and are dropped where that is nothing', () => {
    const grid = { width: 6, height: 3 };
    const labels = [0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 2, 2];
    const regions = grownRegions(segmentsFrom(labels), grid, { width: 2, height: 1 }, 0);
    expect(regions.map((region) => [...region])).toEqual([[0], [1]]);
    const wide = grownRegions(segmentsFrom(labels), grid, { width: 2, height: 1 }, 1);
    expect(wide.map((region) => [...region])).toEqual([[0, 1], [1]]);
  });

  it('are ranked as masks are, each mean taken afresh, with ties and overlaps', () => {
    const { uniform, below, normal } = random(4);
    for (let trial = 0; trial < 20; trial++) {
      const values = Array.from({ length: 60 }, normal);
      const masks = Array.from({ length: 12 }, (_, k) =>
        k % 4 === 3 ? null : Array.from({ length: 60 }, () => uniform() < 0.3),
      ).map((mask, k, all) => mask ?? all[k - 1]!);
      const regions = masks.map((mask) => Int32Array.from(mask.keys()).filter((p) => mask[p]));
      const [least, area] = [1 + below(8), 0.3 + 0.7 * uniform()];
      expect(gap(greedyDensities(values, regions, { least, area }), xraiFull(values, masks, least, area))).toBeLessThan(
        1e-9,
      );
      expect(gap(sortedDensities(values, regions, least), xraiFast(values, masks, least))).toBeLessThan(1e-9);
    }
  });

  it('spread the sum of the map and keep it', () => {
    const total = map.reduce((a, b) => a + b);
    for (const least of [1, 30, 1000])
      for (const found of [greedyDensities(map, grown, { least, area: 0.7 }), sortedDensities(map, grown, least)])
        expect(found.reduce((a, b) => a + b)).toBeCloseTo(total, 8);
  });
});

describe('XRAI', () => {
  const model = modelOf([3, 14, 14], (g, image) => {
    const flat = g.reshape(image, [image.shape[0], 588]);
    return g.matmul(g.tanh(g.matmul(flat, g.constant(gaussian([588, 8], 1, 0.05)))), g.constant(gaussian([8, 3], 2)));
  });
  const target = { kind: 'logit', index: 1 } as const;
  const x = pictureOf([1, 3, 14, 14]);
  const ends = [full(x.shape, -1), full(x.shape, 2)] as const;
  const question = (batch = 1) => ask({ model, x, target, bounds: () => ends }, batch);

  it.each([
    { algorithm: 'full', scales: 'all', channels: 'sum', area: 1, growth: 5 },
    { algorithm: 'full', scales: 'coarse', channels: 'max', area: 0.5, growth: 12 },
    { algorithm: 'fast', scales: 'fine', channels: 'sum', area: 1, growth: 0 },
  ] as const)(
    'is Integrated Gradients over literal masks of the enlarged picture: %o',
    async (options) => {
      const ig = findMethod('integrated-gradients');
      const [black, white] = [
        await ig.explain({ ...question(), baseline: ends[0] }, { steps: 6 }),
        await ig.explain({ ...question(), baseline: ends[1] }, { steps: 6 }),
      ];
      const map = Array.from({ length: 196 }, (_, p) => {
        const values = [0, 1, 2].map((c) => (black.scores.data[c * 196 + p] + white.scores.data[c * 196 + p]) / 2);
        return options.channels === 'sum' ? values[0] + values[1] + values[2] : Math.max(...values);
      });
      const scales = { all: [50, 100, 150, 250, 500, 1200], coarse: [250, 500, 1200], fine: [50, 100, 150] };
      const masks = scales[options.scales].flatMap((scale) => masksOf(scale, options.growth));
      const truth = options.algorithm === 'full' ? xraiFull(map, masks, 1, options.area) : xraiFast(map, masks, 1);
      for (const batch of [1, 5]) {
        const asked = question(batch);
        const { scores, value, baselineValue, check, passes } = await method.explain(asked, { steps: 6, ...options });
        expect(new Set(truth).size).toBeGreaterThan(2);
        expect(
          gap(
            scores.data,
            [...truth, ...truth, ...truth].map((v) => v / 3),
          ),
        ).toBeLessThan(1e-5);
        expect(value).toBe(black.value);
        expect(baselineValue).toBeCloseTo((black.baselineValue! + white.baselineValue!) / 2, 5);
        expect(passes).toBe(16);
        expect(check === undefined).toBe(options.channels === 'max');
        expect(asked.engine.alive()).toBe(0);
      }
    },
    60_000,
  );

  /** Of the picture at 224 × 224 from −1 to 1: the disk about the middle of each place meets the segment. */
  function masksOf(scale: number, growth: number): boolean[][] {
    const planes = [0, 1, 2].map((c) =>
      Array.from({ length: 14 }, (_, y) =>
        Array.from({ length: 14 }, (_, i) => (x.data[(c * 14 + y) * 14 + i] + 1) / 3),
      ),
    );
    const large = planes.map((plane) => enlarged(plane, 224, 224));
    const all = large.flat(2);
    const [low, high] = [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
    const labels = segments(
      large.map((plane) => plane.map((line) => line.map((v) => (2 * (v - low)) / (high - low) - 1))),
      scale,
      0.8,
      150,
    );
    const meets = (label: number, row: number, column: number) => {
      for (let y = Math.max(0, row - growth); y <= Math.min(223, row + growth); y++)
        for (let at = Math.max(0, column - growth); at <= Math.min(223, column + growth); at++)
          if ((y - row) ** 2 + (at - column) ** 2 <= growth ** 2 && labels[y * 224 + at] === label) return true;
      return false;
    };
    return Array.from({ length: labels.reduce((a, b) => Math.max(a, b)) + 1 }, (_, label) =>
      Array.from({ length: 196 }, (_, p) => meets(label, 16 * Math.floor(p / 14) + 8, 16 * (p % 14) + 8)),
    ).filter((mask) => mask.includes(true));
  }

  it('sums to F(x) less the mean over black and white', async () => {
    const { scores, value, baselineValue, check } = await method.explain(question(8));
    expect(sum(scores)).toBeCloseTo(value - baselineValue!, 4);
    expect(check!.relative).toBeLessThan(1e-4);
  });

  it('puts the square that alone counts first, and gives it what it is worth', async () => {
    const square = (p: number) => Math.floor(p / 14) >= 4 && Math.floor(p / 14) < 9 && p % 14 >= 5 && p % 14 < 11;
    const weights = float32(
      [196, 1],
      Array.from({ length: 196 }, (_, p) => Number(square(p))),
    );
    const grey = modelOf([1, 14, 14], (g, v) => g.matmul(g.reshape(v, [v.shape[0], 196]), g.constant(weights)));
    const picture = float32(
      [1, 1, 14, 14],
      Array.from({ length: 196 }, (_, p) => (square(p) ? 0.9 : 0.1 + 0.01 * (p % 2))),
    );
    const bounds = () => [full(picture.shape, 0), full(picture.shape, 1)] as const;
    const { scores } = await method.explain(ask({ model: grey, x: picture, bounds }), { steps: 1, growth: 0 });
    // Against black 0.9, against white 0.9 − 1.
    scores.data.forEach((v, p) => expect(v).toBeCloseTo(square(p) ? 0.4 : 0, 5));
  });

  it('is the same for channels last', async () => {
    const build = (g: Builder, planes: Value) => {
      const y = g.apply('Conv', [planes, g.constant(gaussian([4, 3, 3, 3], 1, 0.5))], { kernel_shape: [3, 3] });
      return g.matmul(g.reduceMean(g.tanh(y), [2, 3], false), g.constant(gaussian([4, 1], 3)));
    };
    const first = modelOf([3, 14, 14], build);
    const last = modelOf([14, 14, 3], (g, image) => build(g, g.transpose(image, [0, 3, 1, 2])));
    const turn = (data: ArrayLike<number>) => Array.from(data, (_, i) => data[(i % 3) * 196 + Math.floor(i / 3)]);
    const turned = float32([1, 14, 14, 3], turn(x.data));
    const bounds = () => [full(turned.shape, -1), full(turned.shape, 2)] as const;
    const a = await method.explain(ask({ model: first, x, bounds: () => ends }), { steps: 2 });
    const b = await method.explain(ask({ model: last, x: turned, bounds }), { steps: 2 });
    expect(gap(b.scores.data, turn(a.scores.data))).toBeLessThan(1e-5);
  });

  it('takes the smallest and largest number of an input that is no picture', async () => {
    const [low, high] = [Math.min(...x.data), Math.max(...x.data)];
    const bounds = () => [full(x.shape, low), full(x.shape, high)] as const;
    const without = await method.explain(ask({ model, x, target }));
    expect(without.scores.data).toEqual((await method.explain(ask({ model, x, target, bounds }))).scores.data);
  });

  it('has regions of each image, and leaves alone what is none', async () => {
    const { model: several, joined } = imagesAndNumbers();
    const { scores, check } = await method.explain(ask({ model: several, x: joined }), { steps: 40 });
    expect(check!.relative).toBeLessThan(1e-4);
    const ends = [Math.min(...joined.data), Math.max(...joined.data)];
    const ig = await Promise.all(
      ends.map((v) =>
        findMethod('integrated-gradients').explain(
          ask({ model: several, x: joined, baseline: full(joined.shape, v) }),
          { steps: 40 },
        ),
      ),
    );
    const rest = Array.from(
      { length: 6 },
      (_, i) => (ig[0].scores.data[288 + 144 + i] + ig[1].scores.data[288 + 144 + i]) / 2,
    );
    expect(gap(scores.data.subarray(432), rest)).toBeLessThan(1e-5);
    const [first, second] = [scores.data.subarray(0, 288), scores.data.subarray(288, 432)];
    expect([...first.subarray(0, 144)]).toEqual([...first.subarray(144)]);
    for (const own of [first, second]) expect(new Set(own).size).toBeGreaterThan(1);
  });

  it('refuses a model without images, and a layer', async () => {
    expect(method.unavailable(denseModel(denseNet([5, 4, 3], 'tanh', 1)))).toMatch(/^Only images have regions/);
    const conv = convModel('Tanh');
    const asked = ask({ model: conv, x: gaussian([1, 2, 6, 6], 7), layer: conv.feature });
    await expect(method.explain(asked)).rejects.toThrow(/explains the image and no/);
  });

  it('counts its steps over both paths, and stops between scales and between steps', async () => {
    const seen: number[] = [];
    const asked = {
      ...question(),
      onProgress: ({ done, total }: { done: number; total: number }) => seen.push(done / total),
    };
    await method.explain(asked, { steps: 4 });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((k) => k / 8));
    const stop = new AbortController();
    const early = { ...question(), signal: stop.signal };
    setTimeout(() => stop.abort(new Error('enough')));
    await expect(method.explain(early)).rejects.toThrow('enough');
    expect(early.engine.runs()).toBe(0);
    const late = new AbortController();
    const running = { ...question(), signal: late.signal, onProgress: () => late.abort(new Error('enough')) };
    await expect(method.explain(running)).rejects.toThrow('enough');
    expect(running.engine.alive()).toBe(0);
  });
});

/** Two shapes of other colours on a slope, with a little noise. */
function pictureOf(shape: readonly number[]): FloatTensor {
  const [, channels, height, width] = shape;
  const { normal } = random(12);
  return float32(
    shape,
    Array.from({ length: channels * height * width }, (_, i) => {
      const [c, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
      const inside = (y - 4) ** 2 + (x - 4) ** 2 < 9 ? 1 : y > 8 && x > 7 ? -0.7 : 0;
      return 0.3 + 0.02 * y + inside * (c === 0 ? 1 : -0.3) + 0.04 * normal();
    }),
  );
}

/** A model of an image with channels first, one with channels last and six numbers. */
function imagesAndNumbers(): { readonly model: ModelGraph; readonly joined: FloatTensor } {
  const shapes = [[2, 12, 12], [12, 12, 1], [6]];
  const g = new Builder();
  const inputs = shapes.map((shape, i) => new Value('float32', [N, ...shape], { name: `input ${i}` }));
  const flat = inputs.map((input, i) => g.reshape(input, [N, shapes[i].reduce((a, b) => a * b)]));
  const hidden = g.tanh(g.matmul(g.concat(flat, 1), g.constant(gaussian([438, 5], 2, 0.1))));
  const original = g.matmul(hidden, g.constant(gaussian([5, 2], 3)));
  const { input, images, on } = pack(inputs, [original]);
  const logits = on(original);
  const graph = { name: 'test', inputs: [input], outputs: [logits] };
  const model = { graph, input, images, logits, probabilities: g.softmax(logits, -1), batched: true };
  const pictures = [pictureOf([1, 2, 12, 12]), pictureOf([1, 1, 12, 12]), gaussian([1, 6], 5)];
  return {
    model,
    joined: float32(
      [1, 438],
      pictures.flatMap(({ data }) => [...data]),
    ),
  };
}
