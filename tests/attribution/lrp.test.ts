import { describe, expect, it } from 'vitest';
import { findMethod } from '../../src/lib/attribution/index.ts';
import { relevanceUnder } from '../../src/lib/attribution/lrp.ts';
import { upTo } from '../../src/lib/attribution/part.ts';
import { composites } from '../../src/lib/autodiff/relevance/composites.ts';
import {
  alphaBetaRule,
  boxRule,
  epsilonRule,
  flatRule,
  gammaRule,
  wSquareRule,
  zPlusRule,
  type Bounds,
  type LayerRule,
} from '../../src/lib/autodiff/relevance/rules.ts';
import type { Value } from '../../src/lib/graph/graph.ts';
import type { Builder } from '../../src/lib/ops/builder.ts';
import { sum } from '../../src/lib/tensor/arithmetic.ts';
import { float32, full, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { forward, relevance, rules, type Block, type Build, type Rule } from '../reference/methods/relevance.ts';
import { ask, gap, gaussian, modelOf } from './models.ts';

const lrp = findMethod('lrp');
const positive = (shape: readonly number[], seed: number): FloatTensor => {
  const { data, ...rest } = gaussian(shape, seed);
  return { ...rest, data: data.map((v) => Math.abs(v) + 0.3) };
};

const conv =
  (w: readonly number[], seed: number, { stride = 1, group = 1, pad = 1, bias = true } = {}): Build =>
  (g, x) =>
    g.apply(
      'Conv',
      [x, g.constant(gaussian(w, seed, 0.5)), ...(bias ? [g.constant(gaussian([w[0]], seed + 1, 0.3))] : [])],
      { strides: [stride, stride], group, pads: [pad, pad, pad, pad] },
    );
const batchNorm =
  (channels: number, seed: number): Build =>
  (g, x) => {
    const [scale, shift, mean] = [0, 1, 2].map((k) => g.constant(gaussian([channels], seed + k, 0.7)));
    return g.apply('BatchNormalization', [x, scale, shift, mean, g.constant(positive([channels], seed + 3))]);
  };
const gemm =
  (inputs: number, outputs: number, seed: number, transB: 0 | 1): Build =>
  (g, x) => {
    const w = g.constant(gaussian(transB ? [outputs, inputs] : [inputs, outputs], seed, 0.5));
    return g.apply('Gemm', [g.reshape(x, [x.shape[0], inputs]), w, g.constant(gaussian([outputs], seed + 1, 0.3))], {
      transB,
    });
  };
const then =
  (...builds: Build[]): Build =>
  (g, x) =>
    builds.reduce((v, build) => build(g, v), x);
const relu: Block = { kind: 'pass', build: (g, x) => g.relu(x) };
const tanh: Block = { kind: 'pass', build: (g, x) => g.tanh(x) };

/** Convolution and BatchNormalization, grouped and strided convolution, pooling, a shortcut around two, dense. */
const convolutional: readonly Block[] = [
  { kind: 'layer', place: 'first', build: then(conv([4, 2, 3, 3], 1), batchNorm(4, 3)) },
  relu,
  { kind: 'layer', place: 'middle', build: conv([6, 2, 3, 3], 11, { stride: 2, group: 2 }) },
  relu,
  { kind: 'max', build: (g, x) => g.apply('MaxPool', [x], { kernel_shape: [2, 2], strides: [1, 1] }) },
  {
    kind: 'skip',
    blocks: [
      { kind: 'layer', place: 'middle', build: then(conv([6, 6, 3, 3], 21), batchNorm(6, 25)) },
      relu,
      {
        kind: 'layer',
        place: 'middle',
        build: then(conv([6, 6, 1, 1], 31, { pad: 0, bias: false }), batchNorm(6, 35)),
      },
    ],
  },
  relu,
  { kind: 'sum', build: (g, x) => g.apply('AveragePool', [x], { kernel_shape: [2, 2] }) },
  { kind: 'layer', place: 'last', build: then(gemm(6, 3, 41, 1), batchNorm(3, 43)) },
];

/** Inputs of layers have both signs; biases and scales are nodes of their own, before and behind the product. */
const constant = (shape: readonly number[], seed: number) => (g: Builder) => g.constant(gaussian(shape, seed, 0.5));
const signed: readonly Block[] = [
  { kind: 'pass', build: (g, x) => g.mul(x, 0.5) },
  {
    kind: 'layer',
    place: 'first',
    build: then(conv([4, 2, 2, 2], 51, { pad: 0, stride: 2 }), (g, x) =>
      g.sub(constant([1, 4, 3, 3], 53)(g), g.mul(x, constant([4, 1, 1], 54)(g))),
    ),
  },
  tanh,
  {
    kind: 'layer',
    place: 'middle',
    build: then(
      (g, x) => g.apply('ConvTranspose', [x, constant([4, 2, 2, 2], 61)(g), constant([2], 62)(g)], { strides: [2, 2] }),
      batchNorm(2, 63),
    ),
  },
  tanh,
  {
    kind: 'layer',
    place: 'middle',
    build: (g, x) => {
      const flat = g.reshape(x, [x.shape[0], 72]);
      return g.div(
        g.add(g.matmul(flat, constant([72, 5], 71)(g)), constant([5], 72)(g)),
        g.constant(positive([5], 73)),
      );
    },
  },
  tanh,
  { kind: 'layer', place: 'last', build: then(gemm(5, 3, 81, 0), (g, x) => g.mul(constant([3], 83)(g), x)) },
];

const composed = (blocks: readonly Block[]): Build =>
  then(
    ...blocks.map((block): Build =>
      block.kind === 'skip' ? (g, x) => g.add(x, composed(block.blocks)(g, x)) : block.build,
    ),
  );

const shape = [2, 6, 6];
const modelFrom = (blocks: readonly Block[]) => modelOf(shape, composed(blocks));
const image = gaussian([1, ...shape], 7);
const pixels = { shape: image.shape, data: [...image.data] };
const [low, high] = [full(image.shape, -3), full(image.shape, 4)];

/** Each rule beside its literal form; `signs` and `bias` say how it is read. */
const pairs: readonly [string, LayerRule | 'box', Rule, { signs?: 'weight'; bias?: false }?][] = [
  ['ε', epsilonRule(0.1), rules.epsilon(0.1)],
  ['ε without biases', epsilonRule(0.1), rules.epsilon(0.1), { bias: false }],
  ['γ', gammaRule(0.25), rules.gamma(0.25)],
  ['γ without biases', gammaRule(0.25), rules.gamma(0.25), { bias: false }],
  ['γ by weights', gammaRule(0.25), rules.gammaByWeight(0.25), { signs: 'weight' }],
  ['αβ', alphaBetaRule(2), rules.alphaBeta(2, 1)],
  ['αβ without biases', alphaBetaRule(3), rules.alphaBeta(3, 2), { bias: false }],
  ['z⁺', zPlusRule, rules.alphaBeta(1, 0)],
  ['z⁺ by weights', zPlusRule, rules.plusByWeight(), { signs: 'weight' }],
  ['flat', flatRule, rules.flat()],
  ['w²', wSquareRule, rules.wSquare()],
  ['box', 'box', rules.box()],
];

const nets = { 'a convolutional network with a shortcut': convolutional, 'a network of signed activations': signed };
const models = { [Object.keys(nets)[0]]: modelFrom(convolutional), [Object.keys(nets)[1]]: modelFrom(signed) };

const cases = Object.entries(nets).flatMap(([net, blocks]) =>
  pairs.map(([title, rule, literal, read]) => ({ net, blocks, title, rule, literal, read })),
);
const [plain, plainLiteral] = [epsilonRule(0.01), rules.epsilon(0.01)];

describe('LRP is its rules written out neuron by neuron', () => {
  it.each(cases)('$title in $net', async ({ net, blocks, rule, literal, read = {} }) => {
    const { bias = true, signs = 'contribution' as const } = read;
    const boxed = rule === 'box';
    const plan = {
      name: 'test',
      composite: (bounds: () => Bounds) =>
        rule === 'box'
          ? { convolution: plain, dense: plain, first: boxRule(bounds()) }
          : { convolution: rule, dense: rule, last: plain },
      options: { folding: true, bias, signs },
      bounded: boxed,
    };
    const target = { kind: 'logit', index: 1 } as const;
    const question = ask({ model: models[net], x: image, target, bounds: () => [low, high] });
    const { scores, value } = await relevanceUnder(question, plan);
    // The box reaches the first layer through what stands before it.
    const scale = blocks[0].kind === 'pass' ? 0.5 : 1;
    const ends = { low: [...low.data].map((v) => v * scale), high: [...high.data].map((v) => v * scale) };
    const literals = { first: literal, middle: boxed ? plainLiteral : literal, last: plainLiteral };
    const truth = relevance(blocks, pixels, [0, value, 0], { bias, ...ends, rules: literals });
    expect(gap(scores.data, truth)).toBeLessThan(1e-5);
  });

  it('with a rule for each place', async () => {
    const options = { composite: 'custom', first: 'flat', middle: 'gamma', gamma: 0.5, last: 'alpha-beta', alpha: 3 };
    const { scores, value } = await lrp.explain(ask({ model: models[Object.keys(nets)[0]], x: image }), options);
    const places = { first: rules.flat(), middle: rules.gamma(0.5), last: rules.alphaBeta(3, 2) };
    const truth = relevance(convolutional, pixels, [value, 0, 0], { bias: true, low: [], high: [], rules: places });
    expect(gap(scores.data, truth)).toBeLessThan(1e-5);
  });
});

describe('LRP conserves the score', () => {
  const conserving: readonly [string, Record<string, unknown>][] = [
    ['EpsilonPlus', { composite: 'epsilon-plus' }],
    ['EpsilonPlusFlat', { composite: 'epsilon-plus-flat' }],
    ['EpsilonGammaBox', { composite: 'epsilon-gamma-box' }],
    ['EpsilonAlpha2Beta1', { composite: 'epsilon-alpha2-beta1' }],
    ['EpsilonAlpha2Beta1Flat', { composite: 'epsilon-alpha2-beta1-flat' }],
    ['Epsilon', { composite: 'epsilon' }],
    ['w², γ and αβ', { composite: 'custom', first: 'w-square', middle: 'gamma', last: 'alpha-beta' }],
  ];
  // Wide enough that every neuron has contributions of both signs: where one has none, αβ has nobody to give its part to.
  const model = modelFrom([
    { kind: 'layer', place: 'first', build: conv([4, 2, 3, 3], 91) },
    tanh,
    { kind: 'layer', place: 'middle', build: conv([4, 4, 3, 3], 93, { pad: 0, stride: 2 }) },
    tanh,
    { kind: 'layer', place: 'last', build: gemm(16, 3, 95, 0) },
  ]);

  it.each(conserving)('under %s, where biases take no share', async (_title, options) => {
    const question = ask({ model, x: image, target: { kind: 'logit', index: 2 }, bounds: () => [low, high] });
    const { scores, value, check } = await lrp.explain(question, { ...options, epsilon: 0, bias: false });
    expect(Math.abs(sum(scores) / value - 1)).toBeLessThan(1e-5);
    expect(check).toMatchObject({ kind: 'conservation', delta: sum(scores) - value });
  });

  it('and says by how much it does not where they do', async () => {
    const { scores, value, check } = await lrp.explain(ask({ model, x: image }), { composite: 'epsilon' });
    expect(check!.relative).toBeGreaterThan(1e-3);
    expect(check!.delta).toBeCloseTo(sum(scores) - value, 6);
  });
});

it('of a linear function is Input × Gradient, and by hand for one neuron', async () => {
  const model = modelOf([2], (g, x) => g.matmul(x, g.constant(float32([2, 2], [2, 0, -1, 1]))));
  const x = float32([1, 2], [3, 4]);
  const of = async (options: Record<string, unknown>) => [
    ...(await lrp.explain(ask({ model, x }), options)).scores.data,
  ];
  expect(await of({ composite: 'epsilon', epsilon: 0 })).toEqual([6, -4]);
  // F = 6 − 4 = 2: all of it to the one positive contribution.
  const custom = { composite: 'custom', first: 'z-plus' };
  expect(await of(custom)).toEqual([2, 0]);
  // 2 · 2²/(2² + 1²) and 2 · 1²/(2² + 1²)
  expect(gap(await of({ ...custom, first: 'w-square' }), [1.6, 0.4])).toBeLessThan(1e-6);
  // (6 + ½·6)/(2 + ½·6)·2 and −4/(2 + ½·6)·2
  expect(gap(await of({ ...custom, first: 'gamma', gamma: 0.5 }), [3.6, -1.6])).toBeLessThan(1e-6);
  expect(gap(await of({ ...custom, first: 'alpha-beta', alpha: 3 }), [6, -4])).toBeLessThan(1e-6);
});

describe('LRP outside of layers', () => {
  const explained = async (x: FloatTensor, build: (g: Builder, x: Value) => Value) => {
    const model = modelOf(x.shape.slice(1), build);
    return [...(await lrp.explain(ask({ model, x }), { composite: 'epsilon', epsilon: 0 })).scores.data];
  };
  const part = (g: Builder, x: Value, i: number) => g.slice(x, [i], [i + 1], [1]);
  const x = float32([1, 2], [3, 4]);

  it('shares a product equally, and gives a quotient to what is divided', async () => {
    expect(await explained(x, (g, v) => g.mul(part(g, v, 0), part(g, v, 1)))).toEqual([6, 6]);
    expect(await explained(x, (g, v) => g.div(part(g, v, 0), part(g, v, 1)))).toEqual([0.75, 0]);
    expect(await explained(x, (g, v) => g.square(part(g, v, 0)))).toEqual([9, 0]);
  });

  it('shares a sum in proportion, a shift aside', async () => {
    expect(
      gap(await explained(x, (g, v) => g.add(part(g, v, 0), g.add(part(g, v, 1), 10))), [17 * (3 / 17), 14]),
    ).toBeLessThan(1e-6);
    expect(await explained(x, (g, v) => g.sub(part(g, v, 0), 1))).toEqual([2, 0]);
  });

  it('shares a product of matrices equally between both', async () => {
    const y = await explained(float32([1, 2, 2], [1, 2, 3, 4]), (g, v) =>
      g.reshape(g.reduceSum(g.matmul(v, g.transpose(v)), [1, 2]), [v.shape[0], 1]),
    );
    // Column sums are 4 and 6: F = 16 + 36, each element has its column's sum times itself.
    expect(gap(y, [4, 12, 12, 24])).toBeLessThan(1e-6);
  });

  it('takes the deviation of a LayerNormalization as a constant', async () => {
    const values = [1, 2, 6];
    const y = await explained(float32([1, 3], values), (g, v) =>
      g.apply('LayerNormalization', [v, g.constant(float32([3], [1, 1, 2]))], { epsilon: 0 }),
    );
    const deviation = Math.sqrt((4 + 1 + 9) / 3);
    // F = (x₀ − mean)/σ
    expect(gap(y, [(1 * 2) / 3 / deviation, -2 / 3 / deviation, -6 / 3 / deviation])).toBeLessThan(1e-5);
  });

  it('of a softmax is xᵢ (Rᵢ − sᵢ ΣR), and nothing where it is masked', async () => {
    const values = [1, 2, -Infinity];
    const y = await explained(float32([1, 3], [1, 2, 0]), (g, v) =>
      g.softmax(g.add(v, g.constant(float32([3], [0, 0, -Infinity]))), 1),
    );
    const s = values.map((v) => Math.exp(v) / (Math.E + Math.E ** 2));
    expect(gap(y, [1 * (s[0] - s[0] * s[0]), 2 * (0 - s[1] * s[0]), 0])).toBeLessThan(1e-6);
  });

  it('sends a maximum to the largest', async () => {
    expect(await explained(x, (g, v) => g.max(part(g, v, 0), part(g, v, 1)))).toEqual([0, 4]);
    expect(await explained(x, (g, v) => g.reduceMax(v, [1]))).toEqual([0, 4]);
  });
});

describe('LRP of a part', () => {
  const blocks = convolutional;
  let feature: Value | null = null;
  const model = modelOf(shape, (g, x) => {
    feature = composed(blocks.slice(0, 5))(g, x);
    return composed(blocks.slice(5))(g, feature);
  });
  const options = { composite: 'epsilon', epsilon: 0.01 };
  const setting = {
    bias: true,
    ...{ low: [], high: [] },
    rules: { first: plainLiteral, middle: plainLiteral, last: plainLiteral },
  };
  const activation = forward(blocks.slice(0, 5), pixels);

  it('explains a layer: what arrives there on the way to the image', async () => {
    const { scores, value } = await lrp.explain(ask({ model, x: image, layer: feature! }), options);
    const truth = relevance(blocks.slice(5), activation, [value, 0, 0], setting);
    expect(gap(scores.data, truth)).toBeLessThan(1e-6);
  });

  const neuron = activation.data.indexOf(Math.max(...activation.data));

  it('explains a neuron: the walk starts from its activation', async () => {
    const { scores, value } = await lrp.explain(upTo(ask({ model, x: image }), feature!, neuron), options);
    const start = activation.data.map((v, i) => (i === neuron ? v : 0));
    expect(value).toBeCloseTo(start[neuron], 5);
    expect(gap(scores.data, relevance(blocks.slice(0, 5), pixels, start, setting))).toBeLessThan(1e-6);
  });
});

describe('LRP refuses', () => {
  it('a model with operators that have no rule, by their names', () => {
    const model = modelOf([4], (g, x) => g.apply('Round', [g.apply('Floor', [x])]));
    expect(lrp.unavailable(model)).toMatch(/^LRP: no rule for .*Floor.*Round.*docs\/ops\.md/s);
    expect(lrp.unavailable(modelFrom(convolutional))).toBeNull();
  });

  it('the box rule where there is no picture', async () => {
    const model = modelOf([2], (g, x) => g.matmul(x, g.constant(float32([2, 1], [1, 1]))));
    const refused = lrp.explain(ask({ model, x: float32([1, 2], [1, 2]) }), { composite: 'epsilon-gamma-box' });
    await expect(refused).rejects.toThrow(/box rule needs the lowest and the highest picture/);
  });

  it('numbers out of range', async () => {
    const model = modelOf([2], (g, x) => g.matmul(x, g.constant(float32([2, 1], [1, 1]))));
    const refused = lrp.explain(ask({ model, x: float32([1, 2], [1, 2]) }), { alpha: 0.5 });
    await expect(refused).rejects.toThrow(/alpha is 0.5, must be ≥ 1/);
  });
});

it('EpsilonPlus is z⁺ in convolutions and ε in dense layers', () => {
  const numbers = { epsilon: 0.5, gamma: 1, bounds: () => Promise.reject(new Error('not asked for')) as never };
  expect(composites['epsilon-plus'](numbers).convolution).toBe(zPlusRule);
  expect(composites['epsilon-plus-flat'](numbers)).toMatchObject({ first: flatRule, convolution: zPlusRule });
});
