/**
 * @file What the first layers of a network tell of the pixels that it was trained on. The statistics of a batch normalisation behind a
 * convolution are those of the images, seen through its weights; where they were folded into it, its weights shrink as pixels grow.
 */
import { topologicalOrder, type Graph, type Node, type Value } from '../graph/graph.ts';
import { toNumbers, type Tensor } from '../tensor/tensor.ts';

/** What leaves an input's numbers as they are, or about as they are. */
const MOVES: ReadonlySet<string> = new Set(['Transpose', 'Reshape', 'Pad', 'Identity', 'Resize', 'Slice', 'Cast']);

/** The nodes that read an input's numbers, behind those that only move them. */
function readersOf({ outputs }: Graph, input: Value): Node[] {
  const moved = new Set<Value | null>([input]);
  return topologicalOrder(outputs).filter((node) => {
    if (!node.inputs.some((v) => moved.has(v))) return false;
    const moves = MOVES.has(node.op) && moved.has(node.inputs[0]);
    if (moves) moved.add(node.outputs[0]);
    return !moves;
  });
}

/** 1/255 and 1/127.5 lie well below, deviations of pixels of 0…1 well above. */
const MOST_FACTOR = 1 / 50;

/** Whether the first thing that is done is a product with so small a constant, or a quotient by so large a one: Rescaling(1/255) and its likes. */
export function scalesPixels(graph: Graph, input: Value): boolean {
  const [first] = readersOf(graph, input);
  const factor = first?.inputs.find((v) => v?.constant)?.constant;
  if (!first || !factor || factor.dtype !== 'float32') return false;
  const sizes = Array.from(factor.data as Float32Array, Math.abs);
  if (first.op === 'Mul') return sizes.every((size) => size > 0 && size <= MOST_FACTOR);
  return first.op === 'Div' && !first.inputs[0]?.constant && sizes.every((size) => size >= 1 / MOST_FACTOR);
}

/** Of a convolution's output channels: Σ|w|, Σw and the bias. */
interface Channel {
  readonly reach: number;
  readonly sum: number;
  readonly bias: number;
}

const firstConvolution = (graph: Graph, input: Value): Node | undefined =>
  readersOf(graph, input).find(({ op, inputs }) => op === 'Conv' && inputs[1]?.constant);

/** More says nothing new, and a first layer has fewer. */
const MOST_CHANNELS = 4096;

function channelsOf({ inputs }: Node): Channel[] {
  const weights = inputs[1]!.constant!;
  const count = Math.min(weights.shape[0], MOST_CHANNELS);
  const size = weights.data.length / weights.shape[0];
  const w = numbers(weights);
  const bias = numbers(inputs[2]?.constant);
  return Array.from({ length: count }, (_, c) => {
    const own = w.slice(c * size, (c + 1) * size);
    return {
      reach: own.reduce((n, v) => n + Math.abs(v), 0),
      sum: own.reduce((n, v) => n + v, 0),
      bias: bias[c] ?? 0,
    };
  });
}

const numbers = (tensor: Tensor | null | undefined): readonly number[] => (tensor ? toNumbers(tensor) : []);

/** No standardised pixel lies further from 0: torchvision's go to 2.64. */
const STANDARDISED = 3;

/** A filter whose weights are mostly of one sign sees brightness, and little else. */
const SEES_BRIGHTNESS = 0.5;

/** So many such filters say how much brightness varies. */
const ENOUGH = 3;

/**
 * The preset by the batch normalisation behind the first convolution; null where there is none or it does not say.
 *
 * Where a channel's statistics lie beyond what pixels within ±3 can give, Σ|w| · 3 around the bias, for most channels, pixels are of
 * 0…255; Caffe's have their mean taken off. Else the deviation of a filter that sees brightness is |Σw| · σ and its mean Σw · μ: σ is
 * about 0.27 for photos of 0…1, twice that for −1…1, and 1 where they are standardised.
 */
export function pixelsByStatistics(graph: Graph, input: Value): string | null {
  const conv = firstConvolution(graph, input);
  const norm =
    conv &&
    topologicalOrder(graph.outputs).find(
      ({ op, inputs }) => op === 'BatchNormalization' && inputs[0] === conv.outputs[0],
    );
  const [means, variances] = [norm?.inputs[3]?.constant, norm?.inputs[4]?.constant].map(numbers);
  if (!conv || means.length === 0 || variances.length !== means.length) return null;
  const channels = channelsOf(conv).map((channel, c) => ({
    ...channel,
    mean: means[c] - channel.bias,
    deviation: Math.sqrt(variances[c]),
  }));
  const beyond = channels.filter(
    ({ reach, mean, deviation }) => Math.max(Math.abs(mean), deviation) > STANDARDISED * reach,
  );
  const centre = slope(channels.map(({ sum, mean }) => [sum, mean]));
  if (beyond.length > channels.length / 2) return Math.abs(centre) < CENTRED ? 'caffe' : 'zero-to-255';
  const seeing = channels.filter(
    ({ sum, reach, deviation }) => deviation > 0 && Math.abs(sum) > SEES_BRIGHTNESS * reach,
  );
  if (seeing.length < ENOUGH) return null;
  return byBrightness(centre, median(seeing.map(({ sum, deviation }) => deviation / Math.abs(sum))));
}

/** Of 0…255: the mean of photos that had theirs taken off, against some 115. */
const CENTRED = 40;

/** Deviations half way, as factors, between those of photos of 0…1, −1…1 and standardised ones. */
const [PALE, MIDDLE, STRONG, MOST] = [0.13, 0.38, 0.75, 2];

/** Photos of 0…1 have a mean well above 0, the others one around it. */
function byBrightness(mean: number, deviation: number): string | null {
  if (deviation > PALE && deviation < MIDDLE && mean > 0.15) return 'zero-to-one';
  if (deviation > MIDDLE && deviation < STRONG && Math.abs(mean) < 0.5) return 'minus-one-to-one';
  return deviation > STRONG && deviation < MOST && Math.abs(mean) < 0.75 ? 'torchvision' : null;
}

/** Of the line through the origin with the least squared error; 0 where there is none. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const [xy, xx] = points.reduce(([a, b], [x, y]) => [a + x * y, b + x * x], [0, 0]);
  return xx > 0 ? xy / xx : 0;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];

/** What a pixel within ±1 can add to a channel's bias at most, where it is to be seen at all behind activations that count in ones. */
const LEAST_REACH = 1 / 6;

/** 0…255 where pixels within ±1 would hardly be seen by most channels of the first convolution; null where they would. */
export function pixelsByWeights(graph: Graph, input: Value): string | null {
  const conv = firstConvolution(graph, input);
  if (!conv) return null;
  const reaches = channelsOf(conv).map(({ reach }) => reach);
  const typical = median(reaches);
  return typical > 0 && typical < LEAST_REACH ? 'zero-to-255' : null;
}
