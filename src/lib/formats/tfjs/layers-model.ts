/** @file A TF.js layers model: model.json and its shards → Graph. */
import type { Tensor } from '../../tensor/tensor.ts';
import { FormatError } from '../error.ts';
import { importKeras } from '../keras/import.ts';
import type { LayerWeight, WeightSource } from '../keras/weights.ts';
import type { ImportedModel, SourceInfo } from '../model.ts';
import type { ReadOptions, SourceFiles } from '../readers.ts';
import { readWeights, shardsOf } from './weights.ts';

type Raw = Readonly<Record<string, unknown>>;

const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads model.json with the shards that lie beside it. Throws a FormatError. */
export function readLayersModel(source: SourceFiles, options: ReadOptions): ImportedModel {
  const { file } = source;
  const json = parsed(source.bytes, file);
  const topology = isRaw(json.modelTopology) ? json.modelTopology : null;
  if (!topology)
    throw new FormatError(`${file}: it has no modelTopology, only weights. Convert or save the whole model.`);
  const config = topology.model_config ?? topology;
  return importKeras(
    {
      file,
      config: typeof config === 'string' ? parsed(new TextEncoder().encode(config), file) : config,
      weights: weightSource(readWeights(json.weightsManifest, source)),
      format: 'tfjs-layers',
      info: infoOf(json, topology),
      external: shardsOf(json.weightsManifest, source),
      notes: [],
    },
    options,
  );
}

function parsed(bytes: Uint8Array, file: string): Raw {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new FormatError(`${file}: the JSON is damaged or cut short. Download or convert the model again.`, {
      cause: error,
    });
  }
  if (!isRaw(json)) throw new FormatError(`${file}: the JSON holds no model. Convert the model again.`);
  return json;
}

const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 100) : '');

function infoOf({ generatedBy, convertedBy }: Raw, { keras_version: version }: Raw): SourceInfo {
  const keras = text(version);
  return {
    producer: text(convertedBy) || text(generatedBy),
    version: keras === '' || keras.startsWith('tfjs') ? keras : `Keras ${keras}`,
    opset: null,
  };
}

/** Weights are called "layer/kernel", "layer/cell/kernel" or, in models within models, "outer/layer/kernel" or "layer/kernel". */
function weightSource(weights: ReadonlyMap<string, Tensor>): WeightSource {
  const fromStart = new Map<string, LayerWeight[]>();
  const within = new Map<string, LayerWeight[]>();
  for (const [name, tensor] of weights) {
    const folders = name.split('/').slice(0, MOST_PARTS);
    const weight = { name: folders.pop()!, tensor };
    folders.forEach((_, start) => {
      for (let end = start + 1; end <= folders.length; end++)
        put(start === 0 ? fromStart : within, folders.slice(start, end).join('/'), weight);
    });
  }
  return {
    of: (path) => {
      const ends = path.map((_, i) => path.slice(i).join('/'));
      const found = ends.map((end) => fromStart.get(end)).find((list) => list !== undefined);
      return found ?? ends.map((end) => within.get(end)).find((list) => list !== undefined) ?? [];
    },
  };
}

/** Names are few parts long; more are no file of anybody. */
const MOST_PARTS = 16;

function put(lists: Map<string, LayerWeight[]>, key: string, weight: LayerWeight): void {
  const list = lists.get(key);
  if (list) list.push(weight);
  else lists.set(key, [weight]);
}
