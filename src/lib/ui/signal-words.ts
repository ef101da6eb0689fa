/** @file Signals in words. */
import type { GradientMark } from '../state/signal-findings.ts';
import type { LayerHealth } from '../state/signals.svelte.ts';
import { number } from './format.ts';

const MARKS: Readonly<Record<GradientMark, string>> = {
  vanishing: 'vanishing',
  exploding: 'exploding',
  zero: 'exactly 0',
  'non-finite': 'NaN or ∞',
  independent: 'none',
  '': '',
};

/** "0.00012 vanishing", "exactly 0". */
export function gradientText({ gradientNorm }: LayerHealth, mark: GradientMark): string {
  const marked = MARKS[mark];
  if (gradientNorm === null || gradientNorm === 0 || !Number.isFinite(gradientNorm)) return marked;
  return [number(gradientNorm, { digits: 3 }), marked].filter(Boolean).join(' ');
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** "10⁻³". */
export const powerOfTen = (power: number): string =>
  `10${power < 0 ? '⁻' : ''}${[...String(Math.abs(power))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('')}`;
