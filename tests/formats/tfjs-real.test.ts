/** Files that others made: read as TF.js reads them. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModel } from '../../src/lib/formats/read.ts';
import type { SourceFiles } from '../../src/lib/formats/readers.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { difference, examples, executed, predicted, tf } from './tfjs-models.ts';

const TOLERANCE = 1e-4;
const folder = new URL('../../../shared/real/tfjs/', import.meta.url);
const here = existsSync(folder);
if (!here) console.log('tfjs-real: skipped, ../shared/real/tfjs is not there.');

const read = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)));

function filesOf(model: string): SourceFiles {
  const beside = readdirSync(new URL(`${model}/`, folder)).filter((path) => path !== 'model.json');
  return {
    file: 'model.json',
    bytes: read(`${model}/model.json`),
    beside: beside.map((path) => ({ path, data: read(`${model}/${path}`) })),
  };
}

/** TF.js' own reading of the same bytes. */
function inTfjs({ bytes, beside }: SourceFiles): Promise<tf.LayersModel> {
  const json = JSON.parse(new TextDecoder().decode(bytes)) as tf.io.ModelJSON;
  const [{ paths, weights }] = json.weightsManifest;
  const { data } = beside.find(({ path }) => path === paths[0])!;
  return tf.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: json.modelTopology,
      weightSpecs: weights,
      weightData: Uint8Array.from(data).buffer,
    }),
  );
}

let runtime: Runtime;

beforeAll(async () => {
  await tf.setBackend('cpu');
  runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
});

afterAll(() => runtime.dispose());

describe.runIf(here)('real models in onnxruntime', () => {
  it.each([
    ['tensorspace_layer_mnist', [28, 28], undefined, 7],
    ['tfjs_integration_layers', [10], 100, 1],
    ['tiny_vgg', [64, 64, 3], undefined, 1],
  ] as const)('%s gives what it gives in TF.js', async (name, shape, whole, count) => {
    const files = filesOf(name);
    const model = await readModel(files);
    const x = [examples([2, ...shape], 3, whole)];
    const expected = predicted(await inTfjs(files), x);
    const y = await executed(runtime, model.graph, x);
    expect(model.batched).toBe(true);
    expect(y).toHaveLength(count);
    expect(expected).toHaveLength(count);
    expected.forEach((v, i) => {
      expect(y[i].shape).toEqual(v.shape);
      expect(difference(y[i].data, v.dataSync())).toBeLessThanOrEqual(TOLERANCE);
    });
    expect(model.external.map(({ path }) => path)).toHaveLength(1);
  });
});
