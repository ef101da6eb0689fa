import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { sub } from '../tensor/arithmetic.ts';
import { float32 } from '../tensor/tensor.ts';
import { gradientProgram } from './gradient.ts';
import { guidedPath } from './guided-path.ts';
import { defineMethod, missingRules } from './method.ts';
import { choice, integer, number, schema } from './options.ts';
import { completeness, inChunks, readAll, values } from './program.ts';
import { seedOf } from './target.ts';

/**
 * Guided Integrated Gradients (Kapishnikov, Venugopalan, Avci, Wedin, Terry & Bolukbasi 2021, arXiv:2106.09788): Integrated
 * Gradients along a path γ that the model itself bends. Each step comes nearer to x by the same length, and it is the
 * elements with the smallest |∂F/∂xᵢ| that move:
 *
 *     scoreᵢ = ∫ ∂F/∂xᵢ (γ) dγᵢ  ≈  Σₖ ½ (∂F/∂xᵢ (γₖ) + ∂F/∂xᵢ (γₖ₊₁)) (γₖ₊₁ − γₖ)ᵢ
 *
 * No element leaves the straight line by more than `maxDistance` of its way, and the path passes the anchors. Completeness
 * holds for every path: the scores sum to F(x) − F(x′), up to the error of the quadrature, which the check shows. Slopes at
 * the start of a step alone, as the authors take them, are too small: they are those that the step was chosen for.
 */
export const guidedIntegratedGradients = defineMethod({
  id: 'guided-integrated-gradients',
  title: 'Guided Integrated Gradients',
  family: 'path',
  description:
    'Integrated Gradients on a way that changes first what the score reacts to least, and so gathers less noise.',
  citation: {
    authors: 'Kapishnikov, Venugopalan, Avci, Wedin, Terry, Bolukbasi',
    year: 2021,
    title: 'Guided Integrated Gradients: an Adaptive Path Method for Removing Noise',
    url: 'https://arxiv.org/abs/2106.09788',
  },
  options: schema({
    steps: integer(
      {
        title: 'Steps',
        description: 'Points on the path, one after the other: more is slower and closer to the integral.',
      },
      { minimum: 1, maximum: 1000, default: 50 },
    ),
    fraction: number(
      { title: 'Share that moves', description: 'Of all elements, how many move at a time: those of smallest slope.' },
      { minimum: 0.01, maximum: 1, default: 0.25, multipleOf: 0.01 },
    ),
    maxDistance: number(
      { title: 'Distance', description: 'How far from the straight line: 0 is Integrated Gradients, 1 is anywhere.' },
      { minimum: 0, maximum: 1, default: 0.02, multipleOf: 0.01 },
    ),
    anchors: integer(
      { title: 'Anchors', description: 'Points of the straight line that the path passes on its way.' },
      { minimum: 0, maximum: 100, default: 0 },
    ),
    quadrature: choice(
      { title: 'Slope of a step', description: 'At its start, as the authors take it, or the mean of both ends.' },
      { trapezoid: 'Mean of both ends', left: 'At its start' },
      'trapezoid',
    ),
  }),
  needs: { baseline: true, layer: false, seed: false },
  signed: true,
  unavailable: (model) => missingRules(model, gradientRules),
  explainLayer: 'from-layer',
  graph: 'Which elements move next is decided between two steps, outside the model, by sorting the slopes.',
  async explain(question, { steps, quadrature, ...course }) {
    const { x } = question;
    const baseline = question.baseline!;
    const program = await gradientProgram(question, gradientRules);
    const seed = seedOf(question);
    const way = sub(x, baseline).data;
    const path = guidedPath(Float64Array.from(way, Math.abs), steps, course);
    const sums = new Float64Array(way.length);
    const slopesHere = async () => {
      const point = baseline.data.map((from, i) => from + path.done[i] * (x.data[i] - from));
      return (await readAll(await program.run([float32(x.shape, point), seed])))[0].data;
    };
    const last = quadrature === 'left' ? steps : steps + 1;
    let moved: Float64Array = new Float64Array(way.length);
    await inChunks(question, last, 1, async (k) => {
      const slopes = await slopesHere();
      const next: Float64Array = k < steps ? path.step(k, slopes) : new Float64Array(way.length);
      const share = (i: number) => (quadrature === 'left' ? next[i] : (moved[i] + next[i]) / 2);
      slopes.forEach((slope, i) => (sums[i] += share(i) * way[i] * slope));
      moved = next;
    });
    const [value, baselineValue] = await values(question, [x, baseline]);
    const scores = float32(x.shape, sums);
    const check = completeness('quadrature', scores, value, baselineValue);
    return { scores, value, baselineValue, check, passes: last + 2 };
  },
});
