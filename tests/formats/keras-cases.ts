/** @file For every layer class: layers of TF.js whose own answer is the truth, or the formula where TF.js has no such layer. */
import type { LayerClass } from '../../src/lib/formats/keras/layers/table.ts';
import { activationCases, attentionCases } from './keras-attention-cases.ts';
import {
  bilinear,
  called,
  image,
  joining,
  line,
  on,
  same,
  vector,
  written,
  type Row,
  type Made,
  type Symbolic,
} from './keras-case.ts';
import { plainCases } from './keras-plain-cases.ts';
import { tf } from './tfjs-models.ts';

const rnnOf = (cell: () => tf.layers.RNNCell, extra = {}): Made =>
  on(line, () => tf.layers.rnn({ cell: cell(), ...extra }));

const lstm = (extra = {}) => tf.layers.lstm({ units: 4, ...extra }) as tf.layers.RNN;

export const cases: Readonly<Record<LayerClass, Row>> = {
  ...plainCases,
  ...attentionCases,
  Activation: [...plainCases.Activation, ...activationCases],
  Add: [joining([line, line, line], () => tf.layers.add()), joining([line, [3]], () => tf.layers.add())],
  Subtract: [{ inputs: [line, line], config: {}, weights: [], truth: (_x, _w, [a, b]) => a.sub(b) }],
  Multiply: [joining([line, line], () => tf.layers.multiply())],
  Average: [joining([line, line, line], () => tf.layers.average())],
  Maximum: [joining([line, line], () => tf.layers.maximum())],
  Minimum: [joining([line, line], () => tf.layers.minimum())],
  Concatenate: [
    joining([image, [7, 6, 2]], () => tf.layers.concatenate()),
    joining([image, [7, 2, 3]], () => tf.layers.concatenate({ axis: 2 })),
  ],
  Dot: [
    joining([vector, vector], () => tf.layers.dot({ axes: -1 })),
    joining(
      [
        [4, 3],
        [3, 5],
      ],
      () => tf.layers.dot({ axes: [2, 1] }),
    ),
    joining(
      [
        [4, 3],
        [5, 3],
      ],
      () => tf.layers.dot({ axes: 2, normalize: true }),
    ),
  ],

  SimpleRNN: [
    on(line, () => tf.layers.simpleRNN({ units: 4, returnSequences: true })),
    on(line, () => tf.layers.simpleRNN({ units: 4, useBias: false, goBackwards: true })),
  ],
  GRU: [
    on(line, () => tf.layers.gru({ units: 4 })),
    on(line, () =>
      tf.layers.gru({ units: 4, returnSequences: true, recurrentActivation: 'sigmoid', goBackwards: true }),
    ),
    written(
      line,
      { units: 2, reset_after: true, recurrent_activation: 'sigmoid', activation: 'tanh' },
      (x, [k, u, b]) => resetAfter(x, k, u, b),
      [
        [3, 6],
        [2, 6],
        [2, 6],
      ],
    ),
  ],
  LSTM: [
    on(line, () => lstm()),
    on(line, () => lstm({ returnSequences: true, recurrentActivation: 'sigmoid', activation: 'relu' })),
    {
      inputs: [line, [4], [4]],
      build: ([x, h, c]) => lstm({ returnState: true }).apply(x, { initialState: [h, c] }) as Symbolic[],
    },
  ],
  RNN: [
    rnnOf(() => tf.layers.lstmCell({ units: 4 }) as tf.layers.RNNCell),
    rnnOf(() => tf.layers.gruCell({ units: 4 }) as tf.layers.RNNCell, { returnSequences: true }),
    rnnOf(
      () =>
        tf.layers.stackedRNNCells({
          cells: [
            tf.layers.lstmCell({ units: 4 }),
            tf.layers.simpleRNNCell({ units: 3 }),
            tf.layers.gruCell({ units: 2 }),
          ] as tf.layers.RNNCell[],
        }) as tf.layers.RNNCell,
      { returnState: true },
    ),
  ],
  ConvLSTM2D: [
    on([3, 5, 4, 2], () => tf.layers.convLstm2d({ filters: 3, kernelSize: 3, padding: 'same' })),
    on([3, 5, 4, 2], () => tf.layers.convLstm2d({ filters: 2, kernelSize: 2, strides: [2, 1], returnSequences: true })),
  ],
  TimeDistributed: [
    on(line, () => tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 4, activation: 'relu' }) })),
    on([3, 6, 5, 2], () => tf.layers.timeDistributed({ layer: tf.layers.conv2d({ filters: 3, kernelSize: 3 }) })),
  ],
  Bidirectional: (['concat', 'sum', 'ave', 'mul'] as const).flatMap((mergeMode) => [
    on(line, () => tf.layers.bidirectional({ layer: lstm({ returnSequences: true }), mergeMode })),
    on(line, () => tf.layers.bidirectional({ layer: tf.layers.gru({ units: 3 }) as tf.layers.RNN, mergeMode })),
  ]),

  Rescaling: [on(image, () => tf.layers.rescaling({ scale: 0.5, offset: -1 }))],
  Resizing: [
    called(image, () => tf.layers.resizing({ height: 10, width: 4 }), { height: 10, width: 4 }),
    called(image, () => tf.layers.resizing({ height: 10, width: 4, interpolation: 'nearest' }), {
      height: 10,
      width: 4,
      interpolation: 'nearest',
    }),
    called(image, () => tf.layers.resizing({ height: 3, width: 9, cropToAspectRatio: true }), {
      height: 3,
      width: 9,
      crop_to_aspect_ratio: true,
    }),
    written(image, { height: 10, width: 4 }, (x) => bilinear(x, [10, 4])),
    written(image, { height: 10, width: 4, interpolation: 'nearest' }, (x) =>
      tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [10, 4], false, true),
    ),
  ],
  CenterCrop: [
    ...[
      [4, 3],
      [7, 5],
      [9, 8],
      [1, 2],
    ].map(([height, width]) => called(image, () => tf.layers.centerCrop({ height, width }), { height, width })),
    written(image, { height: 4, width: 3 }, (x) => x.slice([0, 1, 1, 0], [-1, 4, 3, -1])),
  ],
  CategoryEncoding: (
    [
      ['multiHot', [4]],
      ['oneHot', [1]],
      ['count', [4]],
    ] as const
  ).map(([outputMode, input]) =>
    called(
      input,
      () => tf.layers.categoryEncoding({ numTokens: 6, outputMode }),
      { num_tokens: 6, output_mode: outputMode },
      6,
    ),
  ),
  RandomWidth: [written(image, { factor: 0.2 }, same)],
  RandomHeight: [written(image, { factor: 0.2 }, same)],
  RandomFlip: [written(image, { mode: 'horizontal' }, same)],
  RandomRotation: [written(image, { factor: 0.2 }, same)],
  RandomTranslation: [written(image, { height_factor: 0.2 }, same)],
  RandomZoom: [written(image, { height_factor: 0.2 }, same)],
  RandomContrast: [written(image, { factor: 0.2 }, same)],
  RandomBrightness: [written(image, { factor: 0.2 }, same)],
};

/** A GRU that applies the reset gate behind the recurrent kernel, from its formula. */
function resetAfter(x: tf.Tensor, kernel: tf.Tensor, recurrent: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const [inputBias, recurrentBias] = tf.unstack(bias);
  let h = tf.zeros([x.shape[0], 2]);
  for (const step of tf.unstack(x, 1)) {
    const [xz, xr, xh] = tf.split(step.matMul(kernel).add(inputBias), 3, 1);
    const [hz, hr, hh] = tf.split(h.matMul(recurrent).add(recurrentBias), 3, 1);
    const [z, r] = [xz.add(hz).sigmoid(), xr.add(hr).sigmoid()];
    h = z.mul(h).add(tf.sub(1, z).mul(xh.add(r.mul(hh)).tanh()));
  }
  return h;
}
