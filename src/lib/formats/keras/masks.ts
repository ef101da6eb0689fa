/**
 * @file Which steps of a sequence count: a truth value [N, steps] beside a layer's output, as Masking and Embedding make it and most
 * layers pass it on. Layers that know nothing of masks drop them, as in Keras.
 */
import type { Value } from '../../graph/graph.ts';
import type { Builder } from '../../ops/builder.ts';
import { Config, isRaw } from './config.ts';
import { classNamed, type LayerClass } from './layers/table.ts';

type Mask = Value | null;

interface MaskSite {
  readonly g: Builder;
  readonly x: readonly Value[];
  readonly masks: readonly Mask[];
  readonly config: Config;
}

/** Of the first output; null for none. */
type MaskOf = (site: MaskSite) => Mask;

const same: MaskOf = ({ masks }) => masks[0] ?? null;

const asBool = (g: Builder, x: Value): Value => g.cast(x, 'bool');

/** Steps at which any feature has another value than the mask's. */
const masking: MaskOf = ({ g, x: [x], config }) => {
  const kept = g.cast(g.not(g.equal(x, config.number('mask_value', 0))), 'float32');
  return asBool(g, g.reduceMax(kept, [x.shape.length - 1], false));
};

const embedding: MaskOf = ({ g, x: [x], config }) =>
  config.bool('mask_zero', false) ? g.not(g.equal(g.cast(x, 'float32'), 0)) : null;

/** Steps that count in all of the tensors that have a mask. */
function all(g: Builder, masks: readonly Mask[]): Mask {
  const present = masks.filter((mask) => mask !== null);
  if (present.length <= 1) return present[0] ?? null;
  const least = present.map((mask) => g.cast(mask, 'float32')).reduce((a, b) => g.mul(a, b));
  return asBool(g, least);
}

const merged: MaskOf = ({ g, masks }) => all(g, masks);

/** Along the steps masks follow one another; tensors without one count whole. Along features steps count that count in all. */
const concatenated: MaskOf = ({ g, x, masks, config }) => {
  if (masks.every((mask) => mask === null)) return null;
  const rank = x[0].shape.length;
  const axis = config.int('axis', -1);
  if ((axis + rank) % rank !== 1) return all(g, masks);
  const parts = masks.map((mask, i) =>
    mask ? g.cast(mask, 'float32') : g.expand(g.scalar(1), x[i].shape.slice(0, 2)),
  );
  return asBool(g, g.concat(parts, 1));
};

const sequence: MaskOf = (site) => (site.config.bool('return_sequences', false) ? same(site) : null);

const bidirectional: MaskOf = (site) => {
  const inner = site.config.get('layer');
  return sequence({ ...site, config: new Config(isRaw(inner) ? inner.config : {}) });
};

const known: Partial<Record<LayerClass, MaskOf>> = {
  Masking: masking,
  Embedding: embedding,
  Add: merged,
  Subtract: merged,
  Multiply: merged,
  Average: merged,
  Maximum: merged,
  Minimum: merged,
  Concatenate: concatenated,
  SimpleRNN: sequence,
  GRU: sequence,
  LSTM: sequence,
  RNN: sequence,
  ConvLSTM2D: sequence,
  Bidirectional: bidirectional,
  TimeDistributed: same,
  Dense: same,
  Activation: same,
  ReLU: same,
  LeakyReLU: same,
  PReLU: same,
  ELU: same,
  Softmax: same,
  ThresholdedReLU: same,
  Dropout: same,
  SpatialDropout1D: same,
  GaussianDropout: same,
  GaussianNoise: same,
  AlphaDropout: same,
  ActivityRegularization: same,
  Identity: same,
  BatchNormalization: same,
  LayerNormalization: same,
  GroupNormalization: same,
  UnitNormalization: same,
};

/** The mask of a layer's first output. `masks`: those of its inputs. */
export const maskOf = (className: string, site: MaskSite): Mask => {
  const name = classNamed(className);
  return (name && known[name]?.(site)) ?? null;
};

/** `a` at the examples where step `t` counts, else `b`: values [N, …] of one step. */
export function whereCounts(g: Builder, mask: Value, t: number, a: Value, b: Value): Value {
  const [n] = mask.shape;
  const step = g.apply('Gather', [mask, g.scalar(t, 'int64')], { axis: 1 });
  return g.where(g.reshape(step, [n, ...a.shape.slice(1).map(() => 1)]), a, b);
}
