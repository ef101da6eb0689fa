/** @file Activation maximisation where it works in the page: inside a module worker. */
import { expose } from 'comlink';
import { createEngine } from '../../src/lib/model/engine.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { OrtDevice } from '../../src/lib/runtime/runtime.ts';
import { recipeFor, transformFor } from '../../src/lib/synthesis/recipes.ts';
import { createSynthesis } from '../../src/lib/synthesis/synthesis.ts';
import type { ParametrisationKind } from '../../src/lib/synthesis/types.ts';
import type { Preprocessing } from '../../src/lib/vision/types.ts';
import { convModel } from '../attribution/models.ts';

const SIDE = 24;
const wasmPaths = new URL('/ort/', self.location.origin).href;

const preprocessing: Preprocessing = {
  preset: 'custom',
  layout: 'NCHW',
  order: 'RGB',
  width: SIDE,
  height: SIDE,
  resize: 'stretch',
  cropFraction: 1,
  scale: 1,
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
};

export interface Stepped {
  /** Of the moved picture, step by step. */
  readonly objective: readonly number[];
  /** Of the picture after the first step, and after the last. */
  readonly first: readonly number[];
  readonly last: readonly number[];
}

const tests = {
  /** `steps` steps for a channel of a small network, every regulariser on. */
  async steps(device: OrtDevice, parametrisation: ParametrisationKind, steps: number): Promise<Stepped> {
    const runtime = await createOrtRuntime({ device, wasmPaths });
    const model = convModel('Relu', { channels: 3, size: SIDE });
    const synthesis = await createSynthesis({
      model,
      engine: createEngine(runtime, { batch: 1 }),
      preprocessing,
      sites: {
        layer: () => ({ value: model.feature, layout: null }),
        logits: { value: model.logits, layout: null },
      },
      recipe: {
        ...recipeFor(parametrisation, 4),
        transform: transformFor(SIDE),
        regularisers: { totalVariation: 1e-4, l1: 1e-4, l2: 1e-3, blur: 1e-3 },
      },
      objectives: [{ terms: [{ weight: 1, term: { kind: 'channel', layer: 'feature', channel: 2 } }] }],
    });
    const picture = async () => Array.from((await synthesis.look()).pictures.data);
    const objective = [...(await synthesis.advance())];
    const first = await picture();
    while (synthesis.step < steps) objective.push(...(await synthesis.advance()));
    return { objective, first, last: await picture() };
  },
};

export type SynthesisTests = typeof tests;
expose(tests);
