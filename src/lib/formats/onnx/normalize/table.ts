/** @file The table of what changed between operator sets: one small function per operator. */
import { findOp } from '../../../ops/define.ts';
import { controlFlow, isControlFlow } from '../control-flow.ts';
import type { FileNode } from '../flatten.ts';
import * as attention from './attention.ts';
import * as composed from './composed.ts';
import type { Normalizer } from './draft.ts';
import * as elementwise from './elementwise.ts';
import * as microsoft from './microsoft.ts';
import * as normalization from './normalization.ts';
import * as parameters from './parameters.ts';
import { ceilMode } from './pooling.ts';
import * as quantization from './quantization.ts';
import * as recurrent from './recurrent.ts';
import * as resize from './resize.ts';
import * as sampling from './sampling.ts';
import { flattening } from './softmax.ts';

interface Entry {
  readonly run: Normalizer;
  /** Operators that come out of it, when not its own alone; [] when none does. */
  readonly becomes?: readonly string[];
}

const entry = (run: Normalizer, ...becomes: readonly string[]): Entry => ({ run, becomes });
const same = (run: Normalizer): Entry => ({ run });
const gone = (run: Normalizer): Entry => ({ run, becomes: [] });
/** Written as many others. */
const written = gone;
const each = (ops: readonly string[], made: Entry): [string, Entry][] => ops.map((op) => [op, made]);

const MICROSOFT = 'com.microsoft';

