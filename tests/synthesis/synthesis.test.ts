import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../src/lib/attribution/layout.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { N } from '../../src/lib/graph/dim.ts';
import '../../src/lib/ops/index.ts';
import type { Sites } from '../../src/lib/synthesis/objective.ts';
import { NO_TRANSFORM, recipeFor } from '../../src/lib/synthesis/recipes.ts';
import { createSynthesis, type Synthesis } from '../../src/lib/synthesis/synthesis.ts';
import type { Objective, Recipe, Term } from '../../src/lib/synthesis/types.ts';
import { example, float32 } from '../../src/lib/tensor/tensor.ts';
import type { Preprocessing } from '../../src/lib/vision/types.ts';
import { convModel, gap, gaussian, modelOf } from '../attribution/models.ts';
import { referenceEngine } from '../reference/engine.ts';

const SIZE = 8;

const preprocessing = (channels: 1 | 3): Preprocessing => ({
  preset: 'custom',
  layout: 'NCHW',
  order: channels === 1 ? 'grey' : 'RGB',
  width: SIZE,
  height: SIZE,
  resize: 'stretch',
  cropFraction: 1,
  scale: 1,
  mean: Array<number>(channels).fill(0),
  std: Array<number>(channels).fill(1),
});

/** One linear filter over the whole grey picture, and its negative: their optima are known. */
const filter = gaussian([1, SIZE, SIZE], 7);
const planted = (bias = 0) =>
  modelOf([1, SIZE, SIZE], (g, x) => {
    const weights = g.constant(float32([2, 1, SIZE, SIZE], [...filter.data, ...filter.data.map((v) => -v)]));
    const y = g.apply('Conv', [x, weights, g.constant(float32([2], [bias, bias]))], { kernel_shape: [SIZE, SIZE] });
    const unit = g.apply(bias === 0 ? 'Identity' : 'Relu', [y], {}, { outputs: ['unit'] });
    return g.reshape(unit, [x.shape[0], 2]);
  });

const sitesOf = (model: ReturnType<typeof modelOf>, layers: Record<string, Value> = {}): Sites => ({
  layer: (name) => {
    if (!layers[name]) throw new RangeError(`Layer "${name}" is not there.`);
    return { value: layers[name], layout: layoutOf(layers[name], model.input) };
  },
  logits: { value: model.logits, layout: null },
});

const of = (term: Term): Objective => ({ terms: [{ weight: 1, term }] });
const still = (change: Partial<Recipe> = {}): Recipe => ({
  ...recipeFor('pixels', 3),
  transform: NO_TRANSFORM,
  ...change,
});

const common = (model: ReturnType<typeof modelOf>, layers: Record<string, Value> = {}) => ({
  model,
  engine: referenceEngine(),
  preprocessing: preprocessing(1),
  sites: sitesOf(model, layers),
});

async function run(synthesis: Synthesis, steps: number): Promise<readonly number[]> {
  let values: readonly number[] = [];
  for (let i = 0; i < steps; i++) values = await synthesis.advance();
  return values;
}

