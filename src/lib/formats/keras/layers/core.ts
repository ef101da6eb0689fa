/** @file Dense, Embedding, activations as layers, and layers that do nothing once a model is trained. */
import { activate, rectified } from '../activations.ts';
import { lengthOf, rankOf, type LayerBuilder, type LayerSite } from '../site.ts';

const activated = (site: LayerSite, x: LayerSite['x'][number]) =>
  activate(site.g, x, site.config.get('activation'), site.dialect);

/** x [N, …, F] · kernel [F, U] + bias. */
const dense: LayerBuilder = (site) => {
  const { g, x, config, weights, name } = site;
  const kernel = weights.take('kernel', [lengthOf(x[0], -1), config.count('units')]);
  const bias = weights.takeIf(config.bool('use_bias', true), 'bias', [kernel.shape[1]]);
  const w = g.constant(kernel, `${name}/kernel`);
  const b = bias && g.constant(bias, `${name}/bias`);
  if (x[0].shape.length === 2) return activated(site, g.apply('Gemm', [x[0], w, ...(b ? [b] : [])], {}, { name }));
  const product = g.matmul(x[0], w);
  return activated(site, b ? g.add(product, b) : product);
};

/** A product over the axes that the equation names twice: "btc,cd->btd". The bias has an axis of 1 where it is the same along it. */
const einsumDense: LayerBuilder = (site) => {
  const { g, x, config, weights, name } = site;
  const equation = config.get('equation');
  if (typeof equation !== 'string') throw config.wrong('equation', 'an equation');
  const kernel = g.constant(weights.take('kernel'), `${name}/kernel`);
  const product = g.apply('Einsum', [x[0], kernel], { equation }, { name });
  const bias = weights.takeIf(config.get('bias_axes') !== undefined, 'bias');
  return activated(site, bias ? g.add(product, g.constant(bias, `${name}/bias`)) : product);
};

/** Rows of a table: whole numbers → vectors. */
const embedding: LayerBuilder = ({ g, x, config, weights, name }) => {
  const table = weights.take('embeddings', [config.count('input_dim'), config.count('output_dim')]);
  return g.apply('Gather', [g.constant(table, `${name}/embeddings`), g.cast(x[0], 'int64')], { axis: 0 });
};

const nothing: LayerBuilder = ({ g, x: [x] }) => g.apply('Identity', [x]);

/** Steps at which every feature has the mask's value become zeros. */
const masking: LayerBuilder = ({ g, x: [x], config }) => {
  const kept = g.cast(g.not(g.equal(x, config.number('mask_value', 0))), 'float32');
  return g.mul(x, g.reduceMax(kept, [x.shape.length - 1]));
};

/** x where x ≥ 0, else alpha · x, with alphas of their own for each feature but along shared axes. */
const prelu: LayerBuilder = ({ g, x: [x], config, weights, name }) => {
  const shared = new Set(config.list('shared_axes', []));
  const shape = x.shape.slice(1).map((_, i) => (shared.has(i + 1) ? 1 : lengthOf(x, i + 1)));
  return g.apply('PRelu', [x, g.constant(weights.take('alpha', shape), `${name}/alpha`)]);
};

const softmaxOver: LayerBuilder = ({ g, x: [x], config }) => {
  const axes = config.list('axis', -1);
  if (axes.length === 1) return g.softmax(x, axes[0]);
  const log = g.apply('ReduceLogSumExp', [x, g.ints(axes)], { keepdims: 1 });
  return g.exp(g.sub(x, log));
};

const repeatVector: LayerBuilder = (site) => {
  rankOf(site, 2);
  const { g, x, config } = site;
  const [n, features] = x[0].shape;
  return g.expand(g.reshape(x[0], [n, 1, features]), [n, config.count('n'), features]);
};

/** Of ConvNeXt: a factor for each channel. */
const layerScale: LayerBuilder = ({ g, x: [x], weights, name }) =>
  g.mul(x, g.constant(weights.take('gamma', [lengthOf(x, -1)]), `${name}/gamma`));

export const core = {
  InputLayer: nothing,
  Dense: dense,
  EinsumDense: einsumDense,
  Embedding: embedding,
  Activation: (site) => activated(site, site.x[0]),
  ReLU: ({ g, x: [x], config }) => rectified(g, x, config),
  LeakyReLU: ({ g, x: [x], config }) =>
    g.apply('LeakyRelu', [x], { alpha: config.number(['negative_slope', 'alpha'], 0.3) }),
  PReLU: prelu,
  ELU: ({ g, x: [x], config }) => g.apply('Elu', [x], { alpha: config.number('alpha', 1) }),
  Softmax: softmaxOver,
  ThresholdedReLU: ({ g, x: [x], config }) => g.apply('ThresholdedRelu', [x], { alpha: config.number('theta', 1) }),
  Masking: masking,
  RepeatVector: repeatVector,
  Dropout: nothing,
  SpatialDropout1D: nothing,
  SpatialDropout2D: nothing,
  SpatialDropout3D: nothing,
  GaussianDropout: nothing,
  GaussianNoise: nothing,
  AlphaDropout: nothing,
  ActivityRegularization: nothing,
  Identity: nothing,
  LayerScale: layerScale,
  StochasticDepth: nothing,
} satisfies Readonly<Record<string, LayerBuilder>>;
