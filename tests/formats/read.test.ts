import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { constantsOf, print, topologicalOrder } from '../../src/lib/graph/graph.ts';
import * as proto from '../../src/lib/formats/onnx/proto.ts';
import { readOnnx, type ReadOptions } from '../../src/lib/formats/onnx/read.ts';
import { create } from '../../src/lib/formats/protobuf/wire.ts';
import { float32, int64, makeTensor, toNumbers, type Tensor } from '../../src/lib/tensor/tensor.ts';
import { onnxFile, type FileSpec } from './build-file.ts';
import { projectPath, readBytes, runGraph } from './shared.ts';

const read = (spec: FileSpec, options?: ReadOptions) => readOnnx(onnxFile(spec), 'm.onnx', options);
const refusal = (spec: FileSpec, options?: ReadOptions): string => {
  try {
    read(spec, options);
  } catch (error) {
    expect((error as Error).name).toBe('FormatError');
    return (error as Error).message;
  }
  return 'was read';
};
const opsOf = (model: ReturnType<typeof readOnnx>) => topologicalOrder(model.graph.outputs).map((node) => node.op);

/** Add(x, w) for a weight given as it lies in the file. */
const adding = (w: proto.TensorProto, shape: number[]): FileSpec => ({
  nodes: [{ op: 'Add', in: ['x', 'w'] }],
  inputs: { x: ['N', ...shape] },
  outputs: ['y'],
  protos: [w],
});
const weightOf = (spec: FileSpec, options?: ReadOptions): Tensor =>
  constantsOf(read(spec, options).graph).find((v) => v.name === 'w')!.constant!;

describe('weights', () => {
  it('are views on the dropped bytes where they are aligned, and stay unread where they are not', () => {
    const bytes = readBytes(projectPath('tests/goldens/data/vit_tiny/model.onnx'));
    const weights = constantsOf(readOnnx(bytes, 'vit.onnx').graph).filter(
      (v) => v.constant && v.constant.data.byteLength > 1024,
    );
    const descriptors = weights.map((v) => Object.getOwnPropertyDescriptor(v.constant, 'data')!);
    expect(descriptors.length).toBeGreaterThan(5);
    expect(descriptors.every((d) => d.get !== undefined || (d.value as Float32Array).buffer === bytes.buffer)).toBe(
      true,
    );
  });

  it.each<[string, Partial<proto.TensorProto>, number[]]>([
    ['float_data', { dataType: 1, floatData: Float32Array.of(1.5, -2) }, [1.5, -2]],
    ['double_data', { dataType: 11, doubleData: Float64Array.of(0.25, 3) }, [0.25, 3]],
    ['float16 bits in int32_data', { dataType: 10, int32Data: [0x3e00, 0xc000] }, [1.5, -2]],
    ['bfloat16 bits in int32_data', { dataType: 16, int32Data: [0x3fc0, 0xc000] }, [1.5, -2]],
    ['float16 raw', { dataType: 10, rawData: Uint8Array.of(0, 0x3e, 0, 0xc0) }, [1.5, -2]],
    ['float64 raw', { dataType: 11, rawData: new Uint8Array(Float64Array.of(0.5, 4).buffer) }, [0.5, 4]],
  ])('stored as %s become float32', (_, stored, expected) => {
    const tensor = weightOf(adding(create(proto.Tensor, { name: 'w', dims: [2], ...stored }), [2]));
    expect(tensor.dtype).toBe('float32');
    expect(toNumbers(tensor)).toEqual(expected);
  });

  it.each<[string, Partial<proto.TensorProto>, bigint[] | number[]]>([
    ['int64_data', { dataType: 7, int64Data: [-1n, 2n ** 40n] }, [-1n, 2n ** 40n]],
    ['uint64_data', { dataType: 13, uint64Data: [1n, 2n ** 63n] }, [1n, 2n ** 63n]],
    ['int8 in int32_data', { dataType: 3, int32Data: [-5, 5] }, [-5, 5]],
    ['bool in int32_data', { dataType: 9, int32Data: [1, 0] }, [1, 0]],
    ['uint32 in uint64_data', { dataType: 12, uint64Data: [7n, 4294967295n] }, [7, 4294967295]],
  ])('stored as %s keep their type and values', (_, stored, expected) => {
    const cast: FileSpec = {
      nodes: [{ op: 'Identity', in: ['w'] }],
      inputs: { x: [2] },
      outputs: ['y'],
      protos: [create(proto.Tensor, { name: 'w', dims: [2], ...stored })],
    };
    expect([...read(cast).graph.outputs[0].constant!.data]).toEqual(expected);
  });

  const beside = (location: string, offset: string, length: string) =>
    adding(
      create(proto.Tensor, {
        name: 'w',
        dims: [2],
        dataType: 1,
        dataLocation: 1,
        externalData: [
          ['location', location],
          ['offset', offset],
          ['length', length],
        ].map(([key, value]) => ({ key, value })),
      }),
      [2],
    );
  const data = new Uint8Array(Float32Array.of(9, 1.5, -2).buffer);

  it('are found in files dropped beside the model, by base name, without a copy', () => {
    const tensor = weightOf(beside('weights/m.data', '4', '8'), { external: [{ path: 'm.data', data }] });
    expect(toNumbers(tensor)).toEqual([1.5, -2]);
    expect(tensor.data.buffer).toBe(data.buffer);
  });

  it('that are missing, cut short or of another kind are refused by name', () => {
    expect(refusal(beside('weights/m.data', '4', '8'))).toBe(
      'm.onnx: its weights lie in the file "m.data", which is missing. Drop it together with the model.',
    );
    expect(refusal(beside('m.data', '8', '8'), { external: [{ path: 'm.data', data }] })).toMatch(
      /tensor "w" lies at bytes 8 … 16 of "m.data", which has 12/,
    );
    expect(refusal(beside('m.data', '-4', '8'), { external: [{ path: 'm.data', data }] })).toMatch(/bytes -4/);
    expect(refusal(adding(create(proto.Tensor, { name: 'w', dims: [2], dataType: 22 }), [2]))).toMatch(
      /tensor "w" has element type INT4/,
    );
    expect(refusal(adding(create(proto.Tensor, { name: 'w', dims: [2], dataType: 17 }), [2]))).toMatch(/FLOAT8E4M3FN/);
    expect(
      refusal(adding(create(proto.Tensor, { name: 'w', dims: [3], dataType: 1, rawData: data.subarray(0, 8) }), [3])),
    ).toMatch(/float32\[3\] needs 12 bytes, the file has 8/);
    expect(refusal(adding(create(proto.Tensor, { name: 'w', dims: [2 ** 40, 2 ** 40], dataType: 1 }), [1]))).toMatch(
      /impossible shape/,
    );
  });
});

