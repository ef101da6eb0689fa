/** @file The tables of TensorFlow Lite's metadata (metadata_schema.fbs 1.x) that say how a model is fed and what its outputs are called. */
import { float32s, int8, tables, text, uint8, union } from './wire.ts';

export const associatedFile = { name: text, description: text, type: int8(), locale: text };

/** `options`: a table by its type, of which only the first is read. */
export const processUnit = { optionsType: uint8(), options: union };

/** Type 1 of a process unit: (x − mean) / deviation of what is 0…255 in an image, one number each or one for each channel. */
export const normalization = { mean: float32s, deviation: float32s };

/** Fields that are not read have their places all the same. */
export const tensor = {
  name: text,
  description: text,
  dimensionNames: union,
  content: union,
  processUnits: tables(processUnit),
  statistics: union,
  associatedFiles: tables(associatedFile),
};

export const subgraph = { name: text, description: text, inputs: tables(tensor), outputs: tables(tensor) };

export const metadata = { name: text, description: text, version: text, subgraphs: tables(subgraph) };
