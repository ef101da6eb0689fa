/** @file What a model is guessed to be fed, from its files alone; the person sees it and can change it. */
import { topologicalOrder, type Graph, type Node, type Value } from '../graph/graph.ts';
import type { ImportedModel } from '../formats/model.ts';
import { toNumbers } from '../tensor/tensor.ts';

interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Id of a preset of vision/preprocess.ts. `beside`: what came with the model. */
export function presetFor(imported: ImportedModel, beside: readonly NamedFile[] = []): string {
  const { format, graph, info } = imported;
  if (beside.some(isTeachableMachine)) return 'teachable-machine';
  if (graph.inputs.some((input) => scalesPixels(graph, input) || normalisesPixels(graph, input))) return 'zero-to-255';
  const said = imported.inputs.map(({ range }) => range && presetOfRange(range)).find(Boolean);
  if (said) return said;
  if (format === 'tflite' || format === 'tensorflow') return 'minus-one-to-one';
  if (format !== 'onnx') return 'zero-to-one';
  if (/tf2onnx|keras|tensorflow/i.test(info.producer)) return 'minus-one-to-one';
  if (/caffe|winml|onnxmltools|coreml/i.test(info.producer)) return 'caffe';
  return 'torchvision';
}

/** What a quantised input can hold is what it was fed: 0…255, 0…1 or −1…1, each a step of rounding off. */
function presetOfRange([low, high]: readonly [number, number]): string | null {
  const near = (value: number, wanted: number) => Math.abs(value - wanted) <= (high - low) / 50;
  if (near(low, 0) && near(high, 255)) return 'zero-to-255';
  if (near(low, 0) && near(high, 1)) return 'zero-to-one';
  return near(low, -1) && near(high, 1) ? 'minus-one-to-one' : null;
}

/** Teachable Machine's metadata.json says which of its versions wrote it, and the size of its images. */
function isTeachableMachine({ name, bytes }: NamedFile): boolean {
  if (!/(^|\/)metadata\.json$/.test(name)) return false;
  const text = new TextDecoder().decode(bytes.subarray(0, 64 * 1024));
  return /"(tmVersion|tfjsVersion)"\s*:/.test(text) && /"(imageSize|labels)"\s*:/.test(text);
}

/** A product with so small a constant, or a quotient by so large a one, takes pixels of 0…255: Rescaling(1/255) and its likes. */
function scalesPixels({ outputs }: Graph, input: Value): boolean {
  const first = topologicalOrder(outputs).find(({ inputs }) => inputs.includes(input));
  const factor = first?.inputs.find((v) => v?.constant)?.constant;
  if (!first || !factor || factor.dtype !== 'float32') return false;
  const sizes = Array.from(factor.data as Float32Array, Math.abs);
  if (first.op === 'Mul') return sizes.every((size) => size > 0 && size <= MOST_FACTOR);
  return first.op === 'Div' && first.inputs[0] === input && sizes.every((size) => size >= 1 / MOST_FACTOR);
}

/** 1/255 and 1/127.5 lie well below, deviations of pixels of 0…1 well above. */
const MOST_FACTOR = 1 / 50;

/**
 * Inputs within ±r give a convolution's channel a mean within r · Σ|w| of its bias, and a standard deviation of at most r · Σ|w|.
 * Where the statistics of the batch normalisation behind it lie beyond that for most channels, it was trained on pixels of 0…255.
 */
function normalisesPixels({ outputs }: Graph, input: Value): boolean {
  const order = topologicalOrder(outputs);
  const conv = firstConvolution(order, input);
  const norm = conv && order.find((node) => node.op === 'BatchNormalization' && node.inputs[0] === conv.outputs[0]);
  const [weights, bias] = [conv?.inputs[1]?.constant, conv?.inputs[2]?.constant];
  const [mean, variance] = [norm?.inputs[3]?.constant, norm?.inputs[4]?.constant];
  if (!weights || !mean || !variance) return false;
  const size = weights.data.length / weights.shape[0];
  const w = toNumbers(weights);
  const [b, m, v] = [bias, mean, variance].map((tensor) => (tensor ? toNumbers(tensor) : []));
  const beyond = m.filter((centre, c) => {
    const reach = w.slice(c * size, (c + 1) * size).reduce((sum, x) => sum + Math.abs(x), 0);
    return Math.max(Math.abs(centre - (b[c] ?? 0)), Math.sqrt(v[c])) > STANDARDISED * reach;
  });
  return beyond.length > m.length / 2;
}

/** No standardised pixel lies further from 0: torchvision's go to 2.64. */
const STANDARDISED = 3;

/** What leaves an input's numbers as they are. */
const MOVES: ReadonlySet<string> = new Set(['Transpose', 'Reshape', 'Pad', 'Identity']);

function firstConvolution(order: readonly Node[], input: Value): Node | undefined {
  const moved = new Set<Value | null>([input]);
  const readers = order.filter(({ op, inputs, outputs }) => {
    const reads = moved.has(inputs[0]);
    if (reads && MOVES.has(op)) moved.add(outputs[0]);
    return reads;
  });
  return readers.find(({ op }) => op === 'Conv');
}
