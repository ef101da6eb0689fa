/** Whole models of TF.js and TensorFlow compute what TF.js's own executor computes; what cannot be read is refused with a way out. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ImportedModel } from '../../src/lib/formats/model.ts';
import { encode } from '../../src/lib/formats/protobuf/wire.ts';
import { readModel } from '../../src/lib/formats/read.ts';
import type { SourceFiles } from '../../src/lib/formats/readers.ts';
import * as proto from '../../src/lib/formats/tensorflow/proto.ts';
import { topologicalOrder } from '../../src/lib/graph/graph.ts';
import { create } from '../../src/lib/formats/protobuf/wire.ts';
import { toNumbers, type Tensor } from '../../src/lib/tensor/tensor.ts';
import { ref } from '../reference/tensor.ts';
import { readBytes, runGraph, sharedPath } from './shared.ts';
import { classifier, random } from './tensorflow-graph.ts';
import {
  constant,
  difference,
  graphDef,
  graphModel,
  node,
  placeholder,
  runOnReference,
  runOnTfjs,
  snakeJson,
  tensor,
  type JsonModel,
} from './tensorflow-file.ts';

const frozen = (graph: proto.GraphDef): SourceFiles => ({
  file: 'frozen.pb',
  bytes: encode(proto.Graph, graph),
  beside: [],
});

const text = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));

const refusal = async (source: SourceFiles): Promise<string> => {
  const answer = await readModel(source).catch((error: Error) => error);
  if (!(answer instanceof Error)) throw new Error('it was read');
  expect(answer.name).toBe('FormatError');
  return answer.message;
};

const asRef = ({ dtype, shape, data }: Tensor) => ref(dtype, shape, Array.from(data as Float32Array, Number));

const real = [
  ['tensorspace_graph_mnist', 'model.json'],
  ['tfjs_integration_graph', 'model.json'],
  ['tfjs_integration_graph', 'model_new.json'],
] as const;

describe('real models of TF.js', () => {
  const folder = sharedPath('real/tfjs');
  if (!folder) console.log('no models of TF.js beside the project: their tests are skipped');

  it.skipIf(!folder).for(real)(
    '%s/%s computes what TF.js predicts, in a batch and one by one',
    async ([name, file]) => {
      const json = JSON.parse(new TextDecoder().decode(readBytes(`${folder}/${name}/${file}`))) as JsonModel;
      const path = json.weightsManifest[0].paths[0];
      const shard = readBytes(`${folder}/${name}/${path}`);
      const source = { file, bytes: readBytes(`${folder}/${name}/${file}`), beside: [{ path, data: shard }] };
      const model = await readModel(source);
      const input = model.inputs[0];
      const [first, ...rest] = input.shape as (number | null)[];
      const open = first === null;
      expect(model.batched).toBe(open);
      const batch = random([open ? 3 : first, ...(rest as number[])]);
      const outputs = model.outputs;
      const run = (feed: Tensor) => runOnTfjs({ json, shard, feeds: new Map([[input.name, feed]]), outputs });
      const [expected] = await run(batch);
      const [onReference] = runOnReference(model, new Map([[input.name, batch]]), 3);
      expect(difference(onReference, expected)).toBeLessThan(1e-5);
      const [onRuntime] = await runGraph(model.graph, [batch], { batch: 3 });
      expect(difference(asRef(onRuntime), expected)).toBeLessThan(1e-5);

      const single = await readModel(source, { batched: false });
      const one = open ? tensor('float32', [1, ...(rest as number[])], toNumbers(batch).slice(0, 784)) : batch;
      const [alone] = await runGraph(single.graph, [one], { batch: 1 });
      expect(difference(asRef(alone), (await run(one))[0])).toBeLessThan(1e-5);
    },
  );

  it.skipIf(!folder)('the layers of a real model have the names of its nodes', async () => {
    const at = `${folder}/tensorspace_graph_mnist`;
    if (!existsSync(at)) return;
    const beside = [{ path: 'group1-shard1of1', data: readBytes(`${at}/group1-shard1of1`) }];
    const model = await readModel({ file: 'model.json', bytes: readBytes(`${at}/model.json`), beside });
    const named = topologicalOrder(model.graph.outputs).flatMap((n) => n.outputs.map((v) => `${n.op} ${v.name}`));
    expect(named).toEqual(
      expect.arrayContaining(['Conv Conv2D', 'Relu MyConv2D_1', 'MaxPool MyMaxPooling2D_1', 'MatMul MatMul_2']),
    );
    expect(model.outputs).toEqual(['MySoftMax']);
    expect(model.inputs).toEqual([{ name: 'MyInput', dtype: 'float32', shape: [null, 28, 28, 1] }]);
    expect(model.format).toBe('tfjs-graph');
  });
});

describe('the forms of one model', () => {
  const { graph, constants } = classifier(random([80, 3], 3));
  const { json, shard } = graphModel(graph, constants);
  const beside = [{ path: 'group1-shard1of1.bin', data: shard }];
  const feeds = new Map([['image', random([3, 4, 5, 2], 5)]]);
  const run = () => runOnTfjs({ json, shard, feeds, outputs: ['probabilities'] });

  const agrees = async (model: ImportedModel) => {
    expect(model.batched).toBe(true);
    expect(model.notes).toEqual([]);
    expect(difference(runOnReference(model, feeds, 3)[0], (await run())[0])).toBeLessThan(1e-5);
  };

  it('model.json keeps the batch axis through the shape arithmetic of a flattening', async () => {
    await agrees(await readModel({ file: 'model.json', bytes: text({ format: 'graph-model', ...json }), beside }));
  });

  it('keys in snake case are read', async () => {
    const modelTopology = snakeJson(proto.Graph, {
      ...graph,
      node: graph.node.map((n) => (constants.has(n.name) ? node('Const', n.name, [], { dtype: { type: 1 } }) : n)),
    });
    await agrees(
      await readModel({ file: 'model.json', bytes: text({ format: 'graph-model', ...json, modelTopology }), beside }),
    );
  });

  it('constants within the JSON are read from base64', async () => {
    const modelTopology = snakeJson(proto.Graph, graph);
    const bytes = text({ format: 'graph-model', modelTopology, weightsManifest: [] });
    await agrees(await readModel({ file: 'model.json', bytes, beside: [] }));
  });

  it('a frozen graph is read from its bytes', async () => {
    const model = await readModel(frozen(graph));
    expect(model.format).toBe('tensorflow');
    expect(model.outputs).toEqual(['probabilities']);
    await agrees(model);
  });

  it('a SavedModel whose weights are constants is read with its signature', async () => {
    const info = (name: string, dims: number[]) => ({
      key: name,
      value: { name: `${name}:0`, dtype: 1, tensorShape: { dim: dims.map((size) => ({ size })), unknownRank: 0 } },
    });
    const signature = { inputs: [info('image', [-1, 4, 5, 2])], outputs: [info('probabilities', [-1, 3])] };
    const saved = create(proto.Saved, {
      savedModelSchemaVersion: 1,
      metaGraphs: [
        {
          metaInfoDef: { tags: ['serve'], tensorflowVersion: '2.15.0' },
          graphDef: graph,
          signatureDef: [{ key: 'serving_default', value: { ...signature, methodName: 'predict' } }],
        },
      ],
    });
    const model = await readModel({ file: 'saved_model.pb', bytes: encode(proto.Saved, saved), beside: [] });
    expect(model.info.producer).toBe('TensorFlow 2.15.0');
    await agrees(model);
  });
});

describe('the batch axis', () => {
  const constants = new Map([['target', tensor('int32', [2], [1, 24])]]);
  const graph = graphDef([
    constant('target', constants.get('target')!),
    placeholder('x', [1, 3, 4, 2]),
    node('Exp', 'exp', ['x']),
    node('Reshape', 'flat', ['exp', 'target']),
    node('Softmax', 'y', ['flat']),
  ]);

  it('is put back where the file was written for one example', async () => {
    const model = await readModel(frozen(graph));
    expect(model.batched).toBe(true);
    const { json, shard } = graphModel(graph, constants);
    const three = random([3, 3, 4, 2], 4);
    const [together] = runOnReference(model, new Map([['x', three]]), 3);
    for (const i of [0, 1, 2]) {
      const one = tensor('float32', [1, 3, 4, 2], toNumbers(three).slice(24 * i, 24 * i + 24));
      const [expected] = await runOnTfjs({ json, shard, feeds: new Map([['x', one]]), outputs: ['y'] });
      const row = ref('float32', [1, 24], together.data.slice(24 * i, 24 * i + 24));
      expect(difference(row, expected)).toBeLessThan(1e-5);
    }
  });

  it('is left where examples would mix, and a note says so', async () => {
    const mixing = graphDef([
      placeholder('x', [-1, 3]),
      constant('axis', tensor('int32', [1], [0])),
      node('Mean', 'mean', ['x', 'axis'], { keep_dims: true }),
      node('Sub', 'y', ['x', 'mean']),
    ]);
    const model = await readModel(frozen(mixing));
    expect(model.batched).toBe(false);
    expect(model.notes.join()).toMatch(/^The model runs one example at a time\. frozen\.pb: Mean \(node "mean"\):/);
  });
});

describe('bytes of TensorFlow', () => {
  it('a graph written by hand, byte by byte, is read', async () => {
    const bytes = Uint8Array.from(
      [
        // node { name: "x", op: "Placeholder", attr { dtype: DT_FLOAT }, attr { shape: [-1, 2] } }
        ['0a 3b 0a 01 78 12 0b 50 6c 61 63 65 68 6f 6c 64 65 72'],
        ['2a 0b 0a 05 64 74 79 70 65 12 02 30 01'],
        ['2a 1c 0a 05 73 68 61 70 65 12 13 3a 11 12 0b 08 ff ff ff ff ff ff ff ff ff 01 12 02 08 02'],
        // node { name: "y", op: "Neg", input: "x" }
        ['0a 0b 0a 01 79 12 03 4e 65 67 1a 01 78'],
        // versions { producer: 440 }
        ['22 03 08 b8 03'],
      ]
        .flat(2)
        .join(' ')
        .split(' ')
        .map((byte) => parseInt(byte, 16)),
    );
    const model = await readModel({ file: 'hand.pb', bytes, beside: [] });
    expect(model.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: [null, 2] }]);
    expect(model.outputs).toEqual(['y']);
    expect(model.info.version).toBe('GraphDef version 440');
    const [y] = runOnReference(model, new Map([['x', tensor('float32', [2, 2], [1, -2, 3, -4])]]), 2);
    expect([...y.data]).toEqual([-1, 2, -3, 4]);
  });
});

/** f(a, b) = (a + b, a · b). */
const addAndMultiply = create(proto.FunctionType, {
  signature: {
    name: 'f',
    inputArg: [{ name: 'a' }, { name: 'b' }],
    outputArg: [{ name: 'sum' }, { name: 'product' }],
  },
  nodeDef: [
    node('Add', 'add', ['a', 'b']),
    node('Split', 'parts', ['axis:output:0', 'times:z:0'], { num_split: 2 }),
    constant('axis', tensor('int32', [], [1])),
    node('Mul', 'times', ['a', 'b']),
  ],
  ret: [
    { key: 'sum', value: 'add:z:0' },
    { key: 'product', value: 'parts:output:1' },
  ],
});

