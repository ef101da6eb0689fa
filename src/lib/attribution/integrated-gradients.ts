import { backward } from '../autodiff/backward.ts';
import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { repeat } from '../graph/repeat.ts';
import { Builder } from '../ops/builder.ts';
import { mul, sub } from '../tensor/arithmetic.ts';
import { defineMethod, missingRules } from './method.ts';
import { integer, schema, toggle } from './options.ts';
import { pathQuadrature } from './path-options.ts';
import {
  accumulate,
  batchFor,
  chunkOf,
  completeness,
  modelOn,
  numberPerExample,
  oneLike,
  sumOverBatch,
  values,
} from './program.ts';
import { quadratures } from './quadrature.ts';
import { column, type Site } from './site.ts';
import { headOf, outputOf, seedOf } from './target.ts';
import type { ModelGraph, Target } from './types.ts';

/**
 * Integrated Gradients (Sundararajan, Taly & Yan 2017, arXiv:1703.01365).
 *
 *     scoreᵢ = (xᵢ − x′ᵢ) · ∫₀¹ ∂F/∂xᵢ (x′ + α (x − x′)) dα
 *
 * Completeness: the scores sum to F(x) − F(x′), up to the error of the quadrature, which the check shows.
 */
export const integratedGradients = defineMethod({
  id: 'integrated-gradients',
  title: 'Integrated Gradients',
  family: 'path',
  description:
    'What each pixel contributes on the way from the baseline to the image; the contributions add up to the change of the score.',
  citation: {
    authors: 'Sundararajan, Taly, Yan',
    year: 2017,
    title: 'Axiomatic Attribution for Deep Networks',
    url: 'https://arxiv.org/abs/1703.01365',
  },
  options: schema({
    steps: integer(
      { title: 'Steps', description: 'Points on the path: more is slower and closer to the integral.' },
      { minimum: 1, maximum: 1000, default: 32 },
    ),
    quadrature: pathQuadrature('gauss-legendre'),
    multiplyByInputs: toggle(
      { title: 'Multiply by x − x′', description: 'Off: the mean gradient on the path (local attribution).' },
      true,
    ),
  }),
  needs: { baseline: true, layer: false, seed: false },
  signed: true,
  unavailable: (model) => missingRules(model, gradientRules),
  explainLayer: 'from-layer',
  graph(g, site, { steps, quadrature, multiplyByInputs }) {
    const { x, baseline } = site;
    const { points, weights } = quadratures[quadrature](steps);
    const [meanGradient] = repeat({
      states: [g.zerosLike(x)],
      rows: [column(g, points, x.shape.length), column(g, weights, site.seed.shape.length)],
      step: ([sum], [alpha, weight]) => [g.add(sum, slopeAt(g, site, baseline, alpha, weight))],
    });
    return multiplyByInputs ? g.mul(g.sub(x, baseline), meanGradient) : meanGradient;
  },
  async explain(question, { steps, quadrature, multiplyByInputs }) {
    const { model, engine, target, x } = question;
    const baseline = question.baseline!;
    const { points, weights } = quadratures[quadrature](steps);
    const batch = await batchFor(question, steps);
    const program = await engine.program(`integrated-gradients/${headOf(target)}`, () => pathGraph(model, target), {
      batch,
      keep: [0],
    });
    const seed = seedOf(question);
    const feeds = (start: number) => [
      x,
      baseline,
      seed,
      chunkOf(points, start, batch, x.shape.length),
      chunkOf(weights, start, batch, seed.shape.length, 0),
    ];
    const [meanGradient] = await accumulate(question, program, [x.shape], steps, feeds);

    const [value, baselineValue] = await values(question, [x, baseline]);
    const passes = steps + 2;
    if (!multiplyByInputs) return { scores: meanGradient, value, baselineValue, passes };
    const scores = mul(sub(x, baseline), meanGradient);
    return { scores, value, baselineValue, check: completeness('quadrature', scores, value, baselineValue), passes };
  },
});

/**
 * w · ∂F/∂x (x′ + α (x − x′)). The weights ride on the seed: the walk back is linear in it, and the output is smaller than
 * the gradient.
 */
function slopeAt(g: Builder, { model, target, x, seed }: Site, baseline: Value, alpha: Value, weight: Value): Value {
  const point = g.add(baseline, g.mul(alpha, g.sub(x, baseline)));
  const y = modelOn(model, point)(outputOf(model, target));
  return backward(g, gradientRules, { y, seed: g.mul(weight, seed), xs: [point] })[0];
}

/** sum + Σₖ wₖ · ∂F/∂x (x′ + αₖ (x − x′)) */
function pathGraph(model: ModelGraph, target: Target): Graph {
  const g = new Builder();
  const y = outputOf(model, target);
  const [sum, x, baseline] = ['sum', 'x', 'baseline'].map((name) => oneLike(model.input, name));
  const seed = oneLike(y, 'seed');
  const alpha = numberPerExample(model.input, 'alpha');
  const weight = numberPerExample(y, 'weight');
  const gradient = slopeAt(g, { model, target, x, seed }, baseline, alpha, weight);
  return {
    name: 'integrated-gradients',
    inputs: [sum, x, baseline, seed, alpha, weight],
    outputs: [g.add(sum, sumOverBatch(g, gradient))],
  };
}
