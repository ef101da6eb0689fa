/** Input → message: what, where, both values, and a way out, word for word. */
import { beforeAll, describe, expect, it } from 'vitest';
import * as proto from '../../src/lib/formats/onnx/proto.ts';
import { create } from '../../src/lib/formats/protobuf/wire.ts';
import type { LabCore } from '../../src/lib/model/lab.ts';
import { readBundle } from '../../src/lib/share/bundle.ts';
import { decodeLink } from '../../src/lib/share/link.ts';
import { float32, int64, zeros } from '../../src/lib/tensor/tensor.ts';
import { type FileSpec, onnxFile } from '../formats/build-file.ts';
import { judge, startedLab } from './judge.ts';
import { onPaper } from './paper-runtime.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const text = (s: string): Bytes => new TextEncoder().encode(s);
const noise = (length: number): Bytes => Uint8Array.from({ length }, (_, i) => (i * 7919 + 31) % 256);
const file = (spec: Partial<FileSpec> & Pick<FileSpec, 'nodes'>): Bytes =>
  onnxFile({ inputs: { x: [1, 3, 8, 8] }, outputs: ['y'], ...spec });
const weight = (...shape: number[]) => ({ w: zeros('float32', shape) });
const odd = (dims: number[], more: Partial<proto.TensorProto> = {}) =>
  create(proto.Tensor, { name: 'w', dims, dataType: 1, rawData: new Uint8Array(12), ...more });
const sum = (protos: proto.TensorProto[]) => file({ nodes: [{ op: 'Add', name: 'sum', in: ['x', 'w'] }], protos });
const whole = file({ nodes: [{ op: 'Flatten', name: 'f' }] });

const INVALID = 'The file is damaged or no valid ONNX: export the model again.';
const DAMAGED = 'The file is damaged: export it again.';
const UNREADABLE = 'The file is damaged, cut short or of another format: export or download it again.';

