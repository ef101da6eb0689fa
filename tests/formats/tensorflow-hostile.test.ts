/** Whatever a file of TensorFlow or TF.js holds, it is read soon, or refused with a sentence that names it. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { create, encode } from '../../src/lib/formats/protobuf/wire.ts';
import { readModel } from '../../src/lib/formats/read.ts';
import type { SourceFiles } from '../../src/lib/formats/readers.ts';
import { readGraphDef, readSavedModel } from '../../src/lib/formats/tensorflow/graphdef.ts';
import * as proto from '../../src/lib/formats/tensorflow/proto.ts';
import type { GraphDef } from '../../src/lib/formats/tensorflow/proto.ts';
import { say } from '../../src/lib/model/say.ts';
import { readGraphModel } from '../../src/lib/formats/tfjs/graph-model.ts';
import type { Tensor } from '../../src/lib/tensor/tensor.ts';
import { judge } from '../hostile/judge.ts';
import { cases } from './tensorflow-cases.ts';
import { graphModel } from './tensorflow-file.ts';
import { classifier, graphOf, random } from './tensorflow-graph.ts';
import { kindsOfMutation, mutated } from './tensorflow-mutations.ts';

const RUNS = { numRuns: 1000 };

/** Every operator by itself, and now and then a network. */
const originals = Object.entries(cases).flatMap(([op, list], i) => [
  ...list.map((given) => graphOf(op, given, true)),
  ...(i % 5 === 0 ? [classifier(random([80, 3], i))] : []),
]);

/** Where in a list, evenly: fast-check's own fractions gather at the ends. */
const share = fc.nat(9999).map((n) => n / 10_000);
const mutation = fc.record({ kind: fc.nat(kindsOfMutation - 1), at: share, pick: fc.nat(2 ** 20) });
const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 });
const original = fc.nat(originals.length - 1).map((i) => originals[i]);

/** Any error but a FormatError is one of ours, and goes through. */
async function survives(source: SourceFiles, read: (source: SourceFiles) => unknown = readModel): Promise<void> {
  const answer = async () => {
    try {
      return { ok: true as const, value: await read(source) };
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'FormatError') throw error;
      return { ok: false as const, reason: 'format' as never, message: say(error, source.file) };
    }
  };
  await judge(answer() as never, source.file);
}

const savedModel = (graph: GraphDef) =>
  create(proto.Saved, {
    savedModelSchemaVersion: 1,
    metaGraphs: [
      {
        metaInfoDef: { tags: ['serve'], tensorflowVersion: '2.15.0' },
        graphDef: graph,
        signatureDef: [
          {
            key: 'serving_default',
            value: {
              inputs: [],
              outputs: [{ key: 'y', value: { name: 'y:0', dtype: 1, tensorShape: null } }],
              methodName: '',
            },
          },
        ],
      },
    ],
  });

function jsonModel(
  graph: GraphDef,
  constants: ReadonlyMap<string, Tensor>,
): { json: unknown; beside: SourceFiles['beside'] } {
  const { json, shard } = graphModel(graph, constants);
  return { json, beside: [{ path: 'group1-shard1of1.bin', data: shard }] };
}

const text = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));

const patches = fc.array(fc.record({ at: share, pick: fc.nat(2 ** 20) }), { minLength: 1, maxLength: 4 });
type Patches = readonly { at: number; pick: number }[];

const patched = (bytes: Uint8Array, changes: Patches): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  for (const { at, pick } of changes) copy[Math.floor(at * bytes.length)] = pick % 256;
  return changes.length === 4 ? copy.subarray(0, Math.floor(changes[0].at * copy.length)) : copy;
};

const JUNK = [
  null,
  -1,
  0.5,
  1e308,
  2 ** 53,
  '',
  'x',
  '-1',
  '99999999999999999999',
  'DT_STRING',
  true,
  [],
  {},
  [[]],
  [{}],
  [null],
];

/** The JSON with the value at some place replaced; the place is chosen by walking down. */
function replaced(json: unknown, at: number, pick: number): unknown {
  if (typeof json !== 'object' || json === null || at < 0.1) return JUNK[pick % JUNK.length];
  const entries = Object.entries(json);
  if (entries.length === 0) return JUNK[pick % JUNK.length];
  const chosen = Math.floor(at * 7919 * entries.length) % entries.length;
  const next = (at * 7919 * entries.length) % 1;
  const made = entries.map(([key, value], i) => [key, i === chosen ? replaced(value, next, pick) : value] as const);
  return Array.isArray(json) ? made.map(([, value]) => value) : Object.fromEntries(made);
}

describe('a damaged file', { timeout: 120_000 }, () => {
  it('of a frozen graph with wrong nodes is read or refused', async () => {
    const property = fc.asyncProperty(original, mutations, ({ graph }, list) =>
      survives({ file: 'a.pb', bytes: encode(proto.Graph, mutated(graph, list)), beside: [] }, (s) =>
        readGraphDef(s, {}),
      ),
    );
    await fc.assert(property, RUNS);
  });

  it('of a SavedModel with wrong nodes is read or refused', async () => {
    const property = fc.asyncProperty(original, mutations, ({ graph }, list) =>
      survives(
        { file: 'saved_model.pb', bytes: encode(proto.Saved, savedModel(mutated(graph, list))), beside: [] },
        (s) => readSavedModel(s, {}),
      ),
    );
    await fc.assert(property, RUNS);
  });

  it('of model.json with wrong nodes is read or refused', async () => {
    const property = fc.asyncProperty(original, mutations, ({ graph, constants }, list) => {
      const { json, beside } = jsonModel(mutated(graph, list), constants);
      return survives({ file: 'model.json', bytes: text(json), beside }, (s) => readGraphModel(s, {}));
    });
    await fc.assert(property, RUNS);
  });

  it('of model.json with values of another kind anywhere is read or refused', async () => {
    const property = fc.asyncProperty(original, patches, ({ graph, constants }, list) => {
      const { json, beside } = jsonModel(graph, constants);
      const made = list.reduce((sofar: unknown, { at, pick }) => replaced(sofar, at, pick), json);
      return survives({ file: 'model.json', bytes: text(made), beside }, (s) => readGraphModel(s, {}));
    });
    await fc.assert(property, RUNS);
  });

  it('of model.json with wrong letters, or another shard, is read or refused', async () => {
    const property = fc.asyncProperty(original, patches, patches, ({ graph, constants }, letters, shard) => {
      const { json, beside } = jsonModel(graph, constants);
      const cut = beside.map(({ path, data }) => ({ path, data: patched(data, shard) }));
      return survives({ file: 'model.json', bytes: patched(text(json), letters), beside: cut });
    });
    await fc.assert(property, RUNS);
  });

  it('of a frozen graph with wrong bytes is read or refused', async () => {
    const property = fc.asyncProperty(original, patches, ({ graph }, list) =>
      survives({ file: 'a.pb', bytes: patched(encode(proto.Graph, graph), list), beside: [] }),
    );
    await fc.assert(property, RUNS);
  });

  it('of a SavedModel with wrong bytes is read or refused', async () => {
    const property = fc.asyncProperty(original, patches, ({ graph }, list) =>
      survives({ file: 'a.pb', bytes: patched(encode(proto.Saved, savedModel(graph)), list), beside: [] }, (s) =>
        readSavedModel(s, {}),
      ),
    );
    await fc.assert(property, RUNS);
  });
});
