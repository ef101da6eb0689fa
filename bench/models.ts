/** @file The benchmark's models and the graphs that are timed. */
import { existsSync, readFileSync } from 'node:fs';
import { backward } from '../src/lib/autodiff/backward.ts';
import { gradient } from '../src/lib/autodiff/rule-sets.ts';
import { readOnnx } from '../src/lib/formats/onnx/read.ts';
import { Value, type Graph } from '../src/lib/graph/graph.ts';
import { Builder } from '../src/lib/ops/builder.ts';
import { float32, zeros, type FloatTensor } from '../src/lib/tensor/tensor.ts';

export const MODELS = ['squeezenet1_1', 'mobilenet_v2', 'resnet18', 'resnet50', 'vit_b_16'];

/** The logit whose gradient is taken. */
export const CLASS = 281;

/** The graph of bench/models/<name>.onnx. Throws an Error when the models have not been exported. */
export function loadModel(name: string): Graph {
  const path = new URL(`models/${name}.onnx`, import.meta.url);
  if (!existsSync(path)) throw new Error(`bench: ${name}.onnx is missing. Run python3 bench/export.py first.`);
  return readOnnx(new Uint8Array(readFileSync(path)), `${name}.onnx`).graph;
}

/** The logits, and the gradient of Σ seed · logits to the image: inputs x and seed. */
export function gradientGraph({ name, inputs: [x], outputs: [y] }: Graph): Graph {
  const seed = new Value('float32', y.shape, { name: 'seed' });
  return { name, inputs: [x, seed], outputs: [y, ...backward(new Builder(), gradient, { y, seed, xs: [x] })] };
}

/** Noise of a normalised image's size, the same in every run. */
export function image(shape: readonly number[]): FloatTensor {
  const length = shape.reduce((n, d) => n * d, 1);
  return float32(
    shape,
    Float32Array.from({ length }, (_, i) => 2 * Math.sin(i * 12.9898 + Math.sin(i) * 78.233)),
  );
}

export function oneHot(classes: number): FloatTensor {
  const seed = zeros('float32', [1, classes]);
  seed.data[CLASS % classes] = 1;
  return seed;
}
