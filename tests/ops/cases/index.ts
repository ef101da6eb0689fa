/** @file All cases. A new family adds its file here. */
import type { Cases } from '../case.ts';
import { activation } from './activation.ts';
import { comparison } from './comparison.ts';
import { elementwise } from './elementwise.ts';

export const cases: Cases = { ...activation, ...comparison, ...elementwise };
