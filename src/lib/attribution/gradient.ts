/** @file One walk back from F to the input, under some rule set: what Saliency and its relatives start from. */
import type { Value } from '../graph/graph.ts';
import { backward } from '../autodiff/backward.ts';
import type { RuleSet } from '../autodiff/rule-sets.ts';
import { Builder } from '../ops/builder.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { graphInput, keyOf, runOnce, values } from './program.ts';
import { headOf, outputOf, seedOf } from './target.ts';
import type { Question } from './types.ts';

export interface BackwardResult {
  /** What arrives at the input, or at the layer asked for, in its shape. */
  readonly gradient: FloatTensor;
  /** F(x), from a forward pass of its own. */
  readonly value: number;
  readonly passes: number;
}

/** What arrives at each of `xs` from F under `rules`, and the graph's input for the weights of F. */
export function walkBack(
  g: Builder,
  { model, target }: Pick<Question, 'model' | 'target'>,
  rules: RuleSet,
  xs: readonly Value[],
): { readonly seed: Value; readonly flows: readonly Value[] } {
  const y = outputOf(model, target);
  const seed = graphInput('seed', y.shape);
  return { seed, flows: backward(g, rules, { y, seed, xs }) };
}

/** ∂F/∂x under `rules`, and F(x). `at` is where the walk ends: a layer's activation in place of the input. */
export async function gradientOf(
  question: Question,
  rules: RuleSet,
  at: Value = question.model.input,
): Promise<BackwardResult> {
  const { model, engine, target } = question;
  const build = () => {
    const g = new Builder();
    const { seed, flows } = walkBack(g, question, rules, [at]);
    return { name: rules.name, inputs: [model.input, seed], outputs: flows };
  };
  const program = await engine.program(`${rules.name}/${headOf(target)}/${keyOf(at)}`, build, { batch: 1 });
  const [gradient] = await runOnce(question, program, [question.x, seedOf(question)]);
  const [value] = await values(question, [question.x]);
  question.onProgress?.({ done: 1, total: 1 });
  return { gradient, value, passes: 2 };
}
