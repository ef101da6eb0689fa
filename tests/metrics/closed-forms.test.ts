/** Metrics where the answer is known beforehand, and where there is none. */
import { describe, expect, it } from 'vitest';
import { findMetric, metrics } from '../../src/lib/metrics/registry.ts';
import { learnedLayers, withShuffled } from '../../src/lib/metrics/shuffle.ts';
import { full, float32 } from '../../src/lib/tensor/tensor.ts';
import { ask, convModel, gaussian } from '../attribution/models.ts';
import { explained, given, linearModel, randomly } from './subjects.ts';

const side = 6;
const weights = Array.from({ length: side * side }, (_, i) => 1 + ((i * 7) % 36));
const linear = linearModel(weights, side);
const x = full([1, 1, side, side], 1);
const question = (batch = 1) => ask({ model: linear, x, baseline: full(x.shape, 0) }, batch);
const measure = (id: string, subject: Parameters<(typeof metrics)[number]['measure']>[0], options = {}) =>
  findMetric(id).measure(subject, options);
const maskOf = (places: readonly number[], count = side * side) =>
  Uint8Array.from({ length: count }, (_, i) => (places.includes(i) ? 255 : 0));

describe('a linear model under Input × Gradient', () => {
  it('has infidelity 0, whatever is replaced and with or without the best unit', async () => {
    const subject = await explained(question(4), 'input-x-gradient');
    for (const options of [{ normalize: false }, {}, { side: 0.5, samples: 3 }]) {
      const { value, details } = await measure('infidelity', subject, options);
      expect(value).toBeLessThan(1e-6 * details![0].value + 1e-6);
    }
  });

  it('has infidelity 0 as a slope too', async () => {
    const subject = await explained(question(), 'saliency', { absolute: false });
    const { value } = await measure('infidelity', subject, { read: 'slope', normalize: false });
    expect(value).toBeLessThan(1e-6);
    expect((await measure('infidelity', subject, { normalize: false })).value).toBeLessThan(1e-6); // x − x′ is 1
    const doubled = { ...subject, without: () => full(x.shape, -1) };
    expect((await measure('infidelity', doubled, { normalize: false })).value).toBeGreaterThan(1);
  });

  it('loses the largest weights first: every point of the curves is a sum', async () => {
    const subject = await explained(question(5), 'input-x-gradient');
    const falling = [...weights].sort((a, b) => b - a);
    const total = falling.reduce((a, b) => a + b);
    const lost = (n: number) => falling.slice(0, n).reduce((a, b) => a + b, 0);
    const points = [0, 4, 8, 12, 16, 20, 24, 28, 32, 36];
    const deletion = await measure('deletion', subject, { steps: 9, score: 'target' });
    const insertion = await measure('insertion', subject, { steps: 9, score: 'target' });
    expect(deletion.curves![0].x).toEqual(points.map((n) => n / 36));
    points.forEach((n, k) => expect(deletion.curves![0].y[k]).toBeCloseTo(total - lost(n), 3));
    points.forEach((n, k) => expect(insertion.curves![0].y[k]).toBeCloseTo(lost(n), 3));
    const trapezoids = points.slice(1).reduce((sum, n, k) => sum + (lost(n) + lost(points[k])) / 2, 0) / 9;
    expect(insertion.value).toBeCloseTo(trapezoids, 3);
    expect(deletion.value).toBeCloseTo(total - trapezoids, 3);
  });

  it('is complete and stable, and keeps its promise in the number that is shown', async () => {
    const subject = await explained(question(), 'integrated-gradients');
    expect((await measure('completeness', subject)).value).toBeLessThan(1e-5);
    // Its gradient is the same everywhere, and x − x′ moves by no more than the radius.
    const { value } = await measure('max-sensitivity', subject, { radius: 0.02 });
    expect(value).toBeGreaterThan(0.005);
    expect(value).toBeLessThanOrEqual(0.02 + 1e-6);
    const slopes = await explained(question(), 'saliency');
    expect((await measure('max-sensitivity', slopes)).value).toBeLessThan(1e-6);
  });
});