const models: readonly [what: string, bytes: Bytes, message: string][] = [
  ['nothing', text(''), 'the file is empty. Download or export it again.'],
  [
    'text',
    text('nothing'),
    'this is text, not a model. Choose the model’s own file, such as .onnx, model.json, .keras or .tflite.',
  ],
  ['random bytes', noise(500), `not a readable ONNX model (illegal tag: field no 3 wire type 7). ${UNREADABLE}`],
  [
    'cut in half',
    whole.slice(0, 60),
    `not a readable ONNX model (field graph ends 19 bytes after the file). ${UNREADABLE}`,
  ],
  [
    'channels that do not fit',
    file({ nodes: [{ op: 'Conv', name: 'stem', in: ['x', 'w'] }], weights: weight(4, 5, 3, 3) }),
    `Conv (node "stem"): input has 3 channels, the weights expect 5. ${INVALID}`,
  ],
  [
    'shapes that do not broadcast',
    file({ nodes: [{ op: 'Add', name: 'sum', in: ['x', 'w'] }], weights: weight(5) }),
    `Add (node "sum"): shapes [1,3,8,8] and [5] do not broadcast (axis 3: 8 against 5). ${INVALID}`,
  ],
  [
    'features that do not fit',
    file({
      nodes: [
        { op: 'Flatten', out: ['f'] },
        { op: 'MatMul', name: 'head', in: ['f', 'w'] },
      ],
      weights: weight(100, 10),
    }),
    `MatMul (node "head"): inner dimensions differ: 192 and 100. ${INVALID}`,
  ],
  [
    'a Reshape to another number of elements',
    file({ nodes: [{ op: 'Reshape', name: 'r', in: ['x', 's'] }], weights: { s: int64([2], [1, 5]) } }),
    `Reshape (node "r"): target shape [1,5] holds 5 elements, the input [1,3,8,8] has 192. ${INVALID}`,
  ],
  [
    'operators that are not supported',
    file({
      nodes: [
        { op: 'NonMaxSuppression', name: 'a', out: ['t'] },
        { op: 'NonMaxSuppression', name: 'b', out: ['u'] },
        { op: 'Frobnicate', name: '<b>c</b>', in: ['t', 'u'] },
      ],
    }),
    '2 unsupported operators: NonMaxSuppression (×2, first: "a"), Frobnicate (×1, first: "<b>c</b>"). Export the model without them; docs/ops.md lists the supported ones.',
  ],
  [
    'a cycle',
    file({
      nodes: [
        { op: 'Add', name: 'one', in: ['x', 'b'], out: ['a'] },
        { op: 'Relu', name: 'two', in: ['a'], out: ['b'] },
      ],
      outputs: ['b'],
    }),
    'Relu (node "two") depends on its own output. A model must not have cycles: export it again.',
  ],
  [
    'a tensor made twice',
    file({
      nodes: [
        { op: 'Relu', name: 'one' },
        { op: 'Relu', name: 'two' },
      ],
    }),
    `tensor "y" is produced twice, the second time by Relu (node "two"). ${DAMAGED}`,
  ],
  [
    'a node that makes the input',
    file({ nodes: [{ op: 'Flatten', name: 'one', out: ['x'] }], outputs: ['x'] }),
    `tensor "x" is produced twice, the second time by Flatten (node "one"). ${DAMAGED}`,
  ],
  [
    'a tensor that nothing makes',
    file({ nodes: [{ op: 'Add', name: 'one', in: ['x', 'nowhere'] }] }),
    `Add (node "one") reads tensor "nowhere", which nothing produces. ${DAMAGED}`,
  ],
  [
    'a negative length of its input',
    file({ nodes: [{ op: 'Flatten' }], inputs: { x: [1, 3, -8, 8] } }),
    `input "x" has the length -8 on axis 2. ${DAMAGED}`,
  ],
  [
    'an image of a terabyte',
    file({ nodes: [{ op: 'Flatten' }], inputs: { x: [1, 3, 300_000, 300_000] } }),
    'input "x" of the shape [1,3,300000,300000] would have 270000000000 elements, the most is 134217728. Export the model for a smaller image.',
  ],
  ['a negative length of a weight', sum([odd([-3])]), `tensor "w" has the impossible shape [-3]. ${DAMAGED}`],
  ['a huge weight', sum([odd([2 ** 40])]), `tensor "w" has the impossible shape [1099511627776]. ${DAMAGED}`],
  [
    'a huge tensor inside',
    file({
      nodes: [{ op: 'Tile', name: 'big', in: ['x', 's'] }],
      weights: { s: int64([4], [1, 1, 2 ** 20, 2 ** 20]) },
    }),
    'Tile (node "big"): its output of the shape [1,3,8388608,8388608] would have 211106232532992 elements, the most is 134217728. Check the sizes that the node is given, or export the model for a smaller image.',
  ],
  [
    'no image as its input',
    file({ nodes: [{ op: 'Flatten' }], inputs: { x: [1, 10] } }),
    'input "x" is float32 of the shape [N,10], which is no image. Vitrine needs [batch, 1 or 3, height, width], [batch, height, width, 1 or 3] or, for grey, [batch, height, width]; give other inputs a fixed value when exporting.',
  ],
  [
    'no scores as its output',
    file({ nodes: [{ op: 'Shape' }] }),
    'none of its outputs ("y" int64[4]) holds class scores for the image, [batch, classes]. Export the classifier with its logits as an output.',
  ],
  [
    'no output',
    file({ nodes: [{ op: 'Relu' }], outputs: [] }),
    'no output is a tensor of numbers. Export the model with its scores as an output.',
  ],
];

const notes: readonly [what: string, bytes: Bytes, note: string][] = [
  [
    'weights that are not finite',
    file({
      nodes: [
        { op: 'Mul', in: ['x', 'w'], out: ['t'] },
        { op: 'Flatten', in: ['t'] },
      ],
      weights: { w: float32([3, 1, 1], [1, NaN, Infinity]) },
    }),
    'Weights that are not finite (NaN or ∞): "w". Scores that depend on them mean nothing.',
  ],
  [
    'two weights of one name',
    file({
      nodes: [
        { op: 'Mul', in: ['x', 'w'], out: ['t'] },
        { op: 'Flatten', in: ['t'] },
      ],
      protos: [odd([3, 1, 1]), odd([3, 1, 1])],
    }),
    'The file holds 2 weights called "w"; the last one is used.',
  ],
  [
    'an input without a height',
    file({ nodes: [{ op: 'Flatten' }], inputs: { x: [1, 3, -1, 8] } }),
    'Input "x" leaves axis 2 open; it is 224 here.',
  ],
];

