import type { Graph, Value } from '../graph/graph.ts';
import { cloneBetween } from '../graph/rewrite.ts';
import { Builder } from '../ops/builder.ts';
import { concat0, float32, type FloatTensor } from '../tensor/tensor.ts';
import { channelMaps, noLayer, onlyPositive, requireLayout, weightedSum } from './cam.ts';
import { imagesBehind } from './inputs.ts';
import { imageAxes } from './layout.ts';
import { ASKS_AGAIN, defineMethod } from './method.ts';
import { schema } from './options.ts';
import { batchFor, graphInput, inChunks, keyOf, oneLike, readAll, values } from './program.ts';
import { headOf, outputOf, seedOf, valuesOf } from './target.ts';
import type { ModelGraph, Question, Target } from './types.ts';
import { upsample } from './upsample.ts';

/**
 * Score-CAM (Wang et al. 2019, arXiv:1910.01279). With A the layer's activation, k its channels:
 *
 *     score = ReLU(Σₖ wₖ Aₖ),    w = softmax over k of F(x ⊙ Hₖ)
 *
 * where Hₖ is Aₖ drawn at the image's size (bilinear) and stretched to 0…1. No gradient; one pass for each channel. The
 * product is taken of what the model is fed, so that 0 is what the preprocessing makes of its mean.
 */
export const scoreCam = defineMethod({
  id: 'scorecam',
  title: 'Score-CAM',
  family: 'cam',
  description: 'A layer’s channels weighted by the score of the image seen through each of them.',
  citation: {
    authors: 'Wang, Wang, Du, Yang, Zhang, Ding, Mardziel, Hu',
    year: 2019,
    title: 'Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks',
    url: 'https://arxiv.org/abs/1910.01279',
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
    const logits = await scoresThrough(question, layer, maps);
    const largest = Math.max(...logits);
    const shares = logits.map((s) => Math.exp(s - largest));
    const total = shares.reduce((a, b) => a + b, 0);
    const weights = shares.map((s) => s / total);
    const [value] = await values(question, [question.x]);
    return { scores: weightedSum(maps, weights, relu), value, passes: maps.shape[1] + 2 };
  },
});

/** F of the image seen through each channel. */
async function scoresThrough(question: Question, layer: Value, maps: FloatTensor): Promise<number[]> {
  const { model, engine, target, x } = question;
  const seen = imagesBehind(model.images, layer)(layer);
  const channels = maps.shape[1];
  const batch = await batchFor(question, channels);
  const key = `scorecam/${headOf(target)}/${keyOf(layer)}`;
  const program = await engine.program(key, () => maskedGraph(model, target, seen), { batch });
  const seed = seedOf(question);
  const found: number[] = [];
  await inChunks(question, channels, batch, async (first) => {
    const rows = Array.from({ length: batch }, (_, i) => stretched(maps, Math.min(first + i, channels - 1)));
    const masks = seen.map((image) => concat0(rows.map((row) => maskFor(image, row))));
    const [y] = await readAll(await program.run([x, ...masks]));
    found.push(...valuesOf(y, seed).slice(0, channels - first));
  });
  return found;
}

/** Channel k of [1, K, h, w], stretched to 0…1: [1, 1, h, w]. */
function stretched({ data, shape }: FloatTensor, k: number): FloatTensor {
  const size = shape[2] * shape[3];
  const own = data.subarray(k * size, (k + 1) * size);
  let [low, high] = [Infinity, -Infinity];
  for (const v of own) [low, high] = [Math.min(low, v), Math.max(high, v)];
  return float32(
    [1, 1, shape[2], shape[3]],
    own.map((v) => (high > low ? (v - low) / (high - low) : 0)),
  );
}

/** A map at the size of an image, to be multiplied with it. */
function maskFor(image: Value, map: FloatTensor): FloatTensor {
  const [row, column] = imageAxes(image)!;
  const drawn = upsample(map, image.shape[row] as number, image.shape[column] as number, 'bilinear');
  return float32(maskShape(image, 1) as number[], drawn.data);
}

const maskShape = (image: Value, batch: Value['shape'][number]) =>
  image.shape.map((d, axis) => (axis === 0 ? batch : imageAxes(image)!.includes(axis) ? d : 1));

/** The model on x ⊙ mask, for each of the images that have one. */
function maskedGraph(model: ModelGraph, target: Target, seen: readonly Value[]): Graph {
  const g = new Builder();
  const x = oneLike(model.input, 'x');
  const whole = g.expand(x, model.input.shape);
  const y = outputOf(model, target);
  // Each image is a part of the vector, so the vector is put in place first and the images are covered there.
  const on = cloneBetween(new Map([[model.input, whole]]), [y, ...model.images]);
  const masks = seen.map((image, i) => graphInput(`mask ${i}`, maskShape(image, image.shape[0])));
  const covered = cloneBetween(new Map(seen.map((image, i) => [on(image), g.mul(on(image), masks[i])])), [on(y)]);
  return { name: 'scorecam', inputs: [x, ...masks], outputs: [covered(on(y))] };
}
