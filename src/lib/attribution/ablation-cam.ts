import type { Graph } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { float32 } from '../tensor/tensor.ts';
import { channelMaps, noLayer, onlyPositive, requireLayout, weightedSum } from './cam.ts';
import type { Layout } from './layout.ts';
import { ASKS_AGAIN, defineMethod } from './method.ts';
import { schema } from './options.ts';
import { fromLayer } from './part.ts';
import { batchFor, graphInput, inChunks, modelOn, oneLike, readAll, values } from './program.ts';
import { headOf, outputOf, seedOf, valuesOf } from './target.ts';
import type { ModelGraph, Question, Target } from './types.ts';

/**
 * Ablation-CAM (Desai & Ramaswamy 2020, WACV, doi:10.1109/WACV45572.2020.9093360). With A the layer's activation, k its
 * channels:
 *
 *     score = ReLU(Σₖ wₖ Aₖ),    wₖ = (F − F with Aₖ = 0) / |F|
 *
 * The paper divides by F, which turns every sign around where F is negative.
 * No gradient; one pass of what follows the layer for each channel.
 */
export const ablationCam = defineMethod({
  id: 'ablationcam',
  title: 'Ablation-CAM',
  family: 'cam',
  description: 'A layer’s channels weighted by how much the score drops without each of them.',
  citation: {
    authors: 'Desai, Ramaswamy',
    year: 2020,
    title: 'Ablation-CAM: Visual Explanations for Deep Convolutional Network via Gradient-free Localization',
    url: 'https://doi.org/10.1109/WACV45572.2020.9093360',
  },
  options: schema({ relu: onlyPositive }),
  needs: { baseline: false, layer: true, seed: false },
  signed: true,
  unavailable: noLayer,
  graph: ASKS_AGAIN,
  async explain(question, { relu }) {
    const layer = question.layer!;
    const layout = requireLayout(question, layer);
    const maps = await channelMaps(question, layer, layout);
    const [value] = await values(question, [question.x]);
    const without = await valuesWithout(await fromLayer(question, layer), layout);
    const weights = without.map((v) => (value === 0 ? 0 : (value - v) / Math.abs(value)));
    return { scores: weightedSum(maps, weights, relu), value, passes: without.length + 2 };
  },
});

/** F without each channel of the model's input. */
async function valuesWithout(question: Question, layout: Layout): Promise<number[]> {
  const { model, engine, target, x } = question;
  const channels = x.shape[layout.channels];
  const batch = await batchFor(question, channels);
  const program = await engine.program(`ablationcam/${headOf(target)}`, () => ablatedGraph(model, target, layout), {
    batch,
  });
  const seed = seedOf(question);
  const found: number[] = [];
  await inChunks(question, channels, batch, async (first) => {
    const keep = new Float32Array(batch * channels).fill(1);
    for (let i = 0; i < batch && first + i < channels; i++) keep[i * channels + first + i] = 0;
    const shape = x.shape.map((_, axis) => (axis === 0 ? batch : axis === layout.channels ? channels : 1));
    const [y] = await readAll(await program.run([x, float32(shape, keep)]));
    found.push(...valuesOf(y, seed).slice(0, channels - first));
  });
  return found;
}

function ablatedGraph(model: ModelGraph, target: Target, layout: Layout): Graph {
  const g = new Builder();
  const { input } = model;
  const x = oneLike(input, 'x');
  const keep = graphInput(
    'keep',
    input.shape.map((d, axis) => (axis === 0 || axis === layout.channels ? d : 1)),
  );
  const on = modelOn(model, g.mul(x, keep));
  return { name: 'ablationcam', inputs: [x, keep], outputs: [on(outputOf(model, target))] };
}
