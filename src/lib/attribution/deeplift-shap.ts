import { deepliftCaptum, deepliftComplete } from '../autodiff/rule-sets.ts';
import type { Value } from '../graph/graph.ts';
import { addScaled } from '../tensor/arithmetic.ts';
import { zerosLike } from '../tensor/tensor.ts';
import { repeat } from '../graph/repeat.ts';
import { deepLiftUnder, differences } from './deeplift.ts';
import { baselineAt, baselineTable } from './expected.ts';
import { defineMethod, missingRules } from './method.ts';
import { choice, integer, schema } from './options.ts';
import { completeness } from './program.ts';
import { endOf } from './site.ts';
import type { Explanation, Question } from './types.ts';

const ruleSets = { complete: deepliftComplete, captum: deepliftCaptum };

/**
 * DeepSHAP (Lundberg & Lee 2017, arXiv:1705.07874), Captum's DeepLiftShap: DeepLIFT averaged over baselines. The scores
 * sum to F(x) − mean F(x′).
 */
export const deepLiftShap = defineMethod({
  id: 'deeplift-shap',
  title: 'DeepSHAP',
  family: 'path',
  description: 'DeepLIFT averaged over several baselines, such as other images or draws of noise.',
  citation: {
    authors: 'Lundberg, Lee',
    year: 2017,
    title: 'A Unified Approach to Interpreting Model Predictions',
    url: 'https://arxiv.org/abs/1705.07874',
  },
  options: schema({
    baselines: integer(
      {
        title: 'Baselines',
        description: 'How many are drawn where the baseline is random; of other images each is taken once.',
      },
      { minimum: 1, maximum: 500, default: 10 },
    ),
    rules: choice(
      {
        title: 'Rules',
        description:
          'Complete: a rule for every operator, so that the sum is exact. Captum: the plain gradient wherever Captum uses it.',
      },
      { complete: 'Complete', captum: 'As Captum' },
      'complete',
    ),
  }),
  needs: { baseline: true, layer: false, seed: false },
  signed: true,
  unavailable: (model) => missingRules(model, deepliftComplete),
  graph(g, site, { baselines, rules }) {
    const from = (baseline: Value) => differences(g, site, baseline, ruleSets[rules], true);
    if (!site.baselines) return from(site.baseline);
    const count = site.baselineCount ?? baselines;
    const [sum] = repeat({
      states: [g.zerosLike(endOf(site))],
      rows: [baselineTable(site, count)],
      step: ([sum], [baseline]) => [g.add(sum, from(baseline))],
    });
    return g.mul(sum, 1 / count);
  },
  explain: (question, options) => averaged(question, options),
  explainLayer: (question, layer, options) => averaged(question, options, layer),
});

async function averaged(
  question: Question,
  { baselines, rules }: { readonly baselines: number; readonly rules: keyof typeof ruleSets },
  at: Value = question.model.input,
): Promise<Explanation> {
  const { signal, onProgress } = question;
  const count = question.baselines ? (question.baselineCount ?? baselines) : 1;
  const parts: Explanation[] = [];
  for (let k = 0; k < count; k++) {
    signal?.throwIfAborted();
    const one = { ...question, baseline: baselineAt(question, k), onProgress: undefined };
    parts.push(await deepLiftUnder(one, ruleSets[rules], { multiplyByInputs: true, at }));
    onProgress?.({ done: k + 1, total: count });
  }
  const scores = zerosLike(parts[0].scores);
  parts.forEach((part) => addScaled(scores, 1 / count, part.scores));
  const { value } = parts[0];
  const baselineValue = parts.reduce((total, part) => total + part.baselineValue! / count, 0);
  return {
    scores,
    value,
    baselineValue,
    check: { ...completeness('exact', scores, value, baselineValue), claim: 'Σ scores = F(x) − mean F(x′)' },
    passes: parts.reduce((total, part) => total + part.passes, 0),
  };
}
