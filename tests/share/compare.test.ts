import { describe, expect, it } from 'vitest';
import { compareRecords } from '../../src/lib/share/compare.ts';
import { pair, typical } from './records.ts';

const numbers = typical.numbers;

describe('two computations', () => {
  it('are the same where all numbers are', () => {
    expect(compareRecords(typical, typical)).toEqual({ reproduced: true, difference: 0, number: 'value', reasons: [] });
  });

  it('are the same within a thousandth, and a gap is named by its number', () => {
    const near = compareRecords(typical, { ...typical, numbers: { ...numbers, max: numbers.max! * 1.0005 } });
    expect(near).toMatchObject({ reproduced: true, number: 'max' });
    const far = compareRecords(typical, { ...typical, numbers: { ...numbers, max: numbers.max! * 1.01 } });
    expect(far).toMatchObject({ reproduced: false, number: 'max' });
    expect(far.difference).toBeCloseTo(0.01 / 1.01, 6);
  });

  it('are not told apart by a sum that cancels', () => {
    const tiny = (sum: number) => ({ ...typical, numbers: { ...numbers, sum, max: 5 } });
    expect(compareRecords(tiny(1e-4), tiny(-1e-4)).reproduced).toBe(true);
  });

  it('are not the same where one has no finite number', () => {
    const blank = { ...typical, numbers: { ...numbers, sum: null } };
    expect(compareRecords(typical, blank)).toMatchObject({ reproduced: false, difference: Infinity, number: 'sum' });
    const none = { ...typical, numbers: { value: null, delta: null, sum: null, max: null } };
    expect(compareRecords(none, none).reproduced).toBe(false);
  });

  it('name the image of another input, too, as a reason', () => {
    const [other] = pair.others;
    const now = { ...pair, others: [{ ...other, image: { ...other.image, sha256: 'f'.repeat(64) } }] };
    expect(compareRecords(pair, now).reasons).toEqual([expect.stringMatching(/^another image file \(SHA-256 f{8}…/)]);
  });

  it('name every difference that may be the reason', () => {
    const other = {
      ...typical,
      model: { ...typical.model, sha256: 'f'.repeat(64) },
      device: { runtime: 'onnxruntime-web' as const, kind: 'webgpu' as const, threads: 1, version: '1.31.0' },
      version: '0.2.0',
    };
    const { reasons } = compareRecords(typical, other);
    expect(reasons.map((reason) => reason.split(' ')[0])).toEqual(['another', 'device', 'onnxruntime', 'Vitrine']);
    expect(reasons[1]).toBe('device WebGPU instead of WASM');
  });
});
