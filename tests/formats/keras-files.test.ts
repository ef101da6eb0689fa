/** Files of Keras: HDF5 of both generations and the archive, against numbers of PyTorch, against each other, and damaged. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/lib/formats/error.ts';
import { Hdf5 } from '../../src/lib/formats/keras/hdf5.ts';
import { snakeCase } from '../../src/lib/formats/keras/h5-weights.ts';
import { readModel } from '../../src/lib/formats/read.ts';
import type { ImportedModel } from '../../src/lib/formats/model.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { relativeError } from '../../src/lib/tensor/arithmetic.ts';
import { bindShape } from '../../src/lib/graph/dim.ts';
import { float32, sizeOf, toFloat32, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { projectPath, readBytes, runGraph, sharedPath } from './shared.ts';

const fixture = (name: string) => readBytes(projectPath(`tests/fixtures/keras/${name}`));

const open = (file: string, bytes: Uint8Array, beside: readonly { path: string; data: Uint8Array }[] = []) =>
  readModel({ file, bytes, beside });

/** The first output for a batch. */
async function answers(model: ImportedModel, input: FloatTensor): Promise<FloatTensor> {
  const shape = bindShape(
    model.graph.inputs[0].shape,
    input.data.length / sizeOf(bindShape(model.graph.inputs[0].shape, 1)),
  );
  const [result] = await runGraph(model.graph, [float32(shape, input.data)], { batch: shape[0] });
  return toFloat32(result);
}

const numbers = JSON.parse(new TextDecoder().decode(fixture('nested.json'))) as { input: number[]; output: number[] };

const written = { 'nested.keras': '3.4.1', 'flat.keras': '2.13.1', 'nested.h5': '2.4.0', 'deep.h5': '2.4.0' };

describe.each(Object.entries(written))('%s', (name, version) => {
  it('answers as PyTorch does with the same weights', async () => {
    const model = await open(name, fixture(name));
    const got = await answers(model, float32([2, 8, 8, 3], numbers.input));
    expect(relativeError(got, float32([2, 5], numbers.output))).toBeLessThan(1e-5);
    expect(model.batched).toBe(true);
  });

  it('says which Keras wrote it', async () => {
    const { info, format } = await open(name, fixture(name));
    expect(info.version).toBe(`Keras ${version}`);
    expect(format).toBe('keras');
  });
});

describe('a file that cannot be read', () => {
  const refusal = async (file: string, bytes: Uint8Array, beside: Parameters<typeof open>[2] = []) => {
    const error = await open(file, bytes, beside).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FormatError);
    return (error as FormatError).message;
  };

  it('is refused before seventeen gigabytes of zeros are made of it', async () => {
    const before = process.memoryUsage().rss;
    expect(await refusal('bomb.h5', fixture('bomb.h5'))).toMatch(
      /bomb\.h5: .*\[65536,65536\] would take 17179869184 bytes/,
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 2 ** 20);
  });

  it('is told that its model is missing, where it holds weights alone', async () => {
    const path = sharedPath('real/keras/tensorspace_separated/weights.h5');
    if (!path) return void console.log('skipped: ../shared/real is not there');
    expect(await refusal('weights.h5', readBytes(path))).toMatch(
      /holds the weights of a Keras model, but not the model/,
    );
  });

  it('is told that its weights are missing, where it is a config alone', async () => {
    const config = new TextEncoder().encode('{"class_name": "Sequential", "config": {"layers": []}}');
    expect(await refusal('topology.json', config)).toMatch(/weights lie in another file \(\.h5\), which is missing/);
  });

  it('gets an answer or a sentence that names it, however it is damaged, a thousand times each', async () => {
    const whole = ['nested.h5', 'nested.keras'].map(fixture);
    const damage = fc.record({
      file: fc.nat(1),
      cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 3 }),
      bytes: fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), value: fc.nat(255) }), {
        maxLength: 6,
      }),
    });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(damage, async ({ file, cut, bytes }) => {
        runs++;
        const copy = whole[file].slice(0, cut === null ? undefined : Math.floor(cut * whole[file].length));
        for (const { at, value } of bytes) if (copy.length > 0) copy[Math.floor(at * (copy.length - 1))] = value;
        const answer = await open('m.h5', copy).catch((reason: unknown) => reason);
        if (!(answer instanceof Error)) return;
        if (!(answer instanceof FormatError) || !answer.message.startsWith('m.h5')) throw answer;
      }),
      { numRuns: 2000, seed: 11 },
    );
    expect(runs).toBe(2000);
  }, 120_000);
});

it('Hdf5 gives nothing for what is not there', async () => {
  const h5 = await Hdf5.open(fixture('nested.h5'), 'nested.h5');
  expect(h5.children('nowhere')).toEqual([]);
  expect(h5.texts('nowhere', 'name')).toEqual([]);
  expect(h5.texts('model_weights', 'layer_names')).toEqual([
    'image',
    'conv2d_1',
    'norm',
    'pool',
    'block',
    'mean',
    'scores',
  ]);
  expect(() => h5.tensor('nowhere')).toThrow('holds no weights at "nowhere"');
  h5.close();
});

it.each([
  ['Conv2D', 'conv2d'],
  ['Conv2DTranspose', 'conv2d_transpose'],
  ['BatchNormalization', 'batch_normalization'],
  ['GlobalAveragePooling2D', 'global_average_pooling2d'],
  ['LSTM', 'lstm'],
  ['MultiHeadAttention', 'multi_head_attention'],
])('the group of %s is %s', (className, group) => {
  expect(snakeCase(className)).toBe(group);
});

const real = (name: string) => sharedPath(`real/keras/${name}`);

describe.skipIf(!real('tensorspace_mnist.h5'))('real files (skipped where ../shared/real is not there)', () => {
  const noise = (shape: readonly number[]) => {
    const rng = random(5);
    return float32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => rng.uniform()),
    );
  };

  it('the network of tensorspace answers alike as one file and as config and weights', async () => {
    const [whole, topology, weights] = [
      'tensorspace_mnist.h5',
      'tensorspace_separated/topology.json',
      'tensorspace_separated/weights.h5',
    ].map((name) => readBytes(real(name)!));
    const one = await open('mnist.h5', whole);
    const two = await open('topology.json', topology, [{ path: 'weights.h5', data: weights }]);
    const x = noise([3, 28, 28]);
    expect(relativeError(await answers(two, x), await answers(one, x))).toBeLessThan(1e-5);
  });

  it('the ResNet-8 of MLPerf opens with its batch open and its layers by name', async () => {
    const model = await open('resnet.h5', readBytes(real('mlperf_resnet8_cifar10.h5')!));
    expect(model.batched).toBe(true);
    const p = await answers(model, noise([2, 32, 32, 3]));
    expect(p.data.length).toBe(20);
    expect(p.data.slice(0, 10).reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 5);
  });
});
