/** @file Words for what is known of a model. */
import type { InspectedModel } from '../state/inspection.svelte.ts';
import type { ModelInfo } from '../state/workspace.svelte.ts';
import { percent } from './format.ts';

const FORMAT_TITLES: Readonly<Record<ModelInfo['format'], string>> = {
  onnx: 'ONNX',
  'tfjs-layers': 'TensorFlow.js layers',
  'tfjs-graph': 'TensorFlow.js graph',
  keras: 'Keras',
  tensorflow: 'TensorFlow',
  tflite: 'TensorFlow Lite',
};

/** `ONNX, opset 17`; a version that begins with the format's name is enough. */
export const formatText = ({ format, version }: Pick<ModelInfo, 'format' | 'version'>): string =>
  version.startsWith(FORMAT_TITLES[format]) ? version : `${FORMAT_TITLES[format]}, ${version}`;

/** With what our forward pass is compared: the program that runs files of the format without us, if there is one here. */
export const agreesWith = (format: ModelInfo['format']): string =>
  `Agrees with ${ORIGINALS[format] ?? 'another program'}`;

const ORIGINALS: Readonly<Partial<Record<ModelInfo['format'], string>>> = {
  onnx: 'onnxruntime',
  'tfjs-layers': 'TensorFlow.js',
  'tfjs-graph': 'TensorFlow.js',
};

/** By how much our forward pass differs from that program running the file itself. */
export const agreement = (difference: number | null): string =>
  difference === null ? 'not tested' : difference === 0 ? 'exactly' : `to ${percent(difference)}`;

/** `image, float32 [batch × 3 × 224 × 224]`. */
export const valueText = ({ name, dtype, shape }: InspectedModel['inputs'][number]): string =>
  `${name}, ${dtype} [${shape.map((n) => n ?? 'batch').join(' × ')}]`;
