/** Models that are wrong in a way that a parser does not notice: every mutation edits the decoded file. */
import * as proto from '../../src/lib/formats/onnx/proto.ts';
import { ATTRIBUTE, type AttributeProto, type GraphProto, type ModelProto } from '../../src/lib/formats/onnx/proto.ts';
import { create, decode, encode } from '../../src/lib/formats/protobuf/wire.ts';
import { int64 } from '../../src/lib/tensor/tensor.ts';
import { tensorProto } from '../formats/build-file.ts';

/** Which mutation, where (a share of the list in question) and how. */
export interface Mutation {
  readonly kind: number;
  readonly at: number;
  readonly pick: number;
}

const SIZES = [-1, 0, 1, 2, 3, 7, -7, 1000, 2 ** 20, 2 ** 31 - 1, 2 ** 31, 2 ** 40, -(2 ** 40), 2 ** 53 - 1];
const TYPES = [0, 1, 2, 6, 7, 8, 9, 10, 11, 13, 14, 16, 17, 22, 99];

const from = <T>(list: readonly T[], share: number): T | undefined =>
  list[Math.min(list.length - 1, Math.floor(share * list.length))];

type Edit = (graph: GraphProto, m: Mutation, model: ModelProto) => void;

function newAttribute(name: string, pick: number): AttributeProto {
  const size = SIZES[pick % SIZES.length];
  const made = (values: Partial<AttributeProto>) => create(proto.Attribute, { name, ...values });
  return [
    made({ type: ATTRIBUTE.int, i: size }),
    made({ type: ATTRIBUTE.ints, ints: [size, size, size, size] }),
    made({ type: ATTRIBUTE.ints, ints: [size] }),
    made({ type: ATTRIBUTE.float, f: NaN }),
    made({ type: ATTRIBUTE.floats, floats: Float32Array.of(Infinity, -1) }),
    made({ type: ATTRIBUTE.string, s: new TextEncoder().encode('<b>SAME</b>') }),
    made({ type: ATTRIBUTE.tensor, t: tensorProto('t', int64([2], [1, 2])) }),
    made({ type: ATTRIBUTE.tensor }),
    made({ type: ATTRIBUTE.graph, g: create(proto.Graph) }),
    made({ type: 77 }),
  ][pick % 10];
}

const ATTRIBUTES = [
  'axis',
  'axes',
  'kernel_shape',
  'strides',
  'pads',
  'dilations',
  'group',
  'auto_pad',
  'perm',
  'mode',
];

/** Operators that make tensors as large as their parameters say, put behind a tensor of the model. */
const GROWING = [
  'Reshape',
  'Expand',
  'Tile',
  'Pad',
  'ConstantOfShape',
  'Range',
  'Resize',
  'OneHot',
  'Split',
  'Gather',
  'Upsample',
  'Slice',
];

