/** What is read of every operator of TensorFlow runs on onnxruntime, and computes there what the slow interpreter does. */
import { describe, expect, it } from 'vitest';
import { encode } from '../../src/lib/formats/protobuf/wire.ts';
import { readModel } from '../../src/lib/formats/read.ts';
import * as proto from '../../src/lib/formats/tensorflow/proto.ts';
import { ref } from '../reference/tensor.ts';
import { toNumbers } from '../../src/lib/tensor/tensor.ts';
import { runGraph } from './shared.ts';
import { cases } from './tensorflow-cases.ts';
import { difference, runOnReference } from './tensorflow-file.ts';
import { graphOf } from './tensorflow-graph.ts';

const rows = Object.entries(cases).flatMap(([op, list]) =>
  list.filter(({ whole, inputs }) => !whole && inputs.some((i) => i.fed)).map((given, i) => [op, i, given] as const),
);

describe('operators of TensorFlow on onnxruntime', () => {
  it.each(rows)('%s (case %i) computes what the slow interpreter does', async (op, _, given) => {
    const { graph, feeds } = graphOf(op, given, true);
    const model = await readModel({ file: 'frozen.pb', bytes: encode(proto.Graph, graph), beside: [] });
    const batch = [...feeds.values()][0].shape[0];
    const [expected] = runOnReference(model, feeds, batch);
    const [got] = await runGraph(
      model.graph,
      model.inputs.map(({ name }) => feeds.get(name)!),
      { batch },
    );
    expect(difference(ref(got.dtype, got.shape, toNumbers(got)), expected)).toBeLessThan(1e-4);
  });
});
