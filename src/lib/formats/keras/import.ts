/** @file A Keras model → Graph, whoever wrote its config and wherever its weights are. */
import '../../ops/index.ts';
import { Value } from '../../graph/graph.ts';
import { cancelTransposes } from '../../ops/passes/transposes.ts';
import { recognise } from '../../ops/passes/recognise.ts';
import { dtypes, isFloat, type DType } from '../../tensor/dtype.ts';
import { withBatch } from '../batch.ts';
import { FormatError } from '../error.ts';
import { shapeOf, type Declared } from '../inputs.ts';
import type { ExternalFile, ImportedModel, SourceInfo } from '../model.ts';
import type { ReadOptions } from '../readers.ts';
import { isRaw } from './config.ts';
import type { Dialect } from './site.ts';
import { modelOf, type LayerSpec, type ModelSpec, type TensorRef } from './topology.ts';
import { refuseUnsupported } from './unsupported.ts';
import { Walk, named } from './walk.ts';
import type { WeightSource } from './weights.ts';

export interface KerasSource {
  readonly file: string;
  /** {class_name, config} of the whole model, any dialect. */
  readonly config: unknown;
  readonly weights: WeightSource;
  readonly format: 'keras' | 'tfjs-layers';
  readonly info: SourceInfo;
  readonly external: readonly ExternalFile[];
  readonly notes: readonly string[];
}

/**
 * Builds the model for inference; inputs keep the source's layout. Throws a FormatError where the config is damaged, where weights
 * do not fit it, or where it has layers that are not supported (all of them are named at once).
 */
export function importKeras(source: KerasSource, options: ReadOptions): ImportedModel {
  const { file } = source;
  const spec = described(source);
  const inputs = spec.inputs.map((ref) => declared(spec, ref, file));
  const dialect = dialectOf(source, spec);
  const { values, batched, notes } = withBatch(options.batched ?? true, (symbolic) => {
    const shapeNotes: string[] = [];
    const fed = inputs.map(
      (input) =>
        new Value(isFloat(input.dtype) ? 'float32' : input.dtype, shapeOf(input, symbolic, options, file, shapeNotes), {
          name: input.name,
        }),
    );
    const walk = new Walk({ file, weights: source.weights, dialect });
    const outputs = walk.model(spec, fed).map((v) => (fed.includes(v) ? walk.g.apply('Identity', [v]) : v));
    return { inputs: fed, outputs, notes: [...shapeNotes, ...walk.notes] };
  });
  const outputs = spec.outputs.map(({ layer, tensor }) => (tensor === 0 ? layer : `${layer}:${tensor}`));
  const built = { name: spec.name || file, inputs: values.inputs, outputs: values.outputs };
  const graph = recognise(cancelTransposes(built));
  return {
    format: source.format,
    graph: { ...graph, outputs: graph.outputs.map((v, i) => named(v, outputs[i])) },
    info: source.info,
    inputs,
    outputs,
    external: source.external,
    batched: batched && values.inputs.some((v) => typeof v.shape[0] === 'object'),
    notes: [...source.notes, ...notes],
  };
}

function described({ config, file }: KerasSource): ModelSpec {
  try {
    const spec = modelOf(config);
    refuseUnsupported(spec, file);
    return spec;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FormatError(`${file}: ${sentence(error.message)}`, { cause: error });
  }
}

/** "has no layers." → "the model has no layers." */
const sentence = (message: string): string => `the model ${message}`;

function declared({ layers }: ModelSpec, ref: TensorRef, file: string): Declared {
  const layer = layers.get(ref.layer);
  if (!layer)
    throw new FormatError(
      `${file}: its input "${ref.layer}" is no layer of it. The file is damaged: save the model again.`,
    );
  return { name: layer.name, dtype: dtypeOf(layer), shape: inputShape(layer, file) };
}

function dtypeOf({ config }: LayerSpec): DType {
  const dtype = config.get('dtype');
  return dtypes.find((known) => known === dtype) ?? 'float32';
}

/** The first axis is that of the examples, whatever length the model was built with: its layers keep them apart. */
function inputShape({ config, name }: LayerSpec, file: string): readonly (number | null)[] | null {
  const shape = config.any('batch_input_shape', 'batch_shape');
  if (shape === undefined) return null;
  const isLength = (d: unknown) => d === null || (Number.isSafeInteger(d) && (d as number) >= 0);
  if (!Array.isArray(shape) || shape.length === 0 || !shape.every(isLength))
    throw new FormatError(
      `${file}: input "${name}" has the shape ${JSON.stringify(shape).slice(0, 80)}, which is not a list of whole numbers. Save the model again.`,
    );
  return [null, ...(shape.slice(1) as (number | null)[])];
}

/** Keras 3 declares inputs as batch_shape; the version says so where it is known. */
function dialectOf({ format, info, config }: KerasSource, spec: ModelSpec): Dialect {
  if (format === 'tfjs-layers') return 'tfjs';
  const major = /(\d+)\.\d/.exec(info.version)?.[1];
  if (major) return Number(major) >= 3 ? 'keras-3' : 'keras-2';
  const declares = [...spec.layers.values()].some(({ config: own }) => own.get('batch_shape') !== undefined);
  return declares || (isRaw(config) && 'module' in config) ? 'keras-3' : 'keras-2';
}
