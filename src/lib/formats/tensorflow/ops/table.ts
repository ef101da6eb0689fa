/** @file Every operator of TensorFlow that can be read. A new family adds one line here. */
import type { Row } from '../site.ts';
import { convolutions } from './convolution.ts';
import { creating } from './creating.ts';
import { elementwise } from './elementwise.ts';
import { image } from './image.ts';
import { layout } from './layout.ts';
import { logical } from './logical.ts';
import { matmul } from './matmul.ts';
import { normalization } from './normalization.ts';
import { passing } from './passing.ts';
import { pooling } from './pooling.ts';
import { reduction } from './reduction.ts';
import { slicing } from './slicing.ts';

export const operators = {
  ...passing,
  ...elementwise,
  ...logical,
  ...matmul,
  ...convolutions,
  ...pooling,
  ...normalization,
  ...reduction,
  ...layout,
  ...slicing,
  ...creating,
  ...image,
} satisfies Record<string, Row>;

export type TensorFlowOperator = keyof typeof operators;

/** The row of an operator, or null where it cannot be read. */
export const rowOf = (op: string): Row | null =>
  Object.hasOwn(operators, op) ? (operators as Readonly<Record<string, Row>>)[op] : null;
