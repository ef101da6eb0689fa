import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../src/lib/attribution/layout.ts';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { gradient } from '../../src/lib/autodiff/rule-sets.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import '../../src/lib/ops/index.ts';
import { pushApart } from '../../src/lib/synthesis/diversity.ts';
import { probeOf, type Sites } from '../../src/lib/synthesis/objective.ts';
import { ascend, stepFactors } from '../../src/lib/synthesis/optimiser.ts';
import {
  COLOUR_CORRELATION,
  fourierScale,
  initialParameters,
  naturalMagnitude,
  parametrisations,
} from '../../src/lib/synthesis/parametrisation.ts';
import { prepare } from '../../src/lib/synthesis/prepare.ts';
import { penalty } from '../../src/lib/synthesis/regulariser.ts';
import { NO_REGULARISERS, STANDARD_TRANSFORM } from '../../src/lib/synthesis/recipes.ts';
import { irfft2 } from '../../src/lib/synthesis/spectrum.ts';
import { adjointShares, drawMove, tablesOf, type Table } from '../../src/lib/synthesis/transform.ts';
import type { PictureSize, Term } from '../../src/lib/synthesis/types.ts';
import { random } from '../../src/lib/tensor/random.ts';
import type { FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { normalize, preprocessingFor } from '../../src/lib/vision/preprocess.ts';
import { convModel, gap, gaussian } from '../attribution/models.ts';
import { numericGradient } from '../reference/methods/black-box.ts';
import { evaluate } from '../reference/interpreter.ts';
import { ref } from '../reference/tensor.ts';

const feed = (x: FloatTensor) => ref('float32', x.shape, x.data);
const input = (x: FloatTensor, name = 'x') => new Value('float32', [N, ...x.shape.slice(1)], { name });

/** What `build` makes of one tensor, in float64. */
function run(x: FloatTensor, build: (g: Builder, x: Value) => Value): readonly number[] {
  const value = input(x);
  const [y] = evaluate([build(new Builder(), value)], new Map([[value, feed(x)]]), x.shape[0]);
  return Array.from(y.data, Number);
}

describe('the inverse Fourier transform', () => {
  it.each([
    [4, 6],
    [5, 7],
    [6, 5],
    [12, 10],
  ])('is the sum over all frequencies, %i×%i', (height, width) => {
    const columns = (width >> 1) + 1;
    const spectrum = gaussian([1, 1, 2 * height, columns], 5);
    const at = (v: number, u: number): [number, number] => [
      spectrum.data[v * columns + u],
      spectrum.data[(height + v) * columns + u],
    ];
    // The half that is not stored mirrors the one that is: F(−v, −u) is the conjugate of F(v, u).
    const whole = (v: number, u: number): [number, number] => {
      if (u < columns) return at(v, u);
      const [re, im] = at((height - v) % height, width - u);
      return [re, -im];
    };
    const expected = Array.from({ length: height * width }, (_, i) => {
      const [y, x] = [Math.floor(i / width), i % width];
      let sum = 0;
      for (let v = 0; v < height; v++)
        for (let u = 0; u < width; u++) {
          const [re, im] = whole(v, u);
          const angle = 2 * Math.PI * ((v * y) / height + (u * x) / width);
          sum += re * Math.cos(angle) - im * Math.sin(angle);
        }
      return sum / (height * width);
    });
    expect(
      gap(
        run(spectrum, (g, s) => irfft2(g, s, height, width)),
        expected,
      ),
    ).toBeLessThan(1e-6);
  });
});

describe('parametrisations', () => {
  const size: PictureSize = { channels: 3, height: 32, width: 32 };

  it('have the constants of Lucid', () => {
    const scale = fourierScale(8, 8);
    expect(scale.data[0]).toBeCloseTo(8 / (1 / 8), 5);
    expect(scale.data[1]).toBeCloseTo(8 / (1 / 8), 5);
    expect(scale.data[2]).toBeCloseTo(8 / (2 / 8), 5);
    // The square root of the colours' covariance over its largest column norm, 0.461952.
    const root = [
      [0.26, 0.09, 0.02],
      [0.27, 0, -0.05],
      [0.27, -0.09, 0.03],
    ];
    root.forEach((row, i) => row.forEach((v, j) => expect(COLOUR_CORRELATION[i][j]).toBeCloseTo(v / 0.461952, 5)));
  });

  it('start from pixels of deviation 0.02 before colour (fourier), within 0…1', () => {
    const start = initialParameters('fourier', { ...size, channels: 1 }, [1]);
    const picture = run(start, (g, p) => parametrisations.fourier.picture(g, p, { ...size, channels: 1 }));
    const logits = picture.map((v) => Math.log(v / (1 - v)));
    const mean = logits.reduce((a, b) => a + b) / logits.length;
    const deviation = Math.sqrt(logits.reduce((sum, v) => sum + (v - mean) ** 2, 0) / logits.length);
    expect(deviation).toBeGreaterThan(0.015);
    expect(deviation).toBeLessThan(0.025);
  });

  it('of natural magnitude fall as photographs do: slopes −1.25, −1.45 and −2.2', () => {
    const { data, shape } = naturalMagnitude({ channels: 3, height: 512, width: 512 });
    const at = (u: number) => data[u];
    const slope = (a: number, b: number) => Math.log(at(b) / at(a)) / Math.log(b / a);
    expect(slope(2, 6)).toBeCloseTo(-1.25, 4);
    expect(slope(10, 60)).toBeCloseTo(-1.45, 4);
    expect(slope(70, 250)).toBeCloseTo(-2.2, 4);
    expect(data[shape[1] * shape[2] + 9] / data[9]).toBeCloseTo(1.035, 5);
  });

  it.each(['pixels', 'fourier', 'maco'] as const)('can be walked back through: %s', (kind) => {
    const small: PictureSize = { channels: 3, height: 4, width: 5 };
    const start = initialParameters(kind, small, [2]);
    const weights = gaussian([1, 3, 4, 5], 9);
    const p = input(start);
    const g = new Builder();
    const picture = parametrisations[kind].picture(g, p, small);
    const seed = g.constant(weights);
    const [back] = backward(g, gradient, { y: picture, seed: g.expand(seed, picture.shape), xs: [p] });
    const [found] = evaluate([back], new Map([[p, feed(start)]]), 1);
    const F = (values: ArrayLike<number>) => {
      const [y] = evaluate([picture], new Map([[p, ref('float32', start.shape, values)]]), 1);
      return weights.data.reduce((sum, w, i) => sum + w * Number(y.data[i]), 0);
    };
    expect(gap(Array.from(found.data, Number), numericGradient(F, start.data))).toBeLessThan(1e-5);
  });
});

describe('moves', () => {
  const size: PictureSize = { channels: 1, height: 9, width: 12 };
  const apply = ({ indices, weights }: Table, x: ArrayLike<number>) => {
    const [shares, pixels] = indices.shape;
    return Float64Array.from({ length: pixels }, (_, i) => {
      let sum = 0;
      for (let k = 0; k < shares; k++) sum += weights.data[k * pixels + i] * x[indices.data[k * pixels + i]];
      return sum;
    });
  };
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0);

  it('and their way back are transposes, whatever is drawn', () => {
    const { scales, degrees } = STANDARD_TRANSFORM;
    const draws = random(4);
    const shares = adjointShares(STANDARD_TRANSFORM);
    const [x, y] = [gaussian([1, 108], 1).data, gaussian([1, 108], 2).data];
    for (let i = 0; i < 200; i++) {
      const transform = { ...STANDARD_TRANSFORM, scales: [scales[i % 11]], degrees: [degrees[i % 21]] };
      const { forward, adjoint } = tablesOf(drawMove(transform, draws), size, shares);
      expect(dot(apply(forward, x), y)).toBeCloseTo(dot(x, apply(adjoint, y)), 4);
    }
  });

  it('by whole pixels shift, and leave nothing where the picture ends', () => {
    const x = Float32Array.from({ length: 108 }, (_, i) => i + 1);
    const moved = apply(tablesOf({ matrix: [1, 0, 0, 1], shift: [2, -1] }, size, 9).forward, x);
    for (let row = 0; row < 9; row++)
      for (let column = 0; column < 12; column++) {
        const inside = row >= 1 && column < 10;
        expect(moved[row * 12 + column]).toBe(inside ? (row - 1) * 12 + column + 3 : 0);
      }
  });

  it('by a quarter turn turn a square', () => {
    const square: PictureSize = { channels: 1, height: 3, width: 3 };
    const { forward } = tablesOf({ matrix: [0, 1, -1, 0], shift: [0, 0] }, square, 9);
    expect([...apply(forward, [1, 2, 3, 4, 5, 6, 7, 8, 9])].map((v) => Math.round(v))).toEqual([
      7, 4, 1, 8, 5, 2, 9, 6, 3,
    ]);
  });

  it('are drawn from Lucid’s lists', () => {
    expect(STANDARD_TRANSFORM.scales.map((s) => s.toFixed(2)).join()).toBe(
      '0.90,0.92,0.94,0.96,0.98,1.00,1.02,1.04,1.06,1.08,1.10',
    );
    expect(STANDARD_TRANSFORM.degrees).toHaveLength(26);
    expect(STANDARD_TRANSFORM.degrees.filter((d) => Math.abs(d) < 1e-9)).toHaveLength(6);
  });
});

