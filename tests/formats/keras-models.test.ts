/** Models of many layers: nested, shared, with several inputs and outputs, in each dialect of Keras. */
import { beforeAll, describe, expect, it } from 'vitest';
import { importKeras, type KerasSource } from '../../src/lib/formats/keras/import.ts';
import { readModel } from '../../src/lib/formats/read.ts';
import { N } from '../../src/lib/graph/dim.ts';
import { topologicalOrder, type Graph } from '../../src/lib/graph/graph.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { ref } from '../reference/tensor.ts';
import { computed, difference, examples, predicted, randomise, saved, tf } from './tfjs-models.ts';

const TOLERANCE = 1e-4;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Saves, reads and compares; returns what was read. */
async function agree(model: tf.LayersModel, shapes: readonly (readonly number[])[]) {
  randomise(model);
  const read = await readModel(await saved(model));
  const x = shapes.map((shape, i) => examples([3, ...shape], 11 + i));
  const y = computed(read.graph, x);
  predicted(model, x).forEach((expected, i) => {
    expect(y[i].shape).toEqual(expected.shape);
    expect(difference(y[i].data, expected.dataSync())).toBeLessThanOrEqual(TOLERANCE);
  });
  return read;
}

const namesOf = (graph: Graph): string[] =>
  topologicalOrder(graph.outputs)
    .flatMap(({ outputs }) => outputs.map(({ name }) => name))
    .filter((name) => name !== '');

const opsOf = (graph: Graph): string[] => topologicalOrder(graph.outputs).map(({ op }) => op);

function encoder(): tf.LayersModel {
  const x = tf.input({ shape: [8, 8, 3], name: 'pixels' });
  const h = tf.layers.conv2d({ filters: 4, kernelSize: 3, name: 'conv', activation: 'relu' }).apply(x);
  const y = tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast', name: 'pool' }).apply(h);
  return tf.model({ inputs: x, outputs: y as tf.SymbolicTensor, name: 'encoder' });
}

describe('models of TF.js', () => {
  it('in a row, without an input layer: every layer’s value carries its name, no Transpose is left between convolutions', async () => {
    const model = tf.sequential({
      name: 'small',
      layers: [
        tf.layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [10, 10, 3], name: 'conv_1' }),
        tf.layers.batchNormalization({ name: 'norm' }),
        tf.layers.reLU({ name: 'relu' }),
        tf.layers.maxPooling2d({ poolSize: 2, name: 'pool' }),
        tf.layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', activation: 'relu', name: 'depth' }),
        tf.layers.dropout({ rate: 0.5, name: 'drop' }),
        tf.layers.flatten({ name: 'flat' }),
        tf.layers.dense({ units: 5, activation: 'softmax', name: 'classes' }),
      ],
    });
    const { graph, inputs, outputs, format, batched, info } = await agree(model, [[10, 10, 3]]);
    expect({ format, batched, outputs }).toEqual({ format: 'tfjs-layers', batched: true, outputs: ['classes'] });
    expect(inputs).toEqual([{ name: 'conv_1_input', dtype: 'float32', shape: [null, 10, 10, 3] }]);
    expect(info.version).toMatch(/tfjs-layers/);
    expect(namesOf(graph)).toEqual(['conv_1', 'norm', 'relu', 'pool', 'depth', 'drop', 'flat', 'classes']);
    expect(opsOf(graph).filter((op) => op === 'Transpose')).toHaveLength(2);
    expect(graph.outputs[0].name).toBe('classes');
  });

  it('with branches, two inputs and two outputs', async () => {
    const a = tf.input({ shape: [6, 6, 2], name: 'a' });
    const b = tf.input({ shape: [4], name: 'b' });
    const left = tf.layers.conv2d({ filters: 3, kernelSize: 3, name: 'left' }).apply(a);
    const right = tf.layers.dense({ units: 3, name: 'right' }).apply(b) as tf.SymbolicTensor;
    const flat = tf.layers.flatten({ name: 'flat' }).apply(left) as tf.SymbolicTensor;
    const both = tf.layers.concatenate({ name: 'both' }).apply([flat, right]);
    const y = tf.layers.dense({ units: 2, name: 'y' }).apply(both) as tf.SymbolicTensor;
    const read = await agree(tf.model({ inputs: [a, b], outputs: [y, right] }), [[6, 6, 2], [4]]);
    expect(read.inputs.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(read.outputs).toEqual(['y', 'right']);
  });

  it('with a model used twice: its layers are called "encoder/conv", its weights are there once', async () => {
    const shared = encoder();
    const a = tf.input({ shape: [8, 8, 3], name: 'a' });
    const b = tf.input({ shape: [8, 8, 3], name: 'b' });
    const ends = [a, b].map((x) => shared.apply(x) as tf.SymbolicTensor);
    const y = tf.layers.dot({ axes: 1, name: 'score' }).apply(ends) as tf.SymbolicTensor;
    const { graph } = await agree(tf.model({ inputs: [a, b], outputs: y }), [
      [8, 8, 3],
      [8, 8, 3],
    ]);
    expect(namesOf(graph).filter((name) => name === 'encoder/conv')).toHaveLength(2);
    const kernels = topologicalOrder(graph.outputs).flatMap(({ op, inputs }) =>
      op === 'Conv' ? [inputs[1]!.constant] : [],
    );
    expect(kernels).toHaveLength(2);
    expect(kernels[0]!.data).toEqual(kernels[1]!.data);
  });

  it('with a layer used twice: its second value says so', async () => {
    const x = tf.input({ shape: [4], name: 'x' });
    const layer = tf.layers.dense({ units: 4, activation: 'tanh', name: 'step' });
    const y = layer.apply(layer.apply(x)) as tf.SymbolicTensor;
    const { graph } = await agree(tf.model({ inputs: x, outputs: y }), [[4]]);
    expect(namesOf(graph)).toEqual(['step', 'step (call 2)']);
  });

  it('with a model within a model at each step', async () => {
    const inner = tf.sequential({
      layers: [tf.layers.dense({ units: 3, inputShape: [4], activation: 'relu' })],
      name: 'inner',
    });
    const outer = tf.sequential({ layers: [inner, tf.layers.dense({ units: 2 })], name: 'outer' });
    const model = tf.sequential({
      layers: [tf.layers.inputLayer({ inputShape: [4] }), outer, tf.layers.dense({ units: 2 })],
    });
    await agree(model, [[4]]);
  });

  it('whose input may be of any size, which it then is 224 by 224', async () => {
    const x = tf.input({ shape: [null, null, 3], name: 'x' });
    const h = tf.layers.conv2d({ filters: 2, kernelSize: 3, strides: 8 }).apply(x);
    const y = tf.layers.globalMaxPooling2d({ dataFormat: 'channelsLast' }).apply(h) as tf.SymbolicTensor;
    const model = tf.model({ inputs: x, outputs: y });
    const read = await readModel(await saved(model));
    expect(read.graph.inputs[0].shape.join()).toBe('N,224,224,3');
    expect(read.notes).toHaveLength(2);
  });
});

