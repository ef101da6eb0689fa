import { expect, it } from 'vitest';
import { formatText } from '../../src/lib/ui/model-words.ts';

it('a format is told with its version, and its name once', () => {
  expect(formatText({ format: 'onnx', version: 'opset 17' })).toBe('ONNX, opset 17');
  expect(formatText({ format: 'keras', version: 'Keras 2.4.0' })).toBe('Keras 2.4.0');
  expect(formatText({ format: 'tflite', version: 'TensorFlow Lite schema 3' })).toBe('TensorFlow Lite schema 3');
  expect(formatText({ format: 'tfjs-layers', version: 'Keras 2.2.4' })).toBe('TensorFlow.js layers, Keras 2.2.4');
});
