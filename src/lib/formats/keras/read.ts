/** @file Files of Keras: a whole model in HDF5, its config and its weights in two files, and the archive of Keras 3. */
import { kindOf } from '../../sniff/kind.ts';
import { unpack } from '../archive.ts';
import { FormatError } from '../error.ts';
import type { ExternalFile, ImportedModel } from '../model.ts';
import type { Reader, ReadOptions, SourceFiles } from '../readers.ts';
import { Hdf5 } from './hdf5.ts';
import { h5Weights } from './h5-weights.ts';
import { importKeras } from './import.ts';

/** .h5: the config is an attribute of the file; weights alone need the config beside them. */
export const readKerasHdf5: Reader = async (source, options) => {
  const config = source.beside.find(({ data }) => kindOf(data) === 'keras-json');
  return withHdf5(source.bytes, source.file, (h5) => {
    const inside = h5.texts('', 'model_config').join('');
    if (!inside && !config)
      throw new FormatError(
        `${source.file}: holds the weights of a Keras model, but not the model. Drop it together with the model's config (.json, from model.to_json()), or save the whole model with model.save().`,
      );
    const described = inside || text(config!);
    const about = { version: versionOf(h5), external: inside || !config ? [] : [config] };
    return build(source, { described, h5, ...about }, options);
  });
};

/** .json of model.to_json(), with its weights in an .h5 beside it. */
export const readKerasJson: Reader = async (source, options) => {
  const weights = source.beside.filter(({ data }) => kindOf(data) === 'hdf5');
  if (weights.length !== 1)
    throw new FormatError(
      weights.length === 0
        ? `${source.file}: describes a Keras model, whose weights lie in another file (.h5), which is missing. Drop both together.`
        : `${source.file}: ${weights.length} files with weights are beside it (${weights.map(({ path }) => path).join(', ')}). Drop the one that belongs to it.`,
    );
  return withHdf5(weights[0].data, weights[0].path, (h5) => {
    const described = text({ path: source.file, data: source.bytes });
    return build(source, { described, h5, version: versionOf(h5), external: weights }, options);
  });
};

/** .keras: config.json, metadata.json and model.weights.h5 in a zip. */
export const readKerasArchive: Reader = async (source, options) => {
  const files = new Map(unpack(source.bytes, source.file).map((file) => [file.path, file]));
  const [config, weights] = ['config.json', 'model.weights.h5'].map((name) => files.get(name));
  if (!config || !weights) {
    const missing = [!config && 'config.json', !weights && 'model.weights.h5'].filter(Boolean).join(' and ');
    throw new FormatError(
      `${source.file}: a Keras archive without ${missing}. Save the model again with model.save().`,
    );
  }
  const metadata = files.get('metadata.json');
  const version = metadata ? fieldOf(json(text(metadata), source.file), 'keras_version') : '';
  return withHdf5(weights.data, source.file, (h5) =>
    build(source, { described: text(config), h5, version, external: [] }, options),
  );
};

interface Parts {
  /** The config as JSON. */
  readonly described: string;
  readonly h5: Hdf5;
  /** Of Keras. */
  readonly version: string;
  readonly external: readonly ExternalFile[];
}

function build(
  { file }: SourceFiles,
  { described, h5, version, external }: Parts,
  options: ReadOptions,
): ImportedModel {
  const config = json(described, file);
  const keras = version || fieldOf(config, 'keras_version');
  const info = { producer: `Keras ${keras}`.trim(), version: `Keras ${keras}`.trim(), opset: null };
  return importKeras(
    { file, config, weights: h5Weights(h5, config), format: 'keras', info, external, notes: [] },
    options,
  );
}

async function withHdf5<T>(bytes: Uint8Array, file: string, read: (h5: Hdf5) => T): Promise<T> {
  const h5 = await Hdf5.open(bytes, file);
  try {
    return read(h5);
  } finally {
    h5.close();
  }
}

const text = ({ data }: ExternalFile): string => new TextDecoder().decode(data);

const versionOf = (h5: Hdf5): string => h5.texts('', 'keras_version').join('');

function json(described: string, file: string): unknown {
  try {
    return JSON.parse(described);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FormatError(`${file}: the model's config is not readable JSON (${reason}). Save the model again.`, {
      cause: error,
    });
  }
}

const fieldOf = (value: unknown, name: string): string => {
  const found = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : null;
  return typeof found === 'string' ? found : '';
};
