/**
 * @file Operators that a device lacks, in terms of ones that it has. WebGPU's entries are correct without (the CPU
 * provider steps in) but would move tensors off the GPU and back.
 */
import { Value, VITRINE, type Graph, type Node } from '../../graph/graph.ts';
import { rewriteGraph } from '../../graph/rewrite.ts';
import { normalizeAxis } from '../../graph/dim.ts';
import type { Builder } from '../../ops/builder.ts';
import { attributesOf, getOp, operatorKey } from '../../ops/define.ts';
import { resizeByMatrices, type ResizeAttributes } from '../../ops/resize.ts';
import type { OrtDevice } from '../runtime.ts';
import { einsumInLetters, layerNormalizationInFull, padAfterCropping, sliceBackwards } from './forms.ts';

/** A node of its operator, its inputs already lowered; null leaves it as it is. */
export type Decomposition = (g: Builder, node: Node, x: readonly Value[]) => Value | readonly Value[] | null;

const number = (node: Node, name: string, fallback: number): number =>
  (node.attrs[name] as number | undefined) ?? fallback;

const addAll = (g: Builder, parts: readonly Value[]): Value => parts.reduce((sum, part) => g.add(sum, part));

/** Younger than the opset that is written: no device has it. x · sigmoid(αx) is fused by onnxruntime where that pays. */
export const everywhere: Readonly<Record<string, Decomposition>> = {
  Swish: (g, node, [x]) => {
    const alpha = number(node, 'alpha', 1);
    return g.mul(x, g.sigmoid(alpha === 1 ? x : g.mul(x, alpha)));
  },
  RMSNormalization: (g, node, [x, scale]) => {
    const first = normalizeAxis(number(node, 'axis', -1), x.shape.length, 'RMSNormalization');
    const axes = x.shape.flatMap((_, i) => (i < first ? [] : [i]));
    const meanSquare = g.reduceMean(g.square(x), axes);
    return g.mul(g.div(x, g.sqrt(g.add(meanSquare, number(node, 'epsilon', 1e-5)))), scale);
  },
  GroupNormalization: (g, node, [x, scale, bias]) =>
    groupNormalization(g, x, scale, bias, number(node, 'num_groups', 1), number(node, 'epsilon', 1e-5)),
  [`${VITRINE}.RoundClip`]: (g, _node, [x, low, high]) => g.min(g.max(g.apply('Round', [x]), low), high),
  Dropout: (g, _node, [x]) => [x, g.expand(g.scalar(1, 'bool'), x.shape)],
  Einsum: einsumInLetters,
};

const onWasm: Readonly<Record<string, Decomposition>> = {
  LRN: (g, node, [x]) => (x.shape.length === 4 ? null : localResponseNormalization(g, node, x)),
};

const onWebGpu: Readonly<Record<string, Decomposition>> = {
  Sum: (g, _node, parts) => addAll(g, parts),
  Mean: (g, _node, parts) => g.mul(addAll(g, parts), 1 / parts.length),
  Sign: (g, _node, [x]) => (x.dtype === 'float32' ? g.where(g.greater(x, 0), 1, g.where(g.less(x, 0), -1, 0)) : null),
  Softsign: (g, _node, [x]) => g.div(x, g.add(g.abs(x), 1)),
  Selu: (g, node, [x]) =>
    g.mul(
      g.apply('Elu', [x], { alpha: number(node, 'alpha', 1.6732632423543772) }),
      number(node, 'gamma', 1.0507009873554805),
    ),
  Celu: (g, node, [x]) => {
    const alpha = number(node, 'alpha', 1);
    return g.mul(g.apply('Elu', [g.mul(x, 1 / alpha)], { alpha: 1 }), alpha);
  },
  Round: (g, _node, [x]) => roundHalfToEven(g, x),
  LogSoftmax: (g, node, [x]) => {
    const axes = [normalizeAxis(number(node, 'axis', -1), x.shape.length, 'LogSoftmax')];
    const centred = g.sub(x, g.reduceMax(x, axes));
    return g.sub(centred, g.log(g.reduceSum(g.exp(centred), axes)));
  },
  SpaceToDepth: (g, node, [x]) => spaceToDepth(g, x, number(node, 'blocksize', 1)),
  LRN: (g, node, [x]) => localResponseNormalization(g, node, x),
  InstanceNormalization: (g, node, [x, scale, bias]) =>
    instanceNormalization(g, x, scale, bias, number(node, 'epsilon', 1e-5)),
  Slice: sliceBackwards,
  Pad: padAfterCropping,
  LayerNormalization: layerNormalizationInFull,
};

