/** @file From a graph in Vitrine's terms to one that a device runs well: batch bound, own operators replaced, duplicates merged. */
import { Node, type Graph } from '../../graph/graph.ts';
import { rewriteGraph } from '../../graph/rewrite.ts';
import { Builder } from '../../ops/builder.ts';
import '../../ops/index.ts';
import { cancelTransposes } from '../../ops/passes/transposes.ts';
import type { OrtDevice } from '../runtime.ts';
import { bindBatch } from './bind-batch.ts';
import { shareCommonSubexpressions } from './common-subexpressions.ts';
import { channelsLast } from './channels-last.ts';
import { volumesWithoutGroups } from './convolution-3d.ts';
import { decompose, decomposeBy, everywhere } from './decompose.ts';
import { onTfjs } from './decompose-tfjs.ts';
import { foldIntoConvolutions, fuseRectifiers } from './fuse-convolutions.ts';
import { geluSharesItsErf } from './gelu.ts';
import { maxPoolGradByIndices, maxPoolGradByMatching, plainMaxPool } from './max-pool.ts';
import { masksAsFactors, masksAsSigns, masksAsSteps, masksFromOutputs } from './relu-masks.ts';
import { simplify } from './simplify.ts';
import { keepNormalisations } from './unfolded.ts';

/** What a graph is lowered for. TensorFlow.js's backends differ in where their tensors lie: with the host, or on a GPU. */
export type Target = OrtDevice | 'tfjs-host' | 'tfjs-gpu';

type Pass = (graph: Graph, g: Builder) => Graph;

const onTensorFlow = (onHost: boolean): readonly Pass[] => [
  (graph, g) => decomposeBy(graph, g, everywhere),
  (graph, g) => decomposeBy(graph, g, onTfjs),
  plainMaxPool,
  shareCommonSubexpressions,
  simplify,
  masksFromOutputs,
  shareCommonSubexpressions,
  masksAsFactors,
  (graph, g) => channelsLast(graph, g, onHost),
  cancelTransposes,
  simplify,
  masksAsSteps,
  foldIntoConvolutions,
  fuseRectifiers,
  shareCommonSubexpressions,
];

const onProcessor = (where: 'wasm' | 'file'): readonly Pass[] => [
  (graph, g) => decompose(graph, g, where),
  geluSharesItsErf,
  plainMaxPool,
  shareCommonSubexpressions,
  simplify,
  masksFromOutputs,
  shareCommonSubexpressions,
  masksAsFactors,
  masksAsSigns,
  maxPoolGradByIndices,
  shareCommonSubexpressions,
];

/** In this order: masks and poolings are recognised by identity, so equal nodes are merged before each. */
const passes: Readonly<Record<Target, readonly Pass[]>> = {
  wasm: onProcessor('wasm'),
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
  'tfjs-host': onTensorFlow(true),
  'tfjs-gpu': onTensorFlow(false),
};

/** The graph for `batch` examples in operators of ONNX at the canonical opset, in the forms that `target` runs best. */
export function lower(graph: Graph, target: Target, batch = 1): Graph {
  const g = new Builder();
  return passes[target].reduce((lowered, pass) => pass(lowered, g), bindBatch(graph, batch));
}

/**
 * The graph for a file that other programs run: for any number of examples, in the forms of WASM's, and without what opset 17
 * does not have. What is repeated is lowered too.
 */
export function lowerForFile(graph: Graph): Graph {
  const g = new Builder();
  const inner = rewriteGraph(graph, (node, inputs) => {
    if (!node.body) return null;
    const types = node.outputs.map(({ dtype, shape, name }) => ({ dtype, shape, name }));
    return new Node(node.op, inputs, node.attrs, types, { ...node, body: lowerForFile(node.body) }).outputs;
  });
  return [...onProcessor('file'), keepNormalisations].reduce((lowered, pass) => pass(lowered, g), inner);
}