describe('nodes', () => {
  const relu = (from: string, to: string) => ({ op: 'Relu', in: [from], out: [to], name: `${from}-${to}` });

  it('may stand in any order, and those that no output needs do not exist', () => {
    const model = read({
      nodes: [relu('b', 'c'), relu('a', 'b'), relu('x', 'a'), { op: 'Nonsense', in: ['x'], out: ['unused'] }],
      inputs: { x: [2] },
      outputs: ['c'],
    });
    expect(opsOf(model)).toEqual(['Relu', 'Relu', 'Relu']);
  });

  it('in a cycle, reading nothing or producing twice are refused', () => {
    expect(refusal({ nodes: [relu('c', 'b'), relu('b', 'c')], inputs: { x: [2] }, outputs: ['c'] })).toMatch(
      /depends on its own output/,
    );
    expect(refusal({ nodes: [relu('nowhere', 'y')], inputs: { x: [2] }, outputs: ['y'] })).toMatch(
      /Relu \(node "nowhere-y"\) reads tensor "nowhere", which nothing produces/,
    );
    expect(refusal({ nodes: [relu('x', 'y'), relu('x', 'y')], inputs: { x: [2] }, outputs: ['y'] })).toMatch(
      /"y" is produced twice/,
    );
  });

  it('of unknown operators are named all at once, with counts and the first node', () => {
    const nodes = [
      { op: 'NonMaxSuppression', out: ['a'], name: 'l1' },
      { op: 'NonMaxSuppression', in: ['a'], out: ['b'], name: 'l2' },
      { op: 'Scaler', in: ['b'], domain: 'ai.onnx.ml', name: 's' },
    ];
    expect(refusal({ nodes, inputs: { x: [2] }, outputs: ['y'] })).toBe(
      'm.onnx: 2 unsupported operators: NonMaxSuppression (×2, first: "l1"), ai.onnx.ml.Scaler (×1, first: "s"). Export the model without them; docs/ops.md lists the supported ones.',
    );
  });

  it('that drop out are their input, unless they are in training mode and drop something', () => {
    const dropout = (ratio: number): FileSpec => ({
      nodes: [{ op: 'Dropout', in: ['x', 'ratio', 'training'], name: 'drop' }],
      inputs: { x: ['N', 2] },
      outputs: ['y'],
      weights: { ratio: float32([], [ratio]), training: makeTensor('bool', [], Uint8Array.of(1)) },
    });
    expect(opsOf(read(dropout(0)))).toEqual([]);
    expect(refusal(dropout(0.5))).toMatch(/Dropout \(node "drop"\): training mode is on/);
  });

  it('that do not fit are refused with file, operator and node', () => {
    const bad: FileSpec = {
      nodes: [{ op: 'MatMul', in: ['x', 'w'], name: 'fc' }],
      inputs: { x: ['N', 3] },
      outputs: ['y'],
      weights: { w: float32([4, 2], new Float32Array(8)) },
    };
    expect(refusal(bad)).toMatch(/^m\.onnx: MatMul \(node "fc"\): /);
  });
});

