/** @file Functions on tensors that Keras writes as layers: `keras.ops` of Keras 3, and TFOpLambda of Keras 2. */
import type { Dim } from '../../../graph/dim.ts';
import { Value } from '../../../graph/graph.ts';
import type { FloatTensor } from '../../../tensor/tensor.ts';
import type { Builder } from '../../../ops/builder.ts';
import type { activations } from '../activations.ts';
import { activate, clip } from '../activations.ts';
import type { Argument, Slice } from '../arguments.ts';
import type { LayerBuilder, LayerSite } from '../site.ts';

/** In the config of every layer, and no setting of a function. */
const COMMON = ['name', 'dtype', 'trainable', 'function', 'build_input_shape'];

/** What a function was given, in the order of its parameters or by name; settings of Keras 3 stand in the config. */
class Given {
  readonly #site: LayerSite;
  readonly #next: Argument[];
  readonly #read = new Set(COMMON);

  constructor(site: LayerSite) {
    this.#site = site;
    this.#next = [...site.args.positional];
  }

  /** The next argument in order, unless one of `names` names it; null where there is none. */
  take(...names: readonly string[]): Argument {
    const { args, config } = this.#site;
    names.forEach((name) => this.#read.add(name));
    const name = names.find((key) => Object.hasOwn(args.named, key));
    if (name !== undefined) return args.named[name];
    const set = names.find((key) => config.get(key) !== undefined);
    return set === undefined ? (this.#next.shift() ?? null) : (config.get(set) as Argument);
  }

  /** All that is given by name. */
  settings(): Readonly<Record<string, unknown>> {
    const all = { ...this.#site.config.raw, ...this.#site.args.named };
    Object.keys(all).forEach((name) => this.#read.add(name));
    return all;
  }

  /** Throws a RangeError where something was given that the function has not looked at: leaving it out would change the numbers. */
  end(): void {
    const { config, args } = this.#site;
    const unread = Object.entries({ ...config.raw, ...args.named }).find(
      ([name, value]) => !this.#read.has(name) && value !== null && value !== undefined && value !== false,
    );
    if (unread || this.#next.length > 0)
      throw new RangeError(
        `is called with ${unread?.[0] ?? `${this.#next.length} arguments too many`}, which is not supported. Export the model with tf2onnx to ONNX.`,
      );
  }

  /** A tensor or a number. */
  operand(...names: readonly string[]): Value | number {
    const argument = this.take(...names);
    if (argument instanceof Value || typeof argument === 'number') return argument;
    if (isTensor(argument)) return this.#site.g.constant(argument);
    throw new RangeError(`is given no tensor as its ${names[0]}. Save the model again.`);
  }

  tensor(...names: readonly string[]): Value {
    const operand = this.operand(...names);
    return operand instanceof Value ? operand : this.#site.g.scalar(operand);
  }

  /** Whole numbers; one number is a list of one, null is null. */
  ints(...names: readonly string[]): number[] | null {
    const argument = this.take(...names);
    if (argument === null) return null;
    const list = Array.isArray(argument) ? (argument as readonly Argument[]) : [argument];
    if (!list.every((n) => Number.isSafeInteger(n)))
      throw new RangeError(`its ${names[0]} has to be whole numbers. Save the model again.`);
    return list as number[];
  }
}

type Fn = (g: Builder, given: Given, site: LayerSite) => Value;

const isTensor = (argument: Argument): argument is FloatTensor =>
  typeof argument === 'object' && argument !== null && 'data' in argument;

const FIRST = ['x', 'x1', 'a', 'inputs', 'input_tensor', 'input', 'features', 'logits', 'tensor'] as const;
const SECOND = ['x2', 'y', 'b'] as const;

const binary =
  (combine: (g: Builder, a: Value | number, b: Value | number) => Value): Fn =>
  (g, given) =>
    combine(g, given.operand(...FIRST), given.operand(...SECOND));

const unary =
  (map: (g: Builder, x: Value) => Value): Fn =>
  (g, given) =>
    map(g, given.tensor(...FIRST));

/** An activation by its name in the config of layers. */
const activation =
  (name: keyof typeof activations): Fn =>
  (g, given, { dialect }) =>
    activate(g, given.tensor(...FIRST), { class_name: name, config: given.settings() }, dialect);

const reduction =
  (reduce: (g: Builder, x: Value, axes: readonly number[], keepdims: boolean) => Value): Fn =>
  (g, given) => {
    const x = given.tensor(...FIRST);
    const axes = given.ints('axis') ?? x.shape.map((_, i) => i);
    return reduce(g, x, axes, given.take('keepdims') === true);
  };

/** At most one length may be open: −1 for the one that follows from the others. */
const reshape: Fn = (g, given) => {
  const x = given.tensor(...FIRST);
  const wanted = given.ints('newshape', 'shape') ?? [];
  const kept: Dim[] = wanted.map((d, i) => (i === 0 && d === -1 ? x.shape[0] : d));
  return g.reshape(x, kept);
};

const transpose: Fn = (g, given) => g.transpose(given.tensor(...FIRST), given.ints('axes', 'perm') ?? undefined);

const places = (x: Value, axes: readonly number[], rank = x.shape.length) =>
  axes.map((axis) => (axis < 0 ? axis + rank : axis));

const expandDims: Fn = (g, given) => {
  const x = given.tensor(...FIRST);
  const axes = given.ints('axis') ?? [-1];
  return g.apply('Unsqueeze', [x, g.ints(places(x, axes, x.shape.length + axes.length))]);
};

const squeeze: Fn = (g, given) => {
  const x = given.tensor(...FIRST);
  const axes = given.ints('axis') ?? x.shape.flatMap((d, i) => (d === 1 ? [i] : []));
  return g.apply('Squeeze', [x, g.ints(places(x, axes))]);
};

const concatenate: Fn = (g, given) => {
  const parts = given.take('xs', 'values', 'arrays', 'tensors');
  if (!Array.isArray(parts) || !parts.every((part) => part instanceof Value))
    throw new RangeError('joins something other than tensors. Save the model again.');
  return g.concat(parts as Value[], given.ints('axis')?.[0] ?? 0);
};

const isSlice = (argument: Argument): argument is Slice =>
  typeof argument === 'object' && argument !== null && 'start' in argument;

/** x[1:5, ::2, 0]: ranges cut, a number takes one row and its axis away. */
const getItem: Fn = (g, given) => {
  const x = given.tensor(...FIRST);
  const key = given.take('key', 'slice_spec');
  const list = Array.isArray(key) ? (key as readonly Argument[]) : [key];
  if (!list.every((item) => isSlice(item) || Number.isSafeInteger(item)))
    throw new RangeError('cuts in a way that is not supported. Export the model with tf2onnx to ONNX.');
  const ends = 2 ** 31 - 1;
  const cuts = (list as readonly (Slice | number)[]).map((item) =>
    typeof item === 'number'
      ? { start: item, stop: item === -1 ? ends : item + 1, step: 1 }
      : {
          start: item.start ?? ((item.step ?? 1) < 0 ? ends : 0),
          stop: item.stop ?? ((item.step ?? 1) < 0 ? -ends : ends),
          step: item.step ?? 1,
        },
  );
  const axes = cuts.map((_, i) => i).filter((i) => cuts[i].start !== 0 || cuts[i].stop !== ends || cuts[i].step !== 1);
  const pick = (part: 'start' | 'stop' | 'step') => axes.map((i) => cuts[i][part]);
  const cut = axes.length > 0 ? g.slice(x, pick('start'), pick('stop'), axes, pick('step')) : x;
  const single = list.flatMap((item, i) => (typeof item === 'number' ? [i] : []));
  return single.length > 0 ? g.apply('Squeeze', [cut, g.ints(single)]) : cut;
};

const clipped: Fn = (g, given) => {
  const x = given.tensor(...FIRST, 't');
  const [low, high] = [given.take('x_min', 'clip_value_min'), given.take('x_max', 'clip_value_max')];
  if (typeof low !== 'number' || typeof high !== 'number')
    throw new RangeError('is bounded by something other than numbers. Export the model with tf2onnx to ONNX.');
  return clip(g, x, low, high);
};

/** By their names in keras.ops. */
const functions = {
  Add: binary((g, a, b) => g.add(a, b)),
  Subtract: binary((g, a, b) => g.sub(a, b)),
  Multiply: binary((g, a, b) => g.mul(a, b)),
  TrueDivide: binary((g, a, b) => g.div(a, b)),
  Divide: binary((g, a, b) => g.div(a, b)),
  Power: binary((g, a, b) => g.pow(a, b)),
  Maximum: binary((g, a, b) => g.max(a, b)),
  Minimum: binary((g, a, b) => g.min(a, b)),
  Negative: unary((g, x) => g.neg(x)),
  Square: unary((g, x) => g.square(x)),
  Sqrt: unary((g, x) => g.sqrt(x)),
  Rsqrt: unary((g, x) => g.reciprocal(g.sqrt(x))),
  Exp: unary((g, x) => g.exp(x)),
  Log: unary((g, x) => g.log(x)),
  Absolute: unary((g, x) => g.abs(x)),
  Relu: activation('relu'),
  Relu6: activation('relu6'),
  Sigmoid: activation('sigmoid'),
  Tanh: activation('tanh'),
  Silu: activation('silu'),
  Gelu: activation('gelu'),
  Elu: activation('elu'),
  Selu: activation('selu'),
  Softplus: activation('softplus'),
  LeakyRelu: activation('leaky_relu'),
  HardSigmoid: activation('hard_sigmoid'),
  HardSilu: activation('hard_silu'),
  Softmax: activation('softmax'),
  LogSoftmax: activation('log_softmax'),
  Mean: reduction((g, x, axes, keep) => g.reduceMean(x, axes, keep)),
  Sum: reduction((g, x, axes, keep) => g.reduceSum(x, axes, keep)),
  Max: reduction((g, x, axes, keep) => g.reduceMax(x, axes, keep)),
  Min: reduction((g, x, axes, keep) => g.neg(g.reduceMax(g.neg(x), axes, keep))),
  Reshape: reshape,
  Transpose: transpose,
  ExpandDims: expandDims,
  Squeeze: squeeze,
  Concatenate: concatenate,
  GetItem: getItem,
  Clip: clipped,
  Matmul: (g, given) => g.matmul(given.tensor(...FIRST), given.tensor(...SECOND)),
} satisfies Readonly<Record<string, Fn>>;

export type FunctionName = keyof typeof functions;

/** TensorFlow's names for them, as TFOpLambda writes them. */
const TENSORFLOW: Readonly<Record<string, FunctionName>> = {
  '__operators__.add': 'Add',
  '__operators__.getitem': 'GetItem',
  'math.add': 'Add',
  'math.subtract': 'Subtract',
  'math.multiply': 'Multiply',
  'math.truediv': 'TrueDivide',
  'math.divide': 'Divide',
  'math.pow': 'Power',
  'math.maximum': 'Maximum',
  'math.minimum': 'Minimum',
  'math.negative': 'Negative',
  'math.square': 'Square',
  'math.sqrt': 'Sqrt',
  'math.rsqrt': 'Rsqrt',
  'math.exp': 'Exp',
  'math.log': 'Log',
  'math.abs': 'Absolute',
  'math.sigmoid': 'Sigmoid',
  'math.tanh': 'Tanh',
  'math.softplus': 'Softplus',
  'math.reduce_mean': 'Mean',
  'math.reduce_sum': 'Sum',
  'math.reduce_max': 'Max',
  'math.reduce_min': 'Min',
  'nn.relu': 'Relu',
  'nn.relu6': 'Relu6',
  'nn.sigmoid': 'Sigmoid',
  'nn.tanh': 'Tanh',
  'nn.silu': 'Silu',
  'nn.swish': 'Silu',
  'nn.elu': 'Elu',
  'nn.selu': 'Selu',
  'nn.softplus': 'Softplus',
  'nn.softmax': 'Softmax',
  'nn.log_softmax': 'LogSoftmax',
  'linalg.matmul': 'Matmul',
  clip_by_value: 'Clip',
  reshape: 'Reshape',
  transpose: 'Transpose',
  expand_dims: 'ExpandDims',
  squeeze: 'Squeeze',
  concat: 'Concatenate',
};

const LAMBDAS = new Set(['TFOpLambda', 'SlicingOpLambda']);

/** `className` of a Keras 3 function begins with "keras.ops."; null where it is none that is known. */
export function functionNamed(className: string, name: unknown): FunctionName | null {
  if (LAMBDAS.has(className))
    return typeof name === 'string' && Object.hasOwn(TENSORFLOW, name) ? TENSORFLOW[name] : null;
  const own = /^keras\.ops\.(\w+)$/.exec(className)?.[1] ?? '';
  return Object.hasOwn(functions, own) ? (own as FunctionName) : null;
}

/** What a class without a name for its function is called in messages: "TFOpLambda math.erf". */
export const functionTitle = (className: string, name: unknown): string =>
  LAMBDAS.has(className) && typeof name === 'string' ? `${className} ${name}` : className;

export const callFunction =
  (name: FunctionName): LayerBuilder =>
  (site) => {
    const given = new Given(site);
    const y = (functions[name] as Fn)(site.g, given, site);
    given.end();
    return y;
  };