describe('what the model is fed of a picture', () => {
  it.each(['torchvision', 'caffe', 'minus-one-to-one'])(
    'is what it is fed of an image of the same pixels (%s)',
    (preset) => {
      for (const layout of ['NCHW', 'NHWC'] as const) {
        const p = preprocessingFor(preset, { layout, channels: 3, width: 3, height: 2 });
        const picture = {
          shape: [1, 3, 2, 3],
          dtype: 'float32',
          data: gaussian([18], 3).data.map((v) => Math.abs(v) % 1),
        } as const;
        const pixels = Float32Array.from({ length: 18 }, (_, i) => 255 * picture.data[(i % 3) * 6 + Math.floor(i / 3)]);
        const expected = normalize({ width: 3, height: 2, channels: 3, data: pixels }, p);
        expect(
          gap(
            run(picture, (g, x) => prepare(g, x, p)),
            expected.data,
          ),
        ).toBeLessThan(1e-6);
      }
    },
  );
});

describe('objectives', () => {
  const model = convModel('Tanh', { channels: 1, size: 6 });
  const sites: Sites = {
    layer: () => ({ value: model.feature, layout: layoutOf(model.feature, model.input) }),
    logits: { value: model.logits, layout: null },
    example: () => gaussian([1, 5, 3, 3], 8),
  };
  const x = gaussian([1, 1, 6, 6], 4);
  const [feature] = evaluate([model.feature], new Map([[model.input, feed(x)]]), 1);
  const [logits] = evaluate([model.logits], new Map([[model.input, feed(x)]]), 1);
  const a = Array.from(feature.data, Number);
  const channelMean = (c: number) => a.slice(9 * c, 9 * c + 9).reduce((s, v) => s + v, 0) / 9;
  const pooled = [0, 1, 2, 3, 4].map(channelMean);
  const norm = (v: readonly number[]) => Math.hypot(...v);
  const d = [1, -2, 0.5, 0, 3];
  const along = d.reduce((s, v, i) => s + v * pooled[i], 0);
  const example = Array.from(gaussian([1, 5, 3, 3], 8).data);
  const overlap = example.reduce((s, v, i) => s + v * a[i], 0);

  it.each<[Term, number]>([
    [{ kind: 'channel', layer: 'feature', channel: 2 }, channelMean(2)],
    [{ kind: 'neuron', layer: 'feature', channel: 1, y: 2, x: 0 }, a[9 + 6]],
    [{ kind: 'neuron', layer: 'feature', channel: 1 }, a[9 + 4]],
    [{ kind: 'layer', layer: 'feature' }, a.reduce((s, v) => s + v * v, 0) / a.length],
    [{ kind: 'direction', layer: 'feature', direction: d, power: 0 }, along],
    [
      { kind: 'direction', layer: 'feature', direction: d, power: 2 },
      along * Math.max(0.1, along / (norm(d) * norm(pooled))) ** 2,
    ],
    [{ kind: 'logit', index: 1 }, Number(logits.data[1])],
    [{ kind: 'caricature', layer: 'feature', power: 0 }, overlap],
    [{ kind: 'caricature', layer: 'feature', power: 1 }, overlap * Math.max(0.1, overlap / (norm(a) * norm(example)))],
  ])('%j', (term, expected) => {
    const probe = probeOf([{ terms: [{ weight: 2, term }] }], sites);
    const value = probe.build(new Builder(), (v) => v);
    const feeds = new Map([[model.input, feed(x)], ...probe.inputs.map((v, i) => [v, feed(probe.feeds[i])] as const)]);
    const [found] = evaluate([value], feeds, 1);
    expect(Number(found.data[0])).toBeCloseTo(2 * expected, 4);
  });

  it('add up with their weights', () => {
    const term = (channel: number): Term => ({ kind: 'channel', layer: 'feature', channel });
    const terms = [
      { weight: 1, term: term(0) },
      { weight: -0.5, term: term(3) },
    ];
    const probe = probeOf([{ terms }], sites);
    const value = probe.build(new Builder(), (v) => v);
    const feeds = new Map([[model.input, feed(x)], ...probe.inputs.map((v, i) => [v, feed(probe.feeds[i])] as const)]);
    expect(Number(evaluate([value], feeds, 1)[0].data[0])).toBeCloseTo(channelMean(0) - 0.5 * channelMean(3), 5);
  });

  it('of another form do not share a batch', () => {
    const both = [{ kind: 'logit', index: 0 } as const, { kind: 'layer', layer: 'feature' } as const];
    expect(() =>
      probeOf(
        both.map((term) => ({ terms: [{ weight: 1, term }] })),
        sites,
      ),
    ).toThrow(/cannot share a batch/);
  });

  it('of diversity push along the gradient of the overlap of Gram matrices', () => {
    const batch = gaussian([3, 5, 3, 3], 11);
    const site = { value: model.feature, layout: layoutOf(model.feature, model.input) };
    const h = input(batch);
    const g = new Builder();
    const { y, seed } = pushApart(g, site, () => h, 4, 3);
    const zero = g.mul(h, 0);
    const [back] = backward(g, gradient, { y: zero, seed: g.zerosLike(h), also: [{ y, seed }], xs: [h] });
    const [found] = evaluate([back], new Map([[h, feed(batch)]]), 3);
    const grams = (values: ArrayLike<number>) =>
      [0, 1, 2].map((n) => {
        const f = (c: number, p: number) => values[n * 45 + c * 9 + p];
        const gram = Array.from({ length: 25 }, (_, i) =>
          Array.from({ length: 9 }, (_, p) => f(Math.floor(i / 5), p) * f(i % 5, p)).reduce((s, v) => s + v, 0),
        );
        const size = Math.hypot(...gram);
        return gram.map((v) => v / size);
      });
    const F = (values: ArrayLike<number>) => {
      const all = grams(values);
      let sum = 0;
      for (let i = 0; i < 3; i++)
        for (let j = 0; j < 3; j++) if (i !== j) sum += all[i].reduce((s, v, k) => s + v * all[j][k], 0);
      return (-4 * sum) / 3;
    };
    expect(gap(Array.from(found.data, Number), numericGradient(F, batch.data))).toBeLessThan(1e-5);
  });
});

