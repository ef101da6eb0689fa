/** @file Attention. */
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { makeTensor } from '../../../tensor/tensor.ts';
import { lengthOf, type LayerBuilder, type LayerSite } from '../site.ts';

/** What a call may be given beside tensors and what is not followed here. */
const UNREAD = ['attention_mask', 'query_mask', 'value_mask', 'key_mask', 'return_attention_scores'];

/** x [N, …, C] · kernel [C, heads, K] + bias [heads, K] → [N, heads, tokens, K]. */
function project(site: LayerSite, x: Value, what: string, [heads, size]: readonly [number, number]): Value {
  const { g, config, weights, name } = site;
  const channels = lengthOf(x, -1);
  const width = heads * size;
  const kernel = weights.take(`${what} kernel`, [channels, heads, size]);
  const bias = weights.takeIf(config.bool('use_bias', true), `${what} bias`, [heads, size]);
  const flat = g.matmul(x, g.constant(makeTensor('float32', [channels, width], kernel.data), `${name}/${what}/kernel`));
  const moved = bias
    ? g.add(flat, g.constant(makeTensor('float32', [width], bias.data), `${name}/${what}/bias`))
    : flat;
  return g.transpose(g.reshape(moved, [x.shape[0], lengthOf(x, 1), heads, size]), [0, 2, 1, 3]);
}

/** [N, …, C] → [N, tokens, C] */
function tokens(g: Builder, x: Value): Value {
  const count = x.shape.slice(1, -1).reduce<number>((n, _, i) => n * lengthOf(x, i + 1), 1);
  return x.shape.length === 3 ? x : g.reshape(x, [x.shape[0], count, lengthOf(x, -1)]);
}

/** −10⁹ where a token comes later than the one that looks. */
function later(g: Builder, from: number, to: number): Value {
  const data = Float32Array.from({ length: from * to }, (_, i) => (i % to > Math.floor(i / to) ? -1e9 : 0));
  return g.constant(makeTensor('float32', [from, to], data));
}

/**
 * Multi-head attention (Vaswani et al. 2017, arXiv:1706.03762) over all axes between the first and the last: x = [query, value, key],
 * where the key is the value unless it is given.
 */
const multiHeadAttention: LayerBuilder = (site) => {
  const { g, x, config, weights, name } = site;
  const { named } = site.args;
  const [query, value = query, key = value] = x;
  const unread = UNREAD.find((argument) => ![undefined, null, false].includes(named[argument] as null));
  if (unread)
    throw new RangeError(`is called with ${unread}, which is not supported. Export the model with tf2onnx to ONNX.`);
  const axes = config.list(
    'attention_axes',
    query.shape.slice(1, -1).map((_, i) => i + 1),
  );
  if (axes.length !== query.shape.length - 2 || config.bool('use_gate', false))
    throw new RangeError(
      `attends along the axes ${axes} of [${query.shape}]${config.bool('use_gate', false) ? ' with gates' : ''}, which is not supported. Export the model with tf2onnx to ONNX.`,
    );
  const heads = config.count('num_heads');
  const size = config.count('key_dim');
  const width = config.count('value_dim', size);
  const q = project(site, tokens(g, query), 'query', [heads, size]);
  const k = project(site, tokens(g, key), 'key', [heads, size]);
  const v = project(site, tokens(g, value), 'value', [heads, width]);
  const scores = g.matmul(g.mul(q, 1 / Math.sqrt(size)), g.transpose(k, [0, 1, 3, 2]));
  const seen = named.use_causal_mask === true ? g.add(scores, later(g, lengthOf(q, 2), lengthOf(k, 2))) : scores;
  const mixed = g.transpose(g.matmul(g.softmax(seen, -1), v), [0, 2, 1, 3]);
  const flat = g.reshape(mixed, [...query.shape.slice(0, -1), heads * width]);
  const kernel = weights.take('output kernel', [heads, width, null]);
  const out = kernel.shape[2];
  const bias = weights.takeIf(config.bool('use_bias', true), 'output bias', [out]);
  const y = g.matmul(
    flat,
    g.constant(makeTensor('float32', [heads * width, out], kernel.data), `${name}/output/kernel`),
  );
  return bias ? g.add(y, g.constant(bias, `${name}/output/bias`)) : y;
};

export const attention = {
  MultiHeadAttention: multiHeadAttention,
} satisfies Readonly<Record<string, LayerBuilder>>;
