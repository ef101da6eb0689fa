/** @file The registry: importing it defines every operator. A new family file adds one line here. */
import './elementwise.ts';
import './trigonometry.ts';
import './minmax.ts';
import './comparison.ts';
import './activation.ts';
import './rounding.ts';
import './casting.ts';
import './shape.ts';
import './slicing.ts';
import './padding.ts';
import './indexing.ts';
import './scatter.ts';
import './generating.ts';
import './reduction.ts';
import './product.ts';
import './ranking.ts';
import './convolution.ts';
import './pooling.ts';
import './channels-last.ts';
import './matmul.ts';
import './einsum.ts';
import './softmax.ts';
import './normalization.ts';
import './norms.ts';
import './resize.ts';

export { allOps, findOp, getOp, type AnyOp } from './define.ts';
