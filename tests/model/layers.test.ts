import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import '../../src/lib/ops/index.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { defaultLayer, layersOf } from '../../src/lib/model/layers.ts';

const golden = (name: string) => {
  const { graph } = readOnnx(
    new Uint8Array(readFileSync(new URL(`../goldens/data/${name}/model.onnx`, import.meta.url))),
    `${name}.onnx`,
  );
  const layers = layersOf([graph.inputs[0]], graph.outputs[0]);
  return { layers, first: defaultLayer(layers, graph.outputs[0]) };
};

describe('the layer that Grad-CAM begins with', () => {
  it('is the last feature map with several positions in a convolutional network', () => {
    const { first } = golden('cnn_relu_maxpool');
    expect(first!.info.shape[1] * first!.info.shape[2]).toBeGreaterThan(1);
  });

  it('is the normalised input of the last attention in a transformer', () => {
    const { first, layers } = golden('vit_tiny');
    expect(first!.info.op).toBe('LayerNormalization');
    expect(first!.info.id).toContain('block2/ln1');
    expect(layers.every((l) => l.info.shape.length <= 3)).toBe(true);
  });

  it('is not the pooled map of one position behind it', () => {
    const g = new Builder();
    const x = new Value('float32', [N, 3, 8, 8], { name: 'x' });
    const map = g.apply('Relu', [x], {}, { outputs: ['map'] });
    const pooled = g.apply('GlobalAveragePool', [map], {}, { outputs: ['pooled'] });
    const y = g.reshape(pooled, [N, 3]);
    expect(defaultLayer(layersOf([x], y), y)!.info.id).toBe('map');
  });

  it('is nothing where no activation has positions', () => {
    const g = new Builder();
    const x = new Value('float32', [N, 3, 8, 8], { name: 'x' });
    const y = g.apply('Relu', [g.reshape(x, [N, 192])], {}, { outputs: ['y'] });
    expect(defaultLayer(layersOf([x], y), y)).toBeNull();
  });
});
