/** @file Operators that onnxruntime's optimiser writes into files (domain com.microsoft), in ONNX's own. */
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { change, last, numberAttr, without, type Draft, type Normalizer } from './draft.ts';

const sum = (g: Builder, ...parts: readonly (Value | null | undefined)[]): Value =>
  parts.filter((v) => v !== null && v !== undefined).reduce((a, b) => g.add(a, b));

/** Gelu and BiasGelu: exact. */
export const gelu: Normalizer = (g, node) => last(g, node, 'Gelu', [sum(g, ...node.inputs)]);

export const fastGelu: Normalizer = (g, node) =>
  last(g, node, 'Gelu', [sum(g, ...node.inputs)], { approximate: 'tanh' });

export const quickGelu: Normalizer = (g, node) =>
  last(g, node, 'Swish', node.inputs, { alpha: numberAttr(node, 'alpha', 1.702) });

/** The activation that was fused into a node, applied to its result. */
function activated(g: Builder, node: Draft, x: Value, parameters: readonly number[]): readonly Value[] {
  const [alpha, beta] = parameters;
  switch (node.attrs.activation) {
    case undefined:
    case '':
      return [x];
    case 'Relu':
    case 'Tanh':
    case 'Sigmoid':
      return last(g, node, node.attrs.activation, [x]);
    case 'LeakyRelu':
      return last(g, node, 'LeakyRelu', [x], alpha === undefined ? {} : { alpha });
    case 'Clip':
      return last(g, node, 'Clip', [x, g.scalar(alpha), g.scalar(beta)]);
    case 'HardSigmoid':
      return last(g, node, 'HardSigmoid', [x], { alpha, beta });
    default:
      throw new RangeError(
        `the fused activation ${JSON.stringify(node.attrs.activation)} is not supported. Use the file before onnxruntime's optimisation.`,
      );
  }
}

/** Conv, then Z is added, then the activation. */
export const fusedConv: Normalizer = (g, node) => {
  const [x, w, b, z] = node.inputs;
  const { attrs } = without(node, 'activation', 'activation_params');
  const y = g.apply('Conv', [x, w, b ?? null], attrs);
  return activated(g, node, z ? g.add(y, z) : y, (node.attrs.activation_params as readonly number[] | undefined) ?? []);
};

export const fusedGemm: Normalizer = (g, node) => {
  const parameters = ['activation_alpha', 'activation_beta', 'activation_gamma'];
  const { attrs } = without(node, 'activation', ...parameters);
  return activated(
    g,
    node,
    g.apply('Gemm', node.inputs, attrs),
    parameters.map((p) => node.attrs[p] as number),
  );
};

/** alpha · op(a) @ op(b), op swapping the last two axes. */
export const fusedMatMul: Normalizer = (g, node) => {
  if (node.attrs.transBatchA === 1 || node.attrs.transBatchB === 1)
    throw new RangeError(
      "transBatchA and transBatchB are not supported. Use the file before onnxruntime's optimisation.",
    );
  const [a, b] = node.inputs.map((v, i) =>
    node.attrs[i === 0 ? 'transA' : 'transB'] === 1 && v!.shape.length > 1 ? g.transpose(v!) : v!,
  );
  const alpha = numberAttr(node, 'alpha', 1);
  return alpha === 1 ? last(g, node, 'MatMul', [a, b]) : last(g, node, 'Mul', [g.matmul(a, b), g.scalar(alpha)]);
};

/** LayerNormalization(input + skip + bias) · gamma + beta; the fourth output is that sum. */
export const skipLayerNormalization: Normalizer = (g, node) => {
  const [x, skip, gamma, beta, bias] = node.inputs;
  const total = sum(g, x, skip, bias);
  const [y] = last(g, node, 'LayerNormalization', [total, gamma, beta ?? null], {
    axis: -1,
    epsilon: numberAttr(node, 'epsilon', 1e-12),
  });
  return node.outputs[3] ? [y, null, null, total] : [y];
};

/** RMSNormalization(input + skip + bias) · gamma; the fourth output is that sum. */
export const skipSimplified: Normalizer = (g, node) => {
  const [x, skip, gamma, bias] = node.inputs;
  const total = sum(g, x, skip, bias);
  const epsilon = numberAttr(node, 'epsilon', 1e-12);
  const [y] = last(g, node, 'RMSNormalization', [total, gamma], { axis: -1, epsilon });
  return node.outputs[3] ? [y, null, null, total] : [y];
};

/** An operator that ONNX has under the same name with the same meaning. */
export const toOnnx: Normalizer = (_g, node) => change(node, { domain: '' });
