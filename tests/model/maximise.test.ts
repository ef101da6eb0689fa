/** @file Activation maximisation where nothing can come of it: each time it is said why. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeModel } from '../../src/lib/formats/onnx/write.ts';
import { LabCore } from '../../src/lib/model/lab.ts';
import type { ModelInfo, Outcome } from '../../src/lib/model/types.ts';
import { recipeFor, transformFor } from '../../src/lib/synthesis/recipes.ts';
import type { Objective } from '../../src/lib/synthesis/types.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { gaussian, modelOf } from '../attribution/models.ts';

const SIDE = 12;

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
}

/** Two channels: one of a bias that no picture overcomes, one that lives; their means are the logits. */
function halfDead(): ArrayBuffer {
  const { graph } = modelOf([3, SIDE, SIDE], (g, x) => {
    const weights = g.constant(float32([2, 3, 3, 3], gaussian([2, 3, 3, 3], 3).data));
    const bias = g.constant(float32([2], [-1e4, 1]));
    const y = g.apply('Conv', [x, weights, bias], { kernel_shape: [3, 3] });
    const unit = g.apply('Relu', [y], {}, { outputs: ['unit'] });
    return g.reduceMean(unit, [2, 3], false);
  });
  return writeModel(graph, { weights: 'embedded' }).bytes.slice().buffer;
}

const logits = (...indices: number[]): Objective[] =>
  indices.map((index) => ({ terms: [{ weight: 1, term: { kind: 'logit', index } }] }));

describe('activation maximisation in the lab', () => {
  const lab = new LabCore({ version: 'test', decode: () => Promise.reject(new Error('no image is read here')) });
  let job = 0;
  beforeAll(async () => void value(await lab.start({ choice: 'wasm', ortBase: '' })));

  const ask = ({ preprocessing }: ModelInfo, objectives: readonly Objective[]) =>
    lab.inside.synthesize(
      ++job,
      {
        objectives,
        recipe: { ...recipeFor('fourier'), transform: transformFor(SIDE), steps: 20 },
        preprocessing,
        image: null,
      },
      () => undefined,
    );

  it('says of which picture the unit stayed silent, and keeps it', async () => {
    const info = value(await lab.openModel(++job, [{ name: 'half.onnx', bytes: halfDead() }], () => undefined));
    const both = value(await ask(info, logits(0, 1)));
    expect(both.problem).toMatch(/picture 1: the objective is 0 whatever the picture.*silent or constant/);
    expect(both.problem).not.toMatch(/picture 2/);
    expect(both).toMatchObject({ state: 'done', step: 20 });
    expect(both.pictures[1].objective).toBeGreaterThan(0);
    expect(both.pictures.map(({ onImage }) => onImage)).toEqual([null, null]);
    expect(value(await ask(info, logits(1))).problem).toBe('');
  });

  it('refuses a model that takes several images', async () => {
    const bytes = new Uint8Array(readFileSync(new URL('../fixtures/inputs/two-views.onnx', import.meta.url))).slice();
    const info = value(await lab.openModel(++job, [{ name: 'two.onnx', bytes: bytes.buffer }], () => undefined));
    expect(await ask(info, logits(0))).toMatchObject({ ok: false, message: expect.stringMatching(/2 image inputs/) });
  });
});
