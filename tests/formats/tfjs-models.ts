/** @file Models of TF.js as files, with numbers that a seed gives, and what TF.js and the interpreter make of them. */
import * as tf from '@tensorflow/tfjs';
import type { Graph } from '../../src/lib/graph/graph.ts';
import type { SourceFiles } from '../../src/lib/formats/readers.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { makeTensor } from '../../src/lib/tensor/tensor.ts';
import { evaluate } from '../reference/interpreter.ts';
import { ref, type RefTensor } from '../reference/tensor.ts';

export { tf };

/** Numbers between −1 and 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  };
}

/** Weights that are all different, variances above zero. */
export function randomise(model: tf.LayersModel, seed = 1): void {
  const next = seeded(seed);
  for (const weight of model.weights) {
    const positive = weight.name.includes('variance');
    const size = weight.shape.reduce<number>((n, d) => n * d!, 1);
    const values = Float32Array.from({ length: size }, () => (positive ? 0.7 + 0.5 * next() : next()));
    weight.write(tf.tensor(values, weight.shape as number[]));
  }
}

/** What `model.save` writes: model.json, and the weights beside it in shards of at most `shardBytes`. */
export async function saved(model: tf.LayersModel, shardBytes = Infinity): Promise<SourceFiles> {
  let files: SourceFiles | undefined;
  const handler = tf.io.withSaveHandler((artifacts) => {
    const data = new Uint8Array(artifacts.weightData as ArrayBuffer);
    const count = Math.max(1, Math.ceil(data.length / shardBytes));
    const shards = Array.from({ length: count }, (_, i) => ({
      path: `group1-shard${i + 1}of${count}.bin`,
      data: count === 1 ? data : data.slice(i * shardBytes, (i + 1) * shardBytes),
    }));
    const manifest = [{ paths: shards.map(({ path }) => path), weights: artifacts.weightSpecs }];
    const { modelTopology, format, generatedBy } = artifacts;
    const json = { modelTopology, format, generatedBy, weightsManifest: manifest };
    files = { file: 'model.json', bytes: new TextEncoder().encode(JSON.stringify(json)), beside: shards };
    return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' as const } });
  });
  await model.save(handler);
  return files!;
}

/** Examples between −1 and 1, or whole numbers below `whole`. */
export function examples(shape: readonly number[], seed: number, whole?: number): RefTensor {
  const next = seeded(seed);
  const size = shape.reduce((n, d) => n * d, 1);
  const values = Array.from({ length: size }, () => (whole ? Math.floor(((next() + 1) / 2) * whole) : next()));
  return ref('float32', shape, Float32Array.from(values));
}

export const predicted = (model: tf.LayersModel, x: readonly RefTensor[]): tf.Tensor[] => {
  const fed = x.map((v) => tf.tensor(Float32Array.from(v.data), [...v.shape]));
  const y = model.predict(fed.length === 1 ? fed[0] : fed);
  return Array.isArray(y) ? y : [y];
};

/** The graph's outputs for a batch. */
export function computed(graph: Graph, x: readonly RefTensor[]): RefTensor[] {
  const feeds = new Map(graph.inputs.map((v, i) => [v, { ...x[i], dtype: v.dtype }]));
  return evaluate(graph.outputs, feeds, x[0].shape[0]);
}

/** The same in onnxruntime. */
export async function executed(runtime: Runtime, graph: Graph, x: readonly RefTensor[]): Promise<RefTensor[]> {
  const program = await runtime.compile(graph, { batch: x[0].shape[0] });
  const outputs = await program.run(
    x.map(({ shape, data }, i) => {
      const whole = graph.inputs[i].dtype === 'int32';
      return makeTensor(whole ? 'int32' : 'float32', shape, whole ? Int32Array.from(data) : Float32Array.from(data));
    }),
  );
  const read = await Promise.all(outputs.map((v) => v.read()));
  outputs.forEach((v) => v.dispose());
  await program.dispose();
  return read.map(({ dtype, shape, data }) => ref(dtype, shape, data as Float32Array));
}

/** Largest difference as a share of the largest number, at least of 1. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const largest = Array.from(expected).reduce((m, v) => Math.max(m, Math.abs(v)), 1);
  const worst = Array.from(expected).reduce((m, v, i) => Math.max(m, Math.abs(v - actual[i])), 0);
  return actual.length === expected.length ? worst / largest : NaN;
}
