import { backward } from '../autodiff/backward.ts';
import { deepliftCaptum, deepliftComplete, type RuleSet } from '../autodiff/rule-sets.ts';
import { topologicalOrder, type Graph, type Value } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { defineMethod, missingRules } from './method.ts';
import { choice, schema, toggle } from './options.ts';
import { completeness, keyOf, modelOn, oneLike, runOnce, values } from './program.ts';
import { endOf, type Site } from './site.ts';
import { headOf, outputOf, seedOf } from './target.ts';
import type { Explanation, ModelGraph, Question, Target } from './types.ts';

const ruleSets = { complete: deepliftComplete, captum: deepliftCaptum };

/**
 * DeepLIFT, rescale rule (Shrikumar, Greenside & Kundaje 2017, arXiv:1704.02685).
 *
 *     scoreᵢ = m(Δxᵢ) · Δxᵢ,    Δ = value on x − value on x′
 *
 * Multipliers m follow the chain rule with Δy/Δx in place of dy/dx. Summation to delta: under the complete rules the
 * scores sum to F(x) − F(x′) exactly; under Captum's they do so only where each operator on the way is in its table.
 */
export const deepLift = defineMethod({
  id: 'deeplift',
  title: 'DeepLIFT',
  family: 'path',
  description: 'How the difference of the score to the baseline is passed back through each layer; exact in one pass.',
  citation: {
    authors: 'Shrikumar, Greenside, Kundaje',
    year: 2017,
    title: 'Learning Important Features Through Propagating Activation Differences',
    url: 'https://arxiv.org/abs/1704.02685',
  },
  options: schema({
    rules: choice(
      {
        title: 'Rules',
        description:
          'Complete: a rule for every operator, so that the sum is exact. Captum: the plain gradient wherever Captum uses it.',
      },
      { complete: 'Complete', captum: 'As Captum' },
      'complete',
    ),
    multiplyByInputs: toggle({ title: 'Multiply by x − x′', description: 'Off: the multipliers themselves.' }, true),
  }),
  needs: { baseline: true, layer: false, seed: false },
  signed: true,
  unavailable: (model) => missingRules(model, deepliftComplete),
  graph: (g, site, { rules, multiplyByInputs }) =>
    differences(g, site, site.baseline, ruleSets[rules], multiplyByInputs),
  explain: (question, { rules, multiplyByInputs }) => deepLiftUnder(question, ruleSets[rules], { multiplyByInputs }),
  explainLayer: (question, layer, { rules, multiplyByInputs }) =>
    deepLiftUnder(question, ruleSets[rules], { multiplyByInputs, at: layer }),
});

export interface DeepLiftOptions {
  readonly multiplyByInputs: boolean;
  /** Where the walk ends: a layer's activation in place of the input. */
  readonly at?: Value;
}

/** DeepLIFT under any rule set that reads a reference. */
export async function deepLiftUnder(
  question: Question,
  rules: RuleSet,
  { multiplyByInputs, at = question.model.input }: DeepLiftOptions,
): Promise<Explanation> {
  const { model, engine, target, x } = question;
  const baseline = question.baseline!;
  const key = `${rules.name}/${headOf(target)}/${keyOf(at)}/${multiplyByInputs ? 'scores' : 'multipliers'}`;
  const program = await engine.program(key, () => deepLiftGraph(model, target, rules, at, multiplyByInputs), {
    batch: 1,
  });
  const [scores] = await runOnce(question, program, [x, baseline, seedOf(question)]);
  const [value, baselineValue] = await values(question, [x, baseline]);
  question.onProgress?.({ done: 1, total: 1 });
  const check = multiplyByInputs ? completeness('exact', scores, value, baselineValue) : undefined;
  return { scores, value, baselineValue, check, passes: 4 };
}

/** m(Δ) · Δ where the walk ends, or m(Δ): the model on x and again on x′, and one walk back that reads both. */
export function differences(g: Builder, site: Site, baseline: Value, rules: RuleSet, multiply: boolean): Value {
  const { model, target, x, seed } = site;
  const on = modelOn(model, x);
  const onBaseline = modelOn(model, g.expand(baseline, model.input.shape));
  const reference = counterpart(model, on, onBaseline);
  const [y, at] = [outputOf(model, target), endOf(site)].map(on);
  const [multiplier] = backward(g, rules, { y, seed: g.expand(seed, y.shape), xs: [at], reference });
  return multiply ? g.mul(multiplier, g.sub(at, reference(at))) : multiplier;
}

/** Of each value computed from x the one that x′ gives. */
function counterpart({ logits, probabilities, input }: ModelGraph, on: Mapping, onBaseline: Mapping): Mapping {
  const pairs = new Map([[on(input), onBaseline(input)]]);
  for (const node of topologicalOrder([logits, probabilities]))
    node.outputs.forEach((v) => pairs.set(on(v), onBaseline(v)));
  return (value) => pairs.get(value) ?? value;
}

type Mapping = (value: Value) => Value;

function deepLiftGraph(model: ModelGraph, target: Target, rules: RuleSet, at: Value, multiply: boolean): Graph {
  const g = new Builder();
  const y = outputOf(model, target);
  const baseline = oneLike(model.input, 'baseline');
  const seed = oneLike(y, 'seed');
  const scores = differences(g, { model, target, x: model.input, seed, layer: at }, baseline, rules, multiply);
  return { name: rules.name, inputs: [model.input, baseline, seed], outputs: [scores] };
}
