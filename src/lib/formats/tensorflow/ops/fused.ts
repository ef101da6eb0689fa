/** @file What the optimisers of TensorFlow fuse into a convolution or a matrix product: a bias or a normalisation, and an activation. */
import type { Value } from '../../../graph/graph.ts';
import type { Site } from '../site.ts';
import { activate } from './elementwise.ts';

export interface Fused {
  readonly bias: Value | null;
  /** Scale, offset, mean and variance of a batch normalisation. */
  readonly normalization: readonly Value[] | null;
  /** The activation of what was computed. */
  finish(linear: Value): Value;
}

/** Reads attribute fused_ops, such as ["BiasAdd", "Relu"], and the inputs after the first two that belong to it. */
export function fused({ g, x, attrs }: Site): Fused {
  const names = attrs.strings('fused_ops', []);
  const extra = x.slice(2).values();
  const next = (): Value => {
    const { value } = extra.next();
    if (!value)
      throw new RangeError(
        `fuses ${names.join(' and ')}, but has only ${x.length} inputs. The file is damaged: export it again.`,
      );
    return value;
  };
  const [first = ''] = names;
  const bias = first === 'BiasAdd' ? next() : null;
  const normalization = first === 'FusedBatchNorm' ? [next(), next(), next(), next()] : null;
  const activations = (bias || normalization ? names.slice(1) : names).map((name) => ({
    name,
    slope: name === 'Prelu' ? next() : undefined,
  }));
  const alpha = attrs.float('leakyrelu_alpha', 0.2);
  return {
    bias,
    normalization,
    finish: (linear) => activations.reduce((v, { name, slope }) => activate(g, v, name, alpha, slope), linear),
  };
}
