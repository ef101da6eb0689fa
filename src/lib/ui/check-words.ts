/** @file What came of a check on another device, in a sentence. */
import type { CrossCheck } from '../state/cross-check.svelte.ts';
import { percent, roughly } from './format.ts';

/** `here`, `there`: titles of the two devices. */
export function checkText({ difference, agrees, divergence }: CrossCheck, here: string, there: string): string {
  if (difference === 0) return `${here} and ${there} agree exactly.`;
  if (agrees) return `${here} and ${there} agree to ${roughly(difference)}.`;
  const apart = `${here} and ${there} differ by ${Number.isFinite(difference) ? roughly(difference) : 'numbers that are not finite'}`;
  if (!divergence) return `${apart}. No single operator is to blame: small differences add up over the passes.`;
  const name = divergence.node ? ` (“${divergence.node}”)` : '';
  return `${apart}. They part at ${divergence.op}${name}, by ${percent(divergence.difference)} of its largest number.`;
}
