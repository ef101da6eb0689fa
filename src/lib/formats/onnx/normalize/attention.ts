/** @file Attention as exporters and onnxruntime's optimiser write it whole, in products and softmaxes. */
import { concrete, type Dim } from '../../../graph/dim.ts';
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { float32 } from '../../../tensor/tensor.ts';
import { last, numberAttr, type Draft, type Normalizer } from './draft.ts';

/** What stands for −∞ in a softmax: rows of nothing else stay finite, and anything else makes it 0. */
const FORBIDDEN = -1e30;

/** A row whose largest bias is below is forbidden altogether. */
const ALL_FORBIDDEN = -5e29;

interface Scores {
  /** [N, heads, queries, size] */
  readonly q: Value;
  /** [N, heads, keys, size] */
  readonly k: Value;
  readonly v: Value;
  /** Added to the scores; −∞ or close to it forbids. Broadcasts to [N, heads, queries, keys]. */
  readonly bias: Value | null;
  readonly scale: number;
  readonly softcap?: number;
}

/**
 * softmax(q·kᵀ·scale + bias)·v (Vaswani et al. 2017, arXiv:1706.03762), and what is computed on the way. A query that may
 * look at nothing gets zeros.
 */
function attend(g: Builder, { q, k, v, bias, scale, softcap = 0 }: Scores) {
  const product = g.matmul(g.mul(q, scale), g.transpose(k));
  const capped = softcap > 0 ? g.mul(g.tanh(g.div(product, softcap)), softcap) : product;
  if (!bias) {
    const probabilities = g.softmax(capped, -1);
    return { product, capped, biased: capped, probabilities, y: g.matmul(probabilities, v) };
  }
  const bounded = g.max(bias, FORBIDDEN);
  const some = g.softmax(g.add(capped, bounded), -1);
  const nothing = g.less(g.reduceMax(bounded, [bias.shape.length - 1]), ALL_FORBIDDEN);
  const probabilities = g.where(nothing, 0, some);
  return { product, capped, biased: g.add(capped, bias), probabilities, y: g.matmul(probabilities, v) };
}

/** [N, S, heads · size] → [N, heads, S, size] */
function splitHeads(g: Builder, x: Value, heads: number): Value {
  const [n, length, width] = x.shape;
  const size = concrete(width, 'attention') / heads;
  if (!Number.isInteger(size)) throw new RangeError(`${heads} heads do not divide the width ${width}.`);
  return g.transpose(g.reshape(x, [n, length, heads, size]), [0, 2, 1, 3]);
}

/** [N, heads, S, size] → [N, S, heads · size] */
function joinHeads(g: Builder, node: Draft, x: Value): Value {
  const [n, heads, length, size] = x.shape;
  const width = concrete(heads, node.op) * concrete(size, node.op);
  return last(g, node, 'Reshape', [g.transpose(x, [0, 2, 1, 3]), g.ints([n, length, width])])[0];
}

/** Each head `times` times, one copy after the other. */
function repeatHeads(g: Builder, x: Value, times: number): Value {
  if (times === 1) return x;
  const [n, heads, length, size] = x.shape;
  const copies = g.expand(g.reshape(x, [n, heads, 1, length, size]), [n, heads, times, length, size]);
  return g.reshape(copies, [n, concrete(heads, 'attention') * times, length, size]);
}

/** 0 where it holds, else `otherwise`. */
const unless = (g: Builder, holds: Value, otherwise = -Infinity): Value => g.where(holds, 0, otherwise);

/** 0, 1, … as floats along the last axis of `rank` axes, or along the one before it. */
function counting(g: Builder, length: number, rank: number, axis: number): Value {
  const shape = Array.from({ length: rank }, (_, i) => (i === axis ? length : 1));
  const numbers = Array.from({ length }, (_, i) => i);
  return g.constant(float32(shape, numbers));
}

/** Query i sees key j ≤ i + offset: a number, or one for each example, [N, 1, 1, 1]. */
function causal(g: Builder, queries: number, keys: number, offset: Value | number): Value {
  const [i, j] = [counting(g, queries, 4, 2), counting(g, keys, 4, 3)];
  return unless(g, g.greaterOrEqual(g.add(i, offset), j));
}

