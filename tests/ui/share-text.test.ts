import { describe, expect, it } from 'vitest';
import type { PublicModel } from '../../src/lib/state/library.ts';
import { placed } from '../../src/lib/ui/share-long.ts';
import {
  bundleTarget,
  linkNote,
  longLinkNote,
  namesText,
  neededNotice,
  neededText,
  verdictText,
} from '../../src/lib/ui/share-text.ts';
import { wrap } from '../../src/lib/ui/share-poster.ts';
import { long, typical } from '../share/records.ts';

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

  const file = { bundled: '', name: 'resnet.onnx', bytes: 102_400_000, sha256: 'ab12', url: '' };

  it('names a file by name, size and hash, and the site that has it', () => {
    expect(neededText({ role: 'model', input: 0, file, known: null })).toBe(
      'the model resnet.onnx (102 MB, SHA-256 ab12)',
    );
    const remote = { ...file, url: 'https://user@files.example:8080/m/resnet.onnx?x#huggingface.co' };
    expect(neededText({ role: 'model', input: 0, file: remote, known: null })).toMatch(/\) from files\.example:8080$/);
    const known = { title: 'ResNet', licence: 'MIT' } as PublicModel;
    expect(neededText({ role: 'model', input: 0, file: remote, known })).toMatch(
      /^the model ResNet \(102 MB, MIT, SHA-256/,
    );
  });

  it('tells files that can be fetched from those that only the sender has', () => {
    const model = {
      role: 'model',
      input: 0,
      file: { ...file, url: 'https://files.example/resnet.onnx' },
      known: null,
    } as const;
    const image = { role: 'image', input: 0, file: { ...file, name: 'cat.png' }, known: null } as const;
    expect(neededNotice([model, image])).toMatch(
      /from files\.example and the image cat\.png \(.*\), which only its sender has\. Nothing is fetched/,
    );
    expect(neededNotice([model])).not.toContain('only its sender');
    expect(neededNotice([image])).not.toContain('fetched');
  });

  it('says how long a link is, what it does, and what may happen to a long one', () => {
    expect(linkNote('x'.repeat(1234), typical)).toBe('1\u202f234 characters. Opening it computes again and compares.');
    expect(linkNote('x', long)).not.toContain('must have');
    const own = { ...typical, model: { ...file, url: '' } };
    expect(linkNote('x', own)).toMatch(/must have resnet\.onnx\.$/);
    expect(longLinkNote('x'.repeat(12_000))).toMatch(/^12\u202f000 characters\..*Some programs cut/);
    expect(longLinkNote('x'.repeat(1500))).not.toContain('cut');
  });

  it('names the classes of a bundle as its sender does', () => {
    expect(bundleTarget(typical)).toBe('logit of cat.');
    expect(bundleTarget({ ...typical, label: '' })).toBe('logit of class 2.');
    expect(bundleTarget(long)).toBe(`logit of Egyptian cat, tabby − logit of ${long.otherLabel}.`);
    expect(bundleTarget({ ...long, label: 'cat − dog', otherLabel: '' })).toBe('difference of logits cat − dog.');
    expect(namesText([])).toBe('');
    expect(namesText(['cat', 'dog'])).toMatch(/“cat” and “dog” are names by the sender/);
  });
});

describe('the picture of a long link', () => {
  it('is the part that the model sees, with the map in its place', () => {
    const { visible, size, crop } = placed(
      { width: 1000, height: 500 },
      { x: 250, y: 0, width: 500, height: 500 },
      224,
    );
    expect(visible).toEqual({ x: 250, y: 0, width: 500, height: 500 });
    expect(size).toEqual({ width: 256, height: 256 });
    expect(crop).toEqual({ x: 0, y: 0, width: 256, height: 256 });
  });

  it('keeps the frame around an image that was fitted in, and makes nothing larger', () => {
    const { visible, size, crop } = placed({ width: 100, height: 50 }, { x: 0, y: -25, width: 100, height: 100 }, 224);
    expect([visible, size]).toEqual([
      { x: 0, y: 0, width: 100, height: 50 },
      { width: 100, height: 50 },
    ]);
    expect(crop).toEqual({ x: 0, y: -25, width: 100, height: 100 });
  });
});

describe('a picture’s lines', () => {
  it('break at spaces where they are too long, and lose nothing', () => {
    const lines = wrap('one two three fourteen five', (line) => line.length <= 9);
    expect(lines).toEqual(['one two', 'three', 'fourteen', 'five']);
    expect(wrap('unbreakable', () => false)).toEqual(['unbreakable']);
  });
});