describe('activation maximisation', () => {
  it.each(['pixels', 'fourier'] as const)(
    'of one linear filter goes to the picture that is white where the filter is positive and black elsewhere (%s)',
    async (parametrisation) => {
      const model = planted();
      const synthesis = await createSynthesis({
        ...common(model),
        recipe: still({ parametrisation, learningRate: 0.5 }),
        objectives: [of({ kind: 'logit', index: 0 })],
      });
      await run(synthesis, 100);
      const { pictures, objective } = await synthesis.look();
      const best = filter.data.reduce((sum, w) => sum + Math.max(w, 0), 0);
      expect(objective[0]).toBeGreaterThan(0.97 * best);
      expect(objective[0]).toBeLessThanOrEqual(best);
      filter.data.forEach((w, i) => {
        if (Math.abs(w) > 0.5) expect(Math.round(pictures.data[i])).toBe(w > 0 ? 1 : 0);
      });
    },
  );

  it('wakes a unit that is silent everywhere near its start, by the redirected gradient', async () => {
    const model = planted(-5);
    const sites = sitesOf(model);
    const objectives = [of({ kind: 'logit', index: 0 })];
    const recipe = still({ learningRate: 0.5 });
    const synthesis = await createSynthesis({ ...common(model), sites, recipe, objectives });
    expect(await run(synthesis, 1)).toEqual([0]);
    expect((await run(synthesis, 40))[0]).toBeGreaterThan(1);
  });

  it('gives the same picture for the same seed, alone or beside others, and another for another', async () => {
    const model = convModel('Relu', { channels: 1, size: SIZE });
    const unit = (channel: number) => of({ kind: 'channel', layer: 'feature', channel });
    const make = async (objectives: Objective[], seed = 3) => {
      const synthesis = await createSynthesis({
        ...common(model, { feature: model.feature }),
        recipe: { ...recipeFor('fourier', seed), steps: 5 },
        objectives,
      });
      await run(synthesis, 5);
      return (await synthesis.look()).pictures;
    };
    const [alone, again, beside, other] = [
      await make([unit(1)]),
      await make([unit(1)]),
      await make([unit(0), unit(1)]),
      await make([unit(1)], 4),
    ];
    expect(alone.data).toEqual(again.data);
    expect(gap(example(beside, 1).data, alone.data)).toBeLessThan(1e-6);
    expect(gap(other.data, alone.data)).toBeGreaterThan(0.01);
  });

  it('compiles one program for all units of a layer', async () => {
    const model = convModel('Relu', { channels: 1, size: SIZE });
    const shared = common(model, { feature: model.feature });
    for (const term of [
      { kind: 'channel', layer: 'feature', channel: 0 },
      { kind: 'channel', layer: 'feature', channel: 3 },
      { kind: 'neuron', layer: 'feature', channel: 2, y: 1, x: 2 },
    ] as const) {
      const synthesis = await createSynthesis({ ...shared, recipe: still(), objectives: [of(term)] });
      await synthesis.advance();
      synthesis.dispose();
    }
    expect(shared.engine.built).toHaveLength(1);
  });

  it('leaves nothing on the device once it is disposed of', async () => {
    const model = convModel('Relu', { channels: 1, size: SIZE });
    const shared = common(model);
    const synthesis = await createSynthesis({
      ...shared,
      recipe: still(),
      objectives: [of({ kind: 'logit', index: 0 })],
    });
    await run(synthesis, 3);
    await synthesis.look();
    synthesis.dispose();
    expect(shared.engine.alive()).toBe(0);
  });

  it('keeps the last picture where the objective stops being a number', async () => {
    const model = modelOf([1, SIZE, SIZE], (g, x) => {
      const total = g.reduceSum(x, [2, 3], false);
      // √ of a negative number as soon as the picture is brighter than at its start.
      return g.concat([g.sub(total, g.sqrt(g.sub(SIZE * SIZE * 0.55, total))), total], 1);
    });
    const synthesis = await createSynthesis({
      ...common(model),
      recipe: still({ learningRate: 0.5 }),
      objectives: [of({ kind: 'logit', index: 1 })],
    });
    await run(synthesis, 1);
    const spoilt = await createSynthesis({
      ...common(model),
      recipe: still({ learningRate: 0.5 }),
      objectives: [of({ kind: 'logit', index: 0 })],
    });
    await expect(run(spoilt, 20)).rejects.toThrow(
      /the objective became NaN at step \d+\. The picture of step \d+ is kept/,
    );
    expect((await spoilt.look()).pictures.data.every(Number.isFinite)).toBe(true);
  });

  it('refuses what no picture can make large, and what is not there', async () => {
    const aside = new Value('float32', [N, 3], { name: 'aside' });
    const model = convModel('Relu', { channels: 1, size: SIZE });
    const ask = (term: Term, layers: Record<string, Value> = { feature: model.feature }) =>
      createSynthesis({ ...common(model, layers), recipe: still(), objectives: [of(term)] }).then((s) => s.advance());
    await expect(ask({ kind: 'layer', layer: 'aside' }, { aside })).rejects.toThrow(/does not depend on the image/);
    await expect(ask({ kind: 'channel', layer: 'feature', channel: 5 })).rejects.toThrow(/channel 5 .* 0 to 4/);
    await expect(ask({ kind: 'neuron', layer: 'feature', channel: 0, y: 9, x: 0 })).rejects.toThrow(/row 9.*4 rows/);
    await expect(ask({ kind: 'direction', layer: 'feature', direction: [1], power: 1 })).rejects.toThrow(
      /1 numbers.*5/,
    );
    await expect(ask({ kind: 'caricature', layer: 'feature', power: 0 })).rejects.toThrow(/no image is open/);
  });
});
