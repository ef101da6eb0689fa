import { backward } from '../autodiff/backward.ts';
import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { dependents, type Value } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { imagesBehind, layoutAmong, spatialLayers } from './inputs.ts';
import type { Layout } from './layout.ts';
import { defineMethod, missingRules } from './method.ts';
import { schema, toggle } from './options.ts';
import { graphInput, keyOf, runOnce, values } from './program.ts';
import { headOf, outputOf, seedOf } from './target.ts';
import type { ModelGraph, Question } from './types.ts';

/**
 * Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391). With A the layer's activation, k its channels:
 *
 *     score = ReLU(Σₖ wₖ Aₖ),    wₖ = mean over positions of ∂F/∂Aₖ
 *
 * In a transformer the positions are the tokens that lie on the grid of patches; class tokens are left out.
 */
export const gradCam = defineMethod({
  id: 'grad-cam',
  title: 'Grad-CAM',
  family: 'cam',
  description: 'Which places of a layer speak for the score: its channels, weighted by their mean gradient.',
  citation: {
    authors: 'Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra',
    year: 2017,
    title: 'Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization',
    url: 'https://arxiv.org/abs/1610.02391',
  },
  options: schema({
    relu: toggle(
      {
        title: 'Only evidence for it',
        description: 'Off: places that speak against the score are negative instead of zero.',
      },
      true,
    ),
  }),
  needs: { baseline: false, layer: true, seed: false },
  signed: true,
  unavailable: (model) => noLayer(model) ?? missingRules(model, gradientRules),
  async explain(question, { relu }) {
    const { model, engine, target, x } = question;
    const layer = question.layer!;
    const layout = requireLayout(question, layer);
    const build = () => {
      const g = new Builder();
      const y = outputOf(model, target);
      const seed = graphInput('seed', y.shape);
      const [gradient] = backward(g, gradientRules, { y, seed, xs: [layer] });
      const cam = camGraph(g, layer, gradient, layout);
      return { name: 'grad-cam', inputs: [model.input, seed], outputs: [relu ? g.relu(cam) : cam] };
    };
    const key = `grad-cam/${headOf(target)}/${keyOf(layer)}/${relu ? 'relu' : 'signed'}`;
    const program = await engine.program(key, build, { batch: 1 });
    const [scores] = await runOnce(question, program, [x, seedOf(question)]);
    const [value] = await values(question, [x]);
    question.onProgress?.({ done: 1, total: 1 });
    return { scores, value, passes: 2 };
  },
});

export const noLayer = (model: ModelGraph): string | null =>
  spatialLayers(model).length > 0
    ? null
    : 'No layer of this model has positions (rows and columns, or tokens on a grid).';

/** The layout of the layer that was chosen. Throws a RangeError where it has no positions or does not lead to the output. */
export function requireLayout({ model }: Pick<Question, 'model'>, layer: Value): Layout {
  const layout = layoutAmong(imagesBehind(model.images, layer)(layer), layer);
  if (!layout)
    throw new RangeError(
      `Layer "${layer.name}": shape [${layer.shape}] has no positions. Choose one with rows and columns, or with tokens.`,
    );
  if (!dependents([layer], [model.probabilities]).has(model.probabilities)) {
    throw new RangeError(
      `Layer "${layer.name}": the output does not depend on it. Choose a layer on the way to the output.`,
    );
  }
  return layout;
}

/** Σₖ wₖ Aₖ on the grid: [N, 1, height, width]. */
export function camGraph(
  g: Builder,
  layer: Value,
  gradient: Value,
  { channels, positions, prefix, height, width }: Layout,
): Value {
  const onGrid = (v: Value) => (prefix === 0 ? v : g.slice(v, [prefix], [layer.shape[1] as number], [1]));
  const weights = g.reduceMean(onGrid(gradient), positions);
  const cam = g.reduceSum(g.mul(weights, onGrid(layer)), [channels]);
  return g.reshape(cam, [layer.shape[0], 1, height, width]);
}
