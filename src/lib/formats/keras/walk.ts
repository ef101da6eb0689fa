/** @file The import walk: every call of every layer, in the order in which they need each other. */
import { Node, type Value } from '../../graph/graph.ts';
import type { Builder } from '../../ops/builder.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { CountingBuilder } from '../counting-builder.ts';
import { FormatError, hasWayOut } from '../error.ts';
import { callFunction, functionNamed } from './layers/functions.ts';
import { classNamed, layers } from './layers/table.ts';
import { argumentsOf } from './arguments.ts';
import { maskOf } from './masks.ts';
import type { Dialect, LayerBuilder } from './site.ts';
import { layerOf, type LayerSpec, type ModelSpec, type TensorRef } from './topology.ts';
import { Weights, type WeightSource } from './weights.ts';

export interface WalkOptions {
  readonly file: string;
  readonly weights: WeightSource;
  readonly dialect: Dialect;
}

/** A layer within a model: what it is called with, and where its weights are. */
interface Call {
  readonly layer: LayerSpec;
  /** Names of the layers around it and its own. */
  readonly path: readonly string[];
  readonly x: readonly Value[];
  readonly call: number;
  /** Those of the layer around it, where that holds them. */
  readonly weights?: Weights;
}

const DAMAGED = 'The file is damaged: save the model again.';

/** Layers in layers in layers. */
const DEEPEST = 16;

/** Layers that take whole numbers as they are. */
const TAKES_INTEGERS = new Set(['Embedding', 'CategoryEncoding', 'InputLayer']);

