/** @file Layers that join several tensors into one. */
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { axisOf, type LayerBuilder, type LayerSite } from '../site.ts';
import { unit } from './normalization.ts';

/** Tensors of fewer axes get axes of length 1 behind the batch. */
function sameRank({ g, x }: LayerSite): Value[] {
  const rank = Math.max(...x.map((v) => v.shape.length));
  return x.map((v) => g.reshape(v, [v.shape[0], ...Array<number>(rank - v.shape.length).fill(1), ...v.shape.slice(1)]));
}

function atLeast(x: readonly Value[], count: number, exactly = false): void {
  if (x.length < count || (exactly && x.length !== count))
    throw new RangeError(
      `joins ${x.length} tensors, it needs ${count}${exactly ? '' : ' or more'}. Save the model again.`,
    );
}

const folding =
  (join: (g: Builder, a: Value, b: Value) => Value, exactly = false): LayerBuilder =>
  (site) => {
    atLeast(site.x, exactly ? 2 : 1, exactly);
    const joined = sameRank(site).reduce((a, b) => join(site.g, a, b));
    // One tensor alone passes; the layer's value is one of its own all the same.
    return site.x.length === 1 ? site.g.apply('Identity', [joined]) : joined;
  };

const add = folding((g, a, b) => g.add(a, b));

const average: LayerBuilder = (site) => site.g.mul(add(site) as Value, 1 / site.x.length);

const concatenate: LayerBuilder = ({ g, x, config }) => {
  atLeast(x, 1);
  return g.concat(x, axisOf(config.int('axis', -1), x[0]));
};

const LETTERS = 'bcdefghijklmnopqrstuvwxyz';

/** Σ over one axis of each; the batch is shared, the axes that are left follow one another. */
const dot: LayerBuilder = ({ g, x, config }) => {
  atLeast(x, 2, true);
  const given = config.list('axes');
  const axes = x.map((v, i) => axisOf(given[given.length === 1 ? 0 : i], v));
  const [a, b] = config.bool('normalize', false) ? x.map((v, i) => unit(g, v, [axes[i]])) : x;
  if (a.shape.length + b.shape.length > LETTERS.length) throw new RangeError('joins tensors of too many axes.');
  const left = a.shape.map((_, i) => (i === 0 ? 'a' : i === axes[0] ? 'z' : LETTERS[i]));
  const right = b.shape.map((_, i) => (i === 0 ? 'a' : i === axes[1] ? 'z' : LETTERS[i + a.shape.length]));
  const kept = [...left, ...right.slice(1)].filter((letter) => letter !== 'z');
  const product = g.apply('Einsum', [a, b], { equation: `${left.join('')},${right.join('')}->${kept.join('')}` });
  return product.shape.length === 1 ? g.reshape(product, [...product.shape, 1]) : product;
};

/** Of Inception-ResNet: x + scale · y. */
const scaled: LayerBuilder = ({ g, x: [a, b], config }) => g.add(a, g.mul(b, config.number('scale', 1)));

export const merges = {
  CustomScaleLayer: scaled,
  Add: add,
  Subtract: folding((g, a, b) => g.sub(a, b), true),
  Multiply: folding((g, a, b) => g.mul(a, b)),
  Average: average,
  Maximum: folding((g, a, b) => g.max(a, b)),
  Minimum: folding((g, a, b) => g.min(a, b)),
  Concatenate: concatenate,
  Dot: dot,
} satisfies Readonly<Record<string, LayerBuilder>>;
