/** @file Softmax, LogSoftmax and Hardmax before opset 13 worked on a matrix: rows up to `axis`, one distribution a row. */
import { normalizeAxis, product } from '../../../graph/dim.ts';
import { change, last, numberAttr, type Normalizer } from './draft.ts';
import { onesAfter } from './elementwise.ts';

export const flattening: Normalizer = (g, node) => {
  if (node.opset >= 13) return node;
  const x = node.inputs[0]!;
  const axis = normalizeAxis(numberAttr(node, 'axis', 1), x.shape.length, node.op);
  if (onesAfter(x, axis)) return change(node, { attrs: { axis } });
  const rows = g.reshape(x, [product(x.shape.slice(0, axis)), product(x.shape.slice(axis))]);
  return last(g, node, 'Reshape', [g.apply(node.op, [rows], { axis: 1 }), g.ints(x.shape)]);
};