describe('regularisers', () => {
  const x = gaussian([1, 1, 3, 4], 6);
  const at = (r: number, c: number) => (r < 0 || c < 0 || r > 2 || c > 3 ? 0.5 : x.data[r * 4 + c]);
  const cells = Array.from({ length: 12 }, (_, i) => [Math.floor(i / 4), i % 4] as const);
  const sum = (f: (r: number, c: number) => number) => cells.reduce((s, [r, c]) => s + f(r, c), 0);
  const blur = (r: number, c: number) => {
    let total = 0;
    for (let i = -1; i <= 1; i++)
      for (let j = -1; j <= 1; j++) total += at(r + i, c + j) * (2 - Math.abs(i)) * (2 - Math.abs(j));
    return total / 16;
  };

  it.each([
    [
      'totalVariation',
      sum((r, c) => (c < 3 ? Math.abs(at(r, c + 1) - at(r, c)) : 0) + (r < 2 ? Math.abs(at(r + 1, c) - at(r, c)) : 0)),
    ],
    ['l1', sum((r, c) => Math.abs(at(r, c) - 0.5))],
    ['l2', Math.sqrt(sum((r, c) => (at(r, c) - 0.5) ** 2))],
    ['blur', 0.5 * sum((r, c) => (at(r, c) - blur(r, c)) ** 2)],
  ] as const)('%s', (name, expected) => {
    const [found] = run(x, (g, v) => penalty(g, v, { ...NO_REGULARISERS, [name]: 3 })!);
    expect(found).toBeCloseTo(3 * expected, 4);
  });
});

