/** @file The gradient at random places between the image and a distribution of baselines: GradientSHAP and its kin. */
import { backward } from '../autodiff/backward.ts';
import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { repeat } from '../graph/repeat.ts';
import { Builder } from '../ops/builder.ts';
import { concat0, type FloatTensor } from '../tensor/tensor.ts';
import {
  accumulate,
  batchFor,
  chunkOf,
  graphInput,
  keyOf,
  modelOn,
  numberPerExample,
  oneLike,
  sumCheck,
  sumOverBatch,
  values,
} from './program.ts';
import { column, endOf, refuseDraws, rowsOf, type Site, type WholeSite } from './site.ts';
import { exampleShape, headOf, outputOf, seedOf } from './target.ts';
import type { Explanation, ModelGraph, Question, Target } from './types.ts';

/** One draw: the gradient is taken at from + alpha · (to − from). */
export interface Draw {
  /** A baseline, [1, …]. */
  readonly from: FloatTensor;
  /** The image, with or without noise. */
  readonly to: FloatTensor;
  readonly alpha: number;
}

/** The k-th baseline of the question's distribution; the one there is where it has no distribution. */
export const baselineAt = ({ baseline, baselines }: Question, k: number): FloatTensor =>
  baselines ? baselines(k) : baseline!;

/**
 * The mean over `draws` of (to − from) ⊙ ∂F/∂x. With `at` the same of a layer: (A(to) − A(from)) ⊙ ∂F/∂A. `samples`
 * draws are asked for by number, in order.
 */
export async function expectedGradients(
  question: Question,
  samples: number,
  draw: (k: number) => Draw,
  at: Value = question.model.input,
): Promise<Explanation> {
  const { model, engine, target, x } = question;
  const batch = await batchFor(question, samples);
  // The one baseline is asked about once, after all; of a distribution F is averaged on the way.
  const several = question.baselines !== undefined;
  const key = `expected-gradients/${headOf(target)}/${keyOf(at)}/${several ? 'several' : 'one'}`;
  const build = () => expectedGraph(model, target, at, several);
  const program = await engine.program(key, build, { batch, keep: several ? [0, 1] : [0] });
  const seed = seedOf(question);
  const weights = Array<number>(samples).fill(1 / samples);
  const feeds = (start: number) => {
    const draws = Array.from({ length: batch }, (_, i) => draw(Math.min(start + i, samples - 1)));
    const alphas = draws.map(({ alpha }) => alpha);
    return [
      concat0(draws.map((d) => d.from)),
      concat0(draws.map((d) => d.to)),
      seed,
      chunkOf(alphas, 0, batch, x.shape.length),
      chunkOf(weights, start, batch, seed.shape.length, 0),
    ];
  };
  const shapes = several ? [exampleShape(at), [1]] : [exampleShape(at)];
  const [scores, mean] = await accumulate(question, program, shapes, samples, feeds);
  const [value, ofOne] = await values(question, several ? [x] : [x, question.baseline!]);
  const baselineValue = several ? mean.data[0] : ofOne;
  const check = sumCheck('sampling', 'Σ scores = F(x) − mean F(x′)', scores, value - baselineValue);
  return { scores, value, baselineValue, check, passes: several ? 2 * samples + 1 : samples + 2 };
}

/** w (x − from) ⊙ ∂F/∂x at from + α (x − from), or of the layer where the walk ends. */
function termOf(
  g: Builder,
  site: Site,
  { from, alpha, weight }: { readonly from: Value; readonly alpha: Value; readonly weight: Value },
): Value {
  const { model, target, x, seed } = site;
  const point = g.add(from, g.mul(alpha, g.sub(x, from)));
  const [onPoint, onFrom, onTo] = [point, from, x].map((input) => modelOn(model, input));
  const [y, at] = [onPoint(outputOf(model, target)), endOf(site)];
  const [gradient] = backward(g, gradientRules, { y, seed: g.mul(weight, seed), xs: [onPoint(at)] });
  return g.mul(g.sub(onTo(at), onFrom(at)), gradient);
}

/** As `expectedGradients`, as a graph. `noise` is added to x: a table of draws scaled by a value of each example. */
export function expectedGraphOf(
  g: Builder,
  site: WholeSite,
  samples: number,
  { alphas, noise, baselines }: Tables,
): Value {
  const { x } = site;
  const given = [noise?.table, baselines].filter((v) => v !== undefined);
  const [sum] = repeat({
    states: [g.zerosLike(endOf(site))],
    rows: [column(g, alphas, x.shape.length), ...given],
    step: ([sum], [alpha, ...drawn]) => {
      const to = noise ? g.add(x, noise.scaled(drawn[0])) : x;
      const from = baselines ? g.expand(drawn.at(-1)!, x.shape) : site.baseline;
      const weight = column(g, [1 / samples], site.seed.shape.length - 1);
      return [g.add(sum, termOf(g, { ...site, x: to }, { from, alpha, weight }))];
    },
  });
  return sum;
}

/** What was drawn for each sample. */
export interface Tables {
  readonly alphas: readonly number[];
  /** [samples, …] */
  readonly noise?: { readonly table: Value; readonly scaled: (row: Value) => Value } | undefined;
  /** [samples, …] */
  readonly baselines?: Value | undefined;
}

/** The first `count` draws from the distribution of baselines, as rows of a repetition: [count, 1, …]. */
export function baselineTable(site: WholeSite, count: number): Value {
  refuseDraws(site.model, count);
  const draws = Array.from({ length: count }, (_, k) => site.baselines!(k));
  return site.table('baselines', 'what each sample starts from', rowsOf(draws));
}

/** sum + Σₖ wₖ (toₖ − fromₖ) ⊙ ∂F/∂x at fromₖ + αₖ (toₖ − fromₖ), or of a layer; and, of several baselines, mean + Σₖ wₖ F(fromₖ). */
function expectedGraph(model: ModelGraph, target: Target, at: Value, several: boolean): Graph {
  const g = new Builder();
  const y = outputOf(model, target);
  const [sum, mean] = [oneLike(at, 'sum'), graphInput('mean', [1])];
  const [from, to] = ['from', 'to'].map((name) => graphInput(name, model.input.shape));
  const seed = oneLike(y, 'seed');
  const alpha = numberPerExample(model.input, 'alpha');
  const weight = numberPerExample(y, 'weight');

  const scores = termOf(g, { model, target, x: to, seed, layer: at }, { from, alpha, weight });
  const axes = y.shape.map((_, axis) => axis).slice(1);
  const ofBaselines = g.reduceSum(g.mul(g.mul(weight, seed), modelOn(model, from)(y)), axes);
  return {
    name: 'expected-gradients',
    inputs: [sum, ...(several ? [mean] : []), from, to, seed, alpha, weight],
    outputs: [
      g.add(sum, sumOverBatch(g, scores)),
      ...(several ? [g.add(mean, g.reshape(sumOverBatch(g, ofBaselines), [1]))] : []),
    ],
  };
}
