/** @file For each method of the goldens that the project claims, how it is asked. Everything runs through src/lib. */
import { deepLiftUnder } from '../../src/lib/attribution/deeplift.ts';
import { gradientOf } from '../../src/lib/attribution/gradient.ts';
import { expectedGradients } from '../../src/lib/attribution/expected.ts';
import { ablate } from '../../src/lib/attribution/feature-ablation.ts';
import { permute } from '../../src/lib/attribution/feature-permutation.ts';
import type { Features } from '../../src/lib/attribution/features.ts';
import { findMethod } from '../../src/lib/attribution/index.ts';
import { relevanceUnder } from '../../src/lib/attribution/lrp.ts';
import { activationOf, upTo } from '../../src/lib/attribution/part.ts';
import { occlude } from '../../src/lib/attribution/occlusion.ts';
import type { QuadratureName } from '../../src/lib/attribution/quadrature.ts';
import { alongOrders, exactly } from '../../src/lib/attribution/shapley.ts';
import { limeFit, shapFit } from '../../src/lib/attribution/surrogate.ts';
import { smoothGradOver, type SmoothGradType } from '../../src/lib/attribution/smoothgrad.ts';
import type { Question } from '../../src/lib/attribution/types.ts';
import { upsample, type Interpolation } from '../../src/lib/attribution/upsample.ts';
import { epsilonRule, gammaRule, zPlusRule, type LayerRule } from '../../src/lib/autodiff/relevance/rules.ts';
import { deepliftCaptum, deepliftExtended, gradient, guidedBackpropagation, type RuleSet } from '../../src/lib/autodiff/rule-sets.ts';
import type { Value } from '../../src/lib/graph/graph.ts';
import { infidelityUnder } from '../../src/lib/metrics/infidelity.ts';
import { sensitivityUnder } from '../../src/lib/metrics/max-sensitivity.ts';
import { add, addScaled, map } from '../../src/lib/tensor/arithmetic.ts';
import { float32, toNumbers, zerosLike, type FloatTensor, type Tensor } from '../../src/lib/tensor/tensor.ts';
import { flatIndex } from './models.ts';

/** One example of one case. */
export interface Asked {
  readonly question: Question;
  readonly params: Readonly<Record<string, unknown>>;
  /** The case's layer. */
  readonly layer: () => Value;
  /** The rows of an array of the case that belong to this example, `count` to each. */
  readonly rows: (name: string, count: number) => FloatTensor[];
  /** An array of the case; null where it has none of that name. */
  readonly array: (name: string) => Tensor | null;
  /** Rows of an array that a parameter names. */
  readonly distribution: (parameter: string) => FloatTensor[];
  /** Another example of the batch. */
  readonly other: (example: number) => FloatTensor;
  readonly example: number;
}

type Claim = (asked: Asked) => Promise<FloatTensor>;

const scoresOf = async (explanation: Promise<{ scores: FloatTensor }>): Promise<FloatTensor> => (await explanation).scores;

const byMethod = (id: string, options: (params: Asked['params']) => Record<string, unknown> = () => ({})): Claim =>
  ({ question, params }) => scoresOf(findMethod(id).explain(question, options(params)));

const quadratureNames: Record<string, QuadratureName> = {
  gausslegendre: 'gauss-legendre',
  riemann_left: 'riemann-left',
  riemann_right: 'riemann-right',
  riemann_middle: 'riemann-middle',
  riemann_trapezoid: 'riemann-trapezoid',
};
const quadratureOf = (params: Asked['params']) => quadratureNames[String(params.quadrature ?? 'gausslegendre')];
const stepsOf = (params: Asked['params']) => Number(params.n_steps ?? 50);
const multiplies = (params: Asked['params']) => params.multiply_by_inputs !== false;

const stepsAndQuadrature = (params: Asked['params']) => ({ steps: stepsOf(params), quadrature: quadratureOf(params) });

const pathOptions = (params: Asked['params']) => ({
  ...stepsAndQuadrature(params),
  multiplyByInputs: multiplies(params),
});

const integrated = byMethod('integrated-gradients', pathOptions);

const deepLift = (rules: RuleSet): Claim => ({ question, params }) =>
  scoresOf(deepLiftUnder(question, rules, { multiplyByInputs: multiplies(params) }));