describe('functions', () => {
  const scaled = {
    name: 'Scaled',
    domain: 'local',
    in: ['a', 'b'],
    out: ['c'],
    attributes: ['which'],
    nodes: [
      { op: 'Concat', in: ['a', 'b'], out: ['t'], attrs: { axis: { ref: 'which' } } },
      { op: 'Relu', in: ['t'], out: ['c'] },
    ],
  };
  const twice = {
    name: 'Twice',
    domain: 'local',
    in: ['a'],
    out: ['c'],
    nodes: [
      { op: 'Scaled', domain: 'local', in: ['a', 'a'], out: ['t'], attrs: { which: 1 }, name: 'inner' },
      { op: 'Neg', in: ['t'], out: ['c'] },
    ],
  };

  it('are inlined with their attributes bound, also when they call each other', async () => {
    const spec: FileSpec = {
      nodes: [{ op: 'Twice', domain: 'local', name: 'outer' }],
      inputs: { x: ['N', 2] },
      outputs: ['y'],
      functions: [scaled, twice],
    };
    const model = read(spec);
    expect(opsOf(model)).toEqual(['Concat', 'Relu', 'Neg']);
    expect([...(await runGraph(model.graph, [float32([1, 2], [-1, 2])]))[0].data]).toEqual([-0, -2, -0, -2]);
  });

  it('that call themselves are refused', () => {
    const endless = {
      name: 'F',
      domain: 'local',
      in: ['a'],
      out: ['c'],
      nodes: [{ op: 'F', domain: 'local', in: ['a'], out: ['c'] }],
    };
    expect(
      refusal({ nodes: [{ op: 'F', domain: 'local' }], inputs: { x: [2] }, outputs: ['y'], functions: [endless] }),
    ).toMatch(/calls itself/);
  });

  it('that double with each level are refused before they fill the memory', () => {
    const functions = Array.from({ length: 30 }, (_, i) => {
      const op = i === 29 ? 'Relu' : `F${i + 1}`;
      const domain = i === 29 ? '' : 'local';
      return {
        name: `F${i}`,
        domain: 'local',
        in: ['a'],
        out: ['c'],
        nodes: [
          { op, domain, in: ['a'], out: ['t'] },
          { op, domain, in: ['t'], out: ['c'] },
        ],
      };
    });
    expect(refusal({ nodes: [{ op: 'F0', domain: 'local' }], inputs: { x: [2] }, outputs: ['y'], functions })).toMatch(
      /more than 200000 nodes and edges/,
    );
  });
});

