/**
 * @file What a TensorFlow Lite file says of its own use: a FlatBuffer in one of its buffers, and files in a zip that is written behind
 * the model. Neither is needed to compute it, so that damage is told, and no reason to refuse the model.
 */
import { isLabelsName } from '../../sniff/roles.ts';
import { unfold } from '../../zip/unfold.ts';
import type { Normalization } from '../inputs.ts';
import type { ExternalFile } from '../model.ts';
import * as schema from './metadata-schema.ts';
import type { ModelTable } from './schema.ts';
import { Reader, type Decoded } from './wire.ts';

type Tensor = Decoded<typeof schema.tensor>;

export interface Metadata {
  /** How each input is fed, in the order of the file; null where nothing is said. */
  readonly normalizations: readonly (Normalization | null)[];
  /** The class names of each output, in the order of the file. */
  readonly labels: readonly (ExternalFile | null)[];
  readonly notes: readonly string[];
}

/** Name of the entry among a model's metadata. */
const NAME = 'TFLITE_METADATA';

/** Process units by their numbers. */
const NORMALIZATION = 1;

/** Kinds of associated files: not said, names along an axis, names of values. */
const LABELS: ReadonlySet<number> = new Set([0, 2, 3]);

/** A million names of thirty letters. */
const MOST_BYTES = 32 * 2 ** 20;

const none: Metadata = { normalizations: [], labels: [], notes: [] };

/** The metadata of a decoded model, if it has any. Never throws. */
export function metadataOf({ metadata, buffers }: ModelTable, bytes: Uint8Array): Metadata {
  const entry = metadata.find(({ name }) => name === NAME);
  const data = entry && buffers[entry.buffer]?.data;
  if (!data) return none;
  try {
    const [graph] = new Reader(data).root(schema.metadata).subgraphs;
    if (!graph) return none;
    const normalizations = graph.inputs.map((tensor) => normalizationOf(tensor, data));
    return { ...packedLabels(graph.outputs, bytes), normalizations };
  } catch {
    return { ...none, notes: ['Its metadata are damaged: labels and preprocessing that they name are not used.'] };
  }
}

function normalizationOf({ processUnits }: Tensor, data: Uint8Array): Normalization | null {
  const unit = processUnits.find(({ optionsType, options }) => optionsType === NORMALIZATION && options !== 0);
  if (!unit) return null;
  const { mean, deviation } = new Reader(data).table(unit.options, schema.normalization);
  const usable = mean.length > 0 && deviation.length > 0 && [...mean, ...deviation].every(Number.isFinite);
  return usable && !deviation.includes(0) ? { mean, deviation } : null;
}

/** Of several files for one output, which are in different languages, the first. */
function packedLabels(outputs: readonly Tensor[], bytes: Uint8Array): Pick<Metadata, 'labels' | 'notes'> {
  const names = outputs.map(
    ({ associatedFiles }) => associatedFiles.find(({ type, name }) => LABELS.has(type) && isLabelsName(name))?.name,
  );
  if (names.every((name) => name === undefined)) return none;
  try {
    const files = unfold(bytes, { limit: (name) => (names.includes(name) ? MOST_BYTES : null), most: MOST_BYTES });
    const labels = names.map((path) => {
      const data = path === undefined ? undefined : files.get(path);
      return data ? { path: path!, data } : null;
    });
    return { labels, notes: [] };
  } catch {
    return { labels: [], notes: ['The labels that are packed into the file are damaged, and are not used.'] };
  }
}
