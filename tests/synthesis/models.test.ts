/** @file On models as they come from training and export, on WASM: the objective rises, with and without moves. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { activationsOf } from '../../src/lib/model/activations.ts';
import { openModel } from '../../src/lib/model/open.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import { NO_TRANSFORM, recipeFor, transformFor } from '../../src/lib/synthesis/recipes.ts';
import { createSynthesis } from '../../src/lib/synthesis/synthesis.ts';
import type { Objective, Term, Transform } from '../../src/lib/synthesis/types.ts';

const STEPS = 16;
const LOOKED_AT = 4;

const runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
afterAll(() => runtime.dispose());

/** Random weights but for the first two. SqueezeNet is not part of the repository. */
const models = [
  ['the bundled model', '../../static/models/vitrine-16.onnx'],
  ['SqueezeNet', '../../../shared/real/onnx/squeezenet_fp16.onnx'],
  ['a ResNet', '../goldens/data/resnet_mix/model.onnx'],
  ['a MobileNet', '../fixtures/onnx/mobilenet_small.onnx'],
  ['a ViT', '../goldens/data/vit_tiny/model.onnx'],
] as const;

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe.each(models)('%s', (name, path) => {
  const file = new URL(path, import.meta.url);
  const missing = !existsSync(file);
  if (missing) console.log(`tests/synthesis: ${name} is skipped, ${path} is missing.`);
  const loading = missing
    ? null
    : openModel(runtime, [{ name: path.split('/').at(-1)!, bytes: new Uint8Array(readFileSync(file)) }], {
        signal: new AbortController().signal,
        onProgress: () => undefined,
      });

  async function rise(term: (layer: string) => Term, change: { transform?: Transform; parametrisation?: 'maco' }) {
    const { model, engine, info } = await loading!;
    const all = activationsOf(model);
    const layer = all.findLast(({ info: { height, width, channels } }) => height * width > 1 && channels > 3)!;
    const { preprocessing } = info;
    const side = Math.min(preprocessing.width, preprocessing.height);
    const objective: Objective = { terms: [{ weight: 1, term: term(layer.info.id) }] };
    const synthesis = await createSynthesis({
      model,
      engine,
      preprocessing,
      sites: { layer: () => layer, logits: { value: model.logits, layout: null } },
      recipe: {
        ...recipeFor(change.parametrisation ?? 'fourier', 2),
        transform: change.transform ?? transformFor(side),
      },
      objectives: [objective],
    });
    const before = (await synthesis.look()).objective[0];
    const moved: number[] = [];
    while (synthesis.step < STEPS) moved.push((await synthesis.advance())[0]);
    const after = await synthesis.look();
    synthesis.dispose();
    expect(Array.from(after.pictures.data).every((v) => v >= 0 && v <= 1)).toBe(true);
    return {
      before,
      after: after.objective[0],
      first: mean(moved.slice(0, LOOKED_AT)),
      last: mean(moved.slice(-LOOKED_AT)),
    };
  }

  const cases: readonly [string, (layer: string) => Term][] = [
    ['a logit', () => ({ kind: 'logit', index: 1 })],
    ['a channel', (layer) => ({ kind: 'channel', layer, channel: 3 })],
    ['a whole layer', (layer) => ({ kind: 'layer', layer })],
  ];

  it.skipIf(missing).each(cases)('%s rises without moves', { timeout: 60_000 }, async (_, term) => {
    const { before, after } = await rise(term, { transform: NO_TRANSFORM });
    expect(after).toBeGreaterThan(before);
  });

  it.skipIf(missing).each(cases)(
    '%s rises with moves, moved and as it is shown',
    { timeout: 60_000 },
    async (_, term) => {
      const { before, after, first, last } = await rise(term, {});
      expect(after).toBeGreaterThan(before);
      expect(last).toBeGreaterThan(first);
    },
  );

  it.skipIf(missing)('a logit rises by phases alone', { timeout: 60_000 }, async () => {
    const { before, after } = await rise(() => ({ kind: 'logit', index: 1 }), {
      transform: NO_TRANSFORM,
      parametrisation: 'maco',
    });
    expect(after).toBeGreaterThan(before);
  });
});
