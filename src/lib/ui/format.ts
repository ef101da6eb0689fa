/** @file Numbers as people read and copy them: a true minus, a fixed number of significant digits, a unit. */

const MINUS = '−';

/** Four significant digits; powers of ten beyond 10⁻³…10⁵. `signed` writes the plus too. */
export function number(value: number, { digits = 4, signed = false } = {}): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : value > 0 ? '+∞' : `${MINUS}∞`;
  const size = Math.abs(value);
  const sign = value < 0 ? MINUS : signed && value > 0 ? '+' : '';
  if (size === 0) return '0';
  if (size >= 1e5 || size < 1e-3) {
    const [mantissa, exponent] = size.toExponential(digits - 1).split('e');
    return `${sign}${mantissa} × 10${superscript(Number(exponent))}`;
  }
  return sign + size.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(Number(size.toPrecision(digits))))));
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const superscript = (n: number): string =>
  (n < 0 ? '⁻' : '') + [...String(Math.abs(n))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');

/** A share as a percentage with three significant digits. */
export function percent(share: number): string {
  const value = share * 100;
  if (Number.isNaN(value)) return number(value);
  if (value !== 0 && Math.abs(value) < 0.001) return '< 0.001 %';
  if (value < 100 && value > 99.95) return '> 99.9 %';
  return `${number(value, { digits: 3 })} %`;
}

/** A small share as people say it: "3 × 10⁻⁶"; from a thousandth on as a percentage. */
export function roughly(share: number): string {
  return share < 1e-3 ? number(share, { digits: 1 }) : percent(share);
}

export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  return seconds < 60
    ? `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  const units = ['kB', 'MB', 'GB'];
  const power = Math.min(units.length, Math.floor(Math.log10(count) / 3));
  return `${number(count / 1000 ** power, { digits: 3 })} ${units[power - 1]}`;
}

/** Large whole numbers, three digits: "31.2 M", "1.83 G". */
export function magnitude(n: number): string {
  if (n < 1000) return String(n);
  const units = ['k', 'M', 'G', 'T'];
  const power = Math.min(units.length, Math.floor(Math.log10(n) / 3));
  return `${number(n / 1000 ** power, { digits: 3 })} ${units[power - 1]}`;
}

/** Thousands apart by thin spaces. */
export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, '\u202f');

/** "1 pass", "32 passes". */
export const counted = (n: number, one: string, many: string): string => `${count(n)} ${n === 1 ? one : many}`;
