import { guidedBackpropagation as guidedRules } from '../autodiff/rule-sets.ts';
import type { Value } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { map } from '../tensor/arithmetic.ts';
import { zerosLike, type FloatTensor } from '../tensor/tensor.ts';
import { camGraph, noLayer, requireLayout } from './cam.ts';
import { gradCamOf } from './grad-cam.ts';
import { flowOf } from './gradient.ts';
import { needsRelu } from './guided-backpropagation.ts';
import { imagesBehind, join, joinGraph, partOf, split } from './inputs.ts';
import { imageAxes, placesIn } from './layout.ts';
import { defineMethod, missingRules } from './method.ts';
import { choice, schema } from './options.ts';
import { keyOf, runOnce, values } from './program.ts';
import { siteOf, type Site } from './site.ts';
import { headOf, seedOf } from './target.ts';
import { upsample, upsampleGraph, type Interpolation } from './upsample.ts';

/**
 * Guided Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391): Guided Backpropagation times the Grad-CAM map drawn at the
 * input's size, so that fine edges remain only where the layer speaks for the score. Of several images, those that the
 * layer does not depend on get zeros.
 */
export const guidedGradCam = defineMethod({
  id: 'guided-grad-cam',
  title: 'Guided Grad-CAM',
  family: 'cam',
  description: 'The edges of Guided Backpropagation, kept only where Grad-CAM sees evidence.',
  citation: {
    authors: 'Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra',
    year: 2017,
    title: 'Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization',
    url: 'https://arxiv.org/abs/1610.02391',
  },
  options: schema({
    interpolation: choice(
      { title: 'Interpolation', description: 'How the Grad-CAM map is drawn at the size of the input.' },
      { bilinear: 'Bilinear', nearest: 'Nearest' },
      'bilinear',
    ),
  }),
  needs: { baseline: false, layer: true, seed: false },
  signed: true,
  unavailable: (model) => needsRelu(model) ?? noLayer(model) ?? missingRules(model, guidedRules),
  graph(g, site, { interpolation }) {
    const { images } = site.model;
    const [guided, cam] = factorsOf(g, site);
    const seen = imagesBehind(images, site.layer!)(site.layer!);
    const parts = images.map((image, i) => {
      const part = partOf(g, images, guided, i);
      return seen.includes(image) ? maskGraph(g, part, cam, interpolation) : g.zerosLike(part);
    });
    return joinGraph(g, parts);
  },
  async explain(question, { interpolation }) {
    const { model, engine, target, x } = question;
    const layer = question.layer!;
    requireLayout(question, layer);
    const build = () => {
      const site = siteOf(question);
      return { name: 'guided-grad-cam', inputs: [site.x, site.seed], outputs: factorsOf(new Builder(), site) };
    };
    const program = await engine.program(`guided-grad-cam/${headOf(target)}/${keyOf(layer)}`, build, { batch: 1 });
    const [guided, cam] = await runOnce(question, program, [x, seedOf(question)]);
    const [value] = await values(question, [x]);
    question.onProgress?.({ done: 1, total: 1 });
    const seen = imagesBehind(model.images, layer)(layer);
    const scores = split(model, guided).map((image, i) =>
      seen.includes(model.images[i]) ? maskBy(image, cam, interpolation) : zerosLike(image),
    );
    return { scores: join(scores), value, passes: 2 };
  },
});

/** Guided backpropagation, and the map of Grad-CAM: [N, 1, height, width]. */
const factorsOf = (g: Builder, site: Site): [Value, Value] => [
  flowOf(g, site, guidedRules),
  camGraph(g, site, true, gradCamOf),
];

/** As `maskBy`, as a graph. */
function maskGraph(g: Builder, image: Value, cam: Value, interpolation: Interpolation): Value {
  const [row, column] = imageAxes(image)!;
  const [height, width] = [image.shape[row] as number, image.shape[column] as number];
  const mask = upsampleGraph(g, cam, height, width, interpolation);
  return g.mul(image, row === 1 ? g.transpose(mask, [0, 2, 3, 1]) : mask);
}

/** Each channel of an image times a map [1, 1, h, w] drawn at the image's size. */
function maskBy(image: FloatTensor, cam: FloatTensor, interpolation: Interpolation): FloatTensor {
  const { height, width, of } = placesIn(image)!;
  const mask = upsample(cam, height, width, interpolation).data;
  return map(image, (v, i) => v * mask[of(i)]);
}
