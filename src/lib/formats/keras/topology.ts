/** @file A model's config in any dialect → layers and the tensors that they are called on. */
import { CONSTANT, isReference } from './arguments.ts';
import { Config, isRaw, type Raw } from './config.ts';
import { functionNamed } from './layers/functions.ts';
import { classNamed } from './layers/table.ts';

/** Output `tensor` of call `call` of a layer. */
export interface TensorRef {
  readonly layer: string;
  readonly call: number;
  readonly tensor: number;
}

export interface LayerSpec {
  readonly className: string;
  readonly name: string;
  readonly config: Config;
  /** The layers of a model that is used as a layer. */
  readonly model: ModelSpec | null;
  /** What each call of it reads. */
  readonly calls: readonly (readonly TensorRef[])[];
  /** Each call as the file has it: what is given beside tensors is read where it is needed. */
  readonly nodes: readonly unknown[];
}

export interface ModelSpec {
  readonly name: string;
  readonly layers: ReadonlyMap<string, LayerSpec>;
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly TensorRef[];
}

/** TF.js writes the class of a layer within a layer in lower case. */
const MODELS = new Set(['sequential', 'functional', 'model', 'layersmodel']);

const isModel = (className: string): boolean => MODELS.has(className.toLowerCase());

/** Models in models in models: more than anybody builds, and safe to walk. */
const DEEPEST = 16;

/** Lists in lists that tensors may stand in. */
const DEEPEST_ARGUMENT = 8;

const MODEL_AGAIN = 'The file is damaged: save the model again.';

/** {class_name, config} of a model → its description. Throws a RangeError. */
export function modelOf(raw: unknown, depth = 0): ModelSpec {
  if (depth > DEEPEST) throw new RangeError(`has models in models ${depth} deep, the most is ${DEEPEST}.`);
  if (!isRaw(raw)) throw new RangeError(`has no layers. ${MODEL_AGAIN}`);
  const className = classOf(raw);
  const { config } = raw;
  if (className.toLowerCase() === 'sequential') return sequential(config, depth);
  if (!isModel(className))
    throw new RangeError(
      `is a model of the class ${className || '(none)'}, written in code that the file does not hold. Build it as a Functional or Sequential model, or export it with tf2onnx to ONNX.`,
    );
  return functional(config, depth);
}

/** Keras 3 writes a function on tensors as a layer: its class begins with "keras.ops." here. */
const classOf = (raw: Raw): string => {
  const name = raw.class_name ?? raw.className;
  if (typeof name !== 'string') return '';
  return isFunction(name, raw) ? `keras.ops.${name}` : name;
};

/**
 * Its module says so. An .h5 leaves the module out; there a function is what has a name that no layer has, settings that no layer
 * has, or operands one by one where a layer of that name has a list: taken for a layer, `x - 0.5` would be x.
 */
function isFunction(name: string, { module, config, inbound_nodes: nodes }: Raw): boolean {
  if (typeof module === 'string') return /\bops\b/.test(module);
  if (!functionNamed(`keras.ops.${name}`, null)) return false;
  const [node] = Array.isArray(nodes) ? (nodes as unknown[]) : [];
  if (!isRaw(node) || !Array.isArray(node.args)) return false;
  return !classNamed(name) || node.args.length > 1 || (isRaw(config) && 'newshape' in config);
}

/** {class_name, config, name, inbound_nodes} of a layer. */
export function layerOf(raw: unknown, depth: number, calls: LayerSpec['calls'] | null = null): LayerSpec {
  if (!isRaw(raw)) throw new RangeError(`has a layer that is no object. ${MODEL_AGAIN}`);
  const className = classOf(raw);
  const config = new Config(raw.config);
  const model = isModel(className) ? modelOf(raw, depth + 1) : null;
  const name = typeof raw.name === 'string' ? raw.name : config.get('name');
  if (className === '') throw new RangeError(`has a layer without a class. ${MODEL_AGAIN}`);
  return {
    className,
    name: typeof name === 'string' ? name : className.toLowerCase(),
    config: buildShape(config, raw),
    model,
    calls: calls ?? callsOf(raw.inbound_nodes ?? raw.inboundNodes),
    nodes: nodesOf(raw.inbound_nodes ?? raw.inboundNodes),
  };
}

/** Keras 3 keeps the shape that a layer was built for beside its config. */
function buildShape(config: Config, raw: Raw): Config {
  const build = isRaw(raw.build_config) ? raw.build_config.input_shape : undefined;
  return Array.isArray(build) && !config.get('build_input_shape') ? config.with({ build_input_shape: build }) : config;
}

function addLayer(layers: Map<string, LayerSpec>, layer: LayerSpec): void {
  if (layers.has(layer.name))
    throw new RangeError(
      `has two layers called "${layer.name}". Give each layer its own name and save the model again.`,
    );
  layers.set(layer.name, layer);
}

const inputShape = ({ config, model }: LayerSpec): unknown => {
  const own = config.any('batch_input_shape', 'batch_shape', 'build_input_shape');
  if (own || !model) return own;
  const first = model.inputs[0] && model.layers.get(model.inputs[0].layer);
  return first?.config.any('batch_input_shape', 'batch_shape');
};

