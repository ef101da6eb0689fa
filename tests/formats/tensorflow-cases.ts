/** @file A row for every operator of TensorFlow that is read: what it is given, and where TF.js lacks it the truth. */
import type { TensorFlowOperator } from '../../src/lib/formats/tensorflow/ops/table.ts';
import { at, build, type RefTensor } from '../reference/tensor.ts';
import type { Short } from './tensorflow-file.ts';
import { c, fedBools, fedInts, i, is, matrix, w, x, xs, type Case, type Input } from './tensorflow-inputs.ts';

const FLOAT: Short = { type: 1 };
const INT: Short = { type: 3 };

const one = (input: Input, attrs: Case['attrs'] = {}): Case[] => [{ inputs: [input], attrs }];
const unary = (low = -2, high = 2): Case[] => one(x([2, 5], low, high));
const two = (a: Input, b: Input): Case => ({ inputs: [a, b] });
const binary = (low = -2, high = 2): Case[] => [
  two(x([2, 3], low, high), x([2, 3], low, high)),
  two(x([2, 2, 3], low, high), w([3], 0.5, 2)),
];

/** Truth of an operator on each element, where TF.js has none. */
const each =
  (f: (...x: number[]) => number) =>
  ([a, ...rest]: readonly RefTensor[]): RefTensor[] => [
    { ...a, data: a.data.map((v, k) => f(v, ...rest.map((r) => r.data[k]))) },
  ];