const layerDeepLift = (rules: RuleSet): Claim => ({ question, params, layer }) =>
  scoresOf(deepLiftUnder(question, rules, { multiplyByInputs: multiplies(params), at: layer() }));

const mean = (parts: readonly FloatTensor[]): FloatTensor => {
  const total = zerosLike(parts[0]);
  parts.forEach((part) => addScaled(total, 1 / parts.length, part));
  return total;
};

/** The mean over every baseline of a distribution. */
const deepLiftShap: Claim = ({ question, params, distribution }) => {
  const rows = distribution(String(params.baseline));
  const asked = { ...question, baseline: rows[0], baselines: (k: number) => rows[k] };
  return scoresOf(findMethod('deeplift-shap').explain(asked, { baselines: rows.length, rules: 'captum' }));
};

const noiseTypes: Record<string, SmoothGradType> = {
  smoothgrad: 'smoothgrad',
  smoothgrad_sq: 'smoothgrad-squared',
  vargrad: 'vargrad',
};

/** Saliency under noise is SmoothGrad; of other methods the mean over noisy inputs is taken here. */
const noiseTunnel: Claim = async (asked) => {
  const { question, params, rows } = asked;
  const samples = Number(params.nt_samples);
  const noise = rows('noise', samples);
  const type = noiseTypes[String(params.nt_type)];
  if (params.inner === 'Saliency') {
    return scoresOf(smoothGradOver(question, samples, (k) => noise[k], { type, absolute: params.abs === true }));
  }
  const inner = claims[String(params.inner)];
  if (!inner || type !== 'smoothgrad') throw new Error(`NoiseTunnel of ${String(params.inner)}, ${type}, is not known`);
  const parts: FloatTensor[] = [];
  for (const e of noise) parts.push(await inner({ ...asked, question: { ...question, x: add(question.x, e) } }));
  return mean(parts);
};

/** (x̃ − b)·∂F at coef·x̃ + (1 − coef)·b for noisy x̃ and drawn baselines b. */
const gradientShap: Claim = ({ question, params, rows, array, example, distribution }) => {
  const samples = Number(params.n_samples);
  const own = (name: string) => toNumbers(array(name)!).slice(example * samples, (example + 1) * samples);
  const [coefficients, picks, noise] = [own('coefficients'), own('baseline_index'), rows('noise', samples)];
  const baselines = distribution('baseline_dist.npy');
  const draws = Array.from({ length: samples }, (_, k) => ({
    from: baselines[picks[k]],
    to: add(question.x, noise[k]),
    alpha: coefficients[k],
  }));
  const asked = { ...question, baselines: (k: number) => draws[k].from };
  return scoresOf(expectedGradients(asked, samples, (k) => draws[k]));
};

const gradCam: Claim = async (asked) => {
  const { question, params, layer } = asked;
  const relu = params.relu_attributions === true;
  if (params.attr_dim_summation === false) return weightedChannels(asked);
  const { scores } = await findMethod('grad-cam').explain({ ...question, layer: layer() }, { relu });
  if (!params.upsample) return scores;
  const [height, width] = params.size as [number, number];
  return upsample(scores, height, width, params.upsample as Interpolation);
};

/** wₖ Aₖ, not yet summed over channels. */
async function weightedChannels({ question, layer }: Asked): Promise<FloatTensor> {
  const { gradient: slopes } = await gradientOf(question, gradient, layer());
  const activation = await activationOf(question, layer());
  const positions = activation.data.length / activation.shape[1];
  const weight = (k: number) => slopes.data.subarray(k * positions, (k + 1) * positions).reduce((a, v) => a + v, 0) / positions;
  const weights = Array.from({ length: activation.shape[1] }, (_, k) => weight(k));
  return map(activation, (v, i) => weights[Math.floor(i / positions)] * v);
}

/** The same method with a neuron in place of F. */
const ofNeuron = (method: Claim): Claim => (asked) => {
  const index = flatIndex(asked.layer(), asked.params.neuron as number | number[]);
  return method({ ...asked, question: upTo(asked.question, asked.layer(), index) });
};

