import { describe, expect, it } from 'vitest';
import { lookInside } from '../../src/lib/model/inside.ts';
import { Checkup } from '../../src/lib/model/health.ts';
import type { HealthReport } from '../../src/lib/model/inside-lab.ts';
import type { Value } from '../../src/lib/graph/graph.ts';
import type { Builder } from '../../src/lib/ops/builder.ts';
import { histogramsCsv, layersCsv } from '../../src/lib/state/signal-csv.ts';
import { findingsOf, gradientMark, referenceNorm } from '../../src/lib/state/signal-findings.ts';
import { float32, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { convModel, gaussian, modelOf } from '../attribution/models.ts';
import { referenceEngine } from '../reference/engine.ts';

type Model = ReturnType<typeof modelOf>;

async function examine(model: Model, images: readonly FloatTensor[], index = 0): Promise<HealthReport> {
  const engine = { ...referenceEngine(), dispose: () => Promise.resolve() };
  const loaded = { model, engine, info: { name: 'test.onnx' } as never };
  const target = { kind: 'logit', index } as const;
  const checkup = new Checkup(loaded, target);
  for (const x of images) await checkup.add(await lookInside(loaded, x), x);
  return { layers: checkup.layers(), images: checkup.images, target, withoutGradient: checkup.withoutGradient };
}

const named = (g: Builder, op: string, inputs: readonly Value[], name: string, attrs = {}): Value =>
  g.apply(op, inputs, attrs, { outputs: [name] });
const kinds = (report: HealthReport) => findingsOf(report, []).map(({ kind }) => kind);
const layer = (report: HealthReport, id: string) => report.layers.find((l) => l.layer.id === id)!;

/** `depth` layers a ↦ tanh(scale · a), of four units. */
const chain = (depth: number, scale: number): Model =>
  modelOf([4], (g, x) => {
    let v = x;
    for (let i = 0; i < depth; i++) v = named(g, 'Tanh', [g.mul(v, scale)], `tanh${i}`);
    return v;
  });

describe('what is conspicuous', () => {
  it('is nothing in a healthy model', async () => {
    const images = [1, 2, 3].map((seed) => gaussian([1, 2, 6, 6], seed));
    expect(findingsOf(await examine(convModel('Tanh'), images), [])).toEqual([]);
    expect(findingsOf(await examine(chain(9, 1), [gaussian([1, 4], 1, 0.5)]), [])).toEqual([]);
  });

  it('is a gradient that small weights let vanish, from the first layer on', async () => {
    const report = await examine(chain(9, 0.1), [gaussian([1, 4], 1)]);
    // d tanh(s·a)/da = s (1 − tanh²): the product of the slopes from the output back.
    const x = gaussian([1, 4], 1).data[0];
    let [value, slope] = [Math.tanh(0.1 * x), 1];
    for (let i = 1; i < 9; i++) {
      value = Math.tanh(0.1 * value);
      slope *= 0.1 * (1 - value * value);
    }
    expect(layer(report, 'tanh0').gradientNorm! / slope).toBeCloseTo(1, 4);
    // Slopes 1, 0.1, 0.01 near the output: the reference is 0.1, and 1e-5 is the first below a thousandth of it.
    expect(referenceNorm(report.layers)).toBeCloseTo(0.1, 3);
    const vanished = findingsOf(report, []).find(({ kind }) => kind === 'vanishing')!;
    expect(new Set(vanished.layers)).toEqual(new Set(['tanh0', 'tanh1', 'tanh2', 'tanh3']));
    expect(kinds(report)).not.toContain('exploding');
  });

  it('keeps a vanishing gradient apart from none, below what float32 can square', async () => {
    const report = await examine(chain(25, 0.1), [gaussian([1, 4], 1)]);
    const first = layer(report, 'tanh0');
    expect(first.gradientNorm! / 1e-24).toBeCloseTo(1, 1);
    expect(gradientMark(first, referenceNorm(report.layers))).toBe('vanishing');
  });

  it('is a gradient that explodes', async () => {
    const steep = modelOf([4], (g, x) => {
      let v = x;
      for (let i = 0; i < 9; i++) v = named(g, 'Mul', [v, g.scalar(10)], `times${i}`);
      return v;
    });
    const exploded = findingsOf(await examine(steep, [gaussian([1, 4], 1)]), []).find(
      ({ kind }) => kind === 'exploding',
    )!;
    expect(new Set(exploded.layers)).toEqual(new Set(['times0', 'times1', 'times2', 'times3']));
  });

  it('counts planted dead channels; a layer of nothing else is found, with the zero gradient before it', async () => {
    const planted = (bias: readonly number[]) =>
      modelOf([4, 3, 3], (g, x) => {
        const first = named(g, 'Mul', [x, g.scalar(1)], 'first');
        const shift = g.reshape(g.constant(float32([4], [...bias])), [1, 4, 1, 1]);
        return g.reduceSum(named(g, 'Relu', [g.add(first, shift)], 'relu'), [2, 3], false);
      });
    const images = [1, 2, 3].map((seed) => gaussian([1, 4, 3, 3], seed));
    const some = await examine(planted([0, -100, 0, -100]), images);
    expect(layer(some, 'relu').dead).toBe(2);
    expect(kinds(some)).not.toContain('dead');
    const many = Array.from({ length: 8 }, (_, i) => gaussian([1, 4, 3, 3], i + 1));
    expect(kinds(await examine(planted([0, -100, 0, -100]), many))).toContain('dead');
    const all = findingsOf(await examine(planted([-100, -100, -100, -100]), images), []);
    expect(all.find(({ kind }) => kind === 'dead')!.layers).toContain('relu');
    expect(all.find(({ kind }) => kind === 'zero')!.layers).toContain('first');
  });

  it('is saturation: at the ends of tanh, at the top of ReLU6, in one-sided distributions', async () => {
    const model = modelOf([4], (g, x) => {
      const tanh = named(g, 'Tanh', [x], 'tanh');
      const six = named(g, 'Clip', [g.mul(x, 1), g.scalar(0), g.scalar(6)], 'relu6');
      const soft = named(g, 'Softmax', [g.mul(x, 2)], 'softmax', { axis: -1 });
      return g.add(g.add(tanh, six), soft);
    });
    const report = await examine(model, [float32([1, 4], [9, 7, 0.5, -3])]);
    // tanh(9), tanh(7) and tanh(−3) lie within 0.02 of ±1; 9 and 7 are cut at 6; softmax of (18, 14, …) gives 0.98.
    expect(layer(report, 'tanh').saturated).toBe(0.75);
    expect(layer(report, 'relu6')).toMatchObject({ saturated: 0.5, saturation: 'at 6', zeros: 0.25 });
    expect(layer(report, 'softmax').saturated).toBe(0);
    const sure = await examine(model, [float32([1, 4], [9, 5, 0.5, -3])]);
    expect(layer(sure, 'softmax').saturated).toBe(1);
    expect(findingsOf(sure, []).find(({ kind }) => kind === 'saturated')!.layers).toEqual(['tanh', 'softmax']);
  });

  it('names the first layer with NaN, and leaves the numbers of the others alone', async () => {
    const model = modelOf([4], (g, x) => {
      const before = named(g, 'Mul', [x, g.scalar(2)], 'before');
      return named(g, 'Mul', [named(g, 'Log', [before], 'log'), g.scalar(1)], 'after');
    });
    const report = await examine(model, [float32([1, 4], [1, 2, 3, -1])]);
    const found = findingsOf(report, []).find(({ kind }) => kind === 'non-finite')!;
    expect(found.layers).toEqual(['log', 'after']);
    expect(layer(report, 'log')).toMatchObject({ nonFinite: 1, min: Math.fround(Math.log(2)) });
  });

  it('is a constant layer', async () => {
    const model = modelOf([4], (g, x) =>
      named(g, 'Add', [named(g, 'Add', [g.mul(x, 0), g.scalar(3)], 'same'), x], 'sum'),
    );
    const report = await examine(model, [gaussian([1, 4], 1)]);
    expect(findingsOf(report, []).find(({ kind }) => kind === 'constant')!.layers).toEqual(['same']);
  });

  it('is a layer that F does not react to', async () => {
    const model = modelOf([2], (g, x) => {
      const own = named(g, 'Tanh', [g.slice(x, [0], [1], [1])], 'own');
      const other = named(g, 'Tanh', [g.slice(x, [1], [2], [1])], 'other');
      return g.concat([own, other], 1);
    });
    const report = await examine(model, [gaussian([1, 2], 1)]);
    expect(findingsOf(report, []).find(({ kind }) => kind === 'zero')!.layers).toEqual(['other']);
  });
});

describe('the numbers as CSV', () => {
  it('are those of the report, names in quotes and never a formula', async () => {
    const model = modelOf([2], (g, x) => named(g, 'Tanh', [x], '=1+"2"'));
    const report = await examine(model, [float32([1, 2], [0.5, -0.25])]);
    const [head, row] = layersCsv(report).trim().split('\r\n');
    expect(row).toMatch(/^"'=1\+""2""","Tanh","2",2,/);
    const cells = row.split(',');
    expect(Number(cells[head.split(',').indexOf('min')])).toBe(report.layers[0].min);
    const bins = histogramsCsv(report, []).trim().split('\r\n').slice(1);
    expect(bins.reduce((n, line) => n + Number(line.split(',').at(-1)), 0)).toBe(2);
  });
});
