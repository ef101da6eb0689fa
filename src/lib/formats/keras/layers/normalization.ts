/** @file Normalisations, with the statistics of training or of the example itself. */
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { full, makeTensor, toFloat32, zerosLike, type FloatTensor } from '../../../tensor/tensor.ts';
import { batchNormalization } from '../../channels-last.ts';
import { axisOf, lengthOf, type LayerBuilder, type LayerSite } from '../site.ts';

/** `build` with some axes moved to the end, and back. */
function atEnd(g: Builder, x: Value, axes: readonly number[], build: (x: Value) => Value): Value {
  const others = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const perm = [...others, ...axes];
  const inverse = perm.map((_, i) => perm.indexOf(i));
  return g.transpose(build(g.transpose(x, perm)), inverse);
}

const axesOf = ({ config, x: [x] }: LayerSite): number[] => config.list('axis', -1).map((axis) => axisOf(axis, x));

/** gamma and beta, where the layer has them. */
function affine({ config, weights }: LayerSite, shape: readonly number[]) {
  const gamma = weights.takeIf(config.bool('scale', true), 'gamma', shape);
  const beta = weights.takeIf(config.bool('center', true), 'beta', shape);
  return { gamma: gamma ?? full(shape, 1), beta };
}

const batchNorm: LayerBuilder = (site) => {
  const { g, x, config, weights, name } = site;
  const [axis, ...more] = axesOf(site);
  if (more.length > 0)
    throw new RangeError('normalises over several axes, which is not supported. Export the model to ONNX.');
  const shape = [lengthOf(x[0], axis)];
  const { gamma, beta } = affine(site, shape);
  const statistics = {
    scale: gamma,
    offset: beta ?? zerosLike(gamma),
    mean: weights.take('moving mean', shape),
    variance: weights.take('moving variance', shape),
    epsilon: config.number('epsilon', 1e-3),
    name,
  };
  return atEnd(g, x[0], [axis], (last) => batchNormalization(g, last, statistics));
};

const layerNorm: LayerBuilder = (site) => {
  const { g, x, config, name } = site;
  const axes = axesOf(site);
  const { gamma, beta } = affine(
    site,
    axes.map((axis) => lengthOf(x[0], axis)),
  );
  const inputs = [g.constant(gamma, `${name}/gamma`), ...(beta ? [g.constant(beta, `${name}/beta`)] : [])];
  const attrs = { axis: -axes.length, epsilon: config.number('epsilon', 1e-3) };
  return atEnd(g, x[0], axes, (last) => g.apply('LayerNormalization', [last, ...inputs], attrs, { name }));
};

/** ONNX wants channels in front and an axis behind them. */
const groupNorm: LayerBuilder = (site) => {
  const { g, x, config, name } = site;
  const [axis] = axesOf(site);
  const channels = lengthOf(x[0], axis);
  const groups = config.int('groups', 32);
  const { gamma, beta } = affine(site, [channels]);
  const inputs = [g.constant(gamma, `${name}/gamma`), g.constant(beta ?? zerosLike(gamma), `${name}/beta`)];
  const attrs = { num_groups: groups === -1 ? channels : groups, epsilon: config.number('epsilon', 1e-3) };
  const perm = [0, axis, ...x[0].shape.map((_, i) => i).filter((i) => i !== 0 && i !== axis)];
  const first = g.transpose(x[0], perm);
  const wide = first.shape.length > 2 ? first : g.reshape(first, [...first.shape, 1]);
  const normal = g.reshape(g.apply('GroupNormalization', [wide, ...inputs], attrs, { name }), first.shape);
  return g.transpose(
    normal,
    perm.map((_, i) => perm.indexOf(i)),
  );
};

/** x / √max(Σ x², 10⁻¹²), as tf.math.l2_normalize. */
export const unit = (g: Builder, x: Value, axes: readonly number[]): Value =>
  g.div(x, g.sqrt(g.max(g.reduceSum(g.square(x), axes), 1e-12)));

/** Numbers in a config, however deep they stand in lists. */
function numbersOf(value: unknown): FloatTensor | null {
  if (value === undefined) return null;
  const flat = (Array.isArray(value) ? value.flat(8) : [value]) as unknown[];
  return flat.every((n) => typeof n === 'number')
    ? toFloat32(makeTensor('float32', [flat.length], Float32Array.from(flat)))
    : null;
}

/** (x − mean) / max(√variance, 10⁻⁷), both from data that the layer has seen or as given. */
const normalization: LayerBuilder = (site) => {
  const { g, x, config, weights } = site;
  const axes = config.get('axis') === undefined ? [] : axesOf(site);
  const shape = x[0].shape.map((_, i) => (axes.includes(i) ? lengthOf(x[0], i) : 1));
  const size = shape.reduce((n, d) => n * d, 1);
  const read = (what: string) => {
    const { data } = numbersOf(config.get(what)) ?? weights.take(what);
    if (data.length !== size && data.length !== 1)
      throw new RangeError(
        `has ${data.length} numbers as its ${what}, [${x[0].shape}] needs ${size}. Save the model again.`,
      );
    return makeTensor('float32', data.length === 1 ? [] : shape, data);
  };
  const mean = g.constant(read('mean'));
  const variance = read('variance');
  const deviation = g.constant(
    makeTensor(
      'float32',
      variance.shape,
      variance.data.map((v) => Math.max(Math.sqrt(v), 1e-7)),
    ),
  );
  return config.bool('invert', false) ? g.add(mean, g.mul(x[0], deviation)) : g.div(g.sub(x[0], mean), deviation);
};

/** x / √(mean x² + ε), with a factor for each feature (Zhang & Sennrich 2019, arXiv:1910.07467). */
const rmsNorm: LayerBuilder = (site) => {
  const { g, x, config, weights, name } = site;
  const axes = axesOf(site);
  const scale = weights.take(
    'scale',
    axes.map((axis) => lengthOf(x[0], axis)),
  );
  const attrs = { axis: -axes.length, epsilon: config.number('epsilon', 1e-6) };
  return atEnd(g, x[0], axes, (last) =>
    g.apply('RMSNormalization', [last, g.constant(scale, `${name}/scale`)], attrs, { name }),
  );
};

export const normalizations = {
  BatchNormalization: batchNorm,
  LayerNormalization: layerNorm,
  GroupNormalization: groupNorm,
  RMSNormalization: rmsNorm,
  UnitNormalization: (site) => unit(site.g, site.x[0], axesOf(site)),
  Normalization: normalization,
} satisfies Readonly<Record<string, LayerBuilder>>;
