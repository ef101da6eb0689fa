import { describe, expect, it } from 'vitest';
import { bytes, count, counted, duration, magnitude, number, percent, roughly } from '../../src/lib/ui/format.ts';

describe('a number', () => {
  it.each([
    [0, '0'],
    [12.3456, '12.35'],
    [-0.0123456, '−0.01235'],
    [9.99999, '10.00'],
    [99999.4, '99999'],
    [0.000123456, '1.235 × 10⁻⁴'],
    [-1234567, '−1.235 × 10⁶'],
    [Infinity, '+∞'],
    [NaN, 'not a number'],
  ])('%d reads %s', (value, text) => expect(number(value)).toBe(text));

  it('shows its plus when its sign matters', () => {
    expect(number(1.5, { signed: true })).toBe('+1.500');
    expect(number(0, { signed: true })).toBe('0');
  });
});

describe('a share', () => {
  it.each([
    [0.98234, '98.2 %'],
    [1, '100 %'],
    [0.99999, '> 99.9 %'],
    [0.0004, '0.0400 %'],
    [1e-9, '< 0.001 %'],
    [0, '0 %'],
    [1.5, '150 %'],
    [NaN, 'not a number'],
  ])('%d reads %s', (value, text) => expect(percent(value)).toBe(text));
});

describe('other quantities', () => {
  it.each([
    [0.42, '0.4 ms'],
    [812.3, '812 ms'],
    [1234, '1.23 s'],
    [75_000, '1 min 15 s'],
  ])('%d milliseconds read %s', (value, text) => expect(duration(value)).toBe(text));

  it.each([
    [999, '999 B'],
    [1_234_567, '1.23 MB'],
    [97_800_000, '97.8 MB'],
  ])('%d bytes read %s', (value, text) => expect(bytes(value)).toBe(text));

  it('count with thin spaces and the right noun', () => {
    expect(count(1234567)).toBe('1\u202f234\u202f567');
    expect(counted(1, 'pass', 'passes')).toBe('1 pass');
    expect(counted(32, 'pass', 'passes')).toBe('32 passes');
  });
});

it('a small difference is said with one digit, a visible one as a percentage', () => {
  expect([2.9e-6, 0.0123, 0].map(roughly)).toEqual(['3 × 10⁻⁶', '1.23 %', '0']);
});

it('large whole numbers are said with three digits and a prefix', () => {
  expect([7, 999, 1234, 31_200_000, 1.83e9, 4.1e15].map(magnitude)).toEqual([
    '7',
    '999',
    '1.23 k',
    '31.2 M',
    '1.83 G',
    '4100 T',
  ]);
});
