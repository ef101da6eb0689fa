/** Metrics against their definitions in plain loops, for a small network with curved parts. */
import { describe, expect, it } from 'vitest';
import { impute } from '../../src/lib/metrics/imputation.ts';
import { infidelityUnder } from '../../src/lib/metrics/infidelity.ts';
import { placesOf } from '../../src/lib/metrics/maps.ts';
import { sensitivityUnder } from '../../src/lib/metrics/max-sensitivity.ts';
import { findMetric } from '../../src/lib/metrics/registry.ts';
import { structuralSimilarity } from '../../src/lib/metrics/similarity.ts';
import { findMethod } from '../../src/lib/attribution/index.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { float32, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { ask, convModel, functionOf, gaussian } from '../attribution/models.ts';
import { numericGradient, type ScalarFunction } from '../reference/methods/black-box.ts';
import { gini, imputed, infidelityOf, removalCurve, roadScore, ssim } from '../reference/metrics/literal.ts';
import { given, summed } from './subjects.ts';

const model = convModel('Tanh');
const x = gaussian([1, 2, 6, 6], 7);
const other = gaussian(x.shape, 8, 0.3);
const scores = gaussian(x.shape, 9);
const picture = { x: x.data, channels: 2, height: 6, width: 6 };
const logit = functionOf(model, [0, 1, 0]);
const logits = [0, 1, 2].map((k) =>
  functionOf(
    model,
    [0, 1, 2].map((i) => Number(i === k)),
  ),
);
const probability: ScalarFunction = (values) => {
  const z = logits.map((one) => Math.exp(one(values)));
  return z[1] / (z[0] + z[1] + z[2]);
};
const question = (batch = 1) => ask({ model, x, target: { kind: 'logit', index: 1 }, seed: 5 }, batch);
const subject = (batch = 1) => given(question(batch), scores, { without: () => other });
const map = summed(scores).data;
const close = (found: number | null, truth: number) =>
  expect(Math.abs(found! - truth)).toBeLessThan(1e-6 * Math.max(1, Math.abs(truth)));

describe.each([1, 4, 50])('deletion and insertion, %d at once', (batch) => {
  it.each(['delete', 'insert'] as const)('%s', async (way) => {
    const metric = findMetric(way === 'delete' ? 'deletion' : 'insertion');
    for (const [score, f] of [
      ['probability', probability],
      ['target', logit],
    ] as const) {
      const truth = removalCurve(f, picture, other.data, map, 7, way);
      const asked = subject(batch);
      const { value, curves } = await metric.measure(asked, { steps: 7, score });
      close(value, truth.area);
      truth.y.forEach((y, k) => close(curves![0].y[k], y));
      expect(curves![0].x).toEqual(truth.x);
      expect((asked.question.engine as ReturnType<typeof question>['engine']).alive()).toBe(0);
    }
  });
});

describe('imputation', () => {
  const sets: [string, number[]][] = [
    ['one place', [14]],
    ['a corner', [0]],
    ['a block at the border', [0, 1, 2, 6, 7, 8, 12, 13, 14]],
    ['all but two', Array.from({ length: 36 }, (_, i) => i).filter((i) => i !== 3 && i !== 28)],
    ['every other', Array.from({ length: 18 }, (_, i) => 2 * i)],
  ];
  const away = (set: readonly number[]) => Uint8Array.from({ length: 36 }, (_, i) => Number(set.includes(i)));

  it.each(sets)('%s: meets every equation', (_name, set) => {
    const found = impute(x, placesOf(x), away(set), 0, 1);
    imputed(picture, set).forEach((truth, i) => close(found.data[i], truth));
  });

  it('does so where channels are last', () => {
    const data = Float32Array.from({ length: 72 }, (_, i) => x.data[(i % 2) * 36 + Math.floor(i / 2)]);
    const last = float32([1, 6, 6, 2], data);
    const set = sets[2][1];
    const found = impute(last, placesOf(last), away(set), 0, 1);
    imputed(picture, set).forEach((truth, i) => close(found.data[(i % 36) * 2 + Math.floor(i / 36)], truth));
  });

  it('adds noise of the given size to what was filled in, and to nothing else', () => {
    const set = Array.from({ length: 30 }, (_, i) => i);
    const quiet = impute(x, placesOf(x), away(set), 0, 1);
    const noisy = impute(x, placesOf(x), away(set), 0.5, 1);
    const added = noisy.data.map((v, i) => v - quiet.data[i]);
    added.forEach((v, i) => expect(v === 0).toBe(i % 36 >= 30));
    const size = Math.sqrt(added.reduce((sum, v) => sum + v * v, 0) / 60);
    expect(size).toBeGreaterThan(0.4);
    expect(size).toBeLessThan(0.6);
  });

  it('takes the mean where nothing is left', () => {
    const found = impute(x, placesOf(x), away(Array.from({ length: 36 }, (_, i) => i)), 0, 1);
    const mean = x.data.slice(0, 36).reduce((a, b) => a + b) / 36;
    expect(found.data[17]).toBeCloseTo(mean, 5);
  });
});

it.each([1, 4])('ROAD, %d at once', async (batch) => {
  const { value, curves } = await findMetric('road').measure(subject(batch), { every: 20, noise: 0 });
  close(value, roadScore(probability, picture, map, [0.2, 0.4, 0.6, 0.8]));
  expect(curves!.map(({ x: shares }) => shares)).toEqual([
    [0.2, 0.4, 0.6, 0.8],
    [0.2, 0.4, 0.6, 0.8],
  ]);
});

