/** @file Upsample and the Resize of opset 10, in terms of today's Resize. */
import type { Value } from '../../../graph/graph.ts';
import { float32, sizeOf } from '../../../tensor/tensor.ts';
import { change, type Draft, type Normalizer } from './draft.ts';

const isEmpty = (v: Value | null | undefined): boolean => !v || sizeOf(v.shape as readonly number[]) === 0;

/** What both did before opset 11: x_original = x_resized / scale, rounded down. */
const asymmetric = (node: Draft, scales: Value): Draft => {
  const mode = node.attrs.mode === 'bilinear' ? 'linear' : ((node.attrs.mode as string | undefined) ?? 'nearest');
  return change(node, {
    op: 'Resize',
    inputs: [node.inputs[0], null, scales],
    attrs: { coordinate_transformation_mode: 'asymmetric', mode, nearest_mode: 'floor' },
  });
};

export const upsample: Normalizer = (g, node) => {
  if (node.inputs[1]) return asymmetric(node, node.inputs[1]);
  const { scales, width_scale: width, height_scale: height } = node.attrs;
  const factors = (scales as readonly number[] | undefined) ?? [1, 1, height as number, width as number];
  return asymmetric(node, g.constant(float32([factors.length], factors)));
};

/** An empty tensor stands for an input that is left out; a region is read by one mode only. */
export const resize: Normalizer = (_g, node) => {
  if (node.opset < 11) return asymmetric(node, node.inputs[1]!);
  const [x, roi, scales, sizes] = node.inputs;
  const region = node.attrs.coordinate_transformation_mode === 'tf_crop_and_resize' ? roi : null;
  return change(node, { inputs: [x, region, isEmpty(scales) ? null : scales, isEmpty(sizes) ? null : sizes] });
};