function sequential(raw: unknown, depth: number): ModelSpec {
  const config = new Config(raw);
  const list = Array.isArray(raw) ? (raw as unknown[]) : config.get('layers');
  if (!Array.isArray(list) || list.length === 0) throw new RangeError(`has no layers. ${MODEL_AGAIN}`);
  const layers = new Map<string, LayerSpec>();
  let last: TensorRef | null = null;
  for (const item of list as unknown[]) {
    const layer = layerOf(item, depth, []);
    if (!last && layer.className !== 'InputLayer') last = impliedInput(layers, layer, config);
    addLayer(layers, { ...layer, calls: last ? [[last]] : [] });
    last = { layer: layer.name, call: 0, tensor: 0 };
  }
  const [first] = layers.keys();
  return {
    name: nameOf(config),
    layers,
    inputs: [{ layer: first, call: 0, tensor: 0 }],
    outputs: [last!],
  };
}

/** A Sequential model that begins with a layer says its input's shape there, or for the whole model. */
function impliedInput(layers: Map<string, LayerSpec>, first: LayerSpec, model: Config): TensorRef {
  const shape = inputShape(first) ?? model.any('build_input_shape', 'batch_input_shape');
  const dtype = first.className === 'Embedding' ? undefined : first.config.get('dtype');
  const name = `${first.name}_input`;
  const config = new Config({ name, batch_input_shape: shape, dtype });
  layers.set(name, { className: 'InputLayer', name, config, model: null, calls: [], nodes: [] });
  return { layer: name, call: 0, tensor: 0 };
}

const nameOf = (config: Config): string => {
  const name = config.get('name');
  return typeof name === 'string' ? name : '';
};

function functional(raw: unknown, depth: number): ModelSpec {
  const config = new Config(raw);
  const list = config.get('layers');
  if (!Array.isArray(list) || list.length === 0)
    throw new RangeError(
      `has no layers: it is a model written in code that the file does not hold. Build it as a Functional or Sequential model, or export it with tf2onnx to ONNX.`,
    );
  const layers = new Map<string, LayerSpec>();
  for (const item of list as unknown[]) addLayer(layers, layerOf(item, depth));
  const declared = refsOf(config.get('input_layers'), 0);
  const inputs = declared.length > 0 ? declared : inputLayers(layers);
  const outputs = refsOf(config.get('output_layers'), 0);
  if (inputs.length === 0 || outputs.length === 0)
    throw new RangeError(`names ${inputs.length} inputs and ${outputs.length} outputs. ${MODEL_AGAIN}`);
  return { name: nameOf(config), layers: withOwnCalls(layers, outputs), inputs, outputs };
}

/**
 * A model is called once when it is made, and most writers count that call without listing it. All calls that are listed are
 * used, so it was counted where nobody uses the first.
 */
function withOwnCalls(layers: ReadonlyMap<string, LayerSpec>, outputs: readonly TensorRef[]): Map<string, LayerSpec> {
  const used = [...outputs, ...[...layers.values()].flatMap(({ calls }) => calls.flat())];
  const firstUsed = new Set(used.filter(({ call }) => call === 0).map(({ layer }) => layer));
  return new Map(
    [...layers].map(([name, layer]) =>
      layer.model && !firstUsed.has(name)
        ? [name, { ...layer, calls: [[], ...layer.calls], nodes: [null, ...layer.nodes] }]
        : [name, layer],
    ),
  );
}

const inputLayers = (layers: ReadonlyMap<string, LayerSpec>): TensorRef[] =>
  [...layers.values()]
    .filter(({ className }) => className === 'InputLayer')
    .map(({ name }) => ({ layer: name, call: 0, tensor: 0 }));

/** Keras 2: a list of [name, call, tensor, arguments]. Keras 3: {args, kwargs} with tensors anywhere inside. */
function callsOf(nodes: unknown): TensorRef[][] {
  if (!Array.isArray(nodes)) return [];
  return (nodes as unknown[]).map((node) =>
    isRaw(node)
      ? [...refsOf(node.args, 0), ...argumentRefs(node.kwargs)]
      : [...refsOf(node, 0), ...lastArguments(node)],
  );
}

const nodesOf = (nodes: unknown): readonly unknown[] => (Array.isArray(nodes) ? (nodes as unknown[]) : []);

/** Tensors that come as named arguments: the states that a recurrent layer begins with, and a second operand. */
const argumentRefs = (kwargs: unknown): TensorRef[] =>
  isRaw(kwargs) ? Object.entries(kwargs).flatMap(([name, value]) => (name === 'mask' ? [] : refsOf(value, 0))) : [];

function lastArguments(node: unknown): TensorRef[] {
  if (!Array.isArray(node)) return [];
  const list = node as unknown[];
  const own = isReference(list) ? [list] : list.filter((item) => Array.isArray(item));
  return own.flatMap((item) => argumentRefs((item as unknown[])[3]));
}

/** All tensors named in a list, a dictionary or one alone, in order. */
function refsOf(value: unknown, depth: number): TensorRef[] {
  if (depth > DEEPEST_ARGUMENT) throw new RangeError(`names tensors in lists ${depth} deep. ${MODEL_AGAIN}`);
  if (Array.isArray(value)) {
    const list = value as unknown[];
    if (list[0] === CONSTANT) return [];
    return isReference(list) ? [reference(list)] : list.flatMap((item) => refsOf(item, depth + 1));
  }
  if (!isRaw(value)) return [];
  if (value.class_name !== '__keras_tensor__') return Object.values(value).flatMap((item) => refsOf(item, depth + 1));
  const history = isRaw(value.config) ? value.config.keras_history : null;
  return Array.isArray(history) ? [reference(history as unknown[])] : [];
}

function reference([layer, call = 0, tensor = 0]: readonly unknown[]): TensorRef {
  if (typeof layer !== 'string' || !Number.isSafeInteger(call) || !Number.isSafeInteger(tensor))
    throw new RangeError(`names a tensor in a way that is not known. ${MODEL_AGAIN}`);
  return { layer, call: call as number, tensor: tensor as number };
}
