/** @file Normalisations and what turns logits into probabilities. */
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { batchNormalization, channelsFirst, channelsLast } from '../../channels-last.ts';
import { refuseRank, takes, type Row, type Site } from '../site.ts';
import { inLayout, refuseOtherRank } from './window.ts';

/** Batch normalisation of x [N, …, C] by vectors: scale, offset, mean, variance. */
export function normalize(g: Builder, x: Value, parameters: readonly Value[], epsilon: number, name: string): Value {
  parameters.forEach((v) => refuseOtherRank(v, 1));
  const [scale, offset, mean, variance] = parameters.map((v) => v.constant);
  if (scale && offset && mean && variance)
    return batchNormalization(g, x, { scale, offset, mean, variance, epsilon, name });
  const [gamma, beta, mu, squared] = parameters;
  const spread = g.sqrt(g.add(squared, epsilon));
  return g.add(g.mul(g.div(g.sub(x, mu), spread), gamma), beta);
}

/** The file may be one of training: statistics are the stored ones, as everywhere where models are used. */
function batchNorm(site: Site): Value {
  const { g, x, attrs, name, note } = site;
  refuseRank(x[0], 3);
  if (attrs.bool('is_training'))
    note('A batch normalisation is in training mode; its stored statistics are used here.');
  if (x[3].shape[0] === 0)
    throw new RangeError(
      'it is in training mode and has no stored mean and variance. Export the model for inference (training=False).',
    );
  return inLayout(site, x[0], (v) => normalize(g, v, x.slice(1, 5), attrs.float('epsilon', 0.001), name));
}

/** x / (bias + alpha · Σ x²)^beta over 2 · depth_radius + 1 neighbouring channels; ONNX's alpha is of their mean. */
function lrn({ g, x: [x], attrs, name }: Site): Value {
  const size = 2 * attrs.int('depth_radius', 5) + 1;
  const alpha = attrs.float('alpha', 1) * size;
  const [bias, beta] = [attrs.float('bias', 1), attrs.float('beta', 0.5)];
  refuseOtherRank(x, 4);
  return channelsLast(g, g.apply('LRN', [channelsFirst(g, x)], { size, alpha, beta, bias }, { name }));
}

const along = (op: string): Row => takes(1, ({ g, x: [x] }) => g.apply(op, [x], { axis: -1 }));

export const normalization = {
  FusedBatchNorm: takes(5, batchNorm),
  FusedBatchNormV2: takes(5, batchNorm),
  FusedBatchNormV3: takes(5, batchNorm),
  LRN: takes(1, lrn),
  Softmax: along('Softmax'),
  LogSoftmax: along('LogSoftmax'),
} satisfies Record<string, Row>;
