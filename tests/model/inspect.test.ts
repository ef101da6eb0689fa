import { describe, expect, it } from 'vitest';
import { parameterCount } from '../../src/lib/graph/graph.ts';
import { readModel } from '../../src/lib/formats/read.ts';
import { inspect } from '../../src/lib/model/inspect.ts';
import { onnxFile } from '../formats/build-file.ts';
import { projectPath, readBytes } from '../formats/shared.ts';
import { float32, zeros } from '../../src/lib/tensor/tensor.ts';

const open = async (bytes: Uint8Array, file = 'm.onnx') => readModel({ file, bytes, beside: [] });
const bundled = () => open(readBytes(projectPath('static/models/vitrine-16.onnx')), 'vitrine-16.onnx');

describe('inspecting a model', () => {
  it('counts a convolution as torch’s formula does: outputs × window × channels of a group', async () => {
    // torch.nn.Conv2d(8, 12, (3, 5), stride=2, padding=1, groups=4) on [1, 8, 20, 30]: [1, 12, 10, 14].
    const model = await open(
      onnxFile({
        nodes: [
          { op: 'Conv', in: ['x', 'w', 'b'], out: ['c'], attrs: { strides: [2, 2], pads: [1, 1, 1, 1], group: 4 } },
          { op: 'Relu', in: ['c'], out: ['y'] },
        ],
        inputs: { x: ['N', 8, 20, 30] },
        outputs: ['y'],
        weights: { w: zeros('float32', [12, 2, 3, 5]), b: float32([12], new Float32Array(12)) },
      }),
    );
    const { layers, flops } = inspect(model);
    const outputs = 12 * 10 * 14;
    expect(layers).toEqual([
      { name: 'c', op: 'Conv', shape: [1, 12, 10, 14], parameters: 12 * 2 * 3 * 5 + 12, flops: outputs * 2 * 3 * 5 },
      { name: 'y', op: 'Relu', shape: [1, 12, 10, 14], parameters: 0, flops: outputs },
    ]);
    expect(flops).toBe(outputs * 31);
  });

  it('counts no bound of Clip as a parameter, and a slope for each channel as one each', async () => {
    const model = await open(
      onnxFile({
        nodes: [
          { op: 'PRelu', in: ['x', 'slope'], out: ['p'] },
          { op: 'Clip', in: ['p', 'low', 'high'], out: ['y'] },
        ],
        inputs: { x: ['N', 3, 4, 4] },
        outputs: ['y'],
        weights: {
          slope: float32([3, 1, 1], Float32Array.of(0.1, 0.2, 0.3)),
          low: float32([], Float32Array.of(0)),
          high: float32([], Float32Array.of(6)),
        },
      }),
    );
    expect(inspect(model).layers.map(({ parameters }) => parameters)).toEqual([3, 0]);
    expect(parameterCount(model.graph)).toBe(3);
  });

  it('gives every parameter of the bundled model to one node, and every multiplication', async () => {
    const model = await bundled();
    const { layers, parameters, parameterBytes, flops, operators } = inspect(model);
    expect(layers.reduce((sum, layer) => sum + layer.parameters, 0)).toBe(parameterCount(model.graph));
    expect(parameters).toBe(parameterCount(model.graph));
    expect(parameterBytes).toBe(4 * parameters);
    expect(flops).toBe(layers.reduce((sum, layer) => sum + layer.flops, 0));
    expect(operators.reduce((sum, { count }) => sum + count, 0)).toBe(layers.length);
    expect(operators.reduce((sum, { flops }) => sum + flops, 0)).toBe(flops);
  });

  it('counts the bundled model’s convolutions as their windows say, one by one', async () => {
    const model = await bundled();
    const convolutions = inspect(model).layers.filter(({ op }) => op === 'Conv');
    expect(convolutions.length).toBeGreaterThan(5);
    for (const { shape, parameters, flops } of convolutions) {
      const [, channels, height, width] = shape;
      // Each of the [channels, …] outputs at a place reads every weight of its channel once; a bias is added, not multiplied.
      const weights = [parameters, parameters - channels];
      expect(weights.map((count) => count * height * width)).toContain(flops);
    }
  });

  it('counts what PyTorch’s profiler counts, layer by layer, also of convolutions in groups', async () => {
    const folder = projectPath('tests/fixtures/onnx');
    const { layers } = inspect(await open(readBytes(`${folder}/mobilenet_small.onnx`)));
    const counted = JSON.parse(new TextDecoder().decode(readBytes(`${folder}/mobilenet_small.flops.json`))) as object;
    expect(Object.keys(counted)).toEqual(['Conv', 'Gemm']);
    for (const [op, flops] of Object.entries(counted))
      expect(
        layers.filter((layer) => layer.op === op).map((layer) => layer.flops),
        op,
      ).toEqual(flops);
  });

  it('counts nothing where elements are only moved', async () => {
    const model = await open(
      onnxFile({
        nodes: [
          { op: 'Relu', in: ['x'], out: ['r'] },
          { op: 'Concat', in: ['r', 'x'], out: ['both'], attrs: { axis: 1 } },
          { op: 'DepthToSpace', in: ['both'], out: ['y'], attrs: { blocksize: 2 } },
        ],
        inputs: { x: ['N', 4, 3, 3] },
        outputs: ['y'],
      }),
    );
    expect(inspect(model).layers.map(({ flops }) => flops)).toEqual([36, 0, 0]);
  });

  it('names inputs and outputs as the file declares them, the batch axis open', async () => {
    const { inputs, outputs } = inspect(await bundled());
    expect(inputs).toHaveLength(1);
    expect(inputs[0]).toMatchObject({ dtype: 'float32', shape: [null, 3, expect.any(Number), expect.any(Number)] });
    expect(outputs).toEqual([expect.objectContaining({ dtype: 'float32', shape: [null, 16] })]);
  });

  it('gives a weight that is used twice to the first who reads it', async () => {
    const model = await open(
      onnxFile({
        nodes: [
          { op: 'Add', in: ['x', 'w'], out: ['a'] },
          { op: 'Mul', in: ['a', 'w'], out: ['y'] },
        ],
        inputs: { x: ['N', 4] },
        outputs: ['y'],
        weights: { w: float32([4], [1, 2, 3, 4]) },
      }),
    );
    expect(inspect(model).layers.map(({ parameters }) => parameters)).toEqual([4, 0]);
  });

  it('says of each operator where it runs, with the reason where not always', async () => {
    const { operators } = inspect(await bundled());
    const conv = operators.find(({ op }) => op === 'Conv')!;
    expect(conv.support.map(({ where }) => where).slice(0, 2)).toEqual(['WebGPU', 'WASM']);
    expect(conv.support[0]).toMatchObject({ runs: 'some', reason: expect.stringContaining('three-dimensional') });
    expect(conv.support[1]).toEqual({ where: 'WASM', runs: 'yes', reason: '' });
  });
});
