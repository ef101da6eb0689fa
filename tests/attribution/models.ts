/** @file Small models as graphs, and the questions that tests ask of them. */
import type { ModelGraph, Question } from '../../src/lib/attribution/types.ts';
import { N, type Dim } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import '../../src/lib/ops/index.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { float32, sizeOf, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { evaluate } from '../reference/interpreter.ts';
import type { DenseNet } from '../reference/methods/dense.ts';
import type { ScalarFunction } from '../reference/methods/black-box.ts';
import { ref } from '../reference/tensor.ts';
import { referenceEngine, type ReferenceEngine } from '../reference/engine.ts';

/** A model from a function of its input; `probabilities` is the softmax of the logits. */
export function modelOf(
  shape: readonly number[],
  logitsOf: (g: Builder, x: Value) => Value,
  { batched = true } = {},
): ModelGraph {
  const g = new Builder();
  const first: Dim = batched ? N : 1;
  const input = new Value('float32', [first, ...shape], { name: 'image' });
  const logits = logitsOf(g, input);
  const probabilities = g.softmax(logits, -1);
  return {
    graph: { name: 'test', inputs: [input], outputs: [logits] },
    input,
    images: [input],
    logits,
    probabilities,
    batched,
  };
}

/** F(x₀, x₁) = x₀x₁ + x₀²; Integrated Gradients from the origin is [x₀x₁/2 + x₀², x₀x₁/2]. */
export const quadratic = (options = {}): ModelGraph =>
  modelOf(
    [2],
    (g, x) => {
      const part = (i: number) => g.slice(x, [i], [i + 1], [1]);
      return g.add(g.mul(part(0), part(1)), g.square(part(0)));
    },
    options,
  );

export const denseModel = (net: DenseNet, options = {}): ModelGraph =>
  modelOf(
    [net[0].weight[0].length],
    (g, x) =>
      net.reduce((value, { weight, bias, activation }) => {
        const w = g.constant(float32([weight.length, weight[0].length], weight.flat()));
        const z = g.add(g.matmul(value, g.transpose(w)), g.constant(float32([bias.length], bias)));
        return activation === 'none' ? z : activation === 'relu' ? g.relu(z) : g.tanh(z);
      }, x),
    options,
  );

/** Values of a standard normal, rounded to float32. */
export function gaussian(shape: readonly number[], seed: number, scale = 1): FloatTensor {
  const { normal } = random(seed);
  return float32(
    shape,
    Array.from({ length: sizeOf(shape) }, () => scale * normal()),
  );
}

export interface ConvModel extends ModelGraph {
  readonly feature: Value;
}

/** Convolution, activation, convolution with stride 2, activation (`feature`), mean over positions, dense. */
export function convModel(
  activation: 'Relu' | 'Tanh',
  { channels = 2, size = 6, classes = 3, batched = true } = {},
): ConvModel {
  let feature: Value | null = null;
  const model = modelOf(
    [channels, size, size],
    (g, x) => {
      const conv = (input: Value, weights: FloatTensor, stride: number, name: string) => {
        const y = g.apply('Conv', [input, g.constant(weights), g.constant(gaussian([weights.shape[0]], 5, 0.2))], {
          kernel_shape: [3, 3],
          pads: [1, 1, 1, 1],
          strides: [stride, stride],
        });
        return g.apply(activation, [y], {}, { outputs: [name] });
      };
      const first = conv(x, gaussian([4, channels, 3, 3], 1, 0.5), 1, 'first');
      feature = conv(first, gaussian([5, 4, 3, 3], 2, 0.4), 2, 'feature');
      const pooled = g.reduceMean(feature, [2, 3], false);
      return g.matmul(pooled, g.constant(gaussian([5, classes], 3)));
    },
    { batched },
  );
  return { ...model, feature: feature! };
}

type Asked = Omit<Question, 'engine' | 'seed' | 'target'> &
  Partial<Pick<Question, 'seed' | 'target'>> & { engine?: ReferenceEngine };

/** A question with an engine of its own that runs up to `batch` examples at once. */
export const ask = (question: Asked, batch = 1): Question & { engine: ReferenceEngine } => ({
  engine: referenceEngine(batch),
  seed: 1,
  target: { kind: 'logit', index: 0 },
  ...question,
});

/** F as a function of one example of `at` (the input unless said otherwise), in float64. */
export function functionOf(
  model: ModelGraph,
  weights: readonly number[],
  at: Value = model.input,
  x?: FloatTensor,
): ScalarFunction {
  const shape = at.shape.map((d) => (typeof d === 'number' ? d : 1));
  return (values) => {
    const feeds = new Map([[at, ref('float32', shape, values)]]);
    if (x) feeds.set(model.input, ref('float32', x.shape, x.data));
    const [y] = evaluate([model.logits], feeds);
    return weights.reduce((total, w, i) => total + w * y.data[i], 0);
  };
}

/** max|a − b| / max|b| */
export function gap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [worst, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, Math.abs(a[i] - b[i]));
    size = Math.max(size, Math.abs(b[i]));
  }
  return a.length === b.length ? worst / (size || 1) : Infinity;
}

/** Widths of small dense networks, from input to output: wide and narrow, shallow and deep. */
export const SMALL_WIDTHS = [
  [5, 9, 6, 3],
  [3, 4, 2],
  [8, 16, 16, 4],
  [2, 3, 3, 1],
  [4, 5, 5, 5, 5, 2],
  [1, 6, 1],
  [12, 8, 3],
];