/** The same method, asked about the layer. */
const ofLayer = (method: Claim): Claim => (asked) =>
  method({ ...asked, question: { ...asked.question, layer: asked.layer() } });

/** One score for each word: the sum of those of its embedding, where a case asks for it. */
const summedWords = (method: Claim): Claim => async (asked) => {
  const scores = await method(asked);
  if (!String(asked.params.reduce ?? '').startsWith('sum over embedding dim')) return scores;
  const width = scores.shape.at(-1)!;
  const sums = Array.from({ length: scores.data.length / width }, (_, i) =>
    scores.data.subarray(i * width, (i + 1) * width).reduce((total, v) => total + v, 0),
  );
  return float32(scores.shape.slice(0, -1), sums);
};

/** The class by way of a neuron of the case's layer. */
const throughNeuron = (method: Claim): Claim => (asked) => {
  const layer = asked.layer();
  const index = flatIndex(layer, asked.params.neuron as number | number[]);
  return method({ ...asked, question: { ...asked.question, through: { layer, index } } });
};

/** The features that a case's mask names; each element by itself where it has none. */
function featuresOf({ question, array, example }: Asked): Features {
  const size = question.x.data.length;
  const mask = array('feature_mask');
  const all = mask ? toNumbers(mask) : Array.from(question.x.data.keys());
  // One mask for all examples may leave out the channels; else each example has its own.
  const own = Int32Array.from({ length: size }, (_, i) => (all.length > size ? all[example * size + i] : all[i % all.length]));
  return { of: own, count: Math.max(...own) + 1 };
}

/** Captum gives each element the whole score of its feature, where ours has an equal share of it. */
const whole = (of: (asked: Asked, features: Features) => Promise<{ scores: FloatTensor }>): Claim => async (asked) => {
  const features = featuresOf(asked);
  const sizes = new Uint32Array(features.count);
  features.of.forEach((feature) => sizes[feature]++);
  return map((await of(asked, features)).scores, (v, i) => v * sizes[features.of[i]]);
};

/** Rows of an integer array of a case. */
const table = ({ array }: Asked, name: string): number[][] => {
  const { shape } = array(name)!;
  const numbers = toNumbers(array(name)!);
  return Array.from({ length: shape[0] }, (_, k) => numbers.slice(k * shape[1], (k + 1) * shape[1]));
};

const samplesOf = (asked: Asked): Uint8Array[] => table(asked, 'samples').map((row) => Uint8Array.from(row));

/** None and all of the features come first. */
const kernelShap = whole((asked, features) => {
  const rows = samplesOf(asked);
  const ends = [0, 1].map((end) => rows.find((row) => row.every((v) => v === end))!);
  return shapFit(asked.question, features, [...ends, ...rows.filter((row) => !ends.includes(row))]);
});

/** Each feature is replaced by that of another example. */
const featurePermutation = whole((asked, features) => {
  const { question, params, other, example } = asked;
  const drawn = other((params.batch_permutation as number[])[example]);
  return permute({ ...question, baselines: () => drawn, baselineCount: 1 }, features);
});

const occlusion: Claim = ({ question, params }) => {
  const window = params.sliding_window_shapes as number[];
  const strides = typeof params.strides === 'number' ? window.map(() => params.strides as number) : (params.strides as number[]);
  return scoresOf(occlude(question, [{ window, strides }]));
};

const noStability = 1e-9;

/** Captum's rules by its names; what has none is under ε = 1e-9, a BatchNormalization by itself. */
const captumRules: Record<string, (number: number) => LayerRule> = {
  EpsilonRule: epsilonRule,
  GammaRule: gammaRule,
  Alpha1_Beta0_Rule: () => zPlusRule,
};

/** The rule that a case names for the layers whose name starts with `prefix`. */
function captumRule(rules: unknown, prefix: string): LayerRule {
  const named = typeof rules === 'object' ? Object.entries(rules as Record<string, string>) : [];
  const text = named.find(([layer]) => layer.startsWith(prefix))?.[1];
  if (text === undefined) return epsilonRule(noStability);
  const [, name, number] = text.match(/^(\w+)\((?:[a-z_]+=)?([\w.]+)\)$/)!;
  return captumRules[name](Number(number));
}

