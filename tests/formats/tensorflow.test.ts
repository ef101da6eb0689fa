/** Every operator of TensorFlow that is read computes what TF.js's own executor computes, or where that lacks it, its definition. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readModel } from '../../src/lib/formats/read.ts';
import { encode } from '../../src/lib/formats/protobuf/wire.ts';
import * as proto from '../../src/lib/formats/tensorflow/proto.ts';
import { print } from '../../src/lib/graph/graph.ts';
import { toNumbers, type Tensor } from '../../src/lib/tensor/tensor.ts';
import { ref, type RefTensor } from '../reference/tensor.ts';
import { projectPath } from './shared.ts';
import { cases } from './tensorflow-cases.ts';
import { graphOf } from './tensorflow-graph.ts';
import { difference, graphModel, runOnReference, runOnTfjs } from './tensorflow-file.ts';
import type { Case } from './tensorflow-inputs.ts';

const rows = Object.entries(cases).flatMap(([op, list]) => list.map((given, i) => [op, i, given] as const));

const names = (count: number) => Array.from({ length: count }, (_, i) => (i === 0 ? 'y' : `y:${i}`));

const signatureOf = (outputs: readonly string[]) => ({
  outputs: Object.fromEntries(outputs.map((name) => [name, { name }])),
});

const asRef = ({ dtype, shape }: Tensor, t: Tensor): RefTensor => ref(dtype, shape, toNumbers(t));

async function answers(op: string, given: Case, open: boolean) {
  const { graph, feeds, constants } = graphOf(op, given, open);
  const outputs = names(given.outputs ?? 1);
  const { json, shard } = graphModel(graph, constants);
  const source = {
    file: 'model.json',
    bytes: new TextEncoder().encode(
      JSON.stringify({ format: 'graph-model', ...json, signature: signatureOf(outputs) }),
    ),
    beside: [{ path: 'group1-shard1of1.bin', data: shard }],
  };
  const model = await readModel(source);
  const expected =
    given.truth?.(given.inputs.map(({ tensor }) => asRef(tensor, tensor))) ??
    (await runOnTfjs({ json, shard, feeds, outputs }));
  const batch = [...feeds.values()][0]?.shape[0] ?? 1;
  return { model, graph, expected, got: runOnReference(model, feeds, batch) };
}

describe('operators of TensorFlow', () => {
  it.each(rows)('%s (case %i) computes what TF.js computes', async (op, _, given) => {
    const { got, expected } = await answers(op, given, false);
    expect(expected).toHaveLength(given.outputs ?? 1);
    got.forEach((tensor, i) => expect(difference(tensor, expected[i])).toBeLessThan(1e-4));
  });

  it.each(rows.filter(([, , { whole }]) => !whole))(
    '%s (case %i) takes any number of examples',
    async (op, _, given) => {
      const { model, got, expected } = await answers(op, given, true);
      expect(model.notes.join()).not.toMatch(/one example at a time/);
      expect(model.batched).toBe(true);
      got.forEach((tensor, i) => expect(difference(tensor, expected[i])).toBeLessThan(1e-4));
    },
  );

  it.each(rows.filter(([op, , { outputs }]) => !outputs && op !== 'PlaceholderWithDefault'))(
    '%s (case %i) is the same graph as bytes',
    async (op, _, given) => {
      const { model, graph } = await answers(op, given, false);
      const frozen = await readModel({ file: 'frozen.pb', bytes: encode(proto.Graph, graph), beside: [] });
      expect(print(frozen.graph)).toBe(print(model.graph));
    },
  );
});

describe('docs/formats.md', () => {
  it('lists every operator of TensorFlow that is read', () => {
    const text = readFileSync(projectPath('docs/formats.md'), 'utf8').replaceAll('\\_', '_');
    const listed = /\*\*Operators:\*\*([^.]*)\./
      .exec(text)![1]
      .split(',')
      .map((name) => name.trim());
    expect(listed.toSorted()).toEqual([...Object.keys(cases), 'Const', 'Placeholder'].toSorted());
  });
});
