/** @file Normalisation layers. */
import type { Value } from '../../../graph/graph.ts';
import { concrete } from '../../../graph/dim.ts';
import type { Builder } from '../../../ops/builder.ts';
import { change, numberAttr, without, type Normalizer } from './draft.ts';

/** Inference form: running statistics, one output. */
export const batchNormalization: Normalizer = (_g, node) => {
  if (node.attrs.training_mode === 1)
    throw new RangeError(
      'it is in training mode, where examples influence each other. Export the model with model.eval().',
    );
  if (node.attrs.spatial === 0)
    throw new RangeError(
      'spatial = 0 (statistics for each position) is not supported. Export the model at opset 9 or later.',
    );
  return change(without(node, 'spatial', 'is_test', 'consumed_inputs', 'momentum', 'training_mode'), {
    outputs: [node.outputs[0]],
  });
};

/** Opset 18 had one scale and bias a group, opset 21 has one a channel. */
export const groupNormalization: Normalizer = (g, node) => {
  if (node.opset >= 21) return node;
  const [x, scale, bias] = node.inputs as [Value, Value, Value];
  const groups = numberAttr(node, 'num_groups', 1);
  const channels = concrete(x.shape[1], node.op);
  return change(node, { inputs: [x, repeated(g, scale, groups, channels), repeated(g, bias, groups, channels)] });
};

const repeated = (g: Builder, v: Value, groups: number, channels: number): Value =>
  g.reshape(g.expand(g.reshape(v, [groups, 1]), [groups, channels / groups]), [channels]);

/** onnxruntime's name for RMSNormalization before ONNX had it. */
export const simplifiedLayerNormalization: Normalizer = (_g, node) =>
  change(node, { op: 'RMSNormalization', domain: '' });

/** onnxruntime's own before opset 17. */
export const layerNormalization: Normalizer = (_g, node) => change(node, { domain: '' });
