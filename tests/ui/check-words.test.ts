import { expect, it } from 'vitest';
import type { CrossCheck } from '../../src/lib/state/cross-check.svelte.ts';
import { checkText } from '../../src/lib/ui/check-words.ts';

const said = (check: Partial<CrossCheck>) =>
  checkText({ on: 'ort-webgpu', difference: 0, agrees: true, divergence: null, ...check }, 'WASM', 'WebGPU');

it('a check says how well the two agree', () => {
  expect(said({})).toBe('WASM and WebGPU agree exactly.');
  expect(said({ difference: 3.1e-6 })).toBe('WASM and WebGPU agree to 3 × 10⁻⁶.');
});

it('a check says by how much they differ, and where', () => {
  const apart = { difference: 0.052, agrees: false };
  expect(said({ ...apart, divergence: { op: 'Conv', node: 'conv3', difference: 0.01 } })).toBe(
    'WASM and WebGPU differ by 5.20 %. They part at Conv (“conv3”), by 1.00 % of its largest number.',
  );
  expect(said(apart)).toMatch(/^WASM and WebGPU differ by 5\.20 %\. No single operator is to blame/);
  expect(said({ difference: Infinity, agrees: false })).toMatch(/differ by numbers that are not finite/);
});