const relevance: Claim = ({ question, params, layer }) => {
  const name = JSON.stringify(params);
  const composite = () => ({ convolution: captumRule(params.rules, 'conv'), dense: captumRule(params.rules, 'fc') });
  const bias = !name.includes('set_bias_to_zero=True');
  const plan = { name, composite, options: { folding: false, bias, signs: 'weight' as const }, bounded: false };
  return scoresOf(relevanceUnder(question, plan, params.rule ? layer() : undefined));
};

const saliency = byMethod('saliency', ({ abs }) => ({ absolute: abs !== false }));

/** What an array that a parameter names holds for this example. */
const own = ({ distribution, example, params }: Asked, parameter: string): FloatTensor =>
  distribution(String(params[parameter]))[example];

const infidelity: Claim = async (asked) => {
  const { question, params, rows } = asked;
  const noise = rows('noise', Number(params.n_perturb_samples));
  const normalize = params.normalize === true;
  return float32([1], [await infidelityUnder(question, own(asked, 'attribution'), noise, { normalize })]);
};

/** Of absolute saliency, which is what the goldens explain. */
const sensitivity: Claim = async ({ question, params, rows }) => {
  if (params.explanation !== 'Saliency abs=True') throw new Error(`sensitivity of ${String(params.explanation)} is not known`);
  const explain = (asked: Question) => findMethod('saliency').explain(asked);
  const { scores } = await explain(question);
  return float32([1], [await sensitivityUnder(question, scores, rows('noise', Number(params.n_perturb_samples)), explain)]);
};

export const claims: Readonly<Record<string, Claim>> = {
  Saliency: saliency,
  InputXGradient: byMethod('input-x-gradient'),
  IntegratedGradients: integrated,
  DeepLift: deepLift(deepliftCaptum),
  'DeepLift(fixed)': deepLift(deepliftCaptum),
  'DeepLift(extended)': deepLift(deepliftExtended),
  DeepLiftShap: deepLiftShap,
  'DeepLiftShap(fixed)': deepLiftShap,
  GradientShap: gradientShap,
  NoiseTunnel: noiseTunnel,
  GuidedBackprop: byMethod('guided-backpropagation'),
  Deconvolution: byMethod('deconvolution'),
  LRP: relevance,
  LayerLRP: relevance,
  Occlusion: occlusion,
  FeatureAblation: whole(({ question }, features) => ablate(question, features)),
  FeaturePermutation: featurePermutation,
  ShapleyValueSampling: whole((asked, features) => alongOrders(asked.question, features, table(asked, 'permutations'))),
  ShapleyValues: whole(({ question }, features) => exactly(question, features)),
  KernelShap: kernelShap,
  Lime: whole((asked, features) => limeFit(asked.question, features, samplesOf(asked), { width: 1, alpha: 1e-4 })),
  LayerGradCam: gradCam,
  GuidedGradCam: ({ question, params, layer }) =>
    scoresOf(findMethod('guided-grad-cam').explain({ ...question, layer: layer() }, { interpolation: params.interpolate_mode })),
  LayerActivation: ofLayer(byMethod('layer-activation')),
  LayerGradientXActivation: ofLayer(byMethod('input-x-gradient')),
  LayerIntegratedGradients: summedWords(ofLayer(integrated)),
  LayerDeepLift: layerDeepLift(deepliftCaptum),
  'LayerDeepLift(fixed)': layerDeepLift(deepliftCaptum),
  LayerConductance: ofLayer(byMethod('layer-conductance', stepsAndQuadrature)),
  InternalInfluence: ofLayer(byMethod('internal-influence', stepsAndQuadrature)),
  NeuronGradient: ofNeuron(byMethod('saliency', () => ({ absolute: false }))),
  NeuronIntegratedGradients: ofNeuron(integrated),
  NeuronDeepLift: ofNeuron(deepLift(deepliftCaptum)),
  'NeuronDeepLift(fixed)': ofNeuron(deepLift(deepliftCaptum)),
  NeuronGuidedBackprop: ofNeuron(async ({ question }) => (await gradientOf(question, guidedBackpropagation)).gradient),
  NeuronConductance: throughNeuron(byMethod('neuron-conductance', stepsAndQuadrature)),
  infidelity,
  sensitivity_max: sensitivity,
};
