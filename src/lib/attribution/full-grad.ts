import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { dependents, topologicalOrder, type Graph, type Node, type Value } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { addScaled } from '../tensor/arithmetic.ts';
import { zeros, type FloatTensor } from '../tensor/tensor.ts';
import { onGrid } from './cam.ts';
import { walkBack } from './gradient.ts';
import { imageAxes, layoutOf, type Layout } from './layout.ts';
import { defineMethod, missingRules } from './method.ts';
import { schema, toggle } from './options.ts';
import { runOnce, values } from './program.ts';
import { siteOf, type Site } from './site.ts';
import { headOf, outputOf, seedOf } from './target.ts';
import type { ModelGraph, Question } from './types.ts';
import { upsample, upsampleGraph } from './upsample.ts';

/**
 * FullGrad (Srinivas & Fleuret 2019, arXiv:1905.00780). With b the biases of the model and y what each is added to:
 *
 *     score = Σ over channels ψ(x ⊙ ∂F/∂x) + Σ over layers and channels ψ(b ⊙ ∂F/∂y)
 *
 * ψ is |·|, stretched to 0…1 over each layer as in the authors' code, and drawn at the image's size. A normalisation has the
 * bias β − μγ/√(σ² + ε). Completeness: for a network of linear pieces Σ x ∂F/∂x + Σ b ∂F/∂y = F(x); biases without positions
 * count in that sum and in no map.
 */
export const fullGrad = defineMethod({
  id: 'fullgrad',
  title: 'FullGrad',
  family: 'cam',
  description:
    'The gradient times the image, and times the bias of every layer: what the score is made of, all together.',
  citation: {
    authors: 'Srinivas, Fleuret',
    year: 2019,
    title: 'Full-Gradient Representation for Neural Network Visualization',
    url: 'https://arxiv.org/abs/1905.00780',
  },
  options: schema({
    stretch: toggle(
      {
        title: 'Each layer alike',
        description:
          'Stretch the map of every layer to 0…1 before they are summed. Off: layers count by what they add.',
      },
      true,
    ),
  }),
  needs: { baseline: false, layer: false, seed: false },
  signed: false,
  unavailable: (model) =>
    model.images.length > 1 || !imageAxes(model.input)
      ? 'It draws one map, for models that take one image.'
      : missingRules(model, gradientRules),
  graph(g, site, { stretch }) {
    const [row, column] = imageAxes(site.x)!;
    const [height, width] = [site.x.shape[row] as number, site.x.shape[column] as number];
    return partsOf(g, site, stretch)
      .maps.map((map) => upsampleGraph(g, map, height, width, 'bilinear'))
      .reduce(g.add);
  },
  async explain(question, { stretch }) {
    const { engine, target, x } = question;
    const program = await engine.program(
      `fullgrad/${headOf(target)}/${stretch ? 'stretched' : 'plain'}`,
      () => fullGradGraph(question, stretch),
      { batch: 1 },
    );
    const [total, ...maps] = await runOnce(question, program, [x, seedOf(question)]);
    const [value] = await values(question, [x]);
    question.onProgress?.({ done: 1, total: 1 });
    const delta = total.data[0] - value;
    return {
      scores: sumAtSize(question, maps),
      value,
      check: {
        kind: 'first-order',
        claim: 'Σ x · ∂F/∂x + Σ b · ∂F/∂y = F(x)',
        delta,
        relative: delta === 0 ? 0 : Math.abs(delta / value),
      },
      passes: 2,
    };
  },
});

function sumAtSize({ x }: Question, maps: readonly FloatTensor[]): FloatTensor {
  const [row, column] = imageAxes(x)!;
  const [height, width] = [x.shape[row], x.shape[column]];
  const total = zeros('float32', [1, 1, height, width]);
  for (const map of maps) addScaled(total, 1, upsample(map, height, width, 'bilinear'));
  return total;
}

interface Bias {
  /** What the bias is added to, and the bias. */
  readonly y: Value;
  readonly bias: (g: Builder) => Value;
}