/** A config that some Keras wrote, with weights by layer. */
const written = (
  config: unknown,
  weights: Readonly<Record<string, readonly (readonly number[])[]>>,
  version = '',
): KerasSource => ({
  file: 'model.keras',
  config,
  weights: {
    of: (path) =>
      (weights[path.join('/')] ?? []).map((shape) => {
        const size = shape.reduce((n, d) => n * d, 1);
        return {
          name: '',
          tensor: float32(
            shape,
            Float32Array.from({ length: size }, (_, i) => Math.sin(i + size)),
          ),
        };
      }),
  },
  format: 'keras',
  info: { producer: 'Keras', version, opset: null },
  external: [],
  notes: [],
});

const policy = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null };
const tensor = (name: string, at = 0) => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 4], dtype: 'float32', keras_history: [name, 0, at] },
});
const layer3 = (className: string, config: object, nodes: unknown[]) => ({
  module: 'keras.layers',
  class_name: className,
  config: { trainable: true, dtype: policy, ...config },
  registered_name: null,
  build_config: { input_shape: [null, 4] },
  name: (config as { name: string }).name,
  inbound_nodes: nodes,
});

describe('configs of Keras', () => {
  it('3, functional: tensors stand in args and kwargs, one input and one output may be named alone', () => {
    const config = {
      module: 'keras.src.models.functional',
      class_name: 'Functional',
      config: {
        name: 'three',
        layers: [
          layer3('InputLayer', { batch_shape: [null, 4], dtype: 'float32', name: 'x' }, []),
          layer3('Dense', { units: 4, activation: 'hard_sigmoid', name: 'd' }, [{ args: [tensor('x')], kwargs: {} }]),
          layer3('Add', { name: 'sum' }, [{ args: [[tensor('x'), tensor('d')]], kwargs: {} }]),
        ],
        input_layers: ['x', 0, 0],
        output_layers: [['sum', 0, 0]],
      },
    };
    const read = importKeras(written(config, { d: [[4, 4], [4]] }), {});
    expect(opsOf(read.graph)).toEqual(['Gemm', 'HardSigmoid', 'Add']);
    const slope = topologicalOrder(read.graph.outputs)[1].attrs.alpha;
    expect(slope).toBeCloseTo(1 / 6);
    expect(read.outputs).toEqual(['sum']);
  });

  it('with a backward layer of its own give what the forward layer turned round gives', () => {
    const lstm = (go_backwards: boolean) => ({
      class_name: 'LSTM',
      config: { name: 'lstm', units: 2, return_sequences: true, recurrent_activation: 'sigmoid', go_backwards },
    });
    const outputs = [{}, { backward_layer: lstm(true) }].map((extra) => {
      const input = { class_name: 'InputLayer', config: { name: 'x', batch_shape: [null, 3, 4] } };
      const both = { class_name: 'Bidirectional', config: { name: 'both', layer: lstm(false), ...extra } };
      const one = [[4, 8], [2, 8], [8]];
      const source = written(
        { class_name: 'Sequential', config: { layers: [input, both] } },
        { both: [...one, ...one] },
      );
      return computed(importKeras(source, {}).graph, [examples([1, 3, 4], 1)])[0];
    });
    expect(outputs[1]).toEqual(outputs[0]);
    expect(outputs[0].shape).toEqual([1, 3, 4]);
  });

  it('with an interpolation that is not known are refused, and the known ones named', () => {
    const layers = [
      {
        class_name: 'UpSampling2D',
        config: { name: 'up', batch_input_shape: [null, 4, 4, 1], interpolation: 'bicubic' },
      },
    ];
    expect(() => importKeras(written({ class_name: 'Sequential', config: { layers } }, {}), {})).toThrow(
      'model.keras: UpSampling2D "up": its interpolation is "bicubic", only nearest, bilinear can be read. Export the model with tf2onnx to ONNX.',
    );
  });

  it('2, where hard_sigmoid is steeper', () => {
    const layers = [
      {
        class_name: 'Dense',
        // The batch that it was built for binds nobody.
        config: { name: 'd', units: 2, batch_input_shape: [32, 3], activation: 'hard_sigmoid' },
      },
    ];
    const read = importKeras(
      written({ class_name: 'Sequential', config: layers }, { d: [[3, 2], [2]] }, 'Keras 2.4.0'),
      {},
    );
    expect(topologicalOrder(read.graph.outputs)[1].attrs.alpha).toBeCloseTo(0.2);
    expect([read.batched, read.graph.inputs[0].shape]).toEqual([true, [N, 3]]);
  });

  it('with layers that are not known are refused with all their names and a way out', () => {
    const layers = [
      { class_name: 'Lambda', config: { name: 'a', batch_input_shape: [null, 3] } },
      { class_name: 'Lambda', config: { name: 'b' } },
      { class_name: 'TimeDistributed', config: { name: 't', layer: { class_name: 'Capsule', config: { name: 'c' } } } },
      { class_name: 'Dense', config: { name: 'd', units: 2, activation: 'wave' } },
    ];
    expect(() => importKeras(written({ class_name: 'Sequential', config: { layers } }, {}), {})).toThrow(
      'model.keras: 3 unsupported kinds of layer: Lambda (×2, first: "a"), Capsule (×1, first: "c"), activation wave (×1, first: "d"). ' +
        'Replace them by built-in layers, or export the model with tf2onnx to ONNX.',
    );
  });

  it('3 with functions on tensors that are not known are refused by name', () => {
    const erf = {
      ...layer3('Erf', { name: 'erf' }, [{ args: [tensor('x')], kwargs: {} }]),
      module: 'keras.src.ops.numpy',
    };
    const config = {
      class_name: 'Functional',
      config: {
        layers: [layer3('InputLayer', { batch_shape: [null, 4], name: 'x' }, []), erf],
        input_layers: [['x', 0, 0]],
        output_layers: [['erf', 0, 0]],
      },
    };
    expect(() => importKeras(written(config, {}), {})).toThrow('keras.ops.Erf (×1, first: "erf")');
  });

  it('2 with a function that is given what is not followed are refused, and nothing is left out', () => {
    const matmul = {
      class_name: 'TFOpLambda',
      name: 'product',
      config: { name: 'product', function: 'linalg.matmul' },
      inbound_nodes: [['x', 0, 0, { b: ['x', 0, 0], transpose_a: false, transpose_b: true, name: null }]],
    };
    const x = {
      class_name: 'InputLayer',
      name: 'x',
      config: { name: 'x', batch_input_shape: [null, 4, 4] },
      inbound_nodes: [],
    };
    const config = {
      class_name: 'Functional',
      config: { layers: [x, matmul], input_layers: [['x', 0, 0]], output_layers: [['product', 0, 0]] },
    };
    expect(() => importKeras(written(config, {}, 'Keras 2.15.0'), {})).toThrow('is called with transpose_b');
  });

  it('2 with functions of TensorFlow compute them, whatever side a number stands on', () => {
    const lambda = (name: string, fn: string, nodes: unknown) => ({
      class_name: fn.includes('getitem') ? 'SlicingOpLambda' : 'TFOpLambda',
      name,
      config: { name, function: fn },
      inbound_nodes: nodes,
    });
    const slice = (start: number | null, stop: number | null) => ({ start, stop, step: null });
    const layers = [
      { class_name: 'InputLayer', name: 'x', config: { name: 'x', batch_input_shape: [null, 4] }, inbound_nodes: [] },
      lambda('scaled', 'math.truediv', [['x', 0, 0, { y: 2, name: null }]]),
      lambda('turned', 'math.subtract', [['_CONSTANT_VALUE', -1, 1, { y: ['scaled', 0, 0] }]]),
      lambda('sum', '__operators__.add', [['turned', 0, 0, { y: ['x', 0, 0], name: null }]]),
      lambda('joined', 'concat', [
        [
          ['sum', 0, 0, { axis: -1 }],
          ['x', 0, 0, { axis: -1 }],
        ],
      ]),
      lambda('cut', '__operators__.getitem', [['joined', 0, 0, { slice_spec: [slice(null, null), slice(1, 6)] }]]),
      lambda('mean', 'math.reduce_mean', [['cut', 0, 0, { axis: 1, keepdims: true, name: null }]]),
    ];
    const config = {
      class_name: 'Functional',
      config: { layers, input_layers: [['x', 0, 0]], output_layers: [['mean', 0, 0]] },
    };
    const { graph } = importKeras(written(config, {}, 'Keras 2.15.0'), {});
    const [y] = computed(graph, [ref('float32', [1, 4], [1, 2, 3, 4])]);
    // 1 − x/2 + x = 1 + x/2; then x: 1.5 [2 2.5 3 1 2] 3 4.
    expect(y.data[0]).toBeCloseTo((2 + 2.5 + 3 + 1 + 2) / 5, 6);
  });

  const dense = (name: string, from: unknown, extra = {}) => ({
    class_name: 'Dense',
    name,
    config: { name, units: 4, ...extra },
    inbound_nodes: from === null ? [] : [[[from, 0, 0, {}]]],
  });
  const input = {
    class_name: 'InputLayer',
    name: 'x',
    config: { name: 'x', batch_input_shape: [null, 4] },
    inbound_nodes: [],
  };
  const model = (layers: unknown[], output: unknown) =>
    written(
      { class_name: 'Model', config: { layers, input_layers: [['x', 0, 0]], output_layers: [[output, 0, 0]] } },
      { a: [[4, 4], [4]], b: [[4, 4], [4]] },
    );

  it.each([
    [
      'needs its own output',
      [input, dense('a', 'b'), dense('b', 'a')],
      'b',
      'model.keras: layer "b" needs its own output.',
    ],
    ['has one name for two layers', [input, dense('a', 'x'), dense('a', 'x')], 'a', 'has two layers called "a"'],
    [
      'has a size below one',
      [input, dense('a', 'x', { units: -3 })],
      'a',
      'Dense "a": its units is -3, it has to be a whole number from 1.',
    ],
    [
      'has a huge size',
      [input, dense('a', 'x', { units: 1e15 })],
      'a',
      'its kernel has the shape [4,4], the layer needs [4,1000000000000000]',
    ],
    ['lacks a layer', [input, dense('a', 'z')], 'a', 'layer "z" is used and not there'],
    ['lacks weights', [input, dense('c', 'x')], 'c', 'its kernel is missing'],
  ])('are refused where the model %s', (_, layers, output, message) => {
    expect(() => importKeras(model(layers, output), {})).toThrow(message);
  });

  it('whose layers enlarge a tensor beyond all bounds are refused before anything is allocated', () => {
    const layers = [
      input,
      { class_name: 'RepeatVector', name: 'r', config: { name: 'r', n: 2 ** 40 }, inbound_nodes: [[['x', 0, 0, {}]]] },
    ];
    expect(() => importKeras(model(layers, 'r'), {})).toThrow(/RepeatVector "r": .*the most is/);
  });
});