describe('the batch axis', () => {
  const gemm = (target: number[]): FileSpec => ({
    nodes: [
      { op: 'Reshape', in: ['x', 's'], out: ['flat'] },
      { op: 'MatMul', in: ['flat', 'w'] },
    ],
    inputs: { x: [1, 2, 3] },
    outputs: ['y'],
    weights: { s: int64([target.length], target), w: float32([6, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) },
  });

  it.each([[[1, 6]], [[1, -1]], [[-1, 6]], [[0, -1]]])('baked in as Reshape to %j is opened again', async (target) => {
    const model = read(gemm(target));
    expect(model.batched).toBe(true);
    expect(model.graph.outputs[0].shape).toEqual([N, 2]);
    const rows = Float32Array.from({ length: 18 }, (_, i) => i - 7);
    const [all] = await runGraph(model.graph, [float32([3, 2, 3], rows)], { batch: 3 });
    for (const i of [0, 1, 2]) {
      const [one] = await runGraph(read(gemm(target), { batched: false }).graph, [
        float32([1, 2, 3], rows.slice(6 * i, 6 * i + 6)),
      ]);
      expect(all.data.slice(2 * i, 2 * i + 2)).toEqual(one.data);
    }
  });

  it('baked into a class token that is joined to every example is opened again', () => {
    const model = read({
      nodes: [{ op: 'Concat', in: ['cls', 'x'], attrs: { axis: 1 } }],
      inputs: { x: [1, 4, 2] },
      outputs: ['y'],
      weights: { cls: float32([1, 1, 2], [7, 8]) },
    });
    expect(model.graph.outputs[0].shape).toEqual([N, 5, 2]);
  });

  it('is given up with a reason where the model mixes examples', () => {
    const model = read({
      nodes: [{ op: 'Softmax', attrs: { axis: 0 }, name: 'mix' }],
      inputs: { x: ['N', 3] },
      outputs: ['y'],
    });
    expect(model.batched).toBe(false);
    expect(model.graph.inputs[0].shape).toEqual([1, 3]);
    expect(model.notes.join()).toMatch(/one example at a time.*Softmax \(node "mix"\): works along the batch axis/);
  });

  it('passes through shape arithmetic', () => {
    const nodes: FileSpec['nodes'] = [
      { op: 'Shape', in: ['x'], out: ['shape'] },
      { op: 'Gather', in: ['shape', 'zero'], out: ['n'] },
      { op: 'Unsqueeze', in: ['n', 'axes'], out: ['n1'] },
      { op: 'Concat', in: ['n1', 'rest'], out: ['target'], attrs: { axis: 0 } },
      { op: 'Reshape', in: ['x', 'target'], out: ['y'] },
    ];
    const weights = { zero: int64([], [0]), axes: int64([1], [0]), rest: int64([2], [3, -1]) };
    const model = read({ nodes, inputs: { x: ['N', 6] }, outputs: ['y'], weights });
    expect(print(model.graph)).toMatch(/^inputs x\[N,6\]\ny\[N,3,2\] = Reshape\(x, \w+\)\noutputs y$/);
  });

  it('stays what the file fixes it to when that is not 1', () => {
    const model = read({ nodes: [{ op: 'Relu' }], inputs: { x: [8, 3] }, outputs: ['y'] });
    expect(model.batched).toBe(false);
    expect(model.graph.inputs[0].shape).toEqual([8, 3]);
  });
});

describe('inputs', () => {
  const open = (shape: (number | string)[]): FileSpec => ({
    nodes: [{ op: 'Relu' }],
    inputs: { x: shape },
    outputs: ['y'],
  });

  it('with open axes get lengths, and the model says which', () => {
    const model = read(open(['batch', 3, 'height', 'width']));
    expect(model.graph.inputs[0].shape).toEqual([N, 3, 224, 224]);
    expect(model.notes).toEqual([
      'Input "x" leaves axis 2 (height) open; it is 224 here.',
      'Input "x" leaves axis 3 (width) open; it is 224 here.',
    ]);
    expect(read(open(['', '', '', 3]), { spatialSize: 96 }).graph.inputs[0].shape).toEqual([N, 96, 96, 3]);
    expect(
      read(open(['batch', 3, 'height', 'width']), { inputShapes: { x: [1, 3, 64, 32] } }).graph.inputs[0].shape,
    ).toEqual([N, 3, 64, 32]);
  });

  it('that are initialisers too are constants, as files before IR version 4 list them', () => {
    const model = read({
      nodes: [{ op: 'Add', in: ['x', 'w'] }],
      inputs: { x: ['N', 2], w: [2] },
      outputs: ['y'],
      weights: { w: float32([2], [1, 2]) },
    });
    expect(model.inputs.map((v) => v.name)).toEqual(['x']);
  });

  it('in half precision are fed in float32, and the model says so', () => {
    const half: FileSpec = { ...open(['N', 2]), inputType: 10 };
    expect(read(half).graph.inputs[0].dtype).toBe('float32');
    expect(read(half).notes.join()).toMatch(/computes in float16; it is computed in float32 here/);
  });

  it('that are fixed to a value are constants', () => {
    const spec: FileSpec = { nodes: [{ op: 'Add', in: ['x', 'b'] }], inputs: { x: ['N', 2], b: [2] }, outputs: ['y'] };
    const model = read(spec, { constants: { b: float32([2], [1, 2]) } });
    expect(model.graph.inputs).toHaveLength(1);
  });

  it('of text are refused', () =>
    expect(refusal({ ...open(['N']), inputType: 8 })).toMatch(/input "x" has element type STRING/));
});

it('reports what the file says about itself', () => {
  const { info } = read({ nodes: [{ op: 'Relu' }], inputs: { x: [2] }, outputs: ['y'], opset: 13 });
  expect(info).toMatchObject({ producer: 'test 1', irVersion: 8, opset: 13, domains: { '': 13, 'com.microsoft': 1 } });
});
