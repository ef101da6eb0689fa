/** @file All cases. A new family adds its file here. */
import type { Cases } from '../case.ts';
import { activation } from './activation.ts';
import { comparison } from './comparison.ts';
import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import { reduction } from './reduction.ts';
import { shape } from './shape.ts';
import { convolution } from './convolution.ts';
import { matmul } from './matmul.ts';
import { normalization } from './normalization.ts';
import { pooling } from './pooling.ts';
import { resize } from './resize.ts';
import { softmax } from './softmax.ts';

export const cases: Cases = {
  ...activation,
  ...comparison,
  ...elementwise,
  ...indexing,
  ...reduction,
  ...shape,
  ...convolution,
  ...matmul,
  ...normalization,
  ...pooling,
  ...resize,
  ...softmax,
};
