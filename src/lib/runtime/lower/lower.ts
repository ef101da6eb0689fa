/** @file From a graph in Vitrine's terms to one that a device runs well: batch bound, own operators replaced, duplicates merged. */
import type { Graph } from '../../graph/graph.ts';
import { Builder } from '../../ops/builder.ts';
import '../../ops/index.ts';
import type { OrtDevice } from '../runtime.ts';
import { bindBatch } from './bind-batch.ts';
import { shareCommonSubexpressions } from './common-subexpressions.ts';
import { transposedWithoutGroups, volumesWithoutGroups } from './convolution-3d.ts';
import { decompose, decomposeBy, everywhere } from './decompose.ts';
import { onTfjs } from './decompose-tfjs.ts';
import { maxPoolGradByIndices, maxPoolGradByMatching, plainMaxPool } from './max-pool.ts';
import { masksAsFactors, masksFromOutputs } from './relu-masks.ts';
import { simplify } from './simplify.ts';

/** What a graph is lowered for: onnxruntime's devices differ, TensorFlow.js's do not. */
export type Target = OrtDevice | 'tfjs';

type Pass = (graph: Graph, g: Builder) => Graph;

/** In this order: masks and poolings are recognised by identity, so equal nodes are merged before each. */
const passes: Readonly<Record<Target, readonly Pass[]>> = {
  wasm: [
    (graph, g) => decompose(graph, g, 'wasm'),
    plainMaxPool,
    shareCommonSubexpressions,
    simplify,
    masksFromOutputs,
    shareCommonSubexpressions,
    masksAsFactors,
    maxPoolGradByIndices,
    shareCommonSubexpressions,
  ],
  webgpu: [
    (graph, g) => decompose(graph, g, 'webgpu'),
    plainMaxPool,
    shareCommonSubexpressions,
    simplify,
    masksFromOutputs,
    maxPoolGradByMatching,
    volumesWithoutGroups,
    simplify,
    shareCommonSubexpressions,
  ],
  tfjs: [
    (graph, g) => decomposeBy(graph, g, everywhere),
    (graph, g) => decomposeBy(graph, g, onTfjs),
    plainMaxPool,
    shareCommonSubexpressions,
    simplify,
    masksFromOutputs,
    maxPoolGradByMatching,
    transposedWithoutGroups,
    simplify,
    shareCommonSubexpressions,
  ],
};

/** The graph for `batch` examples in operators of ONNX at the canonical opset, in the forms that `target` runs best. */
export function lower(graph: Graph, target: Target, batch = 1): Graph {
  const g = new Builder();
  return passes[target].reduce((lowered, pass) => pass(lowered, g), bindBatch(graph, batch));
}
