/** @file Graphs of TensorFlow that are wrong in a way that a parser does not notice. */
import * as proto from '../../src/lib/formats/tensorflow/proto.ts';
import type { AttrValue, GraphDef, NodeDef } from '../../src/lib/formats/tensorflow/proto.ts';
import { operators } from '../../src/lib/formats/tensorflow/ops/table.ts';
import { create } from '../../src/lib/formats/protobuf/wire.ts';
import { attributes, constant, node, shapeProto, tensor } from './tensorflow-file.ts';

/** Which mutation, where (a share of the list in question) and how. */
export interface Mutation {
  readonly kind: number;
  readonly at: number;
  readonly pick: number;
}

const SIZES = [-1, 0, 1, 2, 3, 7, -7, 1000, 2 ** 20, 2 ** 31 - 1, 2 ** 31, 2 ** 40, -(2 ** 40), 2 ** 53 - 1];
const NAMES = [
  '',
  '__proto__',
  'constructor',
  '<script>',
  '\u0000\u202e',
  'n'.repeat(5000),
  'a:1',
  'a:b:c',
  '^x',
  ':0',
];
const OPS = [
  ...Object.keys(operators),
  'Const',
  'Placeholder',
  'NoOp',
  'Switch',
  'Merge',
  'If',
  'While',
  'f',
  'constructor',
];
const ATTRIBUTES = [
  'strides',
  'padding',
  'ksize',
  'data_format',
  'dilations',
  'axis',
  'keep_dims',
  'fused_ops',
  'value',
];

const from = <T>(list: readonly T[], share: number): T | undefined =>
  list[Math.min(list.length - 1, Math.floor(share * list.length))];
const size = (pick: number): number => SIZES[pick % SIZES.length];

const list = (i: number[], s: string[] = []): Partial<AttrValue> => ({
  list: { s: s.map((t) => new TextEncoder().encode(t)), i, f: new Float32Array(0), b: [], type: [1, 77], shape: [] },
});

function newValue(pick: number): AttrValue {
  const sizes = Array.from({ length: pick % 6 }, (_, i) => size(pick + i));
  const kinds: Partial<AttrValue>[] = [
    { i: size(pick >> 4) },
    { f: NaN },
    { f: Infinity },
    { b: 1 },
    { s: new TextEncoder().encode(['SAME', 'VALID', 'EXPLICIT', 'NCHW', '<b>', 'SYMMETRIC', 'bij,jk->bik'][pick % 7]) },
    list(sizes),
    list([1, size(pick >> 3), size(pick >> 5), 1]),
    list([], ['BiasAdd', 'Relu', 'Prelu', 'FusedBatchNorm', '<b>'].slice(pick % 5)),
    { type: pick % 30 },
    { shape: shapeProto(sizes) },
    { tensor: null },
    { placeholder: 'T' },
    { func: { name: 'f', attr: [] } },
    {},
  ];
  return create(proto.Value, kinds[pick % kinds.length]);
}

function constantsOf(graph: GraphDef): proto.TensorProto[] {
  return graph.node.flatMap(({ attr }) => attr.flatMap(({ value }) => (value?.tensor ? [value.tensor] : [])));
}

/** An operator that makes as much as its numbers say, behind a node of the graph. */
function grown(op: string, inner: string, name: string, numbers: readonly number[]): NodeDef[] {
  const parts = numbers.map((n, i) => constant(`${name}/${i}`, tensor('int64', [], [n])));
  const vector = constant(`${name}/v`, tensor('int64', [numbers.length], numbers));
  const rows = constant(
    `${name}/m`,
    tensor(
      'int64',
      [numbers.length, 2],
      numbers.flatMap((n) => [n, n]),
    ),
  );
  const inputs: Record<string, string[]> = {
    Fill: [`${name}/v`, inner],
    Range: [`${name}/0`, `${name}/1`, `${name}/2`],
    OneHot: [`${name}/v`, `${name}/0`, inner, inner],
    Pad: [inner, `${name}/m`],
    MirrorPad: [inner, `${name}/m`],
    SpaceToBatchND: [inner, `${name}/v`, `${name}/m`],
    StridedSlice: [inner, `${name}/v`, `${name}/v`, `${name}/v`],
    Slice: [inner, `${name}/v`, `${name}/v`],
    Split: [`${name}/0`, inner],
    Conv2DBackpropInput: [`${name}/v`, inner, inner],
  };
  const attrs = { mode: 'SYMMETRIC', num_split: numbers[0] ?? 0, axis: -1 };
  return [...parts, vector, rows, node(op, name, inputs[op] ?? [inner, `${name}/v`], attrs)];
}

