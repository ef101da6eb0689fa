/** @file Keras' activation functions by name. */
import type { Value } from '../../graph/graph.ts';
import type { Builder } from '../../ops/builder.ts';
import { Config, isRaw, snakeCase } from './config.ts';
import type { Dialect } from './site.ts';

type Activation = (g: Builder, x: Value, config: Config, dialect: Dialect) => Value;

const one =
  (op: string, attrs: Readonly<Record<string, number | string>> = {}): Activation =>
  (g, x) =>
    g.apply(op, [x], attrs);

export const clip = (g: Builder, x: Value, low: number, high: number): Value =>
  g.apply('Clip', [x, g.scalar(low), g.scalar(high)]);

/** clip(0.2 x + 0.5) up to Keras 2, relu6(x + 3) / 6 from Keras 3 on. */
const hardSigmoid: Activation = (g, x, _config, dialect) =>
  g.apply('HardSigmoid', [x], { alpha: dialect === 'keras-3' ? 1 / 6 : 0.2, beta: 0.5 });

const silu = one('Swish');
const hardSilu = one('HardSwish');

export const activations = {
  linear: (_g, x) => x,
  relu: (g, x, config) => rectified(g, x, config),
  relu6: (g, x) => clip(g, x, 0, 6),
  sigmoid: one('Sigmoid'),
  hard_sigmoid: hardSigmoid,
  tanh: one('Tanh'),
  softmax: (g, x, config) => g.softmax(x, config.int('axis', -1)),
  log_softmax: (g, x, config) => g.apply('LogSoftmax', [x], { axis: config.int('axis', -1) }),
  elu: (g, x, config) => g.apply('Elu', [x], { alpha: config.number('alpha', 1) }),
  selu: one('Selu'),
  celu: (g, x, config) => g.apply('Celu', [x], { alpha: config.number('alpha', 1) }),
  softplus: one('Softplus'),
  softsign: one('Softsign'),
  exponential: one('Exp'),
  gelu: (g, x, config) => g.apply('Gelu', [x], { approximate: config.bool('approximate', false) ? 'tanh' : 'none' }),
  gelu_new: one('Gelu', { approximate: 'tanh' }),
  swish: silu,
  silu,
  mish: one('Mish'),
  hard_silu: hardSilu,
  hard_swish: hardSilu,
  leaky_relu: (g, x, config) => g.apply('LeakyRelu', [x], { alpha: config.number(['negative_slope', 'alpha'], 0.2) }),
  hard_tanh: (g, x) => clip(g, x, -1, 1),
  log_sigmoid: (g, x) => g.neg(g.apply('Softplus', [g.neg(x)])),
  squareplus: (g, x, config) => g.mul(g.add(x, g.sqrt(g.add(g.square(x), config.number('b', 4)))), 0.5),
  sparse_plus: (g, x) => g.where(g.greaterOrEqual(x, 1), x, g.mul(g.square(g.add(g.max(x, -1), 1)), 0.25)),
  sparse_sigmoid: (g, x) => clip(g, g.add(g.mul(x, 0.5), 0.5), 0, 1),
  soft_shrink: (g, x, config) => {
    const threshold = config.number('threshold', 0.5);
    return g.sub(x, clip(g, x, -threshold, threshold));
  },
  hard_shrink: (g, x, config) => g.where(g.greater(g.abs(x), config.number('threshold', 0.5)), x, 0),
  tanh_shrink: (g, x) => g.sub(x, g.tanh(x)),
} satisfies Readonly<Record<string, Activation>>;

export type ActivationName = keyof typeof activations;

/** max(x, 0), with a slope below a threshold and a bound above where the config has them. */
export function rectified(g: Builder, x: Value, config: Config): Value {
  const slope = config.number(['negative_slope', 'alpha'], 0);
  const threshold = config.number('threshold', 0);
  const most = config.get('max_value') === undefined ? null : config.number('max_value', 0);
  const above = most === null ? g.relu(x) : clip(g, x, 0, most);
  if (slope === 0 && threshold === 0) return above;
  const bounded = most === null ? x : g.min(x, most);
  if (threshold === 0 && most === null) return g.apply('LeakyRelu', [x], { alpha: slope });
  return g.where(g.greaterOrEqual(x, threshold), bounded, g.mul(g.sub(x, threshold), slope));
}

/** Keras 3 writes {class_name, config}; `name` is '' where there is none. */
function named(value: unknown): { name: string; config: Config } {
  if (typeof value === 'string') return { name: snakeCase(value), config: new Config({}) };
  if (!isRaw(value)) return { name: 'linear', config: new Config({}) };
  const { config, class_name: className } = value;
  if (typeof config === 'string') return { name: snakeCase(config), config: new Config({}) };
  const name = typeof className === 'string' ? className.replace(/^.*>/, '') : '';
  return { name: name === 'ReLU' ? 'relu' : name === 'ELU' ? 'elu' : snakeCase(name), config: new Config(config) };
}

/** The name of an activation that is not known; null for one that is. */
export function unknownActivation(value: unknown): string | null {
  const { name } = named(value);
  return Object.hasOwn(activations, name) ? null : name || '(none)';
}

/** Applies the activation that a config names. Throws a RangeError for one that is not known. */
export function activate(g: Builder, x: Value, value: unknown, dialect: Dialect): Value {
  const { name, config } = named(value);
  if (!Object.hasOwn(activations, name))
    throw new RangeError(`has the activation ${name || '(none)'}, which is not supported. Export the model to ONNX.`);
  return (activations[name as ActivationName] as Activation)(g, x, config, dialect);
}
