import { expect, it } from 'vitest';
import { layerTitle } from '../../src/lib/state/layer-title.ts';

it('a layer of several joined by TensorFlow’s converter is called by its first name, others by all of theirs', () => {
  expect(layerTitle('model/activation/Relu;model/conv2d/BiasAdd;model/conv2d/Conv2D1')).toBe('model/activation/Relu');
  expect(layerTitle('/features/0/Conv_output_0')).toBe('/features/0/Conv_output_0');
  expect(layerTitle(';odd')).toBe(';odd');
});
