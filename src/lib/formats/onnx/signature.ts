/** @file What nodes of a file must have before anything reads them: enough inputs, and attributes of the right kind. */
import type { Attribute } from '../../graph/graph.ts';
import { attributeFits, showAttribute, type AttributeKind } from '../../ops/attributes.ts';

const least: Readonly<Record<number, readonly string[]>> = {
  2: [
    ...['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Mod', 'And', 'Or', 'Xor', 'Equal', 'Greater', 'GreaterOrEqual', 'Less'],
    ...['LessOrEqual', 'PRelu', 'MatMul', 'Gemm', 'Conv', 'ConvTranspose', 'CumSum', 'Expand', 'Gather', 'CastLike'],
    ...['GatherElements', 'GatherND', 'GridSample', 'LayerNormalization', 'RMSNormalization', 'RotaryEmbedding'],
    ...['SwiGLU', 'CenterCropPad', 'QuantizeLinear', 'DequantizeLinear', 'ConvInteger', 'MatMulInteger'],
    ...['SimplifiedLayerNormalization', 'FusedConv', 'FusedGemm', 'FusedMatMul', 'BiasGelu'],
  ],
  3: [
    ...['Where', 'Range', 'OneHot', 'ScatterElements', 'Scatter', 'ScatterND', 'InstanceNormalization'],
    ...['GroupNormalization', 'SkipLayerNormalization', 'RNN', 'GRU', 'LSTM', 'DeformConv'],
    'SkipSimplifiedLayerNormalization',
  ],
  5: ['BatchNormalization'],
  8: ['QLinearConv', 'QLinearMatMul'],
};

/** Parameters that became inputs: needed once a node is at the canonical opset, not in older files. */
const canonical: Readonly<Record<number, readonly string[]>> = {
  2: ['Reshape', 'Tile', 'Pad', 'TopK', 'Unsqueeze'],
  3: ['Slice'],
};

const byOperator = (table: Readonly<Record<number, readonly string[]>>): ReadonlyMap<string, number> =>
  new Map(Object.entries(table).flatMap(([count, ops]) => ops.map((op): [string, number] => [op, Number(count)])));

const [inFiles, inGraphs] = [byOperator(least), byOperator(canonical)];

/**
 * Throws a RangeError where an input that the operator cannot do without is missing or left out. `normal`: the node is
 * at the canonical opset.
 */
export function refuseMissingInputs(op: string, inputs: readonly unknown[], normal: boolean): void {
  if (op === 'Constant') return;
  const count = inFiles.get(op) ?? (normal ? inGraphs.get(op) : undefined) ?? 1;
  const needed = VARIADIC.has(op) ? Math.max(count, inputs.length) : count;
  const missing = Array.from({ length: needed }, (_, i) => inputs[i] ?? null).indexOf(null);
  if (missing !== -1)
    throw new RangeError(
      `needs ${needed} input${needed === 1 ? '' : 's'}, the file gives ${inputs.filter((v) => v).length}: input ${missing} is missing. The file is damaged: export it again.`,
    );
}

/** Operators of any number of inputs, none of which may be left out. */
const VARIADIC: ReadonlySet<string> = new Set(['Concat', 'Sum', 'Mean', 'Max', 'Min', 'Einsum']);

const byName: Readonly<Partial<Record<AttributeKind, readonly string[]>>> = {
  int: [
    ...['axis', 'keepdims', 'num_outputs', 'group', 'allowzero', 'broadcast', 'ceil_mode', 'k', 'largest', 'sorted'],
    ...['transA', 'transB', 'transBatchA', 'transBatchB', 'spatial', 'training_mode', 'upper'],
  ],
  ints: [
    ...['axes', 'pads', 'paddings', 'kernel_shape', 'strides', 'dilations', 'perm', 'split', 'starts', 'ends', 'shape'],
    ...['repeats', 'output_shape', 'output_padding'],
  ],
  float: ['epsilon', 'alpha', 'beta', 'min', 'max', 'ratio'],
  floats: ['scales'],
  string: ['auto_pad', 'mode', 'activation', 'coordinate_transformation_mode', 'nearest_mode'],
};

const kinds: ReadonlyMap<string, AttributeKind> = new Map(
  Object.entries(byName).flatMap(([kind, names]) =>
    names.map((name): [string, AttributeKind] => [name, kind as AttributeKind]),
  ),
);

/** Throws a TypeError where an attribute that older files or several operators share is of another kind than ONNX says. */
export function refuseAttributeKinds(op: string, attrs: Readonly<Record<string, Attribute>>): void {
  for (const [name, value] of Object.entries(attrs)) {
    const kind = op === 'Constant' ? constantKind(name) : kinds.get(name);
    if (kind && !attributeFits(kind, value))
      throw new TypeError(
        `attribute ${name} must be ${kind}, got ${showAttribute(value)}. The file is damaged: export it again.`,
      );
  }
}

const constantKind = (name: string): AttributeKind | undefined =>
  (
    ({ value: 'tensor', value_float: 'float', value_floats: 'floats', value_int: 'int', value_ints: 'ints' }) as Record<
      string,
      AttributeKind
    >
  )[name];