const GROWING = [
  ...['Fill', 'Tile', 'Range', 'BroadcastTo', 'Reshape', 'Pad', 'MirrorPad', 'OneHot', 'ResizeBilinear', 'Slice'],
  ...['StridedSlice', 'Split', 'SpaceToBatchND', 'ExpandDims', 'Gather', 'TopKV2', 'Conv2DBackpropInput', 'Transpose'],
];

type Edit = (graph: GraphDef, m: Mutation) => void;

const edits: readonly Edit[] = [
  function noNode(graph, { at }) {
    graph.node.splice(Math.floor(at * graph.node.length), 1);
  },
  function twoNodes(graph, { at }) {
    const found = from(graph.node, at);
    if (found) graph.node.push({ ...found });
  },
  function rename(graph, { at, pick }) {
    const [a, b] = [from(graph.node, at), from(graph.node, ((pick % 97) + 0.5) / 97)];
    if (a && b) a.name = b.name;
  },
  function cycle(graph, { at, pick }) {
    const [a, b] = [from(graph.node, at), from(graph.node, ((pick % 97) + 0.5) / 97)];
    if (a && b) a.input = [...a.input.slice(1), b.name];
  },
  function inputs(graph, { at, pick }) {
    const found = from(graph.node, at);
    if (!found) return;
    const ways = [
      [],
      found.input.slice(1),
      [...found.input, ...found.input],
      [...found.input, `${found.input[0] ?? 'y'}:${size(pick)}`],
    ];
    found.input = ways[pick % ways.length];
  },
  function operator(graph, { at, pick }) {
    const found = from(graph.node, at);
    if (found) found.op = OPS[pick % OPS.length];
  },
  function lastOperator(graph, { pick }) {
    graph.node.at(-1)!.op = OPS[pick % OPS.length];
  },
  function attribute(graph, { at, pick }) {
    const found = from(graph.node, at);
    const known = found?.attr[pick % Math.max(1, found.attr.length)];
    if (found)
      found.attr = [...found.attr.filter((a) => a !== known), { key: known?.key ?? 'axis', value: newValue(pick) }];
  },
  function moreAttributes(graph, { at, pick }) {
    from(graph.node, at)?.attr.push({ key: ATTRIBUTES[pick % ATTRIBUTES.length], value: newValue(pick >> 3) });
  },
  function noAttributes(graph, { at }) {
    const found = from(graph.node, at);
    if (found) found.attr = [];
  },
  function constantShape(graph, { at, pick }) {
    const found = from(constantsOf(graph), at);
    if (found) found.tensorShape = shapeProto(Array.from({ length: pick % 5 }, (_, i) => size(pick + i)));
  },
  function constantRank(graph, { at, pick }) {
    const found = from(constantsOf(graph), at);
    if (found) found.tensorShape = shapeProto(new Array<number>(pick % 70).fill(1));
  },
  function constantType(graph, { at, pick }) {
    const found = from(constantsOf(graph), at);
    if (found) found.dtype = pick % 30;
  },
  function constantNumbers(graph, { at, pick }) {
    const found = from(constantsOf(graph), at);
    if (!found) return;
    const count = Math.max(
      0,
      (found.tensorShape?.dim ?? []).reduce((n, d) => n * d.size, 1),
    );
    if (!(count < 1000)) return;
    Object.assign(found, { tensorContent: null, dtype: 9 });
    found.int64Val = Array.from({ length: count }, (_, i) => BigInt(SIZES[(pick + i) % SIZES.length]));
  },
  function constantCut(graph, { at, pick }) {
    const found = from(constantsOf(graph), at);
    if (found?.tensorContent)
      found.tensorContent = found.tensorContent.subarray(0, pick % (found.tensorContent.length + 1));
  },
  function fill(graph, { at, pick }) {
    const found = from(constantsOf(graph), at);
    if (found)
      Object.assign(found, {
        dtype: 1,
        tensorContent: null,
        floatVal: Float32Array.of(1),
        tensorShape: shapeProto([size(pick), size(pick >> 4)]),
      });
  },
  function inputShape(graph, { pick }) {
    const found = graph.node.find(({ op }) => op === 'Placeholder');
    if (found)
      found.attr = [
        ...found.attr.filter(({ key }) => key !== 'shape'),
        ...attributes({ shape: { shape: shapeProto(Array.from({ length: pick % 6 }, (_, i) => size(pick + i))) } }),
      ];
  },
  function inputType(graph, { pick }) {
    const found = graph.node.find(({ op }) => op === 'Placeholder');
    if (found)
      found.attr = [...found.attr.filter(({ key }) => key !== 'dtype'), ...attributes({ dtype: { type: pick % 30 } })];
  },
  function growing(graph, { at, pick }) {
    const found = from(graph.node, at);
    if (!found) return;
    const numbers = Array.from({ length: 1 + (pick % 4) }, (_, i) => size((pick >> 3) + i * (pick % 3)));
    graph.node.push(...grown(GROWING[pick % GROWING.length], found.name, 'grown', numbers));
  },
  function oddName(graph, { at, pick }) {
    const found = from(graph.node, at);
    if (!found) return;
    const old = found.name;
    found.name = NAMES[pick % NAMES.length];
    if (pick % 3) for (const reader of graph.node) reader.input = reader.input.map((i) => (i === old ? found.name : i));
  },
  function functionWithoutEnd(graph, { at, pick }) {
    const found = from(graph.node, at);
    if (!found) return;
    const again = node('f', 'again', ['a']);
    graph.library = {
      function: [
        create(proto.FunctionType, {
          signature: { name: 'f', inputArg: [{ name: 'a' }], outputArg: [{ name: 'y' }] },
          nodeDef: pick % 2 ? [again] : [again, node('f', 'twice', ['again:y:0'])],
          ret: pick % 3 ? [{ key: 'y', value: 'again:y:0' }] : [],
        }),
      ],
    };
    found.op = pick % 2 ? 'f' : 'StatefulPartitionedCall';
    found.attr.push({ key: 'f', value: create(proto.Value, { func: { name: pick % 5 ? 'f' : 'g', attr: [] } }) });
  },
  function argumentOfItself(graph, { at }) {
    const found = from(graph.node, at);
    if (!found) return;
    graph.library = {
      function: [
        create(proto.FunctionType, {
          signature: { name: 'f', inputArg: [{ name: 'a' }], outputArg: [{ name: 'y' }] },
          ret: [{ key: 'y', value: 'a' }],
        }),
      ],
    };
    Object.assign(found, { op: 'f', input: [found.name] });
  },
  function switches(graph, { at, pick }) {
    const found = from(graph.node, at);
    if (!found) return;
    graph.node.push(
      constant('sw/c', tensor('bool', [], [pick % 2])),
      node('Switch', 'sw', [found.name, pick % 5 ? 'sw/c' : found.name]),
      node('Merge', 'sw/m', pick % 3 ? ['sw', 'sw:1'] : ['sw/m', 'sw']),
      node('Neg', 'sw/y', [`sw/m${pick % 4 ? '' : ':1'}`]),
    );
  },
  function anotherOrder(graph, { pick }) {
    if (pick % 2) graph.node.reverse();
    else graph.node = [];
  },
];

export const kindsOfMutation = edits.length;

/** The graph with `mutations` applied one after another. */
export function mutated(graph: GraphDef, mutations: readonly Mutation[]): GraphDef {
  const copy = structuredClone(graph);
  for (const m of mutations) if (copy.node.length > 0) edits[m.kind % edits.length](copy, m);
  return copy;
}