/** The biases on the way from the image to `output`: constants that are added. */
function biasesOf({ input }: ModelGraph, output: Value): Bias[] {
  const onPath = dependents([input], [output]);
  const isOff = (v: Value | null | undefined): v is Value => v !== null && v !== undefined && !onPath.has(v);
  return topologicalOrder([output]).flatMap((node): Bias[] => {
    const [y] = node.outputs;
    if (!onPath.has(y)) return [];
    const [a, b, c] = node.inputs;
    const along = (bias: Value) => (g: Builder) =>
      g.reshape(bias, [1, bias.shape[0], ...y.shape.slice(2).map(() => 1)]);
    switch (node.op) {
      case 'Conv':
      case 'ConvTranspose':
        return isOff(c) ? [{ y, bias: along(c) }] : [];
      case 'Gemm':
        return isOff(c) ? [{ y, bias: (g) => g.mul(c, Number(node.attrs.beta ?? 1)) }] : [];
      case 'BatchNormalization':
        return [{ y, bias: (g) => along(shiftOf(g, node))(g) }];
      case 'Add':
        return [a, b].filter(isOff).map((bias) => ({ y, bias: () => bias }));
      case 'Sub':
        return isOff(b) ? [{ y, bias: (g) => g.neg(b) }] : isOff(a) ? [{ y, bias: () => a }] : [];
      default:
        return [];
    }
  });
}

/** β − μγ/√(σ² + ε) */
function shiftOf(g: Builder, { inputs, attrs }: Node): Value {
  const [, gamma, beta, mean, variance] = inputs as readonly Value[];
  const deviation = g.sqrt(g.add(variance, Number(attrs.epsilon ?? 1e-5)));
  return g.sub(beta, g.div(g.mul(mean, gamma), deviation));
}

/** Outputs: the sum that completeness is about, [1]; a map [1, 1, h, w] for the image and for each bias with positions. */
function fullGradGraph(question: Question, stretch: boolean): Graph {
  const site = siteOf(question);
  const { total, maps } = partsOf(new Builder(), site, stretch);
  return { name: 'fullgrad', inputs: [site.x, site.seed], outputs: [total, ...maps] };
}

function partsOf(g: Builder, site: Site, stretch: boolean): { readonly total: Value; readonly maps: readonly Value[] } {
  const { model, target, x } = site;
  const biases = biasesOf(model, outputOf(model, target));
  const [slope, ...slopes] = walkBack(g, site, gradientRules, [model.input, ...biases.map((bias) => bias.y)]).flows;
  const parts = [
    { at: model.input, share: g.mul(x, slope) },
    ...biases.map(({ y: at, bias }, i) => ({ at, share: g.mul(slopes[i], bias(g)) })),
  ];
  const total = parts.map(({ share }) => sumOf(g, share)).reduce(g.add);
  const maps = parts.flatMap(({ at, share }) => {
    const layout = at === model.input ? imageLayout(at) : layoutOf(at, model.input);
    if (!layout) return [];
    const all = share.shape.map((_, axis) => axis).slice(1);
    const size = g.abs(onGrid(g, share, layout));
    const low = g.neg(g.reduceMax(g.neg(size), all));
    const span = g.sub(g.reduceMax(size, all), low);
    const drawn = stretch ? g.div(g.sub(size, low), g.where(g.equal(span, 0), 1, span)) : size;
    return [g.reshape(g.reduceSum(drawn, [layout.channels]), [at.shape[0], 1, layout.height, layout.width])];
  });
  return { total, maps };
}

const sumOf = (g: Builder, v: Value): Value =>
  g.reshape(g.reduceSum(v, v.shape.map((_, axis) => axis).slice(1)), [v.shape[0]]);

function imageLayout(image: Value): Layout {
  const [row, column] = imageAxes(image)!;
  const [height, width] = [row, column].map((axis) => image.shape[axis] as number);
  return { channels: row === 1 ? 3 : 1, positions: [row, column], prefix: 0, height, width };
}
