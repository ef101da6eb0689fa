import { backward } from '../autodiff/backward.ts';
import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { repeat } from '../graph/repeat.ts';
import { Builder } from '../ops/builder.ts';
import { float32, type FloatTensor } from '../tensor/tensor.ts';
import { blurrable, spectraOf } from './blur.ts';
import { joinGraph, partOf } from './inputs.ts';
import { imageAxes } from './layout.ts';
import { defineMethod, missingRules } from './method.ts';
import { choice, integer, number, schema } from './options.ts';
import {
  accumulate,
  batchFor,
  completeness,
  graphInput,
  modelOn,
  oneLike,
  runOnce,
  sumOverBatch,
  values,
} from './program.ts';
import type { Site } from './site.ts';
import { headOf, outputOf, seedOf } from './target.ts';
import type { ModelGraph, Target } from './types.ts';

/** σ(t) from 0 at t = 0 to `maxSigma` at t = 1. The path is the same, its points lie elsewhere. */
const spacings = {
  linear: (t: number) => t,
  'square-root': Math.sqrt,
  quadratic: (t: number) => t ** 2,
};

/**
 * Blur Integrated Gradients (Xu, Venugopalan & Sundararajan 2020, arXiv:2004.03383): Integrated Gradients along the path of
 * ever less blurred images L(σ), which needs no baseline.
 *
 *     scoreᵢ = −∫₀^σmax ∂F/∂Lᵢ (L(σ)) · ∂Lᵢ/∂σ dσ  ≈  Σₖ ∂F/∂Lᵢ (L(σ at the middle of step k)) · (L(σₖ) − L(σₖ₊₁))ᵢ
 *
 * Completeness: the scores sum to F(x) − F(x′), where x′ is the image as blurred as it gets, up to the error of the midpoint
 * rule, which the check shows. What is no image stays as it is all along and gets zero.
 */
export const blurIntegratedGradients = defineMethod({
  id: 'blur-integrated-gradients',
  title: 'Blur Integrated Gradients',
  family: 'path',
  description: 'What each pixel contributes while the image comes out of a blur; no baseline has to be chosen.',
  citation: {
    authors: 'Xu, Venugopalan, Sundararajan',
    year: 2020,
    title: 'Attribution in Scale and Space',
    url: 'https://arxiv.org/abs/2004.03383',
  },
  options: schema({
    steps: integer(
      { title: 'Steps', description: 'Blurs on the path: more is slower and closer to the integral.' },
      { minimum: 1, maximum: 1000, default: 32 },
    ),
    maxSigma: number(
      { title: 'Strongest blur', description: 'Where the path begins: σ in pixels of the model’s input.' },
      { minimum: 0.5, maximum: 500, default: 50, multipleOf: 0.5 },
    ),
    spacing: choice(
      { title: 'Spacing', description: 'How the blurs are spread: the path is the same, the error is not.' },
      { linear: 'Even in σ', 'square-root': 'Even in σ²', quadratic: 'Denser where it is sharp' },
      'quadratic',
    ),
  }),
  needs: { baseline: false, layer: false, seed: false },
  signed: true,
  unavailable: (model) =>
    model.images.some(imageAxes)
      ? missingRules(model, gradientRules)
      : 'Only images can be blurred: no input of the model has rows and columns.',
  graph(g, site, options) {
    const rows = feedsOf(site.model, stepsOf(options, 0, options.steps)).map(({ shape, data }) =>
      g.constant(float32([shape[0], 1, ...shape.slice(1)], data)),
    );
    const [scores] = repeat({
      states: [g.zerosLike(site.x)],
      rows,
      step: ([sum], spectra) => [g.add(sum, stepScores(g, site, spectra))],
    });
    return scores;
  },
  async explain(question, options) {
    const { model, engine, target, x } = question;
    const { steps, maxSigma } = options;
    const batch = await batchFor(question, steps);
    const key = `blur-integrated-gradients/${headOf(target)}`;
    const program = await engine.program(key, () => pathGraph(model, target), { batch, keep: [0] });
    const seed = seedOf(question);
    const feeds = (start: number) => [x, seed, ...feedsOf(model, stepsOf(options, start, batch))];
    const [scores] = await accumulate(question, program, [x.shape], steps, feeds);

    const blur = await engine.program('blur-integrated-gradients/blurred', () => blurredGraph(model), { batch: 1 });
    const [blurred] = await runOnce(question, blur, [x, ...feedsOf(model, [[maxSigma]])]);
    const [value, baselineValue] = await values(question, [x, blurred]);
    const check = completeness('quadrature', scores, value, baselineValue);
    return { scores, value, baselineValue, check, passes: steps + 2 };
  },
});

