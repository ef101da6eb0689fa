/** @file The registry: importing it defines every operator. A new family file adds one line here. */
import './elementwise.ts';
import './trigonometry.ts';
import './minmax.ts';
import './comparison.ts';
import './activation.ts';

export { allOps, findOp, getOp, type AnyOp } from './define.ts';
