/** @file Words for what is known of a model. */
import type { InspectedModel } from '../state/inspection.svelte.ts';
import type { ModelInfo } from '../state/workspace.svelte.ts';
import { percent } from './format.ts';

export const FORMAT_TITLES: Readonly<Record<ModelInfo['format'], string>> = {
  onnx: 'ONNX',
  'tfjs-layers': 'TensorFlow.js layers',
  'tfjs-graph': 'TensorFlow.js graph',
  keras: 'Keras',
  tensorflow: 'TensorFlow',
  tflite: 'TensorFlow Lite',
};

/** By how much our forward pass differs from onnxruntime running the file itself. */
export const agreement = (difference: number | null): string =>
  difference === null ? 'not tested' : difference === 0 ? 'exactly' : `to ${percent(difference)}`;

/** `image, float32 [batch × 3 × 224 × 224]`. */
export const valueText = ({ name, dtype, shape }: InspectedModel['inputs'][number]): string =>
  `${name}, ${dtype} [${shape.map((n) => n ?? 'batch').join(' × ')}]`;
