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

/** The program that runs files of a format without us, if there is one here. */
const ORIGINALS: Readonly<Partial<Record<ModelInfo['format'], string>>> = {
  onnx: 'onnxruntime',
  'tfjs-layers': 'TensorFlow.js',
  'tfjs-graph': 'TensorFlow.js',
};

/** By how much our forward pass differs from that program running the file itself; nothing where there is none. */
export function agreement({
  format,
  forwardDifference: difference,
}: Pick<ModelInfo, 'format' | 'forwardDifference'>): [name: string, value: string][] {
  const original = ORIGINALS[format];
  if (!original) return [];
  const value = difference === null ? 'not tested' : difference === 0 ? 'exactly' : `to ${percent(difference)}`;
  return [[`Agrees with ${original}`, value]];
}

/** `[batch × 3 × 224 × 224]`, which no line breaks. */
export const shapeText = (shape: readonly (number | null)[]): string =>
  `[${shape.map((n) => n ?? 'batch').join('\u00a0×\u00a0')}]`;

/** `image, float32 [batch × 3 × 224 × 224]`. */
export const valueText = ({ name, dtype, shape }: InspectedModel['inputs'][number]): string =>
  `${name}, ${dtype} ${shapeText(shape)}`;
