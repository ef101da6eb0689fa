/** @file Every TensorFlow Lite operator that can be read, by its name in the schema. */
import { control } from './control.ts';
import type { Operator } from './define.ts';
import { elementwise } from './elementwise.ts';
import { layers } from './layers.ts';
import { reductions } from './reductions.ts';
import { shapes } from './shapes.ts';

export const operators = { ...elementwise, ...layers, ...shapes, ...reductions, ...control } satisfies Record<
  string,
  Operator
>;

export type OperatorName = keyof typeof operators;

export const isSupported = (name: string): name is OperatorName => Object.hasOwn(operators, name);
