import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { writeModel } from '../../src/lib/formats/onnx/write.ts';
import '../../src/lib/ops/index.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { findMethod } from '../../src/lib/attribution/index.ts';
import { openModel } from '../../src/lib/model/open.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { float32, full } from '../../src/lib/tensor/tensor.ts';

/** A classifier of 16×16 images with about 6 MB of weights, different for every seed. */
function classifier(seed: number): Uint8Array<ArrayBuffer> {
  const rng = random(seed);
  const g = new Builder();
  const weight = (...shape: number[]) =>
    g.constant(
      float32(
        shape,
        Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 0.05 * rng.normal()),
      ),
    );
  const x = new Value('float32', [N, 3, 16, 16], { name: 'image' });
  const features = g.relu(g.apply('Conv', [x, weight(8, 3, 3, 3), null], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }));
  const hidden = g.relu(g.matmul(g.reshape(features, [N, 2048]), weight(2048, 768)));
  return writeModel(
    { name: `model ${seed}`, inputs: [x], outputs: [g.matmul(hidden, weight(768, 10))] },
    { weights: 'embedded' },
  ).bytes;
}

describe('memory', () => {
  it('does not grow with the number of models opened one after another', async () => {
    const runtime = await createOrtRuntime({ device: 'wasm' });
    const heaps: number[] = [];
    for (let i = 0; i < 20; i++) {
      const loaded = await openModel(runtime, [{ name: `m${i}.onnx`, bytes: classifier(i) }], {
        signal: new AbortController().signal,
        onProgress: () => undefined,
      });
      const { model, engine } = loaded;
      const question = {
        model,
        engine,
        x: full([1, 3, 16, 16], 0.5),
        target: { kind: 'logit', index: 1 },
        seed: 1,
      } as const;
      await findMethod('saliency').explain(question);
      await engine.dispose();
      heaps.push(runtime.heapBytes!);
    }
    expect(heaps[4]).toBeGreaterThan(0);
    expect(heaps[19]).toBeLessThan(1.3 * heaps[4]);
    await runtime.dispose();
  }, 60_000);
});
