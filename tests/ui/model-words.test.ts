import { expect, it } from 'vitest';
import { agreement, formatText, valueText } from '../../src/lib/ui/model-words.ts';

it('a format is told with its version, and its name once', () => {
  expect(formatText({ format: 'onnx', version: 'opset 17' })).toBe('ONNX, opset 17');
  expect(formatText({ format: 'keras', version: 'Keras 2.4.0' })).toBe('Keras 2.4.0');
  expect(formatText({ format: 'tflite', version: 'TensorFlow Lite schema 3' })).toBe('TensorFlow Lite schema 3');
  expect(formatText({ format: 'tfjs-layers', version: 'Keras 2.2.4' })).toBe('TensorFlow.js layers, Keras 2.2.4');
});

it('what a file agrees with is told of formats that a program here runs, and of no others', () => {
  expect(agreement({ format: 'onnx', forwardDifference: 0 })).toEqual([['Agrees with onnxruntime', 'exactly']]);
  expect(agreement({ format: 'onnx', forwardDifference: null })).toEqual([['Agrees with onnxruntime', 'not tested']]);
  const [[name, value]] = agreement({ format: 'tfjs-graph', forwardDifference: 0.0000125 });
  expect(name).toBe('Agrees with TensorFlow.js');
  expect(value).toMatch(/^to 0\.00125\s%$/);
  expect(agreement({ format: 'tflite', forwardDifference: null })).toEqual([]);
});

it('a shape is told with its batch axis, and is not broken over lines', () => {
  const told = valueText({ name: 'image', dtype: 'float32', shape: [null, 3, 96, 96] });
  expect(told.replaceAll('\u00a0', ' ')).toBe('image, float32 [batch × 3 × 96 × 96]');
  expect(told.split(' ')).toHaveLength(3);
});
