import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { passMemory, refuseTooLarge } from '../../src/lib/model/memory.ts';
import '../../src/lib/ops/index.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import { float32, full, zeros } from '../../src/lib/tensor/tensor.ts';

/** Two 1×1 convolutions of an image of `side` × `side` pixels, which `width` channels lie between. */
function convolutions(side: number, width: number) {
  const g = new Builder();
  const x = new Value('float32', [N, 3, side, side], { name: 'x' });
  const conv = (from: Value, inputs: number, outputs: number) =>
    g.apply('Conv', [from, g.constant(full([outputs, inputs, 1, 1], 0.01)), null], { kernel_shape: [1, 1] });
  const y = conv(g.relu(conv(x, 3, width)), width, 3);
  return { name: 'convolutions', inputs: [x], outputs: [y] };
}

const wasm = { device: { runtime: 'onnxruntime-web', version: '', kind: 'wasm', threads: 1, adapter: '' } } as const;

describe('the memory of a pass', () => {
  it('is the weights, and the values that are alive together at the worst moment', () => {
    const [side, width] = [16, 8];
    const plane = side * side * 4;
    expect(passMemory(convolutions(side, width))).toEqual({
      weights: 2 * 3 * width * 4,
      activations: (width + 3) * plane,
    });
  });

  it('counts what a shortcut keeps alive', () => {
    const g = new Builder();
    const x = new Value('float32', [N, 3, 8, 8], { name: 'x' });
    const chain = g.relu(g.relu(x));
    const bytes = (y: Value) => passMemory({ name: 'shortcut', inputs: [x], outputs: [y] }).activations;
    expect(bytes(chain)).toBe(3 * 8 * 8 * 4);
    expect(bytes(g.add(chain, x))).toBe(2 * (3 * 8 * 8 * 4));
  });

  it('is a lower bound of what onnxruntime takes', async () => {
    const graph = convolutions(512, 64);
    const runtime = await createOrtRuntime({ device: 'wasm' });
    const program = await runtime.compile(graph);
    await program.run([zeros('float32', [1, 3, 512, 512])]);
    const { weights, activations } = passMemory(graph);
    expect(activations).toBe((64 + 3) * 512 * 512 * 4);
    expect(runtime.heapBytes).toBeGreaterThanOrEqual(weights + activations);
    expect(runtime.heapBytes).toBeLessThan(3 * (weights + activations));
    await runtime.dispose();
  });

  it('beyond four gigabytes is refused on WASM with the numbers and a way out, before anything is allocated', () => {
    const graph = convolutions(4096, 64);
    const words =
      /^wide\.onnx: one pass needs at least 4\.2 GB of memory.*WASM has 4\.0 GB\. Choose WebGPU under Device/;
    expect(() => refuseTooLarge(wasm, graph, 'wide.onnx')).toThrow(words);
    expect(() => refuseTooLarge(wasm, convolutions(512, 64), 'small.onnx')).not.toThrow();
    const gpu = { device: { ...wasm.device, kind: 'webgpu' } } as const;
    expect(() => refuseTooLarge(gpu, graph, 'wide.onnx')).not.toThrow();
  });

  it('counts weights that no memory could hold', () => {
    const g = new Builder();
    const x = new Value('float32', [N, 2], { name: 'x' });
    const data = new Float32Array(2);
    const huge = new Value('float32', [2, 2 ** 30], { constant: { ...float32([2], data), shape: [2, 2 ** 30] } });
    const graph = { name: 'huge', inputs: [x], outputs: [g.matmul(x, huge)] };
    expect(() => refuseTooLarge(wasm, graph, 'huge.onnx')).toThrow(/at least 12\.0 GB of memory \(weights 8\.0 GB/);
  });
});
