/** What a TensorFlow Lite file says of its own use, in metadata and in files that are packed behind the model. */
import { describe, expect, it } from 'vitest';
import { topologicalOrder } from '../../src/lib/graph/graph.ts';
import { readTflite } from '../../src/lib/formats/tflite/read.ts';
import { cases } from './tflite-cases.ts';
import { metadataBytes, normalizing, tfliteFile, withPacked, type FileSpec } from './tflite-file.ts';

const model = (more: Partial<FileSpec> = {}) =>
  tfliteFile({
    tensors: [
      { shape: [1, 8], name: 'image' },
      { shape: [1, 8], name: 'scores' },
      { shape: [1, 8], name: 'other' },
    ],
    operators: [
      { op: 'RELU', inputs: [0], outputs: [1] },
      { op: 'ABS', inputs: [0], outputs: [2] },
    ],
    inputs: [0],
    outputs: [1, 2],
    ...more,
  });

const read = (bytes: Uint8Array) => readTflite(bytes, 'm.tflite');
const file = (name: string, type: number) => ({ name, type });
const about = (outputs: readonly object[], inputs: readonly object[] = [{}]) => ({ subgraphs: [{ inputs, outputs }] });
const labelsIn = (bytes: Uint8Array) =>
  Object.fromEntries(
    Array.from(read(bytes).labels!, ([output, { path, data }]) => [output, [path, new TextDecoder().decode(data)]]),
  );

describe('labels that are packed into a TensorFlow Lite file', () => {
  it('belong to the outputs whose metadata name them, the first of several languages', () => {
    const described = about([
      { associatedFiles: [file('en.txt', 2), file('de.txt', 2)] },
      { associatedFiles: [file('calibration.txt', 4), file('readme.md', 1), file('values.txt', 3)] },
    ]);
    const packed = { 'de.txt': 'Katze\nHund', 'en.txt': 'cat\ndog', 'values.txt': 'a\nb', 'calibration.txt': '1,2,3' };
    expect(labelsIn(withPacked(model({ metadata: described }), packed))).toEqual({
      scores: ['en.txt', 'cat\ndog'],
      other: ['values.txt', 'a\nb'],
    });
  });

  it('are none where the metadata name none, or where the file that they name is not there', () => {
    expect(labelsIn(withPacked(model({ metadata: about([{}, {}]) }), { 'labels.txt': 'a' }))).toEqual({});
    const described = about([{ associatedFiles: [file('labels.txt', 2)] }]);
    expect(labelsIn(withPacked(model({ metadata: described }), { 'other.txt': 'a' }))).toEqual({});
    expect(labelsIn(withPacked(model(), { 'labels.txt': 'a' }))).toEqual({});
  });

  it('are left out with a note where they are damaged, and the model is read all the same', () => {
    const described = about([{ associatedFiles: [file('labels.txt', 2)] }]);
    const cut = withPacked(model({ metadata: described }), { 'labels.txt': 'cat\ndog' }).slice(0, -8);
    expect(labelsIn(cut)).toEqual({});
    expect(read(cut).notes).toContain('The labels that are packed into the file are damaged, and are not used.');
    const bomb = withPacked(model({ metadata: described }), { 'labels.txt': 'a'.repeat(33 * 2 ** 20) });
    expect(read(bomb).labels!.size).toBe(0);
  });
});

describe('the normalisation of a TensorFlow Lite file', () => {
  const fed = (units: readonly object[]) =>
    read(model({ metadata: about([{}, {}], [{ processUnits: units }]) })).inputs[0].normalization;

  it('is that of its input’s first process unit of the kind, one number or one for each channel', () => {
    expect(fed([normalizing([127.5], [127.5])])).toEqual({ mean: [127.5], deviation: [127.5] });
    expect(fed([{ optionsType: 3 }, normalizing([1, 2, 3], [4, 5, 6])])).toEqual({
      mean: [1, 2, 3],
      deviation: [4, 5, 6],
    });
  });

  it('is none where nothing is said, or what nothing can be divided by', () => {
    expect(fed([])).toBeUndefined();
    expect(fed([normalizing([0], [0])])).toBeUndefined();
    expect(fed([normalizing([], [1])])).toBeUndefined();
    expect(fed([normalizing([NaN], [1])])).toBeUndefined();
  });
});