describe('maps and masks', () => {
  const at = (places: Readonly<Record<number, number>>) =>
    float32(
      [1, 1, side, side],
      Array.from({ length: side * side }, (_, i) => places[i] ?? 0),
    );

  it('hits where one of the highest places lies on the object', async () => {
    const map = at({ 3: 2, 20: 2, 7: 1 });
    const hit = await measure('pointing-game', given(question(), map, { mask: maskOf([20, 21, 22]) }));
    expect(hit).toMatchObject({ value: 1, why: '' });
    expect(hit.details![0].value).toBeCloseTo(1 - 3 / 36, 6);
    expect((await measure('pointing-game', given(question(), map, { mask: maskOf([7]) }))).value).toBe(0);
  });

  it('forgives a miss by no more than the tolerance', async () => {
    const subject = given(question(), at({ 14: 1 }), { mask: maskOf([16]) });
    expect((await measure('pointing-game', subject, { tolerance: 1 })).value).toBe(0);
    expect((await measure('pointing-game', subject, { tolerance: 2 })).value).toBe(1);
    const nextRow = given(question(), at({ 11: 1 }), { mask: maskOf([12]) });
    expect((await measure('pointing-game', nextRow, { tolerance: 1 })).value).toBe(0);
  });

  it('weighs what lies on the object', async () => {
    const subject = given(question(), at({ 0: 3, 1: 1, 2: -4 }), { mask: maskOf([0, 2]) });
    expect((await measure('relevance-mass', subject)).value).toBeCloseTo(3 / 4, 6);
    expect((await measure('relevance-mass', subject, { counted: 'absolute' })).value).toBeCloseTo(7 / 8, 6);
  });

  it('counts the highest places, and of those that tie their chance', async () => {
    const mask = maskOf([0, 1, 2, 3]);
    expect(
      (await measure('relevance-rank', given(question(), at({ 0: 9, 1: 8, 9: 7, 2: 6, 3: 5 }), { mask }))).value,
    ).toBe(0.75);
    // Two are sure; of the other 34 places, all alike, two lie on the object and two are drawn.
    const tied = await measure('relevance-rank', given(question(), at({ 0: 9, 1: 8 }), { mask }));
    expect(tied.value).toBeCloseTo((2 + (2 * 2) / 34) / 4, 6);
  });

  it('is even at 0 and in one place at (n − 1) / n', async () => {
    expect((await measure('sparseness', given(question(), full(x.shape, -2)))).value).toBeCloseTo(0, 6);
    const one = await measure('sparseness', given(question(), at({ 5: -3 })));
    expect(one.value).toBeCloseTo(35 / 36, 6);
    expect(one.details![0].value).toBe(0);
    expect((await measure('sparseness', given(question(), full(x.shape, 1)))).details![0].value).toBeCloseTo(
      Math.log(36),
      5,
    );
  });
});

