/** @file Convolutions as the ONNX specification's sums, one output element at a time. */
import {
  at,
  build,
  count,
  indices,
  list,
  num,
  ref,
  text,
  type Family,
  type ReferenceOp,
  type RefTensor,
} from '../tensor.ts';
import type { Attributes } from '../../../src/lib/graph/graph.ts';

const ones = (n: number): number[] => Array.from({ length: n }, () => 1);
const none = (n: number): number[] => Array.from({ length: n }, () => 0);

interface Geometry {
  strides: readonly number[];
  dilations: readonly number[];
  begin: readonly number[];
  end: readonly number[];
}

/** Strides, dilations and pads, with auto_pad worked out from the output that it promises. */
export function geometry(input: readonly number[], kernel: readonly number[], attrs: Attributes): Geometry {
  const n = input.length;
  const strides = list(attrs, 'strides', ones(n));
  const dilations = list(attrs, 'dilations', ones(n));
  const mode = text(attrs, 'auto_pad', 'NOTSET');
  if (mode === 'NOTSET') {
    const pads = list(attrs, 'pads', none(2 * n));
    return { strides, dilations, begin: pads.slice(0, n), end: pads.slice(n) };
  }
  const total = input.map((length, i) => {
    if (mode === 'VALID') return 0;
    const output = Math.ceil(length / strides[i]);
    return Math.max(0, (output - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 - length);
  });
  const begin = total.map((t) => (mode === 'SAME_LOWER' ? Math.ceil(t / 2) : Math.floor(t / 2)));
  return { strides, dilations, begin, end: total.map((t, i) => t - begin[i]) };
}

/** Place of `index` in the row-major data of `shape`, or -1 outside of it; `first` stands for the axes before. */
function offsetFrom(first: number, shape: readonly number[], index: (axis: number) => number): number {
  let offset = first;
  for (let axis = 0; axis < shape.length; axis++) {
    const place = index(axis);
    if (place < 0 || place >= shape[axis]) return -1;
    offset = offset * shape[axis] + place;
  }
  return offset;
}

const conv: ReferenceOp = ([x, w, b], attrs) => {
  const groups = num(attrs, 'group', 1);
  const [, , ...input] = x.shape;
  const [outChannels, perGroup, ...kernel] = w.shape;
  const { strides, dilations, begin, end } = geometry(input, kernel, attrs);
  const output = input.map(
    (length, i) => Math.floor((length + begin[i] + end[i] - (kernel[i] - 1) * dilations[i] - 1) / strides[i]) + 1,
  );
  const taps = [...indices([perGroup, ...kernel])];
  return [
    build(x.dtype, [x.shape[0], outChannels, ...output], ([n, m, ...place]) => {
      const firstChannel = Math.floor(m / (outChannels / groups)) * perGroup;
      let sum = b ? b.data[m] : 0;
      taps.forEach((tap, t) => {
        const from = (i: number) => place[i] * strides[i] + tap[i + 1] * dilations[i] - begin[i];
        const offset = offsetFrom(n * x.shape[1] + firstChannel + tap[0], input, from);
        if (offset >= 0) sum += x.data[offset] * w.data[m * taps.length + t];
      });
      return sum;
    }),
  ];
};

/** Scatters every input element times the kernel into the full output, then crops it. */
const convTranspose: ReferenceOp = ([x, w, b], attrs) => {
  const groups = num(attrs, 'group', 1);
  const [batch, channels, ...input] = x.shape;
  const [, perGroup, ...kernel] = w.shape;
  const n = input.length;
  const strides = list(attrs, 'strides', ones(n));
  const dilations = list(attrs, 'dilations', ones(n));
  const extra = list(attrs, 'output_padding', none(n));
  const full = input.map((length, i) => (length - 1) * strides[i] + extra[i] + (kernel[i] - 1) * dilations[i] + 1);
  const scattered: RefTensor = ref(
    x.dtype,
    [batch, perGroup * groups, ...full],
    new Float64Array(count([batch, perGroup * groups, ...full])),
  );
  const taps = [...indices([perGroup, ...kernel])];
  let source = 0;
  for (const [e, c, ...place] of indices(x.shape)) {
    const group = Math.floor(c / (channels / groups));
    const value = x.data[source++];
    taps.forEach((tap, t) => {
      const to = (i: number) => place[i] * strides[i] + tap[i + 1] * dilations[i];
      const offset = offsetFrom((e * groups + group) * perGroup + tap[0], full, to);
      scattered.data[offset] += value * w.data[c * taps.length + t];
    });
  }
  const [begin, output] = transposedCrop(input, full, strides, attrs);
  return [
    build(x.dtype, [batch, perGroup * groups, ...output], ([e, m, ...place]) => {
      const from = place.map((p, i) => p + begin[i]);
      const reached = from.every((p, i) => p < full[i]) ? at(scattered, [e, m, ...from]) : 0;
      return reached + (b ? b.data[m] : 0);
    }),
  ];
};

function transposedCrop(
  input: readonly number[],
  full: readonly number[],
  strides: readonly number[],
  attrs: Attributes,
): [number[], number[]] {
  const mode = text(attrs, 'auto_pad', 'NOTSET');
  const n = input.length;
  const same = mode.startsWith('SAME') ? input.map((length, i) => length * strides[i]) : null;
  const wanted = attrs.output_shape ? list(attrs, 'output_shape', []) : same;
  if (wanted) {
    const total = full.map((length, i) => Math.max(0, length - wanted[i]));
    return [total.map((t) => (mode === 'SAME_UPPER' ? Math.floor(t / 2) : Math.ceil(t / 2))), [...wanted]];
  }
  const pads = mode === 'VALID' ? none(2 * n) : list(attrs, 'pads', none(2 * n));
  return [pads.slice(0, n), full.map((length, i) => length - pads[i] - pads[n + i])];
}

export const convolution: Family = { Conv: conv, ConvTranspose: convTranspose };
