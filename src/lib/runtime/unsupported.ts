/** @file Nodes that a device accepts and then fails on, or refuses: known before anything runs. */
import { nodeLabel, topologicalOrder, VITRINE, type Graph, type Node } from '../graph/graph.ts';
import type { OrtDevice, UnsupportedNode } from './runtime.ts';

interface Limit {
  /** Which nodes of the operator; by default all. */
  readonly when?: (node: Node) => boolean;
  readonly reason: string;
}

const rankOf = (node: Node): number => node.inputs[0]?.shape.length ?? 0;
const groupsOf = (node: Node): number => (node.attrs.group as number | undefined) ?? 1;

/** Linear or cubic Resize of an axis before the last two: computed wrongly. */
function interpolatesChannels(node: Node): boolean {
  const [from, to] = [node.inputs[0]!.shape, node.outputs[0].shape];
  const channels = from.length === 4 && from.slice(0, 2).some((d, axis) => d !== to[axis]);
  return channels && (node.attrs.mode ?? 'nearest') !== 'nearest';
}

const onWebGpu: Readonly<Record<string, Limit>> = {
  MaxPool: { when: (node) => node.outputs.length > 1, reason: 'WebGPU computes no indices of maxima' },
  ConvTranspose: {
    when: (node) => rankOf(node) > 4,
    reason: 'WebGPU has no transposed convolution in three dimensions',
  },
  Conv: {
    when: (node) => rankOf(node) > 4 && groupsOf(node) > 1,
    reason: 'WebGPU has no groups in three-dimensional convolutions',
  },
  Resize: {
    when: (node) => node.attrs.antialias === 1 || interpolatesChannels(node),
    reason: 'WebGPU interpolates along the last two axes only, and without antialiasing',
  },
};

/** device → operator → limit. Both devices run everything else, WebGPU some of it on the processor. */
const limits: Readonly<Record<OrtDevice, Readonly<Record<string, Limit>>>> = { webgpu: onWebGpu, wasm: {} };

/** Why some forms of an operator are refused on a device; null where all of them run. */
export const limitsOf = (op: string, device: OrtDevice): string | null =>
  Object.hasOwn(limits[device], op) ? limits[device][op].reason : null;

/** The nodes of a lowered graph that `device` would refuse or fail on. */
export function unsupportedNodes(lowered: Graph, device: OrtDevice): UnsupportedNode[] {
  return topologicalOrder(lowered.outputs).flatMap((node) => {
    const reason = reasonAgainst(node, device);
    return reason ? [{ op: node.op, node: node.name || node.outputs[0].name, reason }] : [];
  });
}

function reasonAgainst(node: Node, device: OrtDevice): string | null {
  if (node.domain === VITRINE) return `${nodeLabel(node)} has no form in ONNX's operators`;
  const limit = node.domain === '' && Object.hasOwn(limits[device], node.op) ? limits[device][node.op] : undefined;
  return limit && (limit.when?.(node) ?? true) ? limit.reason : null;
}