const sum = (g: Builder, parts: readonly (Value | null)[]): Value | null =>
  parts.filter((v) => v !== null).reduce<Value | null>((total, v) => (total ? g.add(total, v) : v), null);

/** A mask of truth values or of numbers to add, of fewer keys than there are: the others are forbidden. */
function maskOf(g: Builder, mask: Value | null | undefined, keys: number): Value | null {
  if (!mask) return null;
  const added = mask.dtype === 'bool' ? unless(g, mask) : mask;
  const missing = keys - concrete(added.shape.at(-1), 'attn_mask');
  if (missing <= 0) return added;
  const pads = [
    ...added.shape.map(() => 0),
    ...added.shape.map((_, i) => (i === added.shape.length - 1 ? missing : 0)),
  ];
  return g.apply('Pad', [added, g.ints(pads), g.scalar(-Infinity)]);
}

/** ONNX's Attention (opset 23 and 24). */
export const attention: Normalizer = (g, node) => {
  const [qIn, kIn, vIn, mask, pastKey, pastValue, lengths] = node.inputs as (Value | null | undefined)[];
  const flat = qIn!.shape.length === 3;
  const headsOf = (name: string) => concrete(node.attrs[name] as number | undefined, `attribute ${name}`);
  const [q, newK, newV] = [qIn!, kIn!, vIn!].map((x, i) =>
    flat ? splitHeads(g, x, headsOf(i === 0 ? 'q_num_heads' : 'kv_num_heads')) : x,
  );
  const k = pastKey ? g.concat([pastKey, newK], 2) : newK;
  const v = pastValue ? g.concat([pastValue, newV], 2) : newV;
  const [queries, keys] = [concrete(q.shape[2], node.op), concrete(k.shape[2], node.op)];
  const valid = lengths ? g.reshape(g.cast(lengths, 'float32'), [q.shape[0], 1, 1, 1]) : null;
  const past = pastKey ? concrete(pastKey.shape[2], node.op) : valid ? g.sub(valid, queries) : 0;
  const bias = sum(g, [
    maskOf(g, mask, keys),
    numberAttr(node, 'is_causal', 0) === 1 ? causal(g, queries, keys, past) : null,
    valid && unless(g, g.greater(valid, counting(g, keys, 4, 3))),
  ]);
  const times = concrete(q.shape[1], node.op) / concrete(k.shape[1], node.op);
  if (!Number.isInteger(times))
    throw new RangeError(`${k.shape[1]} heads of keys do not divide ${q.shape[1]} of queries.`);
  const scale = (node.attrs.scale as number | undefined) ?? 1 / Math.sqrt(concrete(q.shape[3], node.op));
  const softcap = numberAttr(node, 'softcap', 0);
  const done = attend(g, { q, k: repeatHeads(g, k, times), v: repeatHeads(g, v, times), bias, scale, softcap });
  const shown = [done.product, done.capped, done.biased, done.probabilities];
  const y = flat ? joinHeads(g, node, done.y) : done.y;
  return [y, k, v, shown[numberAttr(node, 'qk_matmul_output_mode', 0)]];
};

function refusePast(inputs: readonly (Value | null | undefined)[], names: readonly string[]): void {
  const found = names.find((_, i) => inputs[i]);
  if (found)
    throw new RangeError(
      `its input ${found}, which carries words from one run to the next, is not supported. Export the model without a cache (use_cache = False).`,
    );
}

/**
 * What a mask of com.microsoft's attentions adds: whole numbers that are 0 where nothing may be seen, [N, keys],
 * [N, queries, keys] or [N, 1, keys, keys], or how many keys each example has, [N].
 */
function paddingOf(g: Builder, node: Draft, mask: Value | null | undefined, queries: Dim, keys: number): Value | null {
  if (!mask) return null;
  const filter = numberAttr(node, 'mask_filter_value', -10000);
  const numbers = g.cast(mask, 'float32');
  const [n, ...rest] = mask.shape;
  if (rest.length === 0) {
    const lengths = g.reshape(numbers, [n, 1, 1, 1]);
    return unless(g, g.greater(lengths, counting(g, keys, 4, 3)), filter);
  }
  const shapes: Readonly<Record<number, readonly Dim[]>> = { 1: [n, 1, 1, keys], 2: [n, 1, queries, keys] };
  const shape = shapes[rest.length];
  if (!shape || rest.at(-1) !== keys)
    throw new RangeError(`its mask of the shape [${mask.shape}] is not supported for ${keys} keys.`);
  return unless(g, g.greater(g.reshape(numbers, shape), 0), filter);
}