const table: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ...each(
    ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'And', 'Or', 'Xor', 'Equal', 'Greater', 'Less'],
    same(elementwise.binary),
  ),
  ...each(['Sum', 'Mean', 'Max', 'Min'], same(elementwise.ofOne)),
  ...each(['Softmax', 'LogSoftmax', 'Hardmax'], same(flattening)),
  ...each(
    ['Sum', 'Mean', 'Max', 'Min', 'Prod', 'L1', 'L2', 'LogSum', 'LogSumExp', 'SumSquare'].map(
      (kind) => `Reduce${kind}`,
    ),
    same(parameters.axes),
  ),
  ...each(['MaxPool', 'AveragePool'], same(ceilMode)),
  ['PRelu', same(elementwise.prelu)],
  ['Cast', same(elementwise.cast)],
  ['CastLike', entry(elementwise.castLike, 'Cast')],
  ['Dropout', gone(elementwise.dropout)],
  ['Identity', gone(elementwise.identity)],
  ['ConvTranspose', same(parameters.convTranspose)],
  ['Clip', same(parameters.clip)],
  ['Concat', same(parameters.concat)],
  ['Pad', same(parameters.pad)],
  ['Reshape', same(parameters.reshape)],
  ['Slice', same(parameters.slice)],
  ['Split', same(parameters.split)],
  ['Squeeze', same(parameters.squeeze)],
  ['Tile', same(parameters.tile)],
  ['TopK', same(parameters.topK)],
  ['Unsqueeze', same(parameters.axes)],
  ['Upsample', entry(resize.upsample, 'Resize')],
  ['Resize', same(resize.resize)],
  ['Scatter', entry((_g, node) => ({ ...node, op: 'ScatterElements' }), 'ScatterElements')],
  ['RNN', written(recurrent.rnn)],
  ['GRU', written(recurrent.gru)],
  ['LSTM', written(recurrent.lstm)],
  ['Attention', written(attention.attention)],
  ['RotaryEmbedding', written(attention.rotaryEmbedding)],
  ['GridSample', written(sampling.gridSample)],
  ['DeformConv', written(sampling.deformConv)],
  ['LpPool', written(composed.lpPool)],
  ['CenterCropPad', written(composed.centerCropPad)],
  ['SwiGLU', written(composed.swiGlu)],
  ['NonZero', written(composed.nonZero)],
  ['Einsum', same(composed.einsum)],
  ['QuantizeLinear', written(quantization.quantizeLinear)],
  ['DequantizeLinear', written(quantization.dequantizeLinear)],
  ['DynamicQuantizeLinear', written(quantization.dynamicQuantizeLinear)],
  ['ConvInteger', written(quantization.convInteger)],
  ['MatMulInteger', written(quantization.matMulInteger)],
  ['QLinearConv', written(quantization.qLinearConv)],
  ['QLinearMatMul', written(quantization.qLinearMatMul)],
  ['BatchNormalization', same(normalization.batchNormalization)],
  ['GroupNormalization', same(normalization.groupNormalization)],
  ['SimplifiedLayerNormalization', entry(normalization.simplifiedLayerNormalization, 'RMSNormalization')],
  [`${MICROSOFT}.LayerNormalization`, entry(normalization.layerNormalization, 'LayerNormalization')],
  [`${MICROSOFT}.SimplifiedLayerNormalization`, entry(normalization.simplifiedLayerNormalization, 'RMSNormalization')],
  [`${MICROSOFT}.SkipLayerNormalization`, entry(microsoft.skipLayerNormalization, 'Add', 'LayerNormalization')],
  [`${MICROSOFT}.SkipSimplifiedLayerNormalization`, entry(microsoft.skipSimplified, 'Add', 'RMSNormalization')],
  [`${MICROSOFT}.EmbedLayerNormalization`, written(attention.embedLayerNormalization)],
  [`${MICROSOFT}.Attention`, written(attention.packedAttention)],
  [`${MICROSOFT}.MultiHeadAttention`, written(attention.multiHeadAttention)],
  [`${MICROSOFT}.RotaryEmbedding`, written(attention.microsoftRotaryEmbedding)],
  [`${MICROSOFT}.QuantizeLinear`, written(quantization.quantizeLinear)],
  [`${MICROSOFT}.DequantizeLinear`, written(quantization.dequantizeLinear)],
  [`${MICROSOFT}.Gelu`, entry(microsoft.gelu, 'Gelu')],
  [`${MICROSOFT}.BiasGelu`, entry(microsoft.gelu, 'Gelu', 'Add')],
  [`${MICROSOFT}.FastGelu`, entry(microsoft.fastGelu, 'Gelu', 'Add')],
  [`${MICROSOFT}.QuickGelu`, entry(microsoft.quickGelu, 'Swish')],
  [`${MICROSOFT}.FusedConv`, entry(microsoft.fusedConv, 'Conv')],
  [`${MICROSOFT}.FusedGemm`, entry(microsoft.fusedGemm, 'Gemm')],
  [`${MICROSOFT}.FusedMatMul`, entry(microsoft.fusedMatMul, 'MatMul')],
  [`${MICROSOFT}.Trilu`, entry(microsoft.toOnnx, 'Trilu')],
]);

const keyOf = (op: string, domain: string) => (domain ? `${domain}.${op}` : op);

/** What brings a node to the canonical opset; undefined where nothing changed. */
export const normalizerOf = (op: string, domain: string): Normalizer | undefined => table.get(keyOf(op, domain))?.run;

/** Attributes that say nothing at inference; others that an operator's schema lacks are refused. */
export const IDLE_ATTRIBUTES: ReadonlySet<string> = new Set(['consumed_inputs', 'is_test', 'saturate', 'round_mode']);

/** How operators are counted and named: `Conv`, `com.microsoft.Attention`. */
export const operatorName = (node: FileNode): string => keyOf(node.op, node.domain);

/** Operators that have no definition of their own: they are read as others. */
export const importedOnly = (): string[] =>
  [
    'Constant',
    ...Object.keys(controlFlow),
    ...[...table]
      .filter(([key, { becomes }]) => becomes?.every((op) => findOp(op)) && !findOp(key))
      .map(([key]) => key),
  ].sort();

/** Whether the operator can be imported. */
export function isSupported(node: FileNode): boolean {
  if ((node.op === 'Constant' && node.domain === '') || isControlFlow(node.op, node.domain)) return true;
  const becomes = table.get(operatorName(node))?.becomes;
  return becomes ? becomes.every((op) => findOp(op)) : findOp(node.op, node.domain) !== undefined;
}