describe('infidelity', () => {
  /** The squares that the seed gives: top and left of each, drawn in turn. */
  const squares = (count: number, side: number) => {
    const { below } = random(5);
    return Array.from({ length: count }, () => {
      const [top, left] = [below(7 - side), below(7 - side)];
      return Array.from({ length: 36 }, (_, i) => i).filter(
        (i) => Math.floor(i / 6) >= top && Math.floor(i / 6) < top + side && i % 6 >= left && i % 6 < left + side,
      );
    });
  };

  it.each([true, false])('over squares, in the best unit: %s', async (normalize) => {
    const { value } = await findMetric('infidelity').measure(subject(3), { samples: 12, side: 0.5, normalize });
    close(value, infidelityOf(logit, picture, other.data, map, squares(12, 3), normalize));
  });

  it('as slopes', async () => {
    const { value } = await findMetric('infidelity').measure(subject(), {
      samples: 6,
      side: 0.5,
      read: 'slope',
      normalize: false,
    });
    const contributions = scores.data.map((v, i) => v * (x.data[i] - other.data[i]));
    const sums = summed(float32(x.shape, contributions)).data;
    close(value, infidelityOf(logit, picture, other.data, sums, squares(6, 3), false));
  });

  it.each([true, false])('under given noise, normalised: %s', async (normalize) => {
    const noise = Array.from({ length: 5 }, (_, k) => gaussian(x.shape, 20 + k, 0.3));
    const pairs = noise.map((e): [number, number] => [
      e.data.reduce((sum, v, i) => sum + v * scores.data[i], 0),
      logit(Float64Array.from(x.data)) - logit(Float64Array.from(x.data, (v, i) => Math.fround(v - e.data[i]))),
    ]);
    const beta = pairs.reduce((s, [p, d]) => s + p * d, 0) / pairs.reduce((s, [p]) => s + p * p, 0);
    const truth = pairs.reduce((s, [p, d]) => s + ((normalize ? beta : 1) * p - d) ** 2, 0) / 5;
    close(await infidelityUnder(question(), scores, noise, { normalize }), truth);
  });
});

it('sensitivity under given changes', async () => {
  const gradient = (at: FloatTensor) => numericGradient(logit, at.data);
  const changes = Array.from({ length: 4 }, (_, k) => gaussian(x.shape, 30 + k, 0.1));
  const saliency = findMethod('saliency');
  const explain = (q: Parameters<typeof saliency.explain>[0]) => saliency.explain(q, { absolute: false });
  const own = await explain(question());
  const length = (v: readonly number[]) => Math.sqrt(v.reduce((s, w) => s + w * w, 0));
  const truth = gradient(x);
  const moved = changes.map((e) =>
    gradient(
      float32(
        x.shape,
        x.data.map((v, i) => v + e.data[i]),
      ),
    ),
  );
  const ratios = moved.map((g) => length(g.map((v, i) => v - truth[i])) / length(truth));
  const found = await sensitivityUnder(question(), own.scores, changes, explain);
  expect(found).toBeCloseTo(Math.max(...ratios), 5);
});

describe('likeness', () => {
  const draw = (seed: number) => Float32Array.from(gaussian([80], seed).data, Math.abs);

  it.each([
    ['8 × 10', 10, 7],
    ['5 × 16, a lower map', 16, 5],
  ])('structural similarity, %s', (_name, width, side) => {
    const [a, b] = [draw(1), draw(2)];
    close(structuralSimilarity(a, b, width), ssim([...a], [...b], width, side));
    close(structuralSimilarity(a, a, width), 1);
  });

  it('of the map of another class, with their signs left out', async () => {
    const answers = [gaussian(x.shape, 41), gaussian(x.shape, 42)];
    const asked: number[] = [];
    const judged = given(question(), scores, {
      explain: async ({ target }) => {
        asked.push(target.index);
        return { scores: answers[target.index === 0 ? 0 : 1], value: 0, passes: 0 };
      },
    });
    const { value, details } = await findMetric('random-logit').measure(judged);
    expect(asked).toEqual([details![0].value]);
    expect([0, 2]).toContain(asked[0]);
    const unit = (tensor: FloatTensor) => {
      const v = [...summed(tensor).data].map(Math.abs);
      return v.map((one) => one / Math.max(...v));
    };
    close(value, ssim(unit(scores), unit(answers[asked[0] === 0 ? 0 : 1]), 6, 6));
  });
});

it('the Gini index is half the mean difference over the mean', async () => {
  const { value } = await findMetric('sparseness').measure(subject());
  close(value, gini([...map]));
});

it('maps of a coarser grid are enlarged to the image', async () => {
  const coarse = float32([1, 1, 2, 2], [1, 0, 0, 0]);
  const mask = Uint8Array.from({ length: 36 }, (_, i) => Number(i % 6 < 3 && i < 18));
  const judged = given(question(), coarse, { mask });
  const weight = (i: number) => Math.max(0, Math.min(1, 1 - ((i + 0.5) / 3 - 0.5)));
  let [inside, total] = [0, 0];
  for (let i = 0; i < 36; i++) {
    const v = weight(Math.floor(i / 6)) * weight(i % 6);
    total += v;
    inside += mask[i] * v;
  }
  close((await findMetric('relevance-mass').measure(judged)).value, inside / total);
});
