/** @file What a file is that is not an ONNX model, from its first bytes, so that the refusal can say what to do. */

const ascii = (bytes: Uint8Array, start: number, end: number) => String.fromCharCode(...bytes.subarray(start, end));

/** One sentence of what the file is and one of what to do; null where it may be an ONNX model. */
export function notOnnx(bytes: Uint8Array): string | null {
  if (bytes.length === 0) return 'the file is empty. Download or export it again.';
  const head = ascii(bytes, 0, 64);
  if (head.startsWith('version https://git-lfs')) {
    return 'this is a Git LFS pointer, not the model itself. Run "git lfs pull", or download the file with the repository\'s own download button.';
  }
  if (/^\s*<(!doctype|html|\?xml|head|body)/i.test(head)) {
    return 'this is a web page, not a model. The download probably answered with an error page: open its address in the browser and download the file again.';
  }
  if (head.startsWith('PK')) {
    return 'this is a ZIP archive (PyTorch saves its models so). Unpack it, or export a PyTorch model with torch.onnx.export.';
  }
  if (head.startsWith('\x1f\x8b')) return 'this is a gzip archive. Unpack it first.';
  if (head.startsWith('\x89HDF')) return 'this is an HDF5 file (Keras saves its models so). Convert it with tf2onnx.';
  if (bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5)
    return 'this is a Python pickle (PyTorch saves its models so). Export the model with torch.onnx.export.';
  const flatbuffer = ascii(bytes, 4, 8);
  if (flatbuffer === 'TFL3') return 'this is a TensorFlow Lite model. Convert it with tf2onnx --tflite.';
  if (flatbuffer === 'ORTM')
    return 'this is a model in ORT format, which keeps only what onnxruntime needs. Use the .onnx file that it was made from.';
  if (/^[\s\S]{8}\{\s*"/.test(head))
    return 'this is a safetensors file: weights without the graph. Export the model with torch.onnx.export.';
  if (/^\s*[{[]/.test(head)) return 'this is JSON, not an ONNX model. Choose the .onnx file.';
  if (/^(\x89PNG|\xff\xd8\xff|GIF8|RIFF[^]{4}WEBP)/.test(head))
    return 'this is an image, not a model. Drop it under its own name.';
  // An ONNX file begins with a tag of protobuf, which is a control character.
  if (/^[\t\n\r\x20-\x7e]+$/.test(head)) return 'this is text, not an ONNX model. Choose the .onnx file.';
  return null;
}
