/** Weights beside a graph model mean what TF.js's own loader says, however they are packed. */
import { describe, expect, it } from 'vitest';
import { readModel } from '../../src/lib/formats/read.ts';
import { float32ToHalf } from '../../src/lib/tensor/half.ts';
import {
  constant,
  difference,
  graphDef,
  graphModel,
  node,
  placeholder,
  runOnReference,
  runOnTfjs,
} from './tensorflow-file.ts';
import { random } from './tensorflow-graph.ts';

const text = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));

/** y = x · w, with w packed into `shard` as `quantization` says. */
async function agrees(shard: Uint8Array, quantization: object, cut: number): Promise<void> {
  const weights = random([3, 4], 2);
  const graph = graphDef([constant('w', weights), placeholder('x', [-1, 3]), node('MatMul', 'y', ['x', 'w'])]);
  const { json } = graphModel(graph, new Map([['w', weights]]));
  const [group] = json.weightsManifest;
  const weightsManifest = [
    { paths: ['a.bin', 'b.bin'], weights: group.weights.map((spec) => ({ ...spec, quantization })) },
  ];
  const beside = [
    { path: 'model/b.bin', data: shard.slice(cut) },
    { path: 'model/a.bin', data: shard.slice(0, cut) },
  ];
  const bytes = text({ format: 'graph-model', ...json, weightsManifest });
  const model = await readModel({ file: 'model.json', bytes, beside });
  const feeds = new Map([['x', random([2, 3], 3)]]);
  const [expected] = await runOnTfjs({ json: { ...json, weightsManifest }, shard, feeds, outputs: ['y'] });
  expect(difference(runOnReference(model, feeds, 2)[0], expected)).toBeLessThan(1e-5);
}

describe('weights of a graph model', () => {
  it('in 8 bits are scaled and shifted', async () => {
    const shard = Uint8Array.from({ length: 12 }, (_, i) => i * 21);
    await agrees(shard, { dtype: 'uint8', scale: 0.01, min: -1.2 }, 5);
  });

  it('in 16 bits are scaled and shifted, also where a shard ends within one of them', async () => {
    const shard = new Uint8Array(Uint16Array.from({ length: 12 }, (_, i) => i * 5000).buffer);
    await agrees(shard, { dtype: 'uint16', scale: 0.0001, min: -2, original_dtype: 'float32' }, 7);
  });

  it('in half precision are widened', async () => {
    const half = float32ToHalf(random([12], 5).data as Float32Array);
    await agrees(new Uint8Array(half.buffer, half.byteOffset, half.byteLength).slice(), { dtype: 'float16' }, 8);
  });
});