const labels: readonly [what: string, bytes: Bytes, message: string][] = [
  ['nothing', text(' \n '), "no class names found. Put one name on each line, in the order of the model's outputs."],
  [
    'control characters',
    text('\0\x01'),
    "no class names found. Put one name on each line, in the order of the model's outputs.",
  ],
  [
    'half a dictionary',
    text('{"0": "a"'),
    'neither JSON nor a Python dictionary of class names. Put one name on each line instead.',
  ],
  [
    'lists in lists',
    text('{"a": [1, 2]}'),
    'not a list of class names: expected [name, …], {index: name, …} or {name: index, …}. Choose the labels file of this model, or put one name on each line.',
  ],
  [
    '33 MiB',
    new Uint8Array(33 * 2 ** 20),
    '33 MiB are too much for class names, the most is 32 MiB. Choose the labels file of this model.',
  ],
];

describe('what is said of', () => {
  let lab: LabCore;
  const opening = (bytes: Bytes) =>
    judge(
      lab.openModel(1, [{ name: 'm.onnx', bytes: bytes.slice().buffer }], () => undefined),
      'm.onnx',
    );

  beforeAll(async () => {
    lab = await startedLab({ choose: onPaper });
  });

  it.each(models)('a model that is or has %s', async (_, bytes, message) => {
    expect(await opening(bytes)).toEqual({ ok: false, reason: 'failed', message: `m.onnx: ${message}` });
  });

  it.each(notes)('a model with %s, which opens', async (_, bytes, note) => {
    const outcome = await opening(bytes);
    expect(outcome.ok && outcome.value.notes).toContain(note);
  });

  it.each(labels)('labels that are %s', async (_, bytes, message) => {
    await opening(whole);
    const outcome = await lab.setLabels({ name: 'l.txt', bytes: bytes.slice().buffer });
    expect(outcome).toEqual({ ok: false, reason: 'failed', message: `l.txt: ${message}` });
  });

  it('labels of another number than there are classes', async () => {
    const files = [
      { name: 'm.onnx', bytes: whole.slice().buffer },
      { name: 'l.txt', bytes: text('a\nb').buffer },
    ];
    const outcome = await lab.openModel(1, files, () => undefined);
    expect(outcome.ok && outcome.value.notes.join()).toMatch(
      /l\.txt: 2 labels for 192 classes; check that they belong/,
    );
  });

  it('a question without an image', async () => {
    const opened = await opening(whole);
    if (!opened.ok) throw new Error(opened.message);
    const { preprocessing } = opened.value;
    const outcome = await lab.predict(1, 99, preprocessing);
    expect(outcome).toMatchObject({ message: 'Vitrine: the image is no longer open; choose it again.' });
  });

  it.each([
    ['no link', '#l1.abc', /^This is not a link of Vitrine: it should begin with #v\d\. Copy the whole link/],
    [
      'a link of the future',
      '#v99.AAAA',
      /^This link has format 99; this page reads formats up to \d+\. Reload the page/,
    ],
    ['a link of random letters', `#v1.${'q8df_-'.repeat(40)}`, /^This link was (cut off|changed).*\. Copy it again/],
  ])('%s', (_, link, message) => {
    expect(() => decodeLink(link)).toThrow(message);
  });

  it.each([
    ['nothing', text(''), /not a zip file\. Drop the \.vitrine\.zip as it was downloaded\.$/],
    ['random bytes', noise(300), /not a zip file\. Drop/],
    [
      'random bytes that begin like a zip file',
      Uint8Array.of(0x50, 0x4b, 3, 4, ...noise(300)),
      /the zip file is cut off or damaged\. Download or copy it again\.$/,
    ],
  ])('a bundle that is %s', (_, bytes, message) => {
    expect(() => readBundle(bytes, 'b.vitrine.zip')).toThrow(/^b\.vitrine\.zip: /);
    expect(() => readBundle(bytes, 'b.vitrine.zip')).toThrow(message);
  });
});
