/** @file The formats that can be read, one row each. What a format needs is loaded when a file of it is opened. */
import type { InputOptions } from './inputs.ts';
import type { ModelKind } from '../sniff/kind.ts';
import type { ExternalFile, ImportedModel } from './model.ts';

export interface ReadOptions extends InputOptions {
  /** false: one example at a time, even if the model could take more. Default true. */
  readonly batched?: boolean;
}

export interface SourceFiles {
  /** Name of the model file, as errors say it. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** What was dropped with it: shards, weights, and files that have nothing to do with it. */
  readonly beside: readonly ExternalFile[];
}

export type Reader = (source: SourceFiles, options: ReadOptions) => Promise<ImportedModel>;

/** Kinds without a row are refused in `read.ts`. */
export const readers: Partial<Record<ModelKind, Reader>> = {
  onnx: async ({ file, bytes, beside }, options) => {
    const { readOnnx } = await import('./onnx/read.ts');
    return readOnnx(bytes, file, { ...options, external: beside });
  },
  'tfjs-layers': async (source, options) => {
    const { readLayersModel } = await import('./tfjs/layers-model.ts');
    return readLayersModel(source, options);
  },
  hdf5: async (source, options) => (await import('./keras/read.ts')).readKerasHdf5(source, options),
  'keras-json': async (source, options) => (await import('./keras/read.ts')).readKerasJson(source, options),
  'keras-zip': async (source, options) => (await import('./keras/read.ts')).readKerasArchive(source, options),
  tflite: async ({ file, bytes }, options) => {
    const { readTflite } = await import('./tflite/read.ts');
    return readTflite(bytes, file, options);
  },
  'tfjs-graph': async (source, options) => (await import('./tfjs/graph-model.ts')).readGraphModel(source, options),
  graphdef: async (source, options) => (await import('./tensorflow/graphdef.ts')).readGraphDef(source, options),
  'saved-model': async (source, options) => (await import('./tensorflow/graphdef.ts')).readSavedModel(source, options),
};
