/** @file From a graph in Vitrine's terms to one that a device runs well: batch bound, own operators replaced, duplicates merged. */
import type { Graph } from '../../graph/graph.ts';
import { Builder } from '../../ops/builder.ts';
import '../../ops/index.ts';
import type { DeviceKind } from '../runtime.ts';
import { bindBatch } from './bind-batch.ts';
import { shareCommonSubexpressions } from './common-subexpressions.ts';
import { volumesWithoutGroups } from './convolution-3d.ts';
import { decompose } from './decompose.ts';
import { maxPoolGradByIndices, maxPoolGradByMatching, plainMaxPool } from './max-pool.ts';
import { masksAsFactors, masksFromOutputs } from './relu-masks.ts';
import { simplify } from './simplify.ts';

type Pass = (graph: Graph, g: Builder) => Graph;

/** In this order: masks and poolings are recognised by identity, so equal nodes are merged before each. */
const passes: Readonly<Record<DeviceKind, readonly Pass[]>> = {
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
};

/** The graph for `batch` examples in operators of ONNX at the canonical opset, in the forms that `device` runs best. */
export function lower(graph: Graph, device: DeviceKind, batch = 1): Graph {
  const g = new Builder();
  return passes[device].reduce((lowered, pass) => pass(lowered, g), bindBatch(graph, batch));
}