/** Younger than opset 17, which files for other programs keep to. */
const inFiles: Readonly<Record<string, Decomposition>> = {
  ...onWasm,
  Gelu: (g, node, [x]) => {
    const inner =
      node.attrs.approximate === 'tanh'
        ? g.tanh(g.mul(g.mul(x, g.add(g.mul(g.square(x), 0.044715), 1)), Math.sqrt(2 / Math.PI)))
        : g.erf(g.mul(x, Math.SQRT1_2));
    return g.mul(g.mul(x, 0.5), g.add(inner, 1));
  },
  Mish: (g, _node, [x]) => g.mul(x, g.tanh(g.apply('Softplus', [x]))),
  Resize: (g, node, x) =>
    ['antialias', 'axes', 'keep_aspect_ratio_policy'].some((name) => node.attrs[name]) ||
    node.attrs.coordinate_transformation_mode === 'half_pixel_symmetric'
      ? resizeByMatrices(g, x, attributesOf(getOp('Resize'), node) as ResizeAttributes)
      : null,
};

const tables: Readonly<Record<OrtDevice | 'file', Readonly<Record<string, Decomposition>>>> = {
  wasm: onWasm,
  webgpu: onWebGpu,
  file: inFiles,
};

/** Every node that no device has or that this one lacks, decomposed. */
export function decompose(graph: Graph, g: Builder, device: OrtDevice | 'file'): Graph {
  // In two steps: what replaces a node that no device has may be one that this device lacks.
  return [everywhere, tables[device]].reduce((current, table) => decomposeBy(current, g, table), graph);
}

/** Every node that has an entry in the table. */
export function decomposeBy(graph: Graph, g: Builder, table: Readonly<Record<string, Decomposition>>): Graph {
  return rewriteGraph(graph, (node, inputs) => {
    const key = operatorKey(node.op, node.domain);
    if (!Object.hasOwn(table, key)) return null;
    const result = table[key](g, node, inputs as readonly Value[]);
    return result instanceof Value ? [result] : result;
  });
}

/** Each group as one instance; scale and bias of each channel afterwards (opset 20 has them for each group only). */
function groupNormalization(g: Builder, x: Value, scale: Value, bias: Value, groups: number, epsilon: number): Value {
  const [n, c, ...spatial] = x.shape as number[];
  const grouped = g.reshape(x, [n, groups, (c / groups) * spatial.reduce((a, d) => a * d, 1)]);
  const unit = g.apply(
    'InstanceNormalization',
    [grouped, g.expand(g.scalar(1), [groups]), g.expand(g.scalar(0), [groups])],
    { epsilon },
  );
  const perChannel = (v: Value) => g.reshape(v, [c, ...spatial.map(() => 1)]);
  return g.add(g.mul(g.reshape(unit, x.shape), perChannel(scale)), perChannel(bias));
}

/** WebGPU's own keeps the epsilon of the first node of its kind that it met, whatever those after it say. */
export function instanceNormalization(g: Builder, x: Value, scale: Value, bias: Value, epsilon: number): Value {
  const axes = x.shape.slice(2).map((_, i) => i + 2);
  const centred = g.sub(x, g.reduceMean(x, axes));
  const deviation = g.sqrt(g.add(g.reduceMean(g.square(centred), axes), epsilon));
  const perChannel = (v: Value) => g.reshape(v, [v.shape[0], ...axes.map(() => 1)]);
  return g.add(g.mul(g.div(centred, deviation), perChannel(scale)), perChannel(bias));
}

/** ⌊x + ½⌋, one less where that is odd and x was halfway. */
function roundHalfToEven(g: Builder, x: Value): Value {
  const floor = (v: Value) => g.apply('Floor', [v]);
  const up = floor(g.add(x, 0.5));
  const halfway = g.equal(g.sub(up, x), 0.5);
  const odd = g.sub(up, g.mul(floor(g.mul(up, 0.5)), 2));
  return g.sub(up, g.where(halfway, odd, 0));
}

/** [N, C, H, W] → [N, b·b·C, H/b, W/b], the block's position outermost among the channels. */
export function spaceToDepth(g: Builder, x: Value, b: number): Value {
  const [n, c, h, w] = x.shape as number[];
  const blocks = g.transpose(g.reshape(x, [n, c, h / b, b, w / b, b]), [0, 3, 5, 1, 2, 4]);
  return g.reshape(blocks, [n, b * b * c, h / b, w / b]);
}

/** x / (bias + α/size · Σ over `size` neighbouring channels of x²)^β: an average over windows of the channel axis. */
export function localResponseNormalization(g: Builder, node: Node, x: Value): Value | null {
  const size = number(node, 'size', 0);
  if (x.shape.length < 3 || size < 1) return null;
  const [n, c, ...spatial] = x.shape as number[];
  const flat = g.reshape(g.square(x), [n, 1, c, spatial.reduce((a, d) => a * d, 1)]);
  const pads = [Math.floor((size - 1) / 2), 0, Math.ceil((size - 1) / 2), 0];
  const mean = g.apply('AveragePool', [flat], { kernel_shape: [size, 1], strides: [1, 1], pads, count_include_pad: 1 });
  const scale = g.add(g.mul(g.reshape(mean, x.shape), number(node, 'alpha', 1e-4)), number(node, 'bias', 1));
  return g.div(x, g.pow(scale, number(node, 'beta', 0.75)));
}
