/** MLPerf Tiny's ResNet-8 as TensorFlow Lite files, against PyTorch with the Keras weights (scripts/fixtures/resnet8.py). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { topologicalOrder } from '../../src/lib/graph/graph.ts';
import { readModel } from '../../src/lib/formats/read.ts';
import { float32, toNumbers } from '../../src/lib/tensor/tensor.ts';
import { projectPath, readBytes, runGraph, sharedPath } from './shared.ts';

const expected = JSON.parse(readFileSync(projectPath('tests/fixtures/tflite/resnet8.json'), 'utf8')) as Record<
  string,
  number[]
>;

const SIZE = 32;

/** Whole numbers that look like stripes, rings and noise. */
function pattern(k: number): number[] {
  return Array.from({ length: SIZE * SIZE * 3 }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % SIZE, Math.floor(i / 3 / SIZE)];
    const value = (k % 5) * x * x + (k % 7) * y * y + (k % 3) * x * y + k * (c + 1) * x + 3 * k * y + 40 * c * k;
    return Math.floor(value / (1 + (k % 11))) % 256;
  });
}

/** Crop `i` of a bitmap, every pixel one of the photo's. */
function crop(path: string, i: number): number[] {
  const data = readBytes(path);
  const header = new DataView(data.buffer);
  const [start, width, height] = [10, 18, 22].map((at) => header.getUint32(at, true));
  const row = Math.ceil((width * 3) / 4) * 4;
  const quarter = (n: number) => Math.floor(n / 4);
  const half = Math.floor(height / 2);
  const [top, left, size] = [
    [0, 0, height],
    [0, 0, half],
    [quarter(height), quarter(width), half],
    [half, Math.floor(width / 2), half],
  ][i];
  return Array.from({ length: SIZE * SIZE * 3 }, (_, n) => {
    const [c, x, y] = [n % 3, Math.floor(n / 3) % SIZE, Math.floor(n / 3 / SIZE)];
    const [px, py] = [x, y].map((v) => Math.floor((v * size) / SIZE));
    return data[start + (height - 1 - top - py) * row + (left + px) * 3 + 2 - c];
  });
}

function pixelsOf(name: string): number[] {
  const [what, n] = name.split(' ');
  return what === 'pattern' ? pattern(Number(n)) : crop(sharedPath(`real/photos/coral_${what}.bmp`)!, Number(n));
}

/** Weights of 8 bits move the scores: what the two best have to lie apart for the class to be the same for certain. */
const APART = 0.1;
const margin = (scores: readonly number[]): number => {
  const [first, second] = scores.toSorted((a, b) => b - a);
  return first - second;
};
const best = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores));
const file = (precision: string) => sharedPath(`real/tflite/mlperf_resnet8_cifar10_${precision}.tflite`);
const present = file('fp32') !== null && sharedPath('real/photos/coral_cat.bmp') !== null;

async function read(precision: string) {
  const bytes = readBytes(file(precision)!);
  return readModel({ file: `${precision}.tflite`, bytes, beside: [] });
}

/** Probabilities of every image, all in one batch. */
async function probabilities(precision: string): Promise<number[][]> {
  const images = Object.keys(expected).map(pixelsOf);
  const { graph } = await read(precision);
  const batch = float32([images.length, SIZE, SIZE, 3], images.flat());
  const [scores] = await runGraph(graph, [batch], { batch: images.length });
  const numbers = toNumbers(scores);
  return images.map((_, i) => numbers.slice(10 * i, 10 * i + 10));
}

describe.skipIf(!present)('ResNet-8 as TensorFlow Lite (skipped where ../shared/real is absent)', () => {
  it('in float32 gives PyTorch’s probabilities to 1e-4 on patterns and photos, for a whole batch at once', async () => {
    const found = await probabilities('fp32');
    Object.values(expected).forEach((row, i) => row.forEach((p, k) => expect(found[i][k]).toBeCloseTo(p, 4)));
    const classes = new Set(Object.values(expected).map(best));
    expect(classes.size).toBeGreaterThan(4);
  });

  it('in int8 gives the class of the real one on every photo, and on every pattern whose two best lie apart', async () => {
    const found = await probabilities('int8');
    const rows = Object.entries(expected).map(([name, row], i) => ({ name, row, i }));
    const clear = rows.filter(({ name, row }) => !name.startsWith('pattern') || margin(row) > APART);
    expect(clear.length).toBeGreaterThan(35);
    for (const { name, row, i } of clear) expect([name, best(found[i])]).toEqual([name, best(row)]);
  });

  it('is read for any number of examples, with one Transpose, and says what was quantised', async () => {
    const [float, whole] = [await read('fp32'), await read('int8')];
    for (const model of [float, whole]) {
      expect(model.batched).toBe(true);
      expect(topologicalOrder(model.graph.outputs).filter((n) => n.op === 'Transpose')).toHaveLength(1);
    }
    expect(float.notes).toEqual([]);
    expect(whole.notes.join(' ')).toMatch(/int8.*float32.*q stands for/);
    expect(float.inputs.map(({ dtype, shape }) => [dtype, shape])).toEqual([['float32', [null, 32, 32, 3]]]);
  });
});