describe('what does not depend on the model', () => {
  const model = convModel('Tanh');
  const image = gaussian([1, 2, 6, 6], 3);

  it('stays as it is when weights are shuffled and another class is asked for', async () => {
    const subject = given(ask({ model, x: image }), gaussian(image.shape, 9));
    expect((await measure('parameter-randomisation', subject)).value).toBeCloseTo(1, 6);
    expect((await measure('random-logit', subject)).value).toBeCloseTo(1, 6);
    expect((await measure('max-sensitivity', subject)).value).toBe(0);
  });

  it('is told from what does', async () => {
    const subject = await explained(ask({ model, x: image }), 'saliency');
    const shuffled = await measure('parameter-randomisation', subject);
    expect(shuffled.value).toBeLessThan(0.9);
    expect(shuffled.curves![0]).toMatchObject({
      x: [0, 1 / 3, 2 / 3, 1],
      y: [1, expect.any(Number), expect.any(Number), expect.any(Number)],
    });
    expect((await measure('random-logit', subject)).value).toBeLessThan(0.95);
  });

  it('is shuffled layer by layer, from either end', async () => {
    expect(learnedLayers(model).map((own) => own.map(({ shape }) => shape))).toEqual([
      [[4, 2, 3, 3], [4]],
      [[5, 4, 3, 3], [5]],
      [[5, 3]],
    ]);
    const asked: string[] = [];
    for (const order of ['output', 'input'] as const) {
      const q = ask({ model, x: image });
      const subject = await explained(q, 'saliency');
      await measure('parameter-randomisation', subject, { order, steps: 2 });
      asked.push(...q.engine.built.filter((key) => key.startsWith('shuffled')).map((key) => key.split('/')[0]));
    }
    expect(new Set(asked)).toEqual(
      new Set(['shuffled output 1 1', 'shuffled output 3 1', 'shuffled input 1 1', 'shuffled input 3 1']),
    );
  });

  it.each([
    ['output', ['kept', 'kept', 'shuffled']],
    ['input', ['shuffled', 'kept', 'kept']],
  ] as const)('begins at the %s', async (order, state) => {
    const seen: string[][] = [];
    const subject = given(ask({ model, x: image }), gaussian(image.shape, 9), {
      explain: async ({ model: asked }) => {
        seen.push(learnedLayers(asked).map((own, i) => (own[0] === learnedLayers(model)[i][0] ? 'kept' : 'shuffled')));
        return { scores: gaussian(image.shape, 9), value: 0, passes: 0 };
      },
    });
    await measure('parameter-randomisation', subject, { order, steps: 2 });
    expect(seen).toEqual([state, ['shuffled', 'shuffled', 'shuffled']]);
  });

  it('shuffles the numbers of a weight and changes none', async () => {
    const { model: shuffled } = withShuffled(ask({ model, x: image }), learnedLayers(model).flat(), 'all');
    learnedLayers(shuffled)
      .flat()
      .forEach(({ constant }, i) => {
        const before = learnedLayers(model).flat()[i].constant!;
        expect([...(constant!.data as Float32Array)]).not.toEqual([...(before.data as Float32Array)]);
        expect([...(constant!.data as Float32Array)].sort()).toEqual([...(before.data as Float32Array)].sort());
      });
  });

  it('is asked for another class, never its own', async () => {
    for (let seed = 0; seed < 12; seed++) {
      const target = { kind: 'difference', index: 1, other: 2 } as const;
      const asked: number[] = [];
      const subject = given(ask({ model, x: image, seed, target }), gaussian(image.shape, 9), {
        explain: async ({ target: { index } }) => {
          asked.push(index);
          return { scores: gaussian(image.shape, 9), value: 0, passes: 0 };
        },
      });
      await measure('random-logit', subject);
      expect(asked).toEqual([0]);
    }
  });

  it('keeps the layer that Grad-CAM looks at within the shuffled model', async () => {
    const subject = await explained(ask({ model, x: image, layer: model.feature }), 'grad-cam');
    const { value } = await measure('parameter-randomisation', subject);
    expect(value).toBeGreaterThan(-1);
    expect(value).toBeLessThan(1);
  });
});