export class Walk {
  readonly g: Builder = new CountingBuilder();
  readonly notes = new Set<string>();
  readonly #options: WalkOptions;
  /** Which steps of a value count, of those that have a mask. */
  readonly #masks = new Map<Value, Value>();
  /** That of the last layer that was given one. */
  #lastMask: Value | null = null;

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  /** The model's outputs for the given inputs. `path`: names of the layers around it. Throws a FormatError. */
  model(spec: ModelSpec, inputs: readonly Value[], path: readonly string[] = []): Value[] {
    if (inputs.length !== spec.inputs.length)
      throw this.#damaged(
        `"${path.join('/')}" is called with ${inputs.length} tensors and has ${spec.inputs.length} inputs`,
      );
    if (path.length > DEEPEST) throw this.#damaged(`its models lie in each other ${path.length} deep`);
    const known = new Map(spec.inputs.map((ref, i) => [keyOf(ref), [inputs[i]] as readonly Value[]]));
    return spec.outputs.map((ref) => {
      this.#reach(spec, ref, known, path);
      return this.#read(known, ref);
    });
  }

  #damaged(what: string): FormatError {
    return new FormatError(`${this.#options.file}: ${what}. ${DAMAGED}`);
  }

  #read(known: ReadonlyMap<string, readonly Value[]>, ref: TensorRef): Value {
    const values = known.get(keyOf(ref))!;
    const value = values[ref.tensor];
    if (!value) throw this.#damaged(`output ${ref.tensor} of "${ref.layer}" is used, it has ${values.length} outputs`);
    return value;
  }

  /** Builds a call and all that it needs. Iterative: real models are hundreds of layers deep. */
  #reach(spec: ModelSpec, goal: TensorRef, known: Map<string, readonly Value[]>, path: readonly string[]): void {
    const stack = [goal];
    const open = new Set<string>();
    while (stack.length > 0) {
      const ref = stack.at(-1)!;
      const key = keyOf(ref);
      if (known.has(key)) {
        stack.pop();
        continue;
      }
      const { layer, inputs } = this.#callOf(spec, ref);
      const waiting = inputs.filter((input) => !known.has(keyOf(input)));
      if (waiting.length > 0) {
        if (open.has(key)) throw this.#damaged(`layer "${ref.layer}" needs its own output`);
        open.add(key);
        stack.push(...waiting.toReversed());
        continue;
      }
      const x = inputs.map((input) => this.#read(known, input));
      known.set(key, this.#layer({ layer, path: [...path, layer.name], x, call: ref.call }));
      stack.pop();
    }
  }

  #callOf(spec: ModelSpec, ref: TensorRef): { layer: LayerSpec; inputs: readonly TensorRef[] } {
    const layer = spec.layers.get(ref.layer);
    if (!layer) throw this.#damaged(`layer "${ref.layer}" is used and not there`);
    const inputs = layer.calls[ref.call];
    if (!inputs || inputs.length === 0)
      throw this.#damaged(
        layer.className === 'InputLayer'
          ? `input "${ref.layer}" is used and none of the model's inputs`
          : `call ${ref.call} of layer "${ref.layer}" is used, it is called ${layer.calls.length} times on something`,
      );
    return { layer, inputs };
  }

  #layer(call: Call): readonly Value[] {
    const { layer, path } = call;
    if (layer.model) return this.#nested(layer.model, call.x, path);
    try {
      return this.#built(call);
    } catch (error) {
      if (error instanceof FormatError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const where = `${layer.className} "${path.join('/')}"`;
      throw new FormatError(`${this.#options.file}: ${where}: ${reason}${hasWayOut(reason) ? '' : ` ${DAMAGED}`}`, {
        cause: error,
      });
    }
  }

  /** Masks go into a model within the model; in TF.js they do not come out of it. */
  #nested(model: ModelSpec, x: readonly Value[], path: readonly string[]): readonly Value[] {
    const outputs = this.model(model, x, path);
    if (this.#options.dialect === 'tfjs')
      outputs.filter((output) => !x.includes(output)).forEach((output) => this.#masks.delete(output));
    return outputs;
  }

  #built({ layer, path, x, call, weights }: Call): readonly Value[] {
    const { g } = this;
    const className = classNamed(layer.className);
    const fn = functionNamed(layer.className, layer.config.get('function'));
    if (!className && !fn) throw new RangeError('is a layer that is not known. Export the model with tf2onnx to ONNX.');
    const own = weights ?? new Weights(this.#options.weights.of(path));
    const name = path.join('/');
    const masks = x.map((v) => this.#masks.get(v) ?? null);
    const builder: LayerBuilder = fn ? callFunction(fn) : layers[className!];
    const built = builder({
      g,
      masks: this.#seen(masks, x[0]),
      x: TAKES_INTEGERS.has(layer.className) ? x : x.map((v) => (isFloat(v.dtype) ? v : g.cast(v, 'float32'))),
      config: layer.config,
      get args() {
        return argumentsOf(layer.nodes[call], x);
      },
      weights: own,
      name,
      dialect: this.#options.dialect,
      note: (text) => this.notes.add(text),
      inner: (raw, inputs) => this.#inner(raw, inputs, path, own),
    });
    const [first, ...rest] = 'producer' in built ? [built] : built;
    const fresh = x.includes(first) ? g.apply('Identity', [first]) : first;
    const output = named(fresh, call === 0 ? name : `${name} (call ${call + 1})`);
    const mask = maskOf(layer.className, { g, x, masks, config: layer.config });
    if (mask) this.#masks.set(output, mask);
    return [output, ...rest];
  }

  /** TF.js hands a mask on from layer to layer in the order in which they run, until another takes its place, whatever they are connected by. */
  #seen(masks: readonly (Value | null)[], x: Value): readonly (Value | null)[] {
    if (this.#options.dialect !== 'tfjs') return masks;
    if (masks.some((mask) => mask !== null)) this.#lastMask = masks[0];
    const last = this.#lastMask;
    const fits = last && x.shape.length > 2 && x.shape[1] === last.shape[1];
    return [fits ? last : null, ...masks.slice(1)];
  }

  #inner(raw: unknown, x: readonly Value[], path: readonly string[], weights: Weights): readonly Value[] {
    if (path.length > DEEPEST) throw new RangeError(`lies in ${path.length} layers.`);
    const layer = layerOf(raw, path.length, []);
    return this.#layer({ layer, path: [...path, layer.name], x, call: 0, weights });
  }
}

const keyOf = ({ layer, call }: TensorRef): string => `${call} ${layer}`;

/**
 * The same value under a name. Behind a Transpose, which is cancelled as a rule, what is transposed has the name. Only for
 * values that nobody reads yet: their node is written anew.
 */
export function named(value: Value, name: string): Value {
  const { producer } = value;
  if (!producer || value.name !== '') return value;
  const from = producer.op === 'Transpose' ? producer.inputs[0] : null;
  if (from?.producer && from.name === '') return again(producer, [named(from, name)], value, '');
  return again(producer, producer.inputs, value, name);
}

function again(node: Node, inputs: readonly (Value | null)[], value: Value, name: string): Value {
  const place = node.outputs.indexOf(value);
  const outputs = node.outputs.map((v, i) => ({ dtype: v.dtype, shape: v.shape, name: i === place ? name : v.name }));
  return new Node(node.op, inputs, node.attrs, outputs, node).outputs[place];
}
