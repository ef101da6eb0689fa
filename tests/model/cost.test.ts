/** What a pass costs is known before it is run, and a long one is begun only where the person wants it. */
import { describe, expect, it } from 'vitest';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { forwardFlops } from '../../src/lib/model/cost.ts';
import { zeros } from '../../src/lib/tensor/tensor.ts';
import { onnxFile } from '../formats/build-file.ts';
import { startedLab } from '../hostile/judge.ts';

/** A convolution of an image of 1024×1024 with a kernel as large as half of it. */
const slow = onnxFile({
  nodes: [
    { op: 'Conv', in: ['x', 'w'], out: ['t'], attrs: { pads: [255, 255, 256, 256] } },
    { op: 'GlobalAveragePool', in: ['t'], out: ['p'] },
    { op: 'Flatten', in: ['p'] },
  ],
  inputs: { x: [1, 1, 1024, 1024] },
  outputs: ['y'],
  weights: { w: zeros('float32', [3, 1, 512, 512]) },
});

describe('the cost of a pass', () => {
  it('is the multiply-adds of its convolutions, each counted by hand', () => {
    const flops = forwardFlops(readOnnx(slow, 'slow.onnx').graph);
    const convolution = 3 * 1024 ** 2 * 512 ** 2;
    expect(flops).toBeGreaterThanOrEqual(convolution);
    expect(flops).toBeLessThan(convolution * 1.001);
  });

  it('counts what is read as well: many sums over one large tensor are not free', () => {
    const nodes = Array.from({ length: 50 }, (_, i) => ({ op: 'ReduceSum', in: ['x'], out: [`s${i}`] }));
    const outputs = nodes.map(({ out: [name] }) => name);
    const graph = readOnnx(onnxFile({ nodes, inputs: { x: [1, 3, 100, 100] }, outputs }), 'sums.onnx').graph;
    expect(forwardFlops(graph)).toBeGreaterThanOrEqual(50 * 30_000);
  });

  it('is told before anything is run, with the time that it takes here; wanted all the same, the model opens unrun', async () => {
    const lab = await startedLab();
    const files = [{ name: 'slow.onnx', bytes: slow.slice().buffer }];
    const start = performance.now();
    const asked = await lab.openModel(1, files, () => undefined);
    expect(asked).toMatchObject({ ok: false, reason: 'failed', costly: true });
    expect(!asked.ok && asked.message).toMatch(
      /^slow\.onnx: one pass is about 8\.2 × 10¹¹ multiplications, about \d+ (seconds|minutes) here\. Open it all the same, or export the model for a smaller image\.$/,
    );
    const opened = await lab.openModel(2, [{ ...files[0], anyCost: true }], () => undefined);
    expect(opened.ok && opened.value.notes).toContain('The forward check was left out: one pass takes too long.');
    expect(opened.ok && opened.value.forwardDifference).toBeNull();
    // Neither of them ran it.
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
