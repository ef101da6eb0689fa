import { N } from '../../../src/lib/graph/dim.ts';
import { floats, ints, x, type Case, type Cases } from '../case.ts';

const by = (...scales: number[]) => floats([scales.length], scales);
const scaled = (title: string, scales: readonly number[], attrs: Case['attrs']): Case => ({
  title,
  inputs: [x([N, 1, 3, 5]), null, by(1, 1, ...scales)],
  attrs,
});

/** Sizes that keep the coordinates, and with them the weights, exact in float32. */
const sized = (title: string, sizes: readonly number[], attrs: Case['attrs']): Case => ({
  title,
  inputs: [x([N, 2, 4, 5]), null, null, ints([N, 2, ...sizes])],
  attrs,
});

const transformations = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric', 'half_pixel_symmetric'];
const roundings = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];

export const resize: Cases = {
  Resize: [
    scaled('nearest, twice as large', [2, 2], { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }),
    scaled('nearest, one axis', [1, 3], {}),
    scaled('nearest, default', [2, 2], {}),
    scaled('nearest, not repeated alike', [1.5, 2.25], {}),
    scaled('nothing to do', [1, 1], { mode: 'linear' }),
    ...transformations.flatMap((mode) =>
      roundings.map((rounding) =>
        sized(`nearest, ${mode}, ${rounding}`, [2, 10], {
          coordinate_transformation_mode: mode,
          nearest_mode: rounding,
        }),
      ),
    ),
    ...transformations.map((mode) =>
      sized(`linear, ${mode}`, mode === 'align_corners' ? [7, 3] : [2, 20], {
        mode: 'linear',
        coordinate_transformation_mode: mode,
      }),
    ),
    ...transformations.map((mode) =>
      sized(`cubic, ${mode}`, mode === 'align_corners' ? [7, 9] : [2, 10], {
        mode: 'cubic',
        coordinate_transformation_mode: mode,
      }),
    ),
    scaled('symmetric about the middle', [0.5, 0.5], {
      mode: 'linear',
      coordinate_transformation_mode: 'half_pixel_symmetric',
    }),
    sized('to one element', [1, 1], { mode: 'linear', coordinate_transformation_mode: 'pytorch_half_pixel' }),
    sized('cubic, exclude_outside', [8, 20], { mode: 'cubic', exclude_outside: 1, cubic_coeff_a: -0.5 }),
    sized('linear, antialiased', [2, 10], { mode: 'linear', antialias: 1 }),
    sized('cubic, antialiased', [1, 5], { mode: 'cubic', antialias: 1 }),
    { title: 'axes', inputs: [x([N, 2, 3, 2]), null, by(2, 2)], attrs: { axes: [2, 1], mode: 'linear' } },
    { title: 'channels too', inputs: [x([N, 2, 3, 2]), null, by(1, 2, 1, 0.5)] },
    {
      title: 'not_larger',
      inputs: [x([N, 1, 2, 4]), null, null, ints([7, 8])],
      attrs: { axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' },
    },
    {
      title: 'not_smaller',
      inputs: [x([N, 1, 2, 4]), null, null, ints([3, 16])],
      attrs: { axes: [2, 3], keep_aspect_ratio_policy: 'not_smaller', mode: 'linear' },
    },
    {
      title: 'crop and resize',
      inputs: [x([N, 1, 5, 5]), by(0, 0, 0.375, -0.25, 1, 1, 0.75, 1.25), null, ints([N, 1, 3, 9])],
      attrs: { mode: 'linear', coordinate_transformation_mode: 'tf_crop_and_resize', extrapolation_value: 3 },
    },
    { title: '1-D', inputs: [x([N, 2, 3]), null, by(1, 1, 4)], attrs: { mode: 'linear' } },
    { title: '3-D', inputs: [x([N, 1, 2, 2, 2]), null, by(1, 1, 2, 0.5, 1)], attrs: { mode: 'linear' } },
  ],
};