describe('optimisers', () => {
  /** Literal versions, one number at a time. */
  const literal = {
    adam(gradients: readonly number[], rate: number) {
      let [p, m, v] = [0, 0, 0];
      return gradients.map((g, i) => {
        [m, v] = [0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g];
        p += (rate * (m / (1 - 0.9 ** (i + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8);
        return p;
      });
    },
    nadam(gradients: readonly number[], rate: number) {
      let [p, m, v, product] = [0, 0, 0, 1];
      const mu = (t: number) => 0.9 * (1 - 0.5 * 0.96 ** (0.004 * t));
      return gradients.map((g, i) => {
        const t = i + 1;
        product *= mu(t);
        [m, v] = [0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g];
        const direction = (mu(t + 1) * m) / (1 - product * mu(t + 1)) + ((1 - mu(t)) * g) / (1 - product);
        p += (rate * direction) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
        return p;
      });
    },
  };

  it.each(['adam', 'nadam'] as const)('%s steps as its paper says', (kind) => {
    const gradients = [1, -0.5, 0.25, 2, -3];
    const expected = literal[kind](gradients, 0.05);
    const factors = stepFactors(kind, 0.05);
    let state = [0, 0, 0];
    gradients.forEach((gradientNow, i) => {
      const { moment, gradient: now, variance } = factors.next().value;
      const scalars = [...state, gradientNow, moment, now, variance].map((v) => ref('float32', [1], [v]));
      const values = scalars.map((_, k) => new Value('float32', [1], { name: `${k}` }));
      const [parameters, first, second, slope, a, b, c] = values;
      const next = ascend(new Builder(), { parameters, first, second }, slope, { moment: a, gradient: b, variance: c });
      const outputs = [next.parameters, next.first, next.second];
      state = evaluate(outputs, new Map(values.map((v, k) => [v, scalars[k]])), 1).map(({ data }) => Number(data[0]));
      expect(state[0]).toBeCloseTo(expected[i], 6);
    });
  });
});