/** softmax(…)·v of com.microsoft's operators, in [N, S, width]. */
function microsoftAttention(
  g: Builder,
  node: Draft,
  [q, k, v]: readonly Value[],
  mask: Value | null | undefined,
  bias: Value | null | undefined,
): readonly Value[] {
  const [queries, keys] = [concrete(q.shape[2], node.op), concrete(k.shape[2], node.op)];
  const added = sum(g, [
    paddingOf(g, node, mask, queries, keys),
    bias ?? null,
    numberAttr(node, 'unidirectional', 0) === 1 ? causal(g, queries, keys, keys - queries) : null,
  ]);
  const given = numberAttr(node, 'scale', 0);
  const scale = given === 0 ? 1 / Math.sqrt(concrete(q.shape[3], node.op)) : given;
  return [joinHeads(g, node, attend(g, { q, k, v, bias: added, scale }).y)];
}

const headCount = (node: Draft): number => concrete(node.attrs.num_heads as number | undefined, 'attribute num_heads');

/** com.microsoft.Attention: one weight for queries, keys and values. */
export const packedAttention: Normalizer = (g, node) => {
  const [x, weight, bias, mask, past, added] = node.inputs as (Value | null | undefined)[];
  refusePast([past], ['past']);
  if (numberAttr(node, 'do_rotary', 0) === 1)
    throw new RangeError("do_rotary is not supported. Use the file before onnxruntime's optimisation.");
  const product = g.matmul(x!, weight!);
  const all = bias ? g.add(product, bias) : product;
  const third = concrete(all.shape.at(-1), node.op) / 3;
  const sizes = (node.attrs.qkv_hidden_sizes as readonly number[] | undefined) ?? [third, third, third];
  const parts = g.applyAll('Split', [all, g.ints(sizes)], { axis: -1 }, { outputs: ['', '', ''] });
  const heads = headCount(node);
  return microsoftAttention(
    g,
    node,
    parts.map((part) => splitHeads(g, part, heads)),
    mask,
    added,
  );
};

/** com.microsoft.MultiHeadAttention: queries, keys and values as they come, or one tensor [N, S, heads, 3, size] of all. */
export const multiHeadAttention: Normalizer = (g, node) => {
  const [q, k, v, bias, mask, added, ...past] = node.inputs as (Value | null | undefined)[];
  refusePast(past, ['past_key', 'past_value']);
  const heads = headCount(node);
  if (q!.shape.length === 5) {
    const parts = g.applyAll('Split', [q!, g.ints([1, 1, 1])], { axis: 3 }, { outputs: ['', '', ''] });
    const [n, length, , , size] = q!.shape;
    const each = parts.map((part) => g.transpose(g.reshape(part, [n, length, heads, size]), [0, 2, 1, 3]));
    return microsoftAttention(g, node, each, mask, added);
  }
  if (!k || !v) throw new RangeError('keys and values packed into one tensor are not supported. Export them apart.');
  const widths = [q!, k, v].map((x) => concrete(x.shape.at(-1), node.op));
  const biases = bias
    ? g.applyAll('Split', [bias, g.ints(widths)], { axis: 0 }, { outputs: ['', '', ''] })
    : [null, null, null];
  const each = [q!, k, v].map((x, i) => {
    if (x.shape.length === 4) return x;
    return splitHeads(g, biases[i] ? g.add(x, biases[i]) : x, heads);
  });
  return microsoftAttention(g, node, each, mask, added);
};

interface Rotary {
  readonly x: Value;
  readonly cos: Value;
  readonly sin: Value;
  readonly positions: Value | null | undefined;
  readonly heads: number;
}

