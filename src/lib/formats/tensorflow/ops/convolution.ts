/** @file Convolutions, plain, depthwise and transposed, with what is fused into them. */
import type { Value } from '../../../graph/graph.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { convolution, depthwiseConvolution, transposedConvolution, type Windowed } from '../../channels-last.ts';
import { constant, dims, takes, type Row, type Site } from '../site.ts';
import { fused } from './fused.ts';
import { normalize } from './normalization.ts';
import { inLayout, paddingOf, refuseOtherRank, windowed } from './window.ts';

type Convolve = typeof convolution;

/** Weights that are known; a bias that is known is the convolution's own. */
function convolve(site: Site, rank: number, how: Windowed, by: Convolve, bias: Tensor | null, name: string): Value {
  const { g, x } = site;
  [x[0], x[1]].forEach((v) => refuseOtherRank(v, rank + 2));
  const weights = constant(x[1], 'the weights');
  return inLayout(site, x[0], (image) => by(g, image, { weights, bias, name }, how));
}

const plain = (rank: number, by: Convolve): Row =>
  takes(2, (site) => convolve(site, rank, windowed(site.attrs, rank), by, null, site.name));

/** The linear part has a name of its own where something follows it: the node's is that of its result. */
const withFused = (by: Convolve): Row =>
  takes(2, (site) => {
    const { g, name, attrs } = site;
    const { bias, normalization, finish } = fused(site);
    const part = attrs.strings('fused_ops', []).length > (bias ? 1 : 0) ? `${name}/Conv2D` : name;
    const how = windowed(attrs, 2);
    const linear = convolve(site, 2, how, by, bias?.constant ?? null, part);
    const biased = bias && !bias.constant ? inLayout(site, linear, (v) => g.add(v, bias)) : linear;
    const normal = normalization
      ? inLayout(site, biased, (v) => normalize(g, v, normalization, attrs.float('epsilon', 0.0001), `${name}/Norm`))
      : biased;
    return finish(normal);
  });

/** One spatial axis; an image of one row. */
function conv1d(site: Site): Value {
  const { attrs } = site;
  const how = { strides: [attrs.int('stride')], padding: paddingOf(attrs, 1), dilations: [attrs.int('dilation', 1)] };
  return convolve(site, 1, how, convolution, null, site.name);
}

function transpose(site: Site): Value {
  const { g, name, attrs } = site;
  const [shape, filter, x] = site.x;
  [filter, x].forEach((v) => refuseOtherRank(v, 4));
  const lengths = dims(shape, 'the shape of the output');
  const first = attrs.string('data_format', 'NHWC') === 'NCHW' ? 2 : 1;
  const output = lengths.slice(first, first + 2) as number[];
  const how = windowed(attrs, 2);
  const weights = constant(filter, 'the weights');
  return inLayout(site, x, (image) => transposedConvolution(g, image, { weights, name }, how, output));
}

const depthwise: Convolve = depthwiseConvolution;

export const convolutions = {
  Conv1D: takes(2, conv1d),
  Conv2D: plain(2, convolution),
  Conv3D: plain(3, convolution),
  DepthwiseConv2d: plain(2, depthwise),
  DepthwiseConv2dNative: plain(2, depthwise),
  _FusedConv2D: withFused(convolution),
  FusedDepthwiseConv2dNative: withFused(depthwise),
  _FusedDepthwiseConv2dNative: withFused(depthwise),
  Conv2DBackpropInput: takes(3, transpose),
} satisfies Record<string, Row>;