interface Path {
  readonly steps: number;
  readonly maxSigma: number;
  readonly spacing: keyof typeof spacings;
}

/** σ in the middle, at the sharper and at the blurrier end of each of `count` steps. One beyond the last leads nowhere. */
function stepsOf({ steps, maxSigma, spacing }: Path, start: number, count: number): number[][] {
  const sigma = (k: number) => maxSigma * spacings[spacing](Math.min(k, steps) / steps);
  const ks = Array.from({ length: count }, (_, i) => start + i);
  return [0.5, 0, 1].map((part) => ks.map((k) => sigma(k + part)));
}

/** The images among the inputs: what has rows and columns. */
const picturesOf = ({ images }: ModelGraph): Value[] => images.filter((image) => imageAxes(image) !== null);

/** For each of the lists of σ the spectra of each image. */
const feedsOf = (model: ModelGraph, sigmas: readonly (readonly number[])[]): FloatTensor[] =>
  sigmas.flatMap((list) => picturesOf(model).flatMap((image) => spectraOf(image, list)));

/** Inputs for one of those lists. */
const spectraInputs = (model: ModelGraph, name: string): Value[] =>
  picturesOf(model).flatMap((image) =>
    imageAxes(image)!.map((axis, i) => {
      const length = image.shape[axis];
      return graphInput(`${name} of ${image.name}, axis ${axis}`, [
        image.shape[0],
        1,
        ...(i === 0 ? [length, 1] : [1, length]),
      ]);
    }),
  );

/** Blurs all images of x by spectra, one an image; `rest` says what becomes of an input that is none. */
function blurs(g: Builder, { images }: ModelGraph, x: Value) {
  const parts = images.map((image, i) => g.expand(partOf(g, images, x, i), image.shape));
  const makers = images.map((_, i) => blurrable(g, partOf(g, images, x, i)));
  return (spectra: readonly Value[], rest: (part: Value) => Value): Value => {
    let used = 0;
    return joinGraph(
      g,
      parts.map((part, i) => makers[i]?.(spectra[used++]) ?? rest(part)),
    );
  };
}

/** One number for each cosine of an image, from those along each axis. */
const products = (g: Builder, spectra: readonly Value[]): Value[] =>
  spectra.flatMap((down, i) => (i % 2 === 0 ? [g.mul(down, spectra[i + 1])] : []));

/** ∂F/∂L at the middle of a step, times what the step changes in L. `spectra`: middle, sharper end, blurrier end. */
function stepScores(g: Builder, { model, target, x, seed }: Site, spectra: readonly Value[]): Value {
  const third = spectra.length / 3;
  const [middle, sharper, blurrier] = [0, 1, 2].map((k) => products(g, spectra.slice(k * third, (k + 1) * third)));
  const blur = blurs(g, model, x);
  const point = blur(middle, (part) => part);
  const change = blur(
    sharper.map((spectrum, i) => g.sub(spectrum, blurrier[i])),
    (part) => g.zerosLike(part),
  );
  const y = modelOn(model, point)(outputOf(model, target));
  return g.mul(backward(g, gradientRules, { y, seed: g.expand(seed, y.shape), xs: [point] })[0], change);
}

/** sum + Σ over the steps of a chunk */
function pathGraph(model: ModelGraph, target: Target): Graph {
  const g = new Builder();
  const [sum, x] = ['sum', 'x'].map((name) => oneLike(model.input, name));
  const seed = oneLike(outputOf(model, target), 'seed');
  const spectra = ['middle', 'sharper end', 'blurrier end'].flatMap((name) => spectraInputs(model, name));
  const scores = stepScores(g, { model, target, x, seed }, spectra);
  return {
    name: 'blur-integrated-gradients',
    inputs: [sum, x, seed, ...spectra],
    outputs: [g.add(sum, sumOverBatch(g, scores))],
  };
}

/** x with its images blurred. */
function blurredGraph(model: ModelGraph): Graph {
  const g = new Builder();
  const x = oneLike(model.input, 'x');
  const spectra = spectraInputs(model, 'blur');
  return {
    name: 'blurred',
    inputs: [x, ...spectra],
    outputs: [blurs(g, model, x)(products(g, spectra), (part) => part)],
  };
}
