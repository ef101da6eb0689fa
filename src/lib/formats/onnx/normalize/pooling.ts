/** @file Pooling. */
import { sameShape } from '../../../graph/dim.ts';
import { change, type Draft, type Normalizer } from './draft.ts';

/**
 * ceil_mode where it adds no window is dropped. Until opset 22 the written shape rule counted a last window that
 * starts in the padding, which no runtime computes.
 */
export const ceilMode: Normalizer = (g, node) => {
  if (node.attrs.ceil_mode !== 1) return node;
  const floored = change(node, { attrs: { ...node.attrs, ceil_mode: 0 } });
  const shapeOf = ({ op, inputs, attrs }: Draft) => g.apply(op, inputs, attrs).shape;
  return sameShape(shapeOf(node), shapeOf(floored)) ? floored : node;
};
