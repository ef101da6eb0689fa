/** @file What a model is guessed to be fed, from its files alone; the person sees it and can change it. */
import { topologicalOrder, type Graph, type Value } from '../graph/graph.ts';
import type { ImportedModel } from '../formats/model.ts';

interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Id of a preset of vision/preprocess.ts. `beside`: what came with the model. */
export function presetFor(imported: ImportedModel, beside: readonly NamedFile[] = []): string {
  const { format, graph, info } = imported;
  if (beside.some(isTeachableMachine)) return 'teachable-machine';
  if (graph.inputs.some((input) => scalesPixels(graph, input))) return 'zero-to-255';
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
