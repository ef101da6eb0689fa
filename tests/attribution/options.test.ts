import { describe, expect, it } from 'vitest';
import { findMethod, methods } from '../../src/lib/attribution/index.ts';
import { readOptions } from '../../src/lib/attribution/options.ts';

describe('option schemas', () => {
  const { options } = findMethod('integrated-gradients');

  it.each(methods.map((m) => [m.id, m] as const))(
    'of %s survive structured clone and JSON unchanged',
    (_id, method) => {
      expect(structuredClone(method.options)).toEqual(method.options);
      expect(JSON.parse(JSON.stringify(method.options))).toEqual(method.options);
    },
  );

  it.each(methods.map((m) => [m.id, m] as const))(
    'of %s accept their own defaults, and give every field a title and words',
    (_id, method) => {
      const defaults = readOptions(method.options, {}, method.title);
      expect(readOptions(method.options, defaults as Record<string, unknown>, method.title)).toEqual(defaults);
      for (const field of Object.values(method.options.properties) as {
        title: string;
        description: string;
        enum?: string[];
        enumTitles?: string[];
      }[]) {
        expect(field.title).toBeTruthy();
        expect(field.description).toBeTruthy();
        expect(field.enumTitles?.length).toBe(field.enum?.length);
      }
    },
  );

  it('keep what is given and fill in the rest', () => {
    expect(readOptions(options, { steps: 7 }, 'IG')).toEqual({
      steps: 7,
      quadrature: 'gauss-legendre',
      multiplyByInputs: true,
    });
  });

  it.each([
    [{ steps: 0 }, 'IG: steps is 0, must be ≥ 1. Change it or leave it out for the default.'],
    [{ steps: 1.5 }, 'steps is 1.5, must be integer'],
    [{ steps: '8' }, 'steps is "8", must be integer'],
    [{ quadrature: 'simpson' }, 'quadrature is "simpson", must be one of gauss-legendre, riemann-left'],
    [{ steps: -1, multiplyByInputs: 1 }, 'steps is -1, must be ≥ 1; multiplyByInputs is 1, must be boolean'],
    [{ step: 8 }, 'IG: no option "step". Known: steps, quadrature, multiplyByInputs.'],
    [{ constructor: 1 }, 'no option "constructor"'],
  ])('refuse %j', (given, message) => {
    expect(() => readOptions(options, given, 'IG')).toThrow(message);
  });

  it('accept every hundredth as the noise of SmoothGrad', () => {
    const schema = findMethod('smoothgrad').options;
    for (let k = 0; k <= 100; k++)
      expect(readOptions(schema, { noise: k / 100 }, 'SmoothGrad')).toMatchObject({ noise: k / 100 });
  });
});

describe('the registry', () => {
  it('has distinct ids', () => {
    expect(new Set(methods.map((m) => m.id)).size).toBe(methods.length);
  });

  it('names the known methods when asked for another', () => {
    expect(() => findMethod('gradcam')).toThrow(
      'Unknown method "gradcam". Known: integrated-gradients, deeplift, bounded-integrated-gradients,',
    );
  });
});
