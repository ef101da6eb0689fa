/** @file Layers that TF.js has not: attention and what transformers and ConvNeXts are built with, against the formula. */
import { image, line, same, written, type Written } from './keras-case.ts';
import { tf } from './tfjs-models.ts';

const [HEADS, SIZE, WIDTH, OUT] = [2, 3, 4, 5];

/** One head after the other. */
function attend(query: tf.Tensor, value: tf.Tensor, key: tf.Tensor, w: readonly tf.Tensor[], heads: number): tf.Tensor {
  const [wq, bq, wk, bk, wv, bv, wo, bo] = w;
  const one = (x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, head: number) =>
    tf.stack(tf.unstack(x).map((tokens) => tokens.matMul(tf.unstack(kernel, 1)[head]).add(tf.unstack(bias)[head])));
  const outputs = Array.from({ length: heads }, (_, head) => {
    const [q, k, v] = [one(query, wq, bq, head), one(key, wk, bk, head), one(value, wv, bv, head)];
    const weights = tf.softmax(tf.matMul(q, k, false, true).div(Math.sqrt(wq.shape[2]!)));
    const mixed = tf.matMul(weights, v);
    return tf.stack(tf.unstack(mixed).map((tokens) => tokens.matMul(tf.unstack(wo)[head])));
  });
  return tf.addN(outputs).add(bo);
}

const shapes = (channels: number, width = WIDTH, out = OUT) => [
  ...[SIZE, SIZE, width].flatMap((size) => [
    [channels, HEADS, size],
    [HEADS, size],
  ]),
  [HEADS, width, out],
  [out],
];

const crossed: Written = {
  inputs: [line, [6, 3], [6, 3]],
  config: { num_heads: HEADS, key_dim: SIZE, value_dim: WIDTH, use_bias: true, output_shape: OUT },
  weights: shapes(3),
  truth: (_x, w, [query, value, key]) => attend(query, value, key, w, HEADS),
};

const scaled: Written = {
  inputs: [line, line],
  config: { scale: 0.2 },
  weights: [],
  truth: (_x, _w, [a, b]) => a.add(b.mul(0.2)),
};

export const attentionCases = {
  MultiHeadAttention: [
    written(line, crossed.config, (x, w) => attend(x, x, x, w, HEADS), shapes(3)),
    crossed,
    written(
      image,
      { num_heads: HEADS, key_dim: SIZE, value_dim: null, attention_axes: null },
      (x, w) => {
        const tokens = x.reshape([x.shape[0], 42, 3]);
        return attend(tokens, tokens, tokens, w, HEADS).reshape([x.shape[0], 7, 6, 3]);
      },
      shapes(3, SIZE, 3),
    ),
  ],
  EinsumDense: [
    written(
      line,
      { equation: 'abc,cd->abd', bias_axes: 'd', activation: 'relu' },
      (x, [kernel, bias]) => tf.relu(tf.stack(tf.unstack(x).map((one) => one.matMul(kernel))).add(bias)),
      [[3, 4], [4]],
    ),
    written(
      line,
      { equation: '...x,xy->...y', bias_axes: null },
      (x, [kernel]) => tf.einsum('abx,xy->aby', x, kernel),
      [[3, 2]],
    ),
  ],
  CustomScaleLayer: [scaled],
  LayerScale: [written(image, { projection_dim: 3 }, (x, [gamma]) => x.mul(gamma), [[3]])],
  StochasticDepth: [written(line, { drop_path_rate: 0.3 }, same)],
  RMSNormalization: [
    written(
      line,
      { axis: -1, epsilon: 1e-6 },
      (x, [scale]) => x.div(x.square().mean(-1, true).add(1e-6).sqrt()).mul(scale),
      [[3]],
    ),
  ],
};

/** Activations of Keras 3 alone, and their formulas. */
const formulas: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  squareplus: (x) => x.add(x.square().add(4).sqrt()).div(2),
  sparse_plus: (x) => tf.where(x.lessEqual(-1), x.mul(0), tf.where(x.less(1), x.add(1).square().div(4), x)),
  sparse_sigmoid: (x) => tf.where(x.lessEqual(-1), x.mul(0), tf.where(x.less(1), x.add(1).div(2), x.mul(0).add(1))),
  soft_shrink: (x) => tf.where(x.greater(0.5), x.sub(0.5), tf.where(x.less(-0.5), x.add(0.5), x.mul(0))),
  hard_shrink: (x) => tf.where(x.abs().greater(0.5), x, x.mul(0)),
};

export const activationCases = Object.entries(formulas).map(([activation, truth]) =>
  written(line, { activation }, truth),
);