const calling = (name: string) => ({
  f: { func: { name, attr: [] } },
  Tout: { list: { s: [], i: [], f: new Float32Array(0), b: [], type: [1, 1], shape: [] } },
});

describe('functions and control flow', () => {
  const inputs = [placeholder('x', [-1, 2]), constant('two', tensor('float32', [2], [2, 3]))];
  const fed = new Map([['x', tensor('float32', [2, 2], [1, 2, 3, 4])]]);
  const results = async (source: SourceFiles) =>
    runOnReference(await readModel(source), fed, 2).map((t) => [...t.data]);

  it('a call is replaced by the nodes of its function, which are named after it', async () => {
    const graph = graphDef([...inputs, node('StatefulPartitionedCall', 'call', ['x', 'two'], calling('f'))], {
      library: { function: [addAndMultiply] },
    });
    expect(await results(frozen(graph))).toEqual([
      [3, 5, 5, 7],
      [6, 12],
    ]);
    const model = await readModel(frozen(graph));
    expect(model.graph.outputs[0].name).toBe('call/add');
    expect(model.outputs).toEqual(['call', 'call:1']);
  });

  it('a function that calls itself is refused', async () => {
    const again = { ...addAndMultiply, nodeDef: [node('PartitionedCall', 'add', ['a', 'b'], calling('f'))] };
    const graph = graphDef([...inputs, node('PartitionedCall', 'call', ['x', 'two'], calling('f'))], {
      library: { function: [again] },
    });
    expect(await refusal(frozen(graph))).toMatch(/"f" probably calls itself\. Export the model again\./);
  });

  it('of an If whose condition is constant, the branch that is taken stays', async () => {
    const branches = (['then', 'else'] as const).map((name) =>
      create(proto.FunctionType, {
        signature: { name, inputArg: [{ name: 'a' }], outputArg: [{ name: 'y' }] },
        nodeDef: [node(name === 'then' ? 'Neg' : 'Square', 'n', ['a'])],
        ret: [{ key: 'y', value: 'n:y:0' }],
      }),
    );
    const func = (name: string) => ({ func: { name, attr: [] } });
    const taken = (value: number) =>
      frozen(
        graphDef(
          [
            ...inputs,
            constant('flag', tensor('bool', [], [value])),
            node('LogicalNot', 'not', ['flag']),
            node('StatelessIf', 'if', ['not', 'x'], { then_branch: func('then'), else_branch: func('else') }),
          ],
          { library: { function: branches } },
        ),
      );
    expect(await results(taken(0))).toEqual([[-1, -2, -3, -4]]);
    expect(await results(taken(1))).toEqual([[1, 4, 9, 16]]);
  });

  it('of a Switch and a Merge on a training phase that is off, the other branch is left out', async () => {
    const graph = graphDef([
      ...inputs,
      constant('off', tensor('bool', [], [0])),
      node('PlaceholderWithDefault', 'phase', ['off'], { shape: { shape: { dim: [], unknownRank: 0 } } }),
      node('Switch', 'cond', ['x', 'phase']),
      node('RandomUniform', 'noise', ['cond:1']),
      node('Mul', 'trained', ['cond:1', 'noise']),
      node('Neg', 'used', ['cond']),
      node('Merge', 'merged', ['used', 'trained']),
      node('Add', 'y', ['merged', 'two']),
    ]);
    expect(await results(frozen(graph))).toEqual([[1, 1, -1, -1]]);
  });

  it('a loop is refused by its name, not as a cycle', async () => {
    const graph = graphDef([
      ...inputs,
      node('Enter', 'enter', ['x']),
      node('Merge', 'merge', ['enter', 'next']),
      node('NextIteration', 'next', ['merge']),
      node('Exit', 'y', ['merge']),
    ]);
    expect(await refusal(frozen(graph))).toMatch(
      /^frozen\.pb: 4 unsupported operators: Enter \(×1, first: "enter"\), Merge .*NextIteration.*Exit.*Loops cannot be explained/,
    );
  });

  it('an If whose condition is computed is refused by its name', async () => {
    const graph = graphDef([...inputs, node('If', 'y', ['x', 'x'])]);
    expect(await refusal(frozen(graph))).toMatch(/1 unsupported operator: If \(×1, first: "y"\)/);
  });
});

