import { backward } from '../autodiff/backward.ts';
import {
  composites,
  relevanceRules,
  type Composite,
  type CompositeNumbers,
  type RelevanceOptions,
} from '../autodiff/relevance/composites.ts';
import {
  alphaBetaRule,
  boxRule,
  epsilonRule,
  flatRule,
  gammaRule,
  wSquareRule,
  zPlusRule,
  type LayerRule,
} from '../autodiff/relevance/rules.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { defineMethod, missingRules } from './method.ts';
import { choice, number, schema, toggle } from './options.ts';
import { graphInput, keyOf, modelOn, oneLike, runOnce, sumCheck, values } from './program.ts';
import { endOf, type Site } from './site.ts';
import { headOf, outputOf, seedOf } from './target.ts';
import type { Explanation, Question } from './types.ts';

/** Titles of the rules that a layer can be given. */
const ruleTitles = {
  epsilon: 'ε',
  gamma: 'γ',
  'alpha-beta': 'αβ',
  'z-plus': 'z⁺',
  flat: 'flat',
  'w-square': 'w²',
} as const;

type RuleName = keyof typeof ruleTitles | 'box';

interface CustomNumbers extends CompositeNumbers {
  readonly alpha: number;
}

const rules: Readonly<Record<RuleName, (numbers: CustomNumbers) => LayerRule>> = {
  epsilon: ({ epsilon }) => epsilonRule(epsilon),
  gamma: ({ gamma }) => gammaRule(gamma),
  'alpha-beta': ({ alpha }) => alphaBetaRule(alpha),
  'z-plus': () => zPlusRule,
  flat: () => flatRule,
  'w-square': () => wSquareRule,
  box: ({ bounds }) => boxRule(bounds()),
};

const options = schema({
  composite: choice(
    {
      title: 'Composite',
      description:
        'Which rule each layer has. EpsilonPlus: z⁺ in convolutions, ε in dense layers; Flat and Box name the rule of the first layer.',
    },
    {
      'epsilon-plus': 'EpsilonPlus',
      'epsilon-plus-flat': 'EpsilonPlusFlat',
      'epsilon-gamma-box': 'EpsilonGammaBox',
      'epsilon-alpha2-beta1': 'EpsilonAlpha2Beta1',
      'epsilon-alpha2-beta1-flat': 'EpsilonAlpha2Beta1Flat',
      epsilon: 'Epsilon',
      custom: 'Custom',
    },
    'epsilon-plus-flat',
  ),
  first: choice(
    { title: 'Custom: first layer', description: 'Its rule in a custom composite.' },
    { ...ruleTitles, box: 'box (zᴮ)' },
    'flat',
  ),
  middle: choice(
    { title: 'Custom: middle layers', description: 'Their rule in a custom composite.' },
    ruleTitles,
    'z-plus',
  ),
  last: choice({ title: 'Custom: last layer', description: 'Its rule in a custom composite.' }, ruleTitles, 'epsilon'),
  epsilon: number(
    { title: 'ε', description: 'Of the ε rule: more absorbs weak and contradicting contributions.' },
    { minimum: 0, maximum: 10, default: 1e-6 },
  ),
  gamma: number(
    { title: 'γ', description: 'Of the γ rule: how much more positive contributions count.' },
    { minimum: 0, maximum: 100, default: 0.25 },
  ),
  alpha: number(
    { title: 'α', description: 'Of the αβ rule in a custom composite; β is α − 1.' },
    { minimum: 1, maximum: 10, default: 2 },
  ),
  signs: choice(
    {
      title: 'Positive is',
      description: 'By the weight: Captum’s simplification, which differs where inputs of a layer are negative.',
    },
    { contribution: 'input × weight > 0', weight: 'weight > 0' },
    'contribution',
  ),
  bias: toggle(
    { title: 'Biases take a share', description: 'Off: they are left out of every sum, so that nothing ends in them.' },
    true,
  ),
});

/**
 * Layer-wise Relevance Propagation (Bach et al. 2015, doi:10.1371/journal.pone.0130140).
 *
 *     R(y_t) = y_t,    Rᵢ = Σⱼ zᵢⱼ / Σᵢ zᵢⱼ · Rⱼ    from layer to layer, z being what a rule makes of xᵢwᵢⱼ
 *
 * Conservation: the scores sum to F(x) but for what biases and ε absorb; the check says by how much they do not.
 */
