/** TensorFlow.js' own predict beside ours, on files that TensorFlow.js saved or others published. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModel } from '../../src/lib/formats/read.ts';
import type { SourceFiles } from '../../src/lib/formats/readers.ts';
import { forwardDifference, type ForwardCheck } from '../../src/lib/model/forward-check.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { createTfjsRuntime } from '../../src/lib/runtime/tfjs/runtime.ts';
import { randomise, saved, tf } from '../formats/tfjs-models.ts';

const folder = new URL('../../../shared/real/tfjs/', import.meta.url);
const here = existsSync(folder);
if (!here) console.log('forward-check-tfjs: real models skipped, ../shared/real/tfjs is not there.');

function published(model: string): SourceFiles {
  const read = (path: string) => new Uint8Array(readFileSync(new URL(`${model}/${path}`, folder)));
  const beside = readdirSync(new URL(`${model}/`, folder)).filter((path) => path !== 'model.json');
  return {
    file: 'model.json',
    bytes: read('model.json'),
    beside: beside.map((path) => ({ path, data: read(path) })),
  };
}

/** Channels last, and two outputs of which the second is computed first. */
function small(): tf.LayersModel {
  const image = tf.input({ shape: [12, 12, 3], name: 'image' });
  const convolved = tf.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }).apply(image);
  const pooled = tf.layers.maxPooling2d({ poolSize: 2 }).apply(convolved);
  const normalised = tf.layers.batchNormalization().apply(pooled);
  const features = tf.layers.flatten().apply(normalised);
  const hidden = tf.layers.dense({ units: 7 }).apply(features);
  const scores = tf.layers.dense({ units: 5, activation: 'softmax' }).apply(hidden);
  const model = tf.model({ inputs: image, outputs: [scores, hidden] as tf.SymbolicTensor[] });
  randomise(model, 5);
  return model;
}

/** `small` as files; what made them is gone. */
async function smallFiles(shardBytes?: number): Promise<SourceFiles> {
  const model = small();
  const files = await saved(model, shardBytes);
  model.dispose();
  return files;
}

let wasm: Runtime;

beforeAll(async () => {
  await tf.setBackend('cpu');
  wasm = await createOrtRuntime({ device: 'wasm', threads: 1 });
});

afterAll(() => wasm.dispose());

/** The check of `files`, against TensorFlow.js running `original` where that is not the same. */
async function checked(files: SourceFiles, original = files, runtime = wasm): Promise<ForwardCheck> {
  const model = await readModel(files);
  const { external } = await readModel(original);
  return forwardDifference(runtime, { bytes: original.bytes, external }, model);
}

describe.runIf(here)('published models', () => {
  it.each(['tiny_vgg', 'tensorspace_layer_mnist', 'tensorspace_graph_mnist'])(
    '%s gives in our graph what it gives in TensorFlow.js',
    async (name) => {
      const before = tf.memory().numTensors;
      const { value, notes } = await checked(published(name));
      console.log(`forward-check-tfjs: ${name} differs by ${value}`);
      expect(notes).toEqual([]);
      expect(value).toBeLessThanOrEqual(1e-4);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

describe('models that TensorFlow.js saved', () => {
  it('agree, whatever shards they are in, and leave no tensor behind', async () => {
    for (const shardBytes of [undefined, 100]) {
      const files = await smallFiles(shardBytes);
      const before = tf.memory().numTensors;
      const { value, notes } = await checked(files);
      expect(notes).toEqual([]);
      expect(value).toBeLessThanOrEqual(1e-5);
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('are told to differ where one weight of ours is not the one of TensorFlow.js', async () => {
    const files = await smallFiles();
    const [shard] = files.beside;
    const data = shard.data.slice();
    new DataView(data.buffer).setFloat32(data.length - 4, 3, true);
    const before = tf.memory().numTensors;
    const { value, notes } = await checked({ ...files, beside: [{ ...shard, data }] }, files);
    expect(value).toBeGreaterThan(1e-2);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^Vitrine's forward pass differs from TensorFlow\.js running the file by \d/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('agree where TensorFlow.js is the device, too', async () => {
    const runtime = await createTfjsRuntime({ backend: 'cpu' });
    const { value, notes } = await checked(await smallFiles(), undefined, runtime);
    await runtime.dispose();
    expect(notes).toEqual([]);
    expect(value).toBeLessThanOrEqual(1e-5);
  });

  it('that TensorFlow.js itself does not read are told so, and leave no tensor behind', async () => {
    const files = await smallFiles();
    const text = new TextDecoder().decode(files.bytes);
    const changed = text.replaceAll(
      '"kernel_regularizer":null',
      '"kernel_regularizer":{"class_name":"Own","config":{}}',
    );
    expect(changed).not.toBe(text);
    const before = tf.memory().numTensors;
    const { value, notes } = await checked({ ...files, bytes: new TextEncoder().encode(changed) });
    expect(value).toBeNull();
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(
      /^TensorFlow\.js could not run the file as it is, so the forward pass was not compared: .*Own/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('are left unchecked where a pass has more multiply-adds than JavaScript does in seconds', async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ filters: 64, kernelSize: 3, inputShape: [128, 128, 12], kernelInitializer: 'zeros' }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2, kernelInitializer: 'zeros' }),
      ],
    });
    const files = await saved(model);
    model.dispose();
    expect(await checked(files)).toEqual({
      value: null,
      notes: [
        'The forward check was left out: TensorFlow.js, which it is made with, would take long for it on the processor.',
      ],
    });
  });
});

it('formats that nothing else in a browser reads are told so', async () => {
  const model = await readModel(await smallFiles());
  for (const format of ['keras', 'tensorflow', 'tflite'] as const)
    expect(await forwardDifference(wasm, { bytes: new Uint8Array() }, { ...model, format })).toEqual({
      value: null,
      notes: [
        'The forward check was left out: neither of the programs that it is made with, onnxruntime and TensorFlow.js, reads this format.',
      ],
    });
});