/** erf by its series Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)), enough of it for |x| ≤ 2. */
function erf(v: number): number {
  let [term, sum] = [v, v];
  for (let n = 1; n < 60; n++) {
    term *= -(v * v) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const conv = { strides: [1, 1, 1, 1], padding: 'SAME', data_format: 'NHWC', dilations: [1, 1, 1, 1] };
const first = { strides: [1, 1, 1, 1], padding: 'VALID', data_format: 'NCHW', dilations: [1, 1, 1, 1] };
const pool = { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: 'VALID', data_format: 'NHWC' };
const pool3 = { ksize: [1, 2, 2, 2, 1], strides: [1, 1, 1, 1, 1], padding: 'SAME', data_format: 'NDHWC' };
const image = (): Input => x([2, 5, 6, 3]);

/** Convolution of an image [N, C, H, W] without padding, from the definition. */
const convFirst = ([a, f]: readonly RefTensor[]): RefTensor[] => {
  const [n, , h, width] = a.shape;
  const [kh, kw, channels, filters] = f.shape;
  return [
    build('float32', [n, filters, h - kh + 1, width - kw + 1], ([b, m, y, col]) => {
      let sum = 0;
      for (let r = 0; r < kh; r++)
        for (let s = 0; s < kw; s++)
          for (let k = 0; k < channels; k++) sum += at(a, [b, k, y + r, col + s]) * at(f, [r, s, k, m]);
      return sum;
    }),
  ];
};

const perFirst =
  (f: (v: number, channel: number, rest: readonly RefTensor[]) => number) => (all: readonly RefTensor[]) => {
    const [a, ...rest] = all;
    return [build('float32', a.shape, (index) => f(at(a, index), index[1], rest))];
  };

const norm = (input: Input, attrs: Case['attrs'] = {}): Case => ({
  inputs: [input, w([3], 0.5, 2), w([3]), w([3]), w([3], 0.5, 2)],
  attrs: { epsilon: { f: 0.01 }, data_format: 'NHWC', is_training: false, ...attrs },
});

const reductions = (low = -2, high = 2): Case[] => [
  { inputs: [x([2, 3, 4], low, high), is(1)], attrs: { keep_dims: false } },
  { inputs: [x([2, 3, 4], low, high), is(-1, 1)], attrs: { keep_dims: true } },
  { inputs: [x([2, 3], low, high), is(0, 1)], attrs: { keep_dims: false }, whole: true },
];
const truths = (values: number[]): Case[] => [
  { inputs: [fedBools([2, 3], values), is(1)], attrs: { keep_dims: false } },
  { inputs: [fedBools([2, 3], values), is(1)], attrs: { keep_dims: true } },
];

const strided = (input: Input, begin: number[], end: number[], strides: number[], masks: Case['attrs'] = {}): Case => ({
  inputs: [input, is(...begin), is(...end), is(...strides)],
  attrs: { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 0, ...masks },
});

const comparing = (): Case[] => [
  two(xs([2, 3], [1, 2, 3, 4, 5, 6]), xs([2, 3], [1, 3, 2, 4, 4, 7])),
  two(fedInts([2, 2], [1, 2, 3, 4]), i(3)),
];

const resizes = (): Case[] =>
  [
    { align_corners: false, half_pixel_centers: false },
    { align_corners: true, half_pixel_centers: false },
    { align_corners: false, half_pixel_centers: true },
  ].flatMap((attrs) => [
    { inputs: [x([2, 3, 4, 2]), is(6, 8)], attrs },
    { inputs: [x([2, 5, 4, 2]), is(3, 7)], attrs },
  ]);

const fusedConv = (ops: string[], args: Input[], more: Case['attrs'] = {}): Case => ({
  inputs: [image(), w([3, 3, 3, 4]), ...args],
  attrs: { ...conv, num_args: args.length, fused_ops: ops, leakyrelu_alpha: { f: 0.3 }, ...more },
});

/** Blocks of pixels as channels, from the definition. */
const spaceToDepth = ([a]: readonly RefTensor[]): RefTensor[] => {
  const [n, h, width, depth] = a.shape;
  return [
    build('float32', [n, h / 2, width / 2, depth * 4], ([b, y, col, k]) => {
      const block = Math.floor(k / depth);
      return at(a, [b, 2 * y + Math.floor(block / 2), 2 * col + (block % 2), k % depth]);
    }),
  ];
};

/** An activation in NCHW is compared with the same of its own definition. */
const pooledFirst =
  (reduce: (values: number[]) => number) =>
  ([a]: readonly RefTensor[]): RefTensor[] => {
    const [n, channels, h, width] = a.shape;
    return [
      build('float32', [n, channels, h / 2, width / 2], ([b, k, y, col]) =>
        reduce([0, 1].flatMap((r) => [0, 1].map((s) => at(a, [b, k, 2 * y + r, 2 * col + s])))),
      ),
    ];
  };

const same = (): Case[] => [{ inputs: [x([2, 3])], truth: ([a]) => [a] }];
const quantised = (...rest: Input[]): Case[] => [{ inputs: [x([2, 3]), ...rest], truth: ([a]) => [a] }];

export const cases: Readonly<Record<TensorFlowOperator, readonly Case[]>> = {
  Identity: unary(),
  IdentityN: [{ inputs: [x([2, 3]), x([2, 2])], outputs: 2 }],
  Snapshot: unary(),
  StopGradient: unary(),
  PreventGradient: same(),
  CheckNumerics: same(),
  EnsureShape: same(),
  Print: [{ inputs: [x([2, 3]), c(1)], truth: ([a]) => [a] }],
  PlaceholderWithDefault: [{ inputs: [c(3)], truth: ([a]) => [a], whole: true }],
  FakeQuantWithMinMaxVars: quantised(c(-6), c(6)),
  FakeQuantWithMinMaxVarsPerChannel: quantised(w([3]), w([3])),
  FakeQuantWithMinMaxArgs: quantised(),

  Add: binary(),
  AddV2: [...binary(), two(fedInts([2, 2], [1, 2, 3, 4]), i(3))],
  AddN: [{ inputs: [x([2, 3]), x([2, 3]), x([2, 3])] }, { inputs: [x([2, 3])] }],
  BiasAdd: [
    { inputs: [image(), w([3])], attrs: { data_format: 'NHWC' } },
    {
      inputs: [x([2, 3, 4, 2]), w([3])],
      attrs: { data_format: 'NCHW' },
      truth: perFirst((v, k, [bias]) => v + bias.data[k]),
    },
  ],
  BiasAddV1: [
    { inputs: [x([2, 3]), w([3])], truth: ([a, b]) => [build('float32', a.shape, (p) => at(a, p) + b.data[p[1]])] },
  ],
  Sub: binary(),
  Mul: binary(),
  Div: binary(0.5, 2),
  RealDiv: binary(0.5, 2),
  DivNoNan: [two(xs([2, 2], [1, 2, -3, 0]), xs([2, 2], [2, 0, 4, 0]))],
  FloorDiv: [two(fedInts([2, 3], [7, -7, 6, -6, 5, 0]), i(2)), two(xs([2, 2], [7, -7, 5.5, -0.5]), c(2))],
  TruncateDiv: [
    {
      ...two(fedInts([2, 2], [7, -7, 6, -5]), fedInts([2, 2], [2, 2, -4, 3])),
      truth: each((a, b) => Math.trunc(a / b)),
    },
  ],
  FloorMod: [two(fedInts([2, 2], [7, -7, 6, -5]), i(3)), two(xs([2, 2], [7.5, -7.5, 6, -0.5]), c(3))],
  Mod: [{ ...two(fedInts([2, 2], [7, -7, 6, -5]), fedInts([2, 2], [3, 3, -4, 4])), truth: each((a, b) => a % b) }],
  TruncateMod: [{ ...two(xs([2, 2], [7.5, -7.5, 6, -0.5]), xs([2, 2], [3, 3, 4, 4])), truth: each((a, b) => a % b) }],
  Maximum: binary(),
  Minimum: binary(),
  Pow: binary(0.5, 2),
  SquaredDifference: binary(),
  Atan2: [two(xs([2, 4], [1, -1, 1, -1, 0, 0, 2, -2]), xs([2, 4], [1, 1, -1, -1, 1, -1, 0, 0])), ...binary()],

  Abs: unary(),
  Neg: unary(),
  Sign: [...unary(), ...one(xs([2, 2], [0, -1, 3, -0.5]))],
  Ceil: unary(),
  Floor: unary(),
  Round: one(xs([2, 4], [0.5, 1.5, 2.5, -0.5, -1.5, 0.4, 0.6, -2.6])),
  Rint: [
    {
      inputs: [xs([2, 3], [0.4, 1.5, 2.5, -0.4, -1.5, 3.7])],
      truth: ([a]) => [{ ...a, data: Float64Array.of(0, 2, 2, 0, -2, 4) }],
    },
  ],
  Exp: unary(),
  Expm1: unary(),
  Log: unary(0.1, 4),
  Log1p: unary(-0.9, 4),
  Sqrt: unary(0, 4),
  Rsqrt: unary(0.1, 4),
  Square: unary(),
  Reciprocal: unary(0.5, 2),
  Inv: [{ inputs: [x([2, 3], 0.5, 2)], truth: each((a) => 1 / a) }],
  Sin: unary(),
  Cos: unary(),
  Tan: unary(-1, 1),
  Asin: unary(-1, 1),
  Acos: unary(-1, 1),
  Atan: unary(),
  Sinh: unary(),
  Cosh: unary(),
  Tanh: unary(),
  Asinh: unary(),
  Acosh: unary(1.1, 4),
  Atanh: unary(-0.9, 0.9),
  Erf: unary(),
  Erfc: [{ inputs: [x([2, 5])], truth: each((v) => 1 - erf(v)) }],
  Relu: unary(),
  Relu6: unary(-4, 9),
  Elu: unary(),
  Selu: unary(),
  LeakyRelu: [...one(x([2, 4]), { alpha: { f: 0.3 } }), ...one(x([2, 4]))],
  Prelu: [two(x([2, 3, 4, 2]), w([2])), two(x([2, 3, 4, 2]), w([3, 4, 2]))],
  Sigmoid: unary(),
  Softplus: unary(),
  Softsign: [{ inputs: [x([2, 5])], truth: each((v) => v / (1 + Math.abs(v))) }],
  ClipByValue: [
    { inputs: [x([2, 5]), c(-1), c(0.5)] },
    {
      inputs: [x([2, 3]), w([3], -1, 0), w([3], 0, 1)],
      truth: ([a, l, h]) => [
        build('float32', a.shape, (p) => Math.min(Math.max(at(a, p), l.data[p[1]]), h.data[p[1]])),
      ],
    },
  ],

  Equal: comparing(),
  NotEqual: comparing(),
  Greater: comparing(),
  GreaterEqual: comparing(),
  Less: comparing(),
  LessEqual: comparing(),
  LogicalAnd: [two(fedBools([2, 2], [1, 0, 1, 0]), fedBools([2, 2], [1, 1, 0, 0]))],
  LogicalOr: [two(fedBools([2, 2], [1, 0, 1, 0]), fedBools([2, 2], [1, 1, 0, 0]))],
  LogicalNot: one(fedBools([2, 2], [1, 0, 1, 0])),
  IsNan: one(xs([2, 2], [1, NaN, Infinity, 0])),
  IsInf: one(xs([2, 2], [1, NaN, Infinity, -Infinity])),
  IsFinite: one(xs([2, 2], [1, NaN, Infinity, 0])),
  Select: [
    { inputs: [fedBools([2, 3], [1, 0, 1, 0, 1, 0]), x([2, 3]), x([2, 3])] },
    {
      inputs: [fedBools([2], [1, 0]), x([2, 3]), x([2, 3])],
      truth: ([t, a, b]) => [build('float32', a.shape, (p) => (t.data[p[0]] ? at(a, p) : at(b, p)))],
    },
  ],
  SelectV2: [{ inputs: [fedBools([2, 3], [1, 0, 1, 0, 1, 0]), x([2, 3]), w([3])] }],

  MatMul: [
    { inputs: [x([2, 3]), w([3, 4])], attrs: { transpose_a: false, transpose_b: false } },
    { inputs: [x([2, 3]), w([4, 3])], attrs: { transpose_a: false, transpose_b: true } },
    { inputs: [x([3, 2]), w([3, 4])], attrs: { transpose_a: true, transpose_b: false }, whole: true },
  ],
  _FusedMatMul: [
    { inputs: [x([2, 3]), w([3, 4]), w([4])], attrs: { fused_ops: ['BiasAdd', 'Relu'], num_args: 1 } },
    { inputs: [x([2, 3]), w([4, 3]), w([4])], attrs: { fused_ops: ['BiasAdd'], num_args: 1, transpose_b: true } },
    { inputs: [x([2, 3]), w([3, 4]), w([4]), w([4])], attrs: { fused_ops: ['BiasAdd', 'Prelu'], num_args: 2 } },
    {
      inputs: [x([2, 3]), w([3, 4]), w([4])],
      attrs: { fused_ops: ['BiasAdd', 'LeakyRelu'], num_args: 1, leakyrelu_alpha: { f: 0.4 } },
    },
  ],
  BatchMatMul: [{ inputs: [x([2, 3, 4]), x([2, 4, 2])] }],
  BatchMatMulV2: [
    { inputs: [x([2, 2, 3, 4]), x([2, 2, 5, 4])], attrs: { adj_x: false, adj_y: true } },
    {
      inputs: [x([2, 4, 3]), w([4, 2])],
      attrs: { adj_x: true, adj_y: false },
      whole: true,
      truth: ([a, b]) => [
        build('float32', [2, 3, 2], ([n, r, s]) =>
          [0, 1, 2, 3].reduce((sum, k) => sum + at(a, [n, k, r]) * at(b, [k, s]), 0),
        ),
      ],
    },
  ],
  BatchMatMulV3: [
    {
      inputs: [x([2, 3, 4]), w([4, 2])],
      truth: ([a, b]) => [
        build('float32', [2, 3, 2], ([n, r, s]) =>
          [0, 1, 2, 3].reduce((sum, k) => sum + at(a, [n, r, k]) * at(b, [k, s]), 0),
        ),
      ],
    },
  ],
  Einsum: [{ inputs: [x([2, 3, 4]), w([4, 5])], attrs: { equation: 'bij,jk->bik', N: 2 } }],

  Conv1D: [
    { inputs: [x([2, 7, 3]), w([3, 3, 4])], attrs: { stride: 2, padding: 'SAME', data_format: 'NWC', dilation: 1 } },
  ],
  Conv2D: [
    { inputs: [image(), w([3, 3, 3, 4])], attrs: conv },
    { inputs: [x([2, 8, 7, 3]), w([3, 2, 3, 4])], attrs: { ...conv, strides: [1, 2, 2, 1], padding: 'SAME' } },
    { inputs: [image(), w([3, 3, 3, 4])], attrs: { ...conv, padding: 'VALID', dilations: [1, 2, 2, 1] } },
    {
      inputs: [image(), w([3, 3, 3, 4])],
      attrs: { ...conv, padding: 'EXPLICIT', explicit_paddings: [0, 0, 1, 2, 0, 1, 0, 0] },
    },
    { inputs: [x([2, 3, 5, 4]), w([3, 2, 3, 4])], attrs: first, truth: convFirst },
  ],
  Conv3D: [
    {
      inputs: [x([2, 4, 5, 3, 2]), w([2, 3, 2, 2, 3])],
      attrs: { strides: [1, 1, 2, 1, 1], padding: 'SAME', data_format: 'NDHWC', dilations: [1, 1, 1, 1, 1] },
    },
  ],
  DepthwiseConv2d: [{ inputs: [image(), w([3, 3, 3, 2])], attrs: conv }],
  DepthwiseConv2dNative: [
    { inputs: [image(), w([3, 3, 3, 1])], attrs: { ...conv, strides: [1, 2, 2, 1] } },
    { inputs: [image(), w([3, 2, 3, 2])], attrs: { ...conv, padding: 'VALID' } },
    { inputs: [x([2, 8, 8, 3]), w([3, 3, 3, 1])], attrs: { ...conv, dilations: [1, 2, 2, 1] } },
  ],
  _FusedConv2D: [
    fusedConv(['BiasAdd'], [w([4])]),
    fusedConv(['BiasAdd', 'Relu'], [w([4])]),
    fusedConv(['BiasAdd', 'Relu6'], [w([4])], { padding: 'VALID' }),
    fusedConv(['BiasAdd', 'Elu'], [w([4])]),
    fusedConv(['BiasAdd', 'LeakyRelu'], [w([4])]),
    fusedConv(['BiasAdd', 'Prelu'], [w([4]), w([4])]),
    {
      ...fusedConv(['FusedBatchNorm', 'Relu'], [w([2], 0.5, 2), w([2]), w([2]), w([2], 0.5, 2)], {
        padding: 'VALID',
        epsilon: { f: 0.01 },
      }),
      inputs: [x([2, 3, 4, 3]), w([1, 1, 3, 2]), w([2], 0.5, 2), w([2]), w([2]), w([2], 0.5, 2)],
      truth: ([a, f, scale, offset, mean, variance]) => [
        build('float32', [2, 3, 4, 2], ([n, r, s, m]) => {
          const linear = [0, 1, 2].reduce((sum, k) => sum + at(a, [n, r, s, k]) * at(f, [0, 0, k, m]), 0);
          const spread = Math.sqrt(variance.data[m] + 0.01);
          return Math.max(0, ((linear - mean.data[m]) / spread) * scale.data[m] + offset.data[m]);
        }),
      ],
    },
  ],
  FusedDepthwiseConv2dNative: [
    { ...fusedConv(['BiasAdd', 'Relu6'], [w([3])]), inputs: [image(), w([3, 3, 3, 1]), w([3])] },
  ],
  _FusedDepthwiseConv2dNative: [
    {
      inputs: [x([2, 3, 4, 2]), w([1, 1, 2, 1]), w([2])],
      attrs: { ...conv, num_args: 1, fused_ops: ['BiasAdd', 'Relu'] },
      truth: ([a, f, bias]) => [
        build('float32', a.shape, (p) => Math.max(0, at(a, p) * f.data[p[3]] + bias.data[p[3]])),
      ],
    },
  ],
  Conv2DBackpropInput: [
    { inputs: [is(2, 8, 10, 4), w([3, 3, 4, 3]), x([2, 4, 5, 3])], attrs: { ...conv, strides: [1, 2, 2, 1] } },
    {
      inputs: [is(2, 9, 11, 4), w([3, 3, 4, 3]), x([2, 4, 5, 3])],
      attrs: { ...conv, strides: [1, 2, 2, 1], padding: 'VALID' },
    },
    { inputs: [is(2, 7, 9, 4), w([3, 3, 4, 3]), x([2, 4, 5, 3])], attrs: { ...conv, strides: [1, 2, 2, 1] } },
    { inputs: [is(2, 4, 5, 2), w([3, 3, 2, 3]), x([2, 4, 5, 3])], attrs: conv },
  ],

  MaxPool: [
    { inputs: [image()], attrs: pool },
    { inputs: [image()], attrs: { ...pool, ksize: [1, 3, 3, 1], padding: 'SAME' } },
    {
      inputs: [x([2, 3, 4, 6])],
      attrs: { ...pool, data_format: 'NCHW', ksize: [1, 1, 2, 2], strides: [1, 1, 2, 2] },
      truth: pooledFirst((v) => Math.max(...v)),
    },
  ],
  AvgPool: [
    { inputs: [image()], attrs: pool },
    { inputs: [image()], attrs: { ...pool, ksize: [1, 3, 3, 1], padding: 'SAME' } },
    {
      inputs: [x([2, 3, 4, 6])],
      attrs: { ...pool, data_format: 'NCHW', ksize: [1, 1, 2, 2], strides: [1, 1, 2, 2] },
      truth: pooledFirst((v) => v.reduce((a, b) => a + b) / v.length),
    },
  ],
  MaxPool3D: [{ inputs: [x([2, 3, 4, 3, 2])], attrs: pool3 }],
  AvgPool3D: [{ inputs: [x([2, 3, 4, 3, 2])], attrs: pool3 }],
  MaxPoolWithArgmax: [{ inputs: [image()], attrs: { ...pool, include_batch_in_index: false } }],

  FusedBatchNorm: [norm(image())],
  FusedBatchNormV2: [norm(image())],
  FusedBatchNormV3: [
    norm(image()),
    {
      ...norm(x([2, 3, 4, 2]), { data_format: 'NCHW' }),
      truth: perFirst(
        (v, k, [scale, offset, mean, variance]) =>
          ((v - mean.data[k]) / Math.sqrt(variance.data[k] + 0.01)) * scale.data[k] + offset.data[k],
      ),
    },
  ],
  LRN: one(image(), { depth_radius: 1, bias: { f: 1.5 }, alpha: { f: 0.4 }, beta: { f: 0.75 } }),
  Softmax: unary(),
  LogSoftmax: unary(),

  Sum: reductions(),
  Mean: reductions(),
  Max: reductions(),
  Min: reductions(),
  Prod: reductions(),
  EuclideanNorm: reductions(),
  All: truths([1, 1, 1, 1, 0, 1]),
  Any: truths([0, 0, 0, 1, 0, 1]),
  ArgMax: [two(x([2, 5]), i(1)), two(x([2, 3, 4]), i(-1))],
  ArgMin: [two(x([2, 5]), i(1))],
  Cumsum: [
    { inputs: [x([2, 4]), i(1)], attrs: { exclusive: false, reverse: false } },
    { inputs: [x([2, 4]), i(1)], attrs: { exclusive: true, reverse: true } },
  ],
  TopKV2: [{ inputs: [x([2, 6]), i(3)], attrs: { sorted: true }, outputs: 2 }],

  Reshape: [{ inputs: [x([2, 3, 4]), is(-1, 12)] }, { inputs: [x([2, 3, 4]), is(2, 2, 6)], whole: true }],
  Squeeze: [
    { inputs: [x([2, 1, 3, 1])], attrs: { squeeze_dims: [1] } },
    { inputs: [x([2, 1, 3, 1])], attrs: { squeeze_dims: [] } },
    { inputs: [x([2, 1, 3, 1])], attrs: { squeeze_dims: [-1, 1] } },
  ],
  ExpandDims: [two(x([2, 3]), i(1)), two(x([2, 3]), i(-1))],
  Transpose: [two(x([2, 3, 4]), is(0, 2, 1))],
  Concat: [{ inputs: [i(1), x([2, 3]), x([2, 2])], attrs: { N: 2 } }],
  ConcatV2: [{ inputs: [x([2, 3, 2]), x([2, 3, 4]), i(-1)], attrs: { N: 2 } }],
  Pack: [
    { inputs: [x([2, 3]), x([2, 3])], attrs: { axis: 1, N: 2 } },
    { inputs: [x([2, 3]), x([2, 3])], attrs: { axis: -1, N: 2 } },
  ],
  Unpack: [{ inputs: [x([2, 3])], attrs: { axis: 1, num: 3 }, outputs: 3 }],
  Split: [{ inputs: [i(1), x([2, 6])], attrs: { num_split: 3 }, outputs: 3 }],
  SplitV: [{ inputs: [x([2, 6]), is(1, -1, 2), i(1)], attrs: { num_split: 3 }, outputs: 3 }],
  ReverseV2: [two(x([2, 3, 4]), is(1, -1))],
  Pad: [{ inputs: [x([2, 3]), matrix([0, 0], [1, 2])] }],
  PadV2: [{ inputs: [x([2, 3]), matrix([0, 0], [1, 2]), c(-7)] }],
  MirrorPad: [
    { inputs: [x([2, 4]), matrix([0, 0], [2, 3])], attrs: { mode: 'REFLECT' } },
    { inputs: [x([2, 4, 3]), matrix([0, 0], [2, 4], [1, 0])], attrs: { mode: 'SYMMETRIC' } },
  ],
  Tile: [two(x([2, 3]), is(1, 2))],
  BroadcastTo: [
    { inputs: [w([3]), is(2, 3)], whole: true },
    { inputs: [x([2, 1, 3]), is(2, 4, 3)], whole: true },
  ],

  Slice: [{ inputs: [x([2, 5]), is(0, 1), is(-1, 3)] }, { inputs: [x([2, 5]), is(1, 2), is(1, -1)], whole: true }],
  StridedSlice: [
    strided(x([2, 6]), [0, 1], [0, 5], [1, 2], { begin_mask: 1, end_mask: 1 }),
    strided(x([2, 6]), [0, 5], [0, 1], [1, -2], { begin_mask: 1, end_mask: 1 }),
    strided(x([2, 6]), [0, 0], [0, 0], [1, -1], { begin_mask: 3, end_mask: 3 }),
    strided(x([2, 3, 4]), [0, -1], [0, 0], [1, 1], { ellipsis_mask: 1, shrink_axis_mask: 2 }),
    strided(x([2, 3, 4]), [0, 0, 1], [0, 0, 3], [1, 1, 1], { begin_mask: 1, end_mask: 1, new_axis_mask: 2 }),
    strided(x([2, 3, 4]), [0, -1], [0, 0], [1, 1], { begin_mask: 1, end_mask: 1, shrink_axis_mask: 2 }),
    { ...strided(x([2, 3, 4]), [1, 0], [2, 2], [1, 1], { shrink_axis_mask: 1 }), whole: true },
    { ...strided(x([2, 3, 4]), [0, 0, 0], [0, 0, 0], [1, 1, 1], { ellipsis_mask: 1, new_axis_mask: 6 }) },
  ],
  Gather: [{ inputs: [x([2, 3]), is(1, 0)], whole: true }],
  GatherV2: [
    { inputs: [x([2, 4]), is(3, 0, 1), i(1)], attrs: { batch_dims: 0 } },
    { inputs: [x([2, 4, 3]), fedInts([2, 2], [3, 0, 1, 2]), i(1)], attrs: { batch_dims: 1 } },
  ],
  GatherNd: [{ inputs: [x([2, 3, 4]), matrix([0, 2], [1, 1])], whole: true }],

  Cast: [
    { inputs: [x([2, 3])], attrs: { SrcT: FLOAT, DstT: INT } },
    { inputs: [fedInts([2, 2], [1, 0, -3, 4])], attrs: { SrcT: INT, DstT: FLOAT } },
    { inputs: [fedBools([2, 2], [1, 0, 1, 0])], attrs: { SrcT: { type: 10 }, DstT: FLOAT } },
  ],
  Shape: [{ inputs: [x([2, 3])], whole: true }],
  ShapeN: [{ inputs: [x([2, 3]), x([4])], outputs: 2, whole: true }],
  Size: [{ inputs: [x([2, 3])], whole: true }],
  Rank: [{ inputs: [x([2, 3])], whole: true }],
  Fill: [{ inputs: [is(2, 3), c(7)], whole: true }],
  ZerosLike: unary(),
  OnesLike: [{ inputs: [x([2, 3])], attrs: { dtype: FLOAT } }],
  Range: [{ inputs: [i(1), i(9), i(3)], attrs: { Tidx: INT }, whole: true }],
  OneHot: [{ inputs: [fedInts([2, 3], [0, 2, 1, 1, 0, 3]), i(4), c(2), c(-1)], attrs: { axis: -1 } }],

  ResizeBilinear: resizes(),
  ResizeNearestNeighbor: resizes(),
  DepthToSpace: [{ inputs: [x([2, 3, 2, 8])], attrs: { block_size: 2, data_format: 'NHWC' } }],
  SpaceToDepth: [{ inputs: [x([2, 4, 6, 3])], attrs: { block_size: 2, data_format: 'NHWC' }, truth: spaceToDepth }],
  /** Between the two, examples stand in another order than TensorFlow's; of one example the order is the same. */
  SpaceToBatchND: [{ inputs: [x([1, 4, 5, 2]), is(2, 2), matrix([0, 2], [1, 0])] }],
  BatchToSpaceND: [{ inputs: [x([4, 2, 3, 2]), is(2, 2), matrix([0, 1], [1, 0])], whole: true }],
};
