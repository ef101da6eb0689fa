import { describe, expect, it } from 'vitest';
import { defaultsOf, fieldError, valuesFor } from '../../src/lib/state/options.ts';
import { method } from './fake-lab.ts';

const { options } = method('any');

describe('the values of a form', () => {
  it('are the defaults of the schema until something is changed', () => {
    expect(defaultsOf(options)).toEqual({ steps: 32, rule: 'gauss', absolute: false });
    expect(valuesFor(options, {})).toEqual(defaultsOf(options));
  });

  it('keep what was changed, and nothing that the schema does not know or allow', () => {
    expect(valuesFor(options, { steps: 64, rule: 'riemann', absolute: true, gone: 1 })).toEqual({
      steps: 64,
      rule: 'riemann',
      absolute: true,
    });
    expect(valuesFor(options, { steps: 0, rule: 'simpson' })).toEqual(defaultsOf(options));
  });

  it.each([
    [64, null],
    [1.5, 'Enter a whole number.'],
    [0, 'At least 1.'],
    [501, 'At most 500.'],
    [NaN, 'Enter a number.'],
    ['64', 'Enter a number.'],
  ])('says what is wrong with %s steps', (value, error) => {
    expect(fieldError(options.properties.steps, value)).toBe(error);
  });

  it('says which choices there are', () => {
    expect(fieldError(options.properties.rule, 'simpson')).toBe('Choose one of gauss, riemann.');
  });
});
