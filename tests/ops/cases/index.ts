/** @file All cases. A new family adds its file here. */
import type { Cases } from '../case.ts';
import { elementwise } from './elementwise.ts';

export const cases: Cases = { ...elementwise };
