/**
 * ONNX's own backend tests of every operator that we define, on the two runtimes that compute with WebGPU. Every sixteenth and
 * every fourth; with `VITE_WHOLE=1` all of them, which takes minutes.
 */
import { wrap } from 'comlink';
import { describe, expect, it } from 'vitest';
import type { NodeTests } from './node-tests.worker.ts';

const [zip] = Object.values(
  import.meta.glob<string>('../../../shared/real/onnx_node_tests/node_selected.zip', {
    query: '?url',
    import: 'default',
    eager: true,
  }),
);
if (!zip) console.log('skipped: there is no ../shared/real/onnx_node_tests');

const test = (names: string): string[] => names.split(' ').map((name) => `test_${name}`);

/** WGSL's exp and log give log(1 + eˣ) at x = −10 three digits; 1 + eˣ leaves no more of them in float32. */
const mish = test('mish mish_expanded');
/** Coordinates of aligned corners come from the rounded length of the output, where ONNX has length times scale. */
const corners = test('resize_downsample_scales_cubic_align_corners resize_downsample_scales_linear_align_corners');

/** What fails, and is no fault of ours. An upgrade that mends or breaks one shows here. */
const failures = {
  onnxruntime: [
    ...mish,
    ...corners,
    // Its browser builds have no kernel for these element types, on no device.
    ...test('add_int16 add_uint16 div_int16 div_uint16 mul_int16 mul_uint16 sub_int16 sub_uint16 mod_uint16'),
    ...test('equal_int16 equal_uint16 greater_int16 greater_uint16 less_int16 less_uint16 mod_mixed_sign_int16'),
    ...test('greater_equal_int16 greater_equal_int16_expanded greater_equal_uint16 greater_equal_uint16_expanded'),
    ...test('less_equal_int16 less_equal_int16_expanded less_equal_uint16 less_equal_uint16_expanded'),
    ...test('max_int16 max_uint16 min_int16 min_uint16 pow_types_float32_uint64 top_k_uint64'),
    ...test('clip_default_int8_max_expanded clip_default_int8_min_expanded'),
    ...test('dequantizelinear_int16 dequantizelinear_uint16 quantizelinear_int16 quantizelinear_uint16'),
    // Its WebGPU reductions refuse a tensor without elements.
    ...test('reduce_max_empty_set reduce_min_empty_set'),
  ],
  tfjs: [
    ...mish,
    ...corners,
    // It makes no buffer for a tensor without elements.
    ...test('reduce_l1_empty_set reduce_l1_empty_set_expanded reduce_l2_empty_set reduce_l2_empty_set_expanded'),
    ...test('reduce_log_sum_empty_set reduce_log_sum_empty_set_expanded reduce_log_sum_exp_empty_set_expanded'),
    ...test('reduce_prod_empty_set reduce_sum_empty_set reduce_sum_square_empty_set'),
    ...test('reduce_sum_square_empty_set_expanded'),
  ],
};

/** Refused by name before it runs, with another device as the way out. */
const REFUSED = /^\S+: \d+ unsupported nodes?: .*Choose (onnxruntime|another device)\.$/;

describe.skipIf(!zip)('ONNX backend node tests on WebGPU', () => {
  it.each([
    ['onnxruntime', 16],
    ['tfjs', 4],
  ] as const)('agree on %s, but for what is named here', { timeout: 900_000 }, async (name, stride) => {
    const worker = new Worker(new URL('./node-tests.worker.ts', import.meta.url), { type: 'module' });
    try {
      const found = await wrap<NodeTests>(worker)(name, zip, import.meta.env.VITE_WHOLE ? 1 : stride);
      const verdicts = Object.entries(found);
      const wrong = verdicts.filter(([, v]) => v.kind === 'failed' && !REFUSED.test(v.reason)).map(([title]) => title);
      const passed = verdicts.filter(([, v]) => v.kind === 'passed').length;
      console.log(`${name}: ${passed} of ${verdicts.length} node tests pass on WebGPU`);
      expect(wrong.sort()).toEqual(failures[name].filter((title) => title in found).sort());
      expect(passed).toBeGreaterThan(0.9 * verdicts.length);
    } finally {
      worker.terminate();
    }
  });
});