describe('where there is no number, there is a reason', () => {
  const constant = full(x.shape, 2);
  const zero = full(x.shape, 0);
  const mask = maskOf([1, 2]);

  it.each([
    ['deletion', constant, /same everywhere/],
    ['insertion', constant, /same everywhere/],
    ['road', constant, /same everywhere/],
    ['pointing-game', constant, /same everywhere/],
    ['relevance-rank', constant, /same everywhere/],
    ['relevance-mass', zero, /No score is above zero/],
    ['sparseness', zero, /zero everywhere/],
    ['infidelity', zero, /zero everywhere/],
    ['max-sensitivity', zero, /zero everywhere/],
    ['parameter-randomisation', zero, /zero everywhere/],
    ['random-logit', zero, /zero everywhere/],
    ['completeness', constant, /no promise/],
  ])('%s', async (id, scores, why) => {
    const measured = await measure(id, given(question(), scores, { mask }));
    expect(measured.value).toBeNull();
    expect(measured.why).toMatch(why);
  });

  it.each(['pointing-game', 'relevance-mass', 'relevance-rank'])('%s without a proper mask', async (id) => {
    const map = gaussian(x.shape, 2);
    const without = await measure(id, given(question(), map));
    expect(without.why).toMatch(/There is no mask. Paint/);
    expect((await measure(id, given(question(), map, { mask: maskOf([]) }))).why).toMatch(/mask is empty/);
    const all = await measure(id, given(question(), map, { mask: new Uint8Array(36).fill(1) }));
    expect(all).toMatchObject({ value: null, why: expect.stringMatching(/covers the whole image/) });
  });

  it('names scores that are no numbers, options that do not exist and inputs that are no image', async () => {
    const broken = await measure('sparseness', given(question(), full(x.shape, NaN)));
    expect(broken.why).toMatch(/not finite/);
    const subject = given(question(), gaussian(x.shape, 2));
    await expect(measure('deletion', subject, { step: 3 })).rejects.toThrow(/no option "step". Known: steps/);
    await expect(measure('deletion', subject, { steps: 0 })).rejects.toThrow(/steps is 0/);
    expect(() => findMetric('auc')).toThrow(/Unknown metric "auc". Known: completeness/);
    const vector = ask({ model: linear, x: full([1, 36], 1) });
    await expect(measure('sparseness', given(vector, full([1, 36], 1)))).rejects.toThrow(
      /\[1,36\], which is not one image/,
    );
  });
});

describe('every metric', () => {
  it.each(metrics.map((metric) => [metric.id, metric] as const))(
    '%s can be stopped and reports how far it is',
    async (_id, metric) => {
      const model = convModel('Tanh');
      const image = gaussian([1, 2, 6, 6], 3);
      const stop = new AbortController();
      stop.abort(new Error('stopped'));
      const parts = { mask: maskOf([3]) };
      const stopped = await explained(ask({ model, x: image }), 'saliency', {}, parts);
      await expect(
        metric.measure({ ...stopped, question: { ...stopped.question, signal: stop.signal } }),
      ).rejects.toThrow('stopped');
      if (metric.cost === 'map') return;
      const told: number[] = [];
      const onProgress = (p: { done: number; total: number }) => told.push(p.done / p.total);
      await metric.measure({ ...stopped, question: { ...stopped.question, onProgress } });
      expect(told.length).toBeGreaterThan(0);
      expect(told.every((v) => v >= 0 && v <= 1)).toBe(true);
      expect(told).toEqual([...told].sort((a, b) => a - b));
    },
  );
});

describe('a planted random map', () => {
  it('comes last by every metric that asks whether the model agrees', async () => {
    const model = linear;
    const varied = gaussian(x.shape, 4);
    const q = ask({ model, x: varied, baseline: full(x.shape, 0) }, 4);
    const big = Array.from(varied.data, (v, i) => v * weights[i]);
    const best = [...big.keys()].sort((a, b) => big[b] - big[a]).slice(0, 5);
    const parts = { mask: maskOf(best) };
    const contenders = [
      await explained(q, 'input-x-gradient', {}, parts),
      await explained(q, 'integrated-gradients', {}, parts),
      await explained(q, 'occlusion', { window: 1, stride: 1 }, parts),
    ];
    const planted = randomly(q, parts);
    for (const id of [
      'deletion',
      'insertion',
      'road',
      'infidelity',
      'relevance-mass',
      'relevance-rank',
      'max-sensitivity',
    ]) {
      const metric = findMetric(id);
      const options = 'score' in metric.options.properties ? { score: 'target' } : {};
      const sign = metric.better === 'higher' ? 1 : -1;
      const random = sign * (await metric.measure(planted, options)).value!;
      for (const contender of contenders)
        expect(sign * (await metric.measure(contender, options)).value!, id).toBeGreaterThan(random);
    }
  });
});
