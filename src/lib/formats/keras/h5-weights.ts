/** @file Where HDF5 files of Keras keep a layer's weights: by names in the files of Keras 1 and 2, by places in those of Keras 3. */
import type { Tensor } from '../../tensor/tensor.ts';
import type { Hdf5 } from './hdf5.ts';
import type { LayerWeight, WeightSource } from './weights.ts';

type Container = 'layers' | '_layer_checkpoint_dependencies';

/** The weights of an open file; `config` is that of the model that they belong to. Everything is read when it is asked for. */
export function h5Weights(h5: Hdf5, config: unknown): WeightSource {
  const top = h5.children('');
  if (top.includes('layers')) return byPlace(h5, 'layers', config);
  if (top.includes('_layer_checkpoint_dependencies')) return byPlace(h5, '_layer_checkpoint_dependencies', config);
  return byName(h5, top.includes('model_weights') ? 'model_weights' : '');
}

/**
 * One group for each layer of the outermost model, with the attribute weight_names: "conv/kernel:0". Of a nested model they begin
 * with the names of some of the models around the layer, of all or of none, by how it was built.
 */
function byName(h5: Hdf5, root: string): WeightSource {
  const at = (...parts: string[]) => parts.filter((part) => part !== '').join('/');
  return {
    of: ([outer, ...inner]) => {
      const group = at(root, outer);
      const names = namesOf(h5.texts(group, 'weight_names'), inner);
      return names.map((name) => ({ name: lastPart(name), tensor: h5.tensor(at(group, name)) }));
    },
  };
}

/** The names that the layer at the end of `path` stands in, and of these the ones with the most of the models around it. */
function namesOf(names: readonly string[], path: readonly string[]): readonly string[] {
  const layer = path.at(-1);
  if (layer === undefined) return names;
  const shared = (name: string) => {
    const parts = name.split('/').slice(0, -1);
    return parts.includes(layer) ? path.filter((part) => parts.includes(part)).length : 0;
  };
  const most = Math.max(0, ...names.map(shared));
  return most === 0 ? [] : names.filter((name) => shared(name) === most);
}

const lastPart = (name: string): string => name.split('/').at(-1)!.replace(/:\d+$/, '');

interface LayerConfig {
  readonly name: string;
  readonly className: string;
  readonly layers: readonly LayerConfig[];
  /** Of a stack of recurrent cells, wherever it is within the layer. */
  readonly cells: readonly LayerConfig[];
}

/**
 * Keras 3 names groups by the classes of layers, numbered in the order of the model's layers ("conv2d", "conv2d_1"), whatever the
 * layers are called; weights are numbered, too ("vars/0"). Cells and wrapped layers have groups of their own inside.
 */
function byPlace(h5: Hdf5, container: Container, config: unknown): WeightSource {
  const find = (path: readonly string[], layers: readonly LayerConfig[], group: string): LayerWeight[] => {
    const keys = placesOf(layers, (key) => (container === 'layers' ? 1 : countOf(h5, `${group}/${key}`)));
    const at = layers.findIndex(({ name }) => name === path[0]);
    if (at < 0) return [];
    const found = `${group}/${keys[at]}`;
    if (path.length > 1) return find(path.slice(1), layers[at].layers, `${found}/${container}`);
    return variablesOf(h5, found, [...PARTS, ...placesOf(layers[at].cells, () => 1)]);
  };
  return { of: (path) => find(path, layersOf(config), container) };
}

/** Deeper than a cell within a stack within a wrapper. */
const DEEPEST = 6;

/** Parts whose weights Keras counts in this order; HDF5 lists them by the alphabet. */
const PARTS = ['forward_layer', 'backward_layer', 'query_dense', 'key_dense', 'value_dense', 'output_dense'];

/** A layer's own variables, then those of its parts: sorted by number, as names would put 10 before 2, and parts as in `order`. */
function variablesOf(h5: Hdf5, group: string, order: readonly string[], depth = 0): LayerWeight[] {
  const own = h5
    .children(`${group}/vars`)
    .sort((a, b) => Number(a) - Number(b))
    .map((name): { name: string; tensor: Tensor } => ({ name, tensor: h5.tensor(`${group}/vars/${name}`) }));
  if (depth === DEEPEST) return own;
  const parts = h5
    .children(group)
    .filter((name) => name !== 'vars' && !h5.isDataset(`${group}/${name}`))
    .sort((a, b) => order.indexOf(a) - order.indexOf(b));
  return [...own, ...parts.flatMap((part) => variablesOf(h5, `${group}/${part}`, order, depth + 1))];
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Deeper nesting of models is refused elsewhere; here it must only end. */
const DEEPEST_MODEL = 32;

function layersOf(model: unknown, depth = 0): LayerConfig[] {
  const config = isRecord(model) ? model.config : null;
  const layers = Array.isArray(config) ? config : isRecord(config) ? config.layers : null;
  if (!Array.isArray(layers) || depth > DEEPEST_MODEL) return [];
  return layers.filter(isRecord).map((layer) => describe(layer, depth));
}

function describe(layer: Record<string, unknown>, depth: number): LayerConfig {
  const inner = isRecord(layer.config) ? layer.config.name : undefined;
  return {
    name: String(layer.name ?? inner ?? ''),
    className: String(layer.class_name ?? ''),
    layers: layersOf(layer, depth + 1),
    cells: cellsOf(layer, depth + 1),
  };
}

/** Of a StackedRNNCells; a wrapper and an RNN hold it as their `layer` and `cell`. */
function cellsOf(layer: Record<string, unknown>, depth: number): LayerConfig[] {
  const { config } = layer;
  if (!isRecord(config) || depth > DEEPEST_MODEL) return [];
  if (Array.isArray(config.cells)) return config.cells.filter(isRecord).map((cell) => describe(cell, depth + 1));
  const part = config.layer ?? config.cell;
  return isRecord(part) ? cellsOf(part, depth + 1) : [];
}

/** `count`: how many numbers of its class the layer in a group takes. */
function placesOf(layers: readonly LayerConfig[], count: (key: string) => number): string[] {
  const used = new Map<string, number>();
  return layers.map(({ className }) => {
    const own = snakeCase(className);
    const before = used.get(own) ?? 0;
    const key = before === 0 ? own : `${own}_${before}`;
    used.set(own, before + count(key));
    return key;
  });
}

/** Keras 2.12 … 2.15 count a layer with weights twice: among those that have some, and among all. */
const countOf = (h5: Hdf5, group: string): number => (hasWeights(h5, group) ? 2 : 1);

function hasWeights(h5: Hdf5, group: string, depth = 0): boolean {
  if (depth > DEEPEST_MODEL) return false;
  return h5
    .children(group)
    .some((name) => h5.isDataset(`${group}/${name}`) || hasWeights(h5, `${group}/${name}`, depth + 1));
}

/** Keras' own: "Conv2DTranspose" is "conv2d_transpose", "GRU" is "gru". */
export const snakeCase = (name: string): string =>
  name
    .replaceAll(/\W+/g, '')
    .replaceAll(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