describe('dilated convolutions over blocks', () => {
  it('are one convolution, and agree with TF.js on the blocks', async () => {
    const constants = new Map<string, Tensor>([
      ['kernel', random([3, 3, 2, 4], 1)],
      ['bias', random([4], 2)],
      ['block', tensor('int32', [2], [2, 2])],
      ['pads', tensor('int32', [2, 2], [2, 3, 2, 2])],
      ['crops', tensor('int32', [2, 2], [0, 1, 0, 0])],
    ]);
    const graph = graphDef([
      ...Array.from(constants, ([name, t]) => constant(name, t)),
      placeholder('x', [-1, 5, 6, 2]),
      node('SpaceToBatchND', 'blocks', ['x', 'block', 'pads']),
      node('Conv2D', 'conv', ['blocks', 'kernel'], {
        strides: [1, 1, 1, 1],
        padding: 'VALID',
        dilations: [1, 1, 1, 1],
      }),
      node('BiasAdd', 'biased', ['conv', 'bias']),
      node('BatchToSpaceND', 'joined', ['biased', 'block', 'crops']),
      node('Relu', 'y', ['joined']),
    ]);
    const { json, shard } = graphModel(graph, constants);
    const feeds = new Map([['x', random([3, 5, 6, 2], 4)]]);
    const model = await readModel(frozen(graph));
    expect(model.batched).toBe(true);
    const convolutions = topologicalOrder(model.graph.outputs).filter((n) => n.op === 'Conv');
    expect(convolutions.map((n) => n.attrs.dilations)).toEqual([[2, 2]]);
    expect(topologicalOrder(model.graph.outputs).filter((n) => n.op === 'Reshape')).toEqual([]);
    const [expected] = await runOnTfjs({ json, shard, feeds, outputs: ['y'] });
    expect(difference(runOnReference(model, feeds, 3)[0], expected)).toBeLessThan(1e-5);
  });

  it('with something else in between are computed on the blocks, for any number of examples', async () => {
    const constants = new Map<string, Tensor>([
      ['block', tensor('int32', [2], [2, 2])],
      ['pads', tensor('int32', [2, 2], [0, 0, 0, 0])],
    ]);
    const graph = graphDef([
      ...Array.from(constants, ([name, t]) => constant(name, t)),
      placeholder('x', [-1, 4, 6, 2]),
      node('SpaceToBatchND', 'blocks', ['x', 'block', 'pads']),
      node('Softmax', 'soft', ['blocks']),
      node('BatchToSpaceND', 'y', ['soft', 'block', 'pads']),
    ]);
    const { json, shard } = graphModel(graph, constants);
    const feeds = new Map([['x', random([3, 4, 6, 2], 4)]]);
    const model = await readModel(frozen(graph));
    expect(model.batched).toBe(true);
    const [expected] = await runOnTfjs({ json, shard, feeds, outputs: ['y'] });
    expect(difference(runOnReference(model, feeds, 3)[0], expected)).toBeLessThan(1e-5);
  });
});

