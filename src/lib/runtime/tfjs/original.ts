/** @file A model of TensorFlow.js as it was dropped, read and run by TensorFlow.js itself: nothing of ours is between. */
import type { GraphModel } from '@tensorflow/tfjs-converter';
import type { io } from '@tensorflow/tfjs-core';
import type { TensorFlow, TfTensor } from '../../ops/tensorflow.ts';
import { joined } from '../../tensor/bytes.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { createQueue, type Enqueue } from '../queue.ts';
import type { DeviceTensor, Feed, ModelFile, Program } from '../runtime.ts';
import { loadBackend, useBackend } from './backend.ts';
import { TfjsDeviceTensor, toDevice } from './tensors.ts';

/** A file of TensorFlow.js, and the names that its feeds and results are given by. */
export interface OriginalFile extends ModelFile {
  readonly format: 'tfjs-layers' | 'tfjs-graph';
  /** "node" or "node:index" in graph models; in layers models the order alone counts. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** What either kind of model is once it is loaded. */
interface Loaded {
  predict(x: readonly TfTensor[]): readonly TfTensor[];
  dispose(): void;
}

const loaders: Readonly<Record<OriginalFile['format'], (tf: TensorFlow, file: OriginalFile) => Promise<Loaded>>> = {
  'tfjs-layers': loadLayers,
  'tfjs-graph': loadGraph,
};

/**
 * Loads model.json and its shards by TensorFlow.js' own loader, on its JavaScript backend. Feeds and results are in the
 * order of `inputs` and `outputs`. Throws TensorFlow.js' Error where it does not take the file.
 */
export async function openOriginal(file: OriginalFile): Promise<Program> {
  const { tf } = await loadBackend({ backend: 'cpu' });
  return new OriginalProgram(tf, await loaders[file.format](tf, file));
}

class OriginalProgram implements Program {
  readonly batch = 1;
  readonly #tf: TensorFlow;
  readonly #model: Loaded;
  readonly #enqueue: Enqueue = createQueue();
  #disposed: Promise<void> | null = null;

  constructor(tf: TensorFlow, model: Loaded) {
    this.#tf = tf;
    this.#model = model;
  }

  run(feeds: readonly Feed[]): Promise<DeviceTensor[]> {
    return this.#enqueue(async () => {
      await useBackend(this.#tf, 'cpu');
      // Copies: what the model hands out may be one of its weights, or the same tensor twice.
      const results = this.#tf.tidy(() =>
        this.#model.predict(feeds.map((feed) => this.#feed(feed))).map((y) => this.#tf.clone(y)),
      );
      return results.map((y) => new TfjsDeviceTensor(y, y.dtype as Tensor['dtype'], this.#enqueue));
    });
  }

  #feed(feed: Feed): TfTensor {
    return feed instanceof TfjsDeviceTensor ? feed.value('run') : toDevice(this.#tf, feed as Tensor);
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#enqueue(async () => this.#model.dispose());
    return this.#disposed;
  }
}

async function loadLayers(tf: TensorFlow, file: OriginalFile): Promise<Loaded> {
  const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
  // How it was trained changes no prediction, and losses that TensorFlow.js does not know would make it throw.
  const artifacts = { ...artifactsOf(tf, file), trainingConfig: undefined };
  const before = new Set(Object.values(tf.engine().state.registeredVariables));
  try {
    const model = await loadLayersModel(tf.io.fromMemory(artifacts));
    return {
      predict: (x) => listOf(model.predict([...x], { batchSize: x[0].shape[0] })),
      dispose: () => void model.dispose(),
    };
  } catch (error) {
    // Layers that were made before the one that it refuses keep their weights for good.
    for (const variable of Object.values(tf.engine().state.registeredVariables))
      if (!before.has(variable)) variable.dispose();
    throw error;
  }
}

async function loadGraph(tf: TensorFlow, file: OriginalFile): Promise<Loaded> {
  const { loadGraphModelSync } = await import('@tensorflow/tfjs-converter');
  let model!: GraphModel<io.IOHandlerSync>;
  // Where it throws halfway, tidy disposes of the weights that it had read.
  tf.tidy(() => {
    model = loadGraphModelSync(tf.io.fromMemorySync(artifactsOf(tf, file)));
    for (const weight of Object.values(model.weights).flat()) tf.keep(weight);
  });
  return {
    predict: (x) => {
      const feeds = Object.fromEntries(file.inputs.map((name, i) => [tensorName(name), x[i]]));
      return listOf(model.execute(feeds, file.outputs.map(tensorName)));
    },
    dispose: () => model.dispose(),
  };
}

const listOf = (y: TfTensor | TfTensor[]): TfTensor[] => (Array.isArray(y) ? y : [y]);

/** With its index: bare names are looked for among the signature's own words first. */
const tensorName = (name: string): string => (name.includes(':') ? name : `${name}:0`);

/** What TensorFlow.js' loaders make of a model.json that they fetch: its parts, and all shards one after another. */
function artifactsOf(tf: TensorFlow, { bytes, external = [] }: OriginalFile): io.ModelArtifacts {
  const json = JSON.parse(new TextDecoder().decode(bytes)) as io.ModelJSON;
  const data = new Map(external.map((file) => [file.path, file.data]));
  const shards = json.weightsManifest.flatMap(({ paths }) => paths.map((path) => data.get(path)!));
  return tf.io.getModelArtifactsForJSONSync(json, tf.io.getWeightSpecs(json.weightsManifest), joined(shards).buffer);
}
