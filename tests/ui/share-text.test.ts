import { describe, expect, it } from 'vitest';
import { neededText, verdictText } from '../../src/lib/ui/share-text.ts';
import { wrap } from '../../src/lib/ui/share-poster.ts';

const verdict = { reproduced: true, difference: 0, number: 'value' as const, reasons: [] };

describe('what is said about a link', () => {
  it('is that the result is the same, and how nearly', () => {
    expect(verdictText(verdict)).toBe('Reproduced: all numbers are equal to six digits.');
    expect(verdictText({ ...verdict, difference: 2e-4, reasons: ['device WebGPU instead of WASM'] })).toBe(
      'Reproduced: the numbers differ by 0.0200 % at most. Different here: device WebGPU instead of WASM.',
    );
  });

  it('is which number differs, by how much and why', () => {
    const far = { reproduced: false, difference: 0.125, number: 'max' as const, reasons: ['Vitrine 2 instead of 1'] };
    expect(verdictText(far)).toBe(
      'Differs from the link: the maximum of the map by 12.5 %. Different here: Vitrine 2 instead of 1.',
    );
    expect(verdictText({ ...far, reasons: [] })).toMatch(/Model, image, device and versions are the same\.$/);
    expect(verdictText({ ...far, difference: Infinity })).toMatch(/only one of the two has the maximum/);
  });

  it('names a file by name, size and hash', () => {
    const file = { bundled: '', name: 'resnet.onnx', bytes: 102_400_000, sha256: 'ab12' };
    expect(neededText({ role: 'model', file })).toBe('the model resnet.onnx (102 MB, SHA-256 ab12)');
  });
});

describe('a picture’s lines', () => {
  it('break at spaces where they are too long, and lose nothing', () => {
    const lines = wrap('one two three fourteen five', (line) => line.length <= 9);
    expect(lines).toEqual(['one two', 'three', 'fourteen', 'five']);
    expect(wrap('unbreakable', () => false)).toEqual(['unbreakable']);
  });
});
