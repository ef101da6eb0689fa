/** @file What a model was fed, as a picture and in numbers: read back from the tensor itself, not from the image. */
import type { FloatTensor } from '../tensor/tensor.ts';
import type { Fed, FedChannel, Preprocessing } from './types.ts';

/**
 * The picture and the numbers of `x`, which `normalize` made under `p`. Each value is turned back, pixel = (v · std_c + mean_c) /
 * scale · 255, rounded and clipped to 0…255; a grey channel becomes three equal ones. Throws a RangeError when `x` has
 * another number of elements than `p` says.
 */
export function fedView(x: FloatTensor, p: Preprocessing): Fed {
  const names = channelNames(p);
  const area = p.width * p.height;
  if (x.data.length !== area * names.length)
    throw new RangeError(`fedView: the tensor has ${x.data.length} elements, not ${names.length} × ${area}.`);
  const data = new Uint8ClampedArray(4 * area).fill(255);
  const channels = names.map((name, c) => {
    const at = p.layout === 'NCHW' ? (i: number) => c * area + i : (i: number) => i * names.length + c;
    const places = name === 'grey' ? [0, 1, 2] : [['red', 'green', 'blue'].indexOf(name)];
    for (let i = 0; i < area; i++) {
      const pixel = ((x.data[at(i)] * p.std[c] + p.mean[c]) / p.scale) * 255;
      for (const place of places) data[4 * i + place] = pixel;
    }
    return { name, ...spread(x, area, at) };
  });
  return { pixels: { width: p.width, height: p.height, data }, shape: x.shape, channels };
}

function channelNames({ order }: Preprocessing): FedChannel['name'][] {
  if (order === 'grey') return ['grey'];
  return order === 'RGB' ? ['red', 'green', 'blue'] : ['blue', 'green', 'red'];
}

function spread({ data }: FloatTensor, area: number, at: (i: number) => number) {
  let [min, max, total] = [Infinity, -Infinity, 0];
  for (let i = 0; i < area; i++) {
    const v = data[at(i)];
    min = Math.min(min, v);
    max = Math.max(max, v);
    total += v;
  }
  return { min, max, mean: total / area };
}
