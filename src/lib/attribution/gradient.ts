/** @file One walk back from F to the input, under some rule set: what Saliency and its relatives start from. */
import type { Value } from '../graph/graph.ts';
import { backward } from '../autodiff/backward.ts';
import type { RuleSet } from '../autodiff/rule-sets.ts';
import { Builder } from '../ops/builder.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { keyOf, modelOn, runOnce, values } from './program.ts';
import { siteOf, type Site } from './site.ts';
import { headOf, outputOf, seedOf } from './target.ts';
import type { Compiled, Question } from './types.ts';

export interface BackwardResult {
  /** What arrives at the input, or at the layer asked for, in its shape. */
  readonly gradient: FloatTensor;
  /** F(x), from a forward pass of its own. */
  readonly value: number;
  readonly passes: number;
}

export interface Walk {
  /** Each value of the model as it is computed from the site's x. */
  readonly on: (value: Value) => Value;
  /** What arrives at each of the ends. */
  readonly flows: readonly Value[];
}

/** What arrives at each of `ends`, values of the model, from F under `rules`. */
export function walkBack(g: Builder, { model, target, x, seed }: Site, rules: RuleSet, ends: readonly Value[]): Walk {
  const on = modelOn(model, x);
  const y = on(outputOf(model, target));
  return { on, flows: backward(g, rules, { y, seed: g.expand(seed, y.shape), xs: ends.map(on) }) };
}

/** What arrives at the input. */
export const flowOf = (g: Builder, site: Site, rules: RuleSet): Value =>
  walkBack(g, site, rules, [site.model.input]).flows[0];

/** The program of one walk back, x and the seed → what arrives at `at`, a value of the model. */
export function gradientProgram(
  question: Question,
  rules: RuleSet,
  at: Value = question.model.input,
): Promise<Compiled> {
  const { engine, target } = question;
  const build = () => {
    const g = new Builder();
    const site = siteOf(question);
    return { name: rules.name, inputs: [site.x, site.seed], outputs: walkBack(g, site, rules, [at]).flows };
  };
  return engine.program(`${rules.name}/${headOf(target)}/${keyOf(at)}`, build, { batch: 1 });
}

/** ∂F/∂x under `rules`, and F(x). `at` is where the walk ends: a layer's activation in place of the input. */
export async function gradientOf(
  question: Question,
  rules: RuleSet,
  at: Value = question.model.input,
): Promise<BackwardResult> {
  const program = await gradientProgram(question, rules, at);
  const [gradient] = await runOnce(question, program, [question.x, seedOf(question)]);
  const [value] = await values(question, [question.x]);
  question.onProgress?.({ done: 1, total: 1 });
  return { gradient, value, passes: 2 };
}