export const lrp = defineMethod({
  id: 'lrp',
  title: 'LRP',
  family: 'relevance',
  description: 'The score is handed back from layer to layer, to each input in proportion to what it contributed.',
  citation: {
    authors: 'Bach, Binder, Montavon, Klauschen, Müller, Samek',
    year: 2015,
    title: 'On Pixel-Wise Explanations for Non-Linear Classifier Decisions by Layer-Wise Relevance Propagation',
    url: 'https://doi.org/10.1371/journal.pone.0130140',
  },
  options,
  needs: { baseline: false, layer: false, seed: false },
  signed: true,
  unavailable: (model) =>
    missingRules(
      model,
      relevanceRules(plain, model.input, model.probabilities, { folding: true, bias: true, signs: 'weight' }),
    ),
  graph: (g, site, given) =>
    relevanceOn(g, site, planOf(given), () => {
      const [low, high] = (site.bounds ?? noBounds)();
      return [g.constant(low), g.constant(high)];
    }),
  explain: (question, given) => relevanceUnder(question, planOf(given)),
  explainLayer: (question, layer, given) => relevanceUnder(question, planOf(given), layer),
});

/** Any composite asks for the same operators' rules. */
const plain: Composite = { convolution: zPlusRule, dense: zPlusRule };

type Given = Omit<CustomNumbers, 'bounds'> &
  Omit<RelevanceOptions, 'folding'> & {
    readonly composite: keyof typeof composites | 'custom';
    readonly first: RuleName;
    readonly middle: RuleName;
    readonly last: RuleName;
  };

function noBounds(): never {
  throw new RangeError(
    'LRP: the box rule needs the lowest and the highest picture, this input is none. Choose another rule for the first layer, such as flat.',
  );
}

/** A composite and how its rules are read. */
export interface RelevancePlan {
  /** Tells it from every other plan. */
  readonly name: string;
  readonly composite: (bounds: CompositeNumbers['bounds']) => Composite;
  readonly options: RelevanceOptions;
  /** Whether a rule asks for the bounds of the picture. */
  readonly bounded: boolean;
}

function planOf(given: Given): RelevancePlan {
  const { bias, signs } = given;
  return {
    name: JSON.stringify(given),
    composite: (bounds) => compositeOf(given, bounds),
    options: { folding: true, bias, signs },
    bounded: given.composite === 'epsilon-gamma-box' || (given.composite === 'custom' && given.first === 'box'),
  };
}

function compositeOf(given: Given, bounds: CompositeNumbers['bounds']): Composite {
  const numbers = { ...given, bounds };
  if (given.composite !== 'custom') return composites[given.composite](numbers);
  const [first, middle, last] = [given.first, given.middle, given.last].map((name) => rules[name](numbers));
  return { convolution: middle, dense: middle, first, last };
}

/** LRP under any composite; `at` is where the walk ends: a layer's activation in place of the input. */
export async function relevanceUnder(
  question: Question,
  plan: RelevancePlan,
  at: Value = question.model.input,
): Promise<Explanation> {
  const { engine, target, x, bounds } = question;
  if (plan.bounded && !bounds) noBounds();
  const key = `lrp/${plan.name}/${headOf(target)}/${keyOf(at)}`;
  const program = await engine.program(key, () => relevanceGraph(question, plan, at), { batch: 1 });
  const [scores] = await runOnce(question, program, [x, seedOf(question), ...(plan.bounded ? bounds!() : [])]);
  const [value] = await values(question, [x]);
  question.onProgress?.({ done: 1, total: 1 });
  return { scores, value, check: sumCheck('conservation', 'Σ scores = F(x)', scores, value), passes: 2 };
}

/** The relevance where the walk ends, in the shape of that value. */
function relevanceOn(g: Builder, site: Site, plan: RelevancePlan, ends: () => readonly [Value, Value]): Value {
  const on = modelOn(site.model, site.x);
  const y = on(outputOf(site.model, site.target));
  const composite = plan.composite(() => {
    const [low, high] = ends().map((end) => g.expand(end, site.model.input.shape));
    return { input: site.x, low, high };
  });
  const [scores] = backward(g, relevanceRules(composite, site.x, y, plan.options), {
    y,
    seed: g.mul(g.expand(site.seed, y.shape), y),
    xs: [on(endOf(site))],
  });
  return scores;
}

function relevanceGraph({ model, target }: Question, plan: RelevancePlan, at: Value): Graph {
  const g = new Builder();
  const { input } = model;
  const seed = graphInput('seed', outputOf(model, target).shape);
  const ends = [oneLike(input, 'lowest'), oneLike(input, 'highest')] as const;
  const scores = relevanceOn(g, { model, target, x: input, seed, layer: at }, plan, () => ends);
  return { name: 'lrp', inputs: [input, seed, ...(plan.bounded ? ends : [])], outputs: [scores] };
}