it('damaged metadata are left out with a note, wherever they are damaged', () => {
  const whole = metadataBytes(
    about([{ associatedFiles: [file('labels.txt', 2)] }], [{ processUnits: [normalizing([1], [2])] }]),
  );
  const notes = new Set<string>();
  for (let at = 0; at < whole.length; at++) {
    const damaged = whole.slice();
    damaged[at] ^= 0xff;
    for (const note of read(model({ metadata: damaged })).notes) notes.add(note);
  }
  expect([...notes].sort()).toEqual([
    'Its metadata are damaged: labels and preprocessing that they name are not used.',
    'The labels that are packed into the file are damaged, and are not used.',
  ]);
});

describe('branches and loops of a TensorFlow Lite file', () => {
  const scalar = (type: 'bool' | 'int32') => ({ shape: [], type, name: 'decides' });
  const same = (type: 'bool' | 'int32') => ({ tensors: [scalar(type)], operators: [], inputs: [0], outputs: [0] });
  const calling = (op: string, type: 'bool' | 'int32', options: object, graphs: FileSpec['graphs'], data?: number[]) =>
    tfliteFile({
      tensors: [
        { ...scalar(type), ...(data && { data }) },
        { shape: [], type, name: 'end' },
      ],
      operators: [{ op, inputs: [0], outputs: [1], options: options as Record<string, unknown> }],
      inputs: data ? [] : [0],
      outputs: [1],
      ...(graphs && { graphs }),
    });

  it('that depend on the image are refused by name', () => {
    expect(() => read(calling('IF', 'bool', { thenGraph: 1, elseGraph: 1 }, [same('bool')]))).toThrow(
      'm.tflite: IF (node "end"): its condition is computed from the image, which is not supported. Export the model without the branch.',
    );
    expect(() => read(calling('WHILE', 'bool', { conditionGraph: 1, bodyGraph: 1 }, [same('bool')]))).toThrow(
      'm.tflite: WHILE (node "end"): how often it runs is computed from the image, which is not supported. Export the model with a fixed number of turns.',
    );
  });

  it('that never end, call themselves, or call what is not there are refused', () => {
    const endless = calling('WHILE', 'bool', { conditionGraph: 1, bodyGraph: 1 }, [same('bool')], [1]);
    expect(() => read(endless)).toThrow(/^m\.tflite: WHILE \(node "end"\): takes more than 4096 turns/);
    const itself = calling('IF', 'bool', { thenGraph: 0, elseGraph: 0 }, [], [1]);
    expect(() => read(itself)).toThrow(/^m\.tflite: IF .*gives graph 0 0 inputs|lies in 16 others/s);
    expect(() => read(calling('IF', 'bool', { thenGraph: 7, elseGraph: 0 }, [], [1]))).toThrow(
      'm.tflite: it names graph 7, and has 1 graphs. The file is damaged: export the model again.',
    );
  });

  it('give every turn’s layers names of their own', () => {
    const [{ graphs, options }] = cases.WHILE.slice(2);
    const bytes = tfliteFile({
      tensors: [
        { shape: [], type: 'int32', data: [0] },
        { shape: [1, 6, 7, 4] },
        { shape: [], type: 'int32', name: 'n' },
        { shape: [1, 6, 7, 4], name: 'x' },
      ],
      operators: [{ op: 'WHILE', inputs: [0, 1], outputs: [2, 3], options: options! }],
      inputs: [1],
      outputs: [3],
      graphs: graphs!,
    });
    const names = topologicalOrder(read(bytes).graph.outputs).map(({ outputs }) => outputs[0].name);
    expect(names).toHaveLength(10);
    expect(new Set(names).size).toBe(10);
    expect(names[0]).toMatch(/^n \(call 2\)\//);
  });

  it('that are not taken may hold what is not supported; those that are taken may not', () => {
    const odd = { ...same('bool'), operators: [{ op: 'SVDF', inputs: [0], outputs: [0] }] };
    const graphs = [{ ...same('bool'), tensors: [scalar('bool')] }, odd];
    const build = (thenGraph: number, elseGraph: number) =>
      tfliteFile({
        tensors: [{ shape: [], type: 'bool', data: [1] }, scalar('bool'), { shape: [], type: 'bool', name: 'end' }],
        operators: [{ op: 'IF', inputs: [0, 1], outputs: [2], options: { thenGraph, elseGraph } }],
        inputs: [1],
        outputs: [2],
        graphs,
      });
    expect(read(build(1, 2)).notes).toEqual([]);
    expect(() => read(build(2, 1))).toThrow(/1 unsupported operator: SVDF/);
  });
});
