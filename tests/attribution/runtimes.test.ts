/** Every method on a small network, on onnxruntime and on TensorFlow.js: the same maps. */
import { beforeAll, describe, expect, it } from 'vitest';
import { methods } from '../../src/lib/attribution/index.ts';
import { createEngine } from '../../src/lib/model/engine.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { createTfjsRuntime } from '../../src/lib/runtime/tfjs/runtime.ts';
import { full } from '../../src/lib/tensor/tensor.ts';
import { ask, convModel, gap, gaussian } from './models.ts';

const x = gaussian([1, 2, 6, 6], 7);
const model = convModel('Relu');

let runtimes: readonly Runtime[];
beforeAll(async () => {
  runtimes = [await createOrtRuntime({ device: 'wasm', threads: 1 }), await createTfjsRuntime({ backend: 'cpu' })];
});

describe('TensorFlow.js and onnxruntime give the same map', () => {
  const asked = methods.flatMap((method) => [
    { title: method.title, method, layer: method.needs.layer ? model.feature : undefined },
    ...(method.layers ? [{ title: `${method.title} of a layer`, method, layer: model.feature }] : []),
  ]);
  it.each(asked)('by $title', async ({ method, layer }) => {
    const maps = [];
    for (const runtime of runtimes) {
      const engine = createEngine(runtime, { batch: 2 });
      const question = ask({
        model,
        x,
        target: { kind: 'logit', index: 2 },
        layer,
        baseline: full(x.shape, 0.1),
        ...(method.needs.neuron && { through: { layer: model.feature, index: 5 } }),
        ...(method.needs.images && { baselines: () => full(x.shape, 0.1), baselineCount: 1 }),
      });
      // What is negative everywhere would be zero without its sign.
      const options = 'relu' in method.options.properties ? { relu: false } : {};
      maps.push((await method.explain({ ...question, engine }, options)).scores);
      await engine.dispose();
    }
    const [onnxruntime, tensorflow] = maps;
    const size = Math.max(...onnxruntime.data.map(Math.abs));
    expect(size).toBeGreaterThan(0);
    expect(gap(tensorflow.data, onnxruntime.data) / size).toBeLessThan(1e-3);
  });
});
