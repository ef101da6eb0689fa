/** @file What a file is that is no model that can be read, from its first bytes, so that the refusal can say what to do. */
import { entryNames } from './entries.ts';
import { isCoreMl } from './protobuf.ts';

const ascii = (bytes: Uint8Array, start: number, end: number) => String.fromCharCode(...bytes.subarray(start, end));

type Test = readonly [is: (bytes: Uint8Array, head: string) => boolean, sentence: string];

const EXPORT = 'Export the model with torch.onnx.export.';

const OTHERS: readonly Test[] = [
  [
    (_, head) => head.startsWith('version https://git-lfs'),
    'this is a Git LFS pointer, not the model itself. Run "git lfs pull", or download the file with the repository\'s own download button.',
  ],
  [
    (_, head) => /^(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|head|body)/i.test(head),
    'this is a web page, not a model. The download probably answered with an error page: open its address in the browser and download the file again.',
  ],
  [
    (bytes, head) => head.startsWith('PK') && entryNames(bytes).some((name) => name.endsWith('data.pkl')),
    `this is a PyTorch file, a ZIP archive with Python objects, which only PyTorch can read. ${EXPORT}`,
  ],
  [
    (_, head) => head.startsWith('PK'),
    'this is a ZIP archive. Drop it on the page by itself, or unpack it and drop the model.',
  ],
  [
    (_, head) => head.startsWith('\x1f\x8b'),
    'this is a gzip archive (.gz, .tar.gz). Unpack it, and drop the folder with the model.',
  ],
  [
    (bytes, head) =>
      ascii(bytes, 257, 262) === 'ustar' || /^(7z\xbc\xaf|Rar!|\xfd7zXZ|BZh|\x28\xb5\x2f\xfd)/.test(head),
    'this is an archive that cannot be unpacked here. Unpack it, and drop the folder with the model.',
  ],
  [
    (_, head) => head.startsWith('\x89HDF'),
    'this is an HDF5 file (Keras saves its models so). Convert it with tf2onnx.',
  ],
  [
    (bytes) => bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5,
    `this is a Python pickle (PyTorch and scikit-learn save their models so), which only Python can read. ${EXPORT}`,
  ],
  [(_, head) => head.slice(4, 8) === 'TFL3', 'this is a TensorFlow Lite model. Convert it with tf2onnx --tflite.'],
  [
    (_, head) => head.slice(4, 8) === 'ORTM',
    'this is a model in ORT format, which keeps only what onnxruntime needs. Use the .onnx file that it was made from.',
  ],
  [(_, head) => /^[\s\S]{8}\{\s*"/.test(head), `this is a safetensors file: weights without the graph. ${EXPORT}`],
  [
    (bytes) => isCoreMl(bytes),
    'this is a Core ML model. Use the model that it was converted from, or export that one to ONNX.',
  ],
  [
    (_, head) => head.startsWith('\x93NUMPY'),
    'this is a NumPy array: numbers without the graph. Export the model to ONNX.',
  ],
  [
    (_, head) => /^(\xef\xbb\xbf)?\s*[{[]/.test(head),
    'this is JSON that describes no model. Choose the model’s own file, such as .onnx, model.json, .keras or .tflite.',
  ],
  [
    (_, head) => /^(\x89PNG|\xff\xd8\xff|GIF8|RIFF[^]{4}WEBP)/.test(head),
    'this is an image, not a model. Drop it under its own name.',
  ],
  [
    // A protobuf begins with a tag, which is a control character.
    (_, head) => /^[\t\n\r\x20-\x7e]+$/.test(head),
    'this is text, not a model. Choose the model’s own file, such as .onnx, model.json, .keras or .tflite.',
  ],
];

/** One sentence of what the file is and one of what to do; null where it may be an ONNX model. */
export function notOnnx(bytes: Uint8Array): string | null {
  if (bytes.length === 0) return 'the file is empty. Download or export it again.';
  const head = ascii(bytes, 0, 64);
  return OTHERS.find(([is]) => is(bytes, head))?.[1] ?? null;
}
