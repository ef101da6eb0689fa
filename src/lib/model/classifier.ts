/** @file The two ends of a classifier in its file: the images that it takes and the scores that it gives. */
import { pack } from '../attribution/inputs.ts';
import type { ModelGraph } from '../attribution/types.ts';
import type { ImportedModel } from '../formats/model.ts';
import { dependents, Value } from '../graph/graph.ts';
import { cloneBetween } from '../graph/rewrite.ts';
import { Builder } from '../ops/builder.ts';
import { isFloat } from '../tensor/dtype.ts';
import { detectImageInput, type ImageInput } from '../vision/preprocess.ts';
import { headsOf } from './heads.ts';

/** More images than anybody would open one by one. */
const MOST_IMAGES = 8;

export interface Ends {
  readonly model: ModelGraph;
  /** Of each image input, in the file's order. */
  readonly images: readonly ImageInput[];
  /** The output that is explained, and all that could be. */
  readonly output: string;
  readonly outputs: readonly string[];
}

/**
 * The image inputs and the class scores: the output called `wanted`, else the first with an axis of classes that is no
 * intermediate result of another. Throws an Error naming the file where an input is no image or no output holds scores.
 */
export function endsOf(imported: ImportedModel, file: string, wanted: string | undefined): Ends {
  const { inputs } = imported.graph;
  const images = imagesOf(inputs, file);
  const outputs = scoresOf(imported, file);
  const fed = inputs.map(withChannel);
  const byDefault = outcome(outputs.map(({ value }) => value));
  const output = outputs.find((v) => (wanted === undefined ? v.value === byDefault : v.name === wanted));
  if (!output)
    throw new Error(
      `${file}: has no output "${wanted}" with class scores. Choose one of ${outputs.map((v) => v.name).join(', ')}.`,
    );
  const heads = headsOf(output.value);
  const roots = [heads.logits, heads.probabilities];
  const asFed = cloneBetween(new Map(inputs.map((input, i) => [input, withoutChannel(fed[i], input)])), roots);
  const packed = pack(fed, roots.map(asFed));
  const [logits, probabilities] = roots.map((root) => packed.on(asFed(root)));
  const model: ModelGraph = {
    graph: { name: imported.graph.name, inputs: [packed.input], outputs: [logits] },
    input: packed.input,
    images: packed.images,
    logits,
    probabilities,
    batched: imported.batched,
  };
  return { model, images, output: output.name, outputs: outputs.map((v) => v.name) };
}

/** The first with an axis of classes that no other output is computed from: models may hand out what their layers do, too. */
function outcome(outputs: readonly Value[]): Value {
  const last = outputs.filter((v) => {
    const onwards = dependents([handedOut(v)], outputs);
    return !outputs.some((other) => other !== v && onwards.has(other));
  });
  return [...last, ...outputs].find((v) => v.shape.length >= 2) ?? outputs[0];
}

/** What an output was before it was brought into the file's own order of axes. */
function handedOut(v: Value): Value {
  let value = v;
  while (value.producer && ['Transpose', 'Identity', 'Reshape'].includes(value.producer.op))
    value = value.producer.inputs[0]!;
  return value;
}

/** Of a grey image without an axis of channels, the shortest side that makes it one. */
const SHORTEST_SIDE = 8;

/** [height, width], and not, as far as anybody can tell, a sequence of features. */
const isFlat = (shape: readonly number[]): boolean =>
  shape.length === 2 && Math.min(...shape) >= SHORTEST_SIDE && Math.max(...shape) <= 2 * Math.min(...shape);

const lengthsOf = ({ shape }: Value): number[] => shape.slice(1).map(Number);

/** The input as it is fed: [N, height, width] is a grey image [N, 1, height, width]. */
const withChannel = (input: Value): Value =>
  isFlat(lengthsOf(input))
    ? new Value(input.dtype, [input.shape[0], 1, ...input.shape.slice(1)], { name: input.name })
    : input;

/** What the file's own input is, computed from what is fed. */
const withoutChannel = (fed: Value, input: Value): Value =>
  fed === input ? input : new Builder().reshape(fed, input.shape);

function imageOf(input: Value): ImageInput | null {
  if (!isFloat(input.dtype)) return null;
  const lengths = lengthsOf(input);
  return detectImageInput(isFlat(lengths) ? [1, ...lengths] : lengths);
}

const listOf = (values: readonly Value[], names: readonly string[] = values.map((v) => v.name)): string =>
  values.map((v, i) => `"${names[i]}" ${v.dtype}[${v.shape}]`).join(', ');

function imagesOf(inputs: readonly Value[], file: string): ImageInput[] {
  if (inputs.length === 0 || inputs.length > MOST_IMAGES)
    throw new Error(
      `${file}: has ${inputs.length} inputs. Vitrine explains models that take 1 to ${MOST_IMAGES} images.`,
    );
  const images = inputs.map(imageOf);
  const wrong = images.findIndex((image) => image === null);
  if (wrong !== -1) {
    const [input, others] = [
      inputs[wrong],
      inputs.length > 1 ? ` It has ${inputs.length} inputs: ${listOf(inputs)}.` : '',
    ];
    throw new Error(
      `${file}: input "${input.name}" is ${input.dtype} of the shape [${input.shape}], which is no image.${others} Vitrine needs [batch, 1 or 3, height, width], [batch, height, width, 1 or 3] or, for grey, [batch, height, width]; give other inputs a fixed value when exporting.`,
    );
  }
  if (inputs.some((input) => input.shape[0] !== inputs[0].shape[0]))
    throw new Error(
      `${file}: its inputs (${listOf(inputs)}) take different numbers of examples. Export the model with the same batch for each.`,
    );
  return images as ImageInput[];
}

/** The float outputs that depend on an image and have one row per example; at least one. */
function scoresOf({ graph, outputs: names }: ImportedModel, file: string): { name: string; value: Value }[] {
  const { inputs, outputs } = graph;
  const reached = dependents(inputs, outputs);
  const hasRows = ({ shape }: Value): boolean => shape.length >= 1 && shape[0] === inputs[0].shape[0];
  const found = outputs
    .map((value, i) => ({ name: names[i], value }))
    .filter(({ value }) => isFloat(value.dtype) && reached.has(value) && hasRows(value));
  if (found.length > 0) return found;
  throw new Error(
    `${file}: none of its outputs (${listOf(outputs, names)}) holds class scores for the image, [batch, classes]. Export the classifier with its logits as an output.`,
  );
}