const edits: readonly Edit[] = [
  function inputLength(graph, { at, pick }) {
    const dim = from(graph.input[0]?.type?.tensorType?.shape?.dim ?? [], at);
    if (dim) Object.assign(dim, { dimValue: SIZES[pick % SIZES.length], dimParam: '' });
  },
  function inputRank(graph, { pick }) {
    const shape = graph.input[0]?.type?.tensorType?.shape;
    if (shape) shape.dim = Array.from({ length: pick % 70 }, () => ({ dimValue: 1 + (pick % 3), dimParam: '' }));
  },
  function inputType(graph, { pick }) {
    const type = graph.input[0]?.type?.tensorType;
    if (type) type.elemType = TYPES[pick % TYPES.length];
  },
  function weightLength(graph, { at, pick }) {
    const weight = from(graph.initializer, at);
    if (weight?.dims.length) weight.dims[pick % weight.dims.length] = SIZES[pick % SIZES.length];
  },
  function weightType(graph, { at, pick }) {
    const weight = from(graph.initializer, at);
    if (weight) weight.dataType = TYPES[pick % TYPES.length];
  },
  function weightNumbers(graph, { at, pick }) {
    const weight = from(graph.initializer, at);
    if (!weight?.rawData || weight.dataType !== 1) return;
    const bytes = Uint8Array.from(weight.rawData);
    new Float32Array(bytes.buffer).fill([NaN, Infinity, -Infinity, 1e38, 0, -0][pick % 6]);
    weight.rawData = bytes;
  },
  function wholeNumbers(graph, { at, pick }) {
    const whole = from(
      graph.initializer.filter((t) => t.dataType === 7),
      at,
    );
    if (!whole) return;
    const count = whole.dims.reduce((n, d) => n * d, 1);
    whole.int64Data = [];
    whole.rawData = new Uint8Array(
      BigInt64Array.from({ length: count }, (_, i) => BigInt(SIZES[(pick + i) % SIZES.length])).buffer,
    );
  },
  function weightElsewhere(graph, { at, pick }) {
    const weight = from(graph.initializer, at);
    if (!weight) return;
    weight.rawData = null;
    weight.dataLocation = 1;
    weight.externalData = [
      { key: 'location', value: pick % 2 ? 'weights.bin' : '../../etc/weights.bin' },
      { key: 'offset', value: String(SIZES[pick % SIZES.length]) },
      { key: 'length', value: String(SIZES[(pick >> 2) % SIZES.length]) },
    ];
  },
  function noNode(graph, { at }) {
    graph.node.splice(Math.floor(at * graph.node.length), 1);
  },
  function twoNodes(graph, { at }) {
    const node = from(graph.node, at);
    if (node) graph.node.push({ ...node });
  },
  function rename(graph, { at, pick }) {
    const [a, b] = [from(graph.node, at), from(graph.node, ((pick % 97) + 0.5) / 97)];
    if (a && b) a.output[0] = b.output[0];
  },
  function cycle(graph, { at, pick }) {
    const [a, b] = [from(graph.node, at), from(graph.node, ((pick % 97) + 0.5) / 97)];
    if (a && b && a.input.length) a.input[pick % a.input.length] = b.output[0];
  },
  function noInput(graph, { at, pick }) {
    const node = from(graph.node, at);
    if (!node) return;
    if (pick % 3 === 0) node.input = [];
    else if (pick % 3 === 1) node.input[pick % Math.max(1, node.input.length)] = '';
    else node.input = [...node.input, ...node.input, ...node.input];
  },
  function moreOutputs(graph, { at, pick }) {
    const node = from(graph.node, at);
    if (node)
      node.output = pick % 4 === 0 ? [] : [...node.output, ...Array.from({ length: pick % 5 }, (_, i) => `o${i}`)];
  },
  function operator(graph, { at, pick }) {
    const node = from(graph.node, at);
    const other = from(graph.node, ((pick % 89) + 0.5) / 89);
    if (node && other) node.opType = pick % 7 === 0 ? '<script>alert(1)</script>' : other.opType;
  },
  function attribute(graph, { at, pick }) {
    const node = from(graph.node, at);
    const known = node?.attribute[pick % Math.max(1, node.attribute.length)];
    if (!node) return;
    const made = newAttribute(known?.name ?? ATTRIBUTES[pick % ATTRIBUTES.length], pick >> 3);
    node.attribute = [...node.attribute.filter((a) => a !== known), made];
  },
  function moreAttributes(graph, { at, pick }) {
    const node = from(graph.node, at);
    if (node) node.attribute.push(newAttribute(ATTRIBUTES[pick % ATTRIBUTES.length], pick >> 3));
  },
  function growing(graph, { at, pick }) {
    const node = from(graph.node, at);
    if (!node?.output[0]) return;
    const op = GROWING[pick % GROWING.length];
    const sizes = Array.from(
      { length: 1 + (pick % 5) },
      (_, i) => SIZES[((pick >> 3) + i * (pick % 3)) % SIZES.length],
    );
    graph.initializer.push(tensorProto(`grow${pick}`, int64([sizes.length], sizes)));
    graph.initializer.push(...sizes.map((s, i) => tensorProto(`grow${pick}.${i}`, int64([], [s]))));
    const inner = `${node.output[0]}.grown`;
    const makesIts = op === 'ConstantOfShape' ? [`grow${pick}`] : [inner, `grow${pick}`];
    const input = op === 'Range' ? sizes.map((_, i) => `grow${pick}.${i}`).slice(0, 3) : makesIts;
    graph.node.push(create(proto.Node, { opType: op, name: 'grow', input, output: [node.output[0]] }));
    node.output[0] = inner;
  },
  function outputs(graph, { at, pick }) {
    const node = from(graph.node, at);
    const [first] = graph.output;
    if (node && first)
      graph.output = pick % 3 === 0 ? [] : [{ ...first, name: node.output[0] }, first].slice(0, pick % 3);
  },
  function operatorSet(_, { pick }, model) {
    const sets = [[], [1], [6], [9], [13], [29], [-1], [2 ** 40], [13, 17]][pick % 9];
    model.opsetImport = sets.map((version) => ({ domain: '', version }));
  },
  function otherDomain(graph, { at, pick }) {
    const node = from(graph.node, at);
    if (node) node.domain = ['ai.onnx', 'com.microsoft', 'ai.onnx.ml', '<b>', 'local'][pick % 5];
  },
  function twoOfOneName(graph, { at, pick }) {
    const weight = from(graph.initializer, at);
    const input = graph.input[0];
    if (pick % 3 === 0 && weight) graph.initializer.push(weight);
    else if (pick % 3 === 1 && weight && input) weight.name = input.name;
    else if (input) graph.input.push(input);
  },
  function anotherOrder(graph, { at, pick }) {
    if (pick % 2) graph.node.reverse();
    else graph.node.push(...graph.node.splice(0, Math.floor(at * graph.node.length)));
  },
  function longCycle(graph, { at, pick }) {
    const first = from(graph.node, at);
    const last = graph.node.at(-1 - (pick % 3));
    if (first?.input.length && last) first.input[0] = last.output[0];
  },
  function oddName(graph, { at, pick }) {
    const node = from(graph.node, at);
    if (!node) return;
    const name = ['', '__proto__', '<script>window.hurt=1</script>', '\u0000\u202e', 'n'.repeat(5000)][pick % 5];
    const old = node.output[0];
    node.name = name;
    if (pick % 2) return;
    node.output[0] = name;
    for (const reader of graph.node) reader.input = reader.input.map((read) => (read === old ? name : read));
  },
  function functionWithoutEnd(graph, { at, pick }, model) {
    const node = from(graph.node, at);
    if (!node) return;
    Object.assign(node, { opType: 'Again', domain: 'local' });
    const inner = create(proto.Node, { opType: 'Again', domain: 'local', input: ['a'], output: ['b'] });
    const body = pick % 2 ? [inner] : [inner, { ...inner, input: ['b'], output: ['c'] }];
    const made = { name: 'Again', domain: 'local', input: ['a'], output: ['b'], node: body };
    model.functions.push(create(proto.FunctionType, made));
  },
  function fewerNumbers(graph, { at, pick }) {
    const weight = from(graph.initializer, at);
    if (weight?.rawData) weight.rawData = weight.rawData.subarray(0, pick % (weight.rawData.length + 1));
  },
];

/** The file with `mutations` applied one after another. */
export function mutated(bytes: Uint8Array, mutations: readonly Mutation[]): Uint8Array<ArrayBuffer> {
  const model = decode(proto.Model, bytes) as ModelProto;
  for (const m of mutations) edits[m.kind % edits.length](model.graph!, m, model);
  return encode(proto.Model, model);
}

export const kindsOfMutation = edits.length;