describe('what a person is told', () => {
  it('all unsupported operators are named at once, with how many and the first', async () => {
    const graph = graphDef([
      placeholder('x', [-1, 2]),
      node('Unique', 'a', ['x']),
      node('Unique', 'b', ['a']),
      node('NonMaxSuppressionV3', 'c', ['b']),
    ]);
    expect(await refusal(frozen(graph))).toBe(
      'frozen.pb: 2 unsupported operators: Unique (×2, first: "a"), NonMaxSuppressionV3 (×1, first: "c"). Export the model without them; docs/formats.md lists the supported ones.',
    );
  });

  it('a SavedModel with its variables beside it is answered with what to do', async () => {
    const graph = graphDef([
      node('VarHandleOp', 'v'),
      node('ReadVariableOp', 'r', ['v']),
      ...Array.from({ length: 60 }, (_, i) => node('NoOp', `a node with a long name ${i}`)),
    ]);
    const saved = create(proto.Saved, {
      savedModelSchemaVersion: 1,
      metaGraphs: [{ metaInfoDef: null, graphDef: graph, signatureDef: [] }],
    });
    expect(await refusal({ file: 'saved_model.pb', bytes: encode(proto.Saved, saved), beside: [] })).toMatch(
      /^saved_model\.pb: this is a SavedModel, and its weights are variables .* tensorflowjs_converter .* tf2onnx, or freeze/,
    );
  });

  it('a graph that fills tables before it runs is refused by the operators that do', async () => {
    const bytes = text({
      format: 'graph-model',
      modelTopology: { node: [{ name: 'x', op: 'Placeholder' }] },
      modelInitializer: { node: [{ name: 't', op: 'HashTableV2' }] },
      weightsManifest: [],
    });
    expect(await refusal({ file: 'model.json', bytes, beside: [] })).toMatch(/modelInitializer: HashTableV2/);
  });

  it('every shard that is missing is named', async () => {
    const { graph, constants } = classifier(random([80, 3], 3));
    const { json } = graphModel(graph, constants);
    const weightsManifest = [{ ...json.weightsManifest[0], paths: ['a.bin', 'b.bin'] }];
    const bytes = text({ format: 'graph-model', ...json, weightsManifest });
    expect(await refusal({ file: 'model.json', bytes, beside: [] })).toMatch(/a\.bin.*b\.bin.*Drop them together/);
  });

  it('a node that two nodes share the name of, a cycle and an input from nowhere are refused by name', async () => {
    const x = placeholder('x', [-1, 2]);
    const twice = graphDef([x, node('Neg', 'a', ['x']), node('Abs', 'a', ['x']), node('Neg', 'y', ['a'])]);
    expect(await refusal(frozen(twice))).toMatch(/tensor "a" is produced twice/);
    const cycle = graphDef([x, node('Add', 'a', ['x', 'b']), node('Neg', 'b', ['a']), node('Neg', 'y', ['b'])]);
    expect(await refusal(frozen(cycle))).toMatch(/depends on its own output/);
    const nowhere = graphDef([x, node('Add', 'y', ['x', 'nobody'])]);
    expect(await refusal(frozen(nowhere))).toMatch(/reads tensor "nobody", which nothing produces/);
  });

  it('quantisation that was only trained for is said to be left out', async () => {
    const graph = graphDef([
      placeholder('x', [-1, 2]),
      node('FakeQuantWithMinMaxArgs', 'q', ['x'], { min: { f: -1 }, max: { f: 1 } }),
      node('Neg', 'y', ['q']),
    ]);
    expect((await readModel(frozen(graph))).notes.join()).toMatch(/FakeQuant.*without rounding/);
  });

  it('an image of bytes is fed as bytes and computed in float32', async () => {
    const graph = graphDef([
      placeholder('x', [-1, 2], 'uint8'),
      node('Cast', 'floats', ['x'], { DstT: { type: 1 } }),
      node('Exp', 'y', ['floats']),
    ]);
    const model = await readModel(frozen(graph));
    expect(model.graph.inputs[0].dtype).toBe('uint8');
    expect(topologicalOrder(model.graph.outputs).map((n) => n.op)).toEqual(['Cast', 'Exp']);
  });
});
