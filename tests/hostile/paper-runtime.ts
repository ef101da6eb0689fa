/** A runtime on paper: graphs are lowered, checked and written as for the real one, and every result is zero. */
import { writeModel } from '../../src/lib/formats/onnx/write.ts';
import type { chooseRuntime } from '../../src/lib/runtime/device.ts';
import { lower } from '../../src/lib/runtime/lower/lower.ts';
import type { DeviceTensor, Runtime } from '../../src/lib/runtime/runtime.ts';
import { unsupportedNodes } from '../../src/lib/runtime/unsupported.ts';
import { zeros } from '../../src/lib/tensor/tensor.ts';

const paperRuntime: Runtime = {
  device: { runtime: 'onnxruntime-web', version: '', kind: 'wasm', threads: 1, adapter: '' },
  unsupported: (graph) => unsupportedNodes(lower(graph, 'wasm'), 'wasm'),
  async compile(graph, { batch = 1 } = {}) {
    const lowered = lower(graph, 'wasm', batch);
    const [first] = unsupportedNodes(lowered, 'wasm');
    if (first)
      throw new Error(`wasm: 1 unsupported node: ${first.op} (node "${first.node}"): ${first.reason}. Choose another.`);
    writeModel(lowered);
    const results = () =>
      lowered.outputs.map((v): DeviceTensor => {
        const tensor = zeros(v.dtype, v.shape as readonly number[]);
        return { ...tensor, read: async () => tensor, dispose: () => undefined };
      });
    return { batch, run: async () => results(), dispose: async () => undefined };
  },
  openFile: () => Promise.reject(new Error('onnxruntime: this one cannot.')),
  lost: new Promise(() => undefined),
  heapBytes: 0,
  dispose: async () => undefined,
};

export const onPaper: typeof chooseRuntime = async () => ({
  runtime: paperRuntime,
  available: ['ort-wasm'],
  candidates: ['ort-wasm'],
  notes: [],
});