/** Pairs of features turned by an angle that grows with the position (Su et al. 2021, arXiv:2104.09864). */
function rotate(g: Builder, node: Draft, { x, cos, sin, positions, heads }: Rotary): readonly Value[] {
  const apart = x.shape.length === 4;
  const rows = apart ? g.transpose(x, [0, 2, 1, 3]) : x;
  const [n, length, width] = rows.shape;
  const whole = apart ? rows : g.reshape(rows, [n, length, heads, concrete(width, node.op) / heads]);
  const size = concrete(whole.shape[3], node.op);
  const turned = numberAttr(node, 'rotary_embedding_dim', 0) || size;
  const half = turned / 2;
  const [moving, ...still] =
    turned === size
      ? [whole]
      : g.applyAll('Split', [whole, g.ints([turned, size - turned])], { axis: 3 }, { outputs: ['', ''] });
  const table = (v: Value) => {
    const found = positions ? g.apply('Gather', [v, positions], { axis: 0 }) : v;
    const cut = found.shape.at(-1) === half ? found : g.slice(found, [0], [half], [found.shape.length - 1]);
    return g.reshape(cut, [...cut.shape.slice(0, -1), 1, half]);
  };
  const [c, s] = [table(cos), table(sin)];
  const interleaved = numberAttr(node, 'interleaved', 0) === 1;
  const outer: readonly Dim[] = [n, length, moving.shape[2]];
  const axis = interleaved ? 4 : 3;
  const pairs = g
    .applyAll(
      'Split',
      [g.reshape(moving, [...outer, ...(interleaved ? [half, 2] : [2, half])]), g.ints([1, 1])],
      { axis },
      { outputs: ['', ''] },
    )
    .map((v) => g.reshape(v, [...outer, half]));
  const [a, b] = pairs;
  const real = g.sub(g.mul(a, c), g.mul(b, s));
  const imaginary = g.add(g.mul(a, s), g.mul(b, c));
  const column = (v: Value) => g.reshape(v, [...outer, ...(interleaved ? [half, 1] : [1, half])]);
  const joined = g.reshape(g.concat([column(real), column(imaginary)], axis), [...outer, turned]);
  const all = still.length > 0 ? g.concat([joined, ...still], 3) : joined;
  return apart
    ? last(g, node, 'Transpose', [all], { perm: [0, 2, 1, 3] })
    : last(g, node, 'Reshape', [all, g.ints(x.shape)]);
}

/** ONNX's RotaryEmbedding (opset 23). */
export const rotaryEmbedding: Normalizer = (g, node) => {
  const [x, cos, sin, positions] = node.inputs as (Value | null | undefined)[];
  const heads = x!.shape.length === 4 ? 0 : headCount(node);
  return rotate(g, node, { x: x!, cos: cos!, sin: sin!, positions, heads });
};

/** com.microsoft.RotaryEmbedding: positions come second; one number is where all examples begin. */
export const microsoftRotaryEmbedding: Normalizer = (g, node) => {
  const [x, given, cos, sin] = node.inputs as [Value, Value, Value, Value];
  const size = 2 * concrete(cos.shape[1], node.op);
  const heads = numberAttr(node, 'num_heads', 0) || concrete(x.shape.at(-1), node.op) / size;
  const length = x.shape.length === 4 ? x.shape[2] : x.shape[1];
  const ramp = g.reshape(counting(g, concrete(length, node.op), 1, 0), [1, length]);
  const positions = given.shape.length === 1 ? g.add(g.cast(ramp, given.dtype), given) : given;
  return rotate(g, node, { x, cos, sin, positions, heads });
};

/**
 * com.microsoft.EmbedLayerNormalization: word, position and segment embeddings added and normalised. Its second output
 * counts the words of each example.
 */
export const embedLayerNormalization: Normalizer = (g, node) => {
  const [ids, segments, words, places, segmentTable, gamma, beta, mask, positions] = node.inputs as (
    Value | null | undefined
  )[];
  const length = concrete(ids!.shape[1], node.op);
  const rows = (table: Value, at: Value) => g.apply('Gather', [table, at], { axis: 0 });
  const placed = positions ? rows(places!, positions) : g.slice(places!, [0], [length], [0]);
  const parts = [rows(words!, ids!), placed, segments && segmentTable ? rows(segmentTable, segments) : null];
  const total = sum(g, parts)!;
  const epsilon = numberAttr(node, 'epsilon', 1e-12);
  const [y] = last(g, node, 'LayerNormalization', [total, gamma!, beta!], { axis: -1, epsilon });
  const count = mask
    ? g.cast(g.reduceSum(g.cast(mask, 'float32'), [1], false), 'int32')
    : g.expand(g.scalar(0, 'int32'), [ids!.shape[0]]);
  return [y, count, total];
};
