/** @file Layers around a layer: the same at each step, or forwards and backwards. */
import { mulDim } from '../../../graph/dim.ts';
import type { Value } from '../../../graph/graph.ts';
import { Config, isRaw } from '../config.ts';
import { lengthOf, type LayerBuilder, type LayerSite } from '../site.ts';
import type { Weights } from '../weights.ts';
import { recurrents } from './recurrent.ts';

/** Steps become examples of their own. */
const timeDistributed: LayerBuilder = ({ g, x: [x], config, inner }) => {
  if (x.shape.length < 3)
    throw new RangeError(`is given the shape [${x.shape}], which has no steps. Save the model again.`);
  const [n, , ...rest] = x.shape;
  const steps = lengthOf(x, 1);
  const [y] = inner(config.get('layer'), [g.reshape(x, [mulDim(n, steps), ...rest])]);
  return g.reshape(y, [n, steps, ...y.shape.slice(1)]);
};

type Recurrent = keyof typeof recurrents;

/** The class and the settings of one direction. */
function direction(raw: unknown): { className: Recurrent; config: Config } {
  const { class_name: python, className: own, config } = isRaw(raw) ? raw : {};
  const given = String(python ?? own ?? '(none)').replace(/^.*>/, '');
  const className = (Object.keys(recurrents) as Recurrent[]).find(
    (k) => k.toLowerCase() === given.replaceAll('_', '').toLowerCase(),
  );
  if (!className)
    throw new RangeError(
      `runs ${given.slice(0, 80)} in both directions, which is not supported. Export the model with tf2onnx to ONNX.`,
    );
  return { className, config: new Config(config) };
}

function run(
  site: LayerSite,
  raw: unknown,
  changes: { weights: Weights; x: readonly Value[]; backwards: boolean | null },
) {
  const { className, config } = direction(raw);
  const { weights, x, backwards } = changes;
  const turned = backwards === null ? config : config.with({ go_backwards: !config.bool('go_backwards', false) });
  const all = config.bool('return_sequences', false);
  // Keras makes masked steps of a sequence zeros in both directions; TF.js does not look at this.
  const own = turned.with({ zero_output_for_mask: all });
  const made = (recurrents[className] as LayerBuilder)({ ...site, config: own, weights, x });
  return { made: made as readonly Value[], all };
}

/** The second direction's steps are put in the first's order. */
const bidirectional: LayerBuilder = (site) => {
  const { g, x, config, weights } = site;
  const states = x.slice(1);
  const given = config.get('backward_layer');
  const [first, second] = weights.halves();
  const halves = [states.slice(0, states.length / 2), states.slice(states.length / 2)];
  const forward = run(site, config.get('layer'), { weights: first, x: [x[0], ...halves[0]], backwards: null });
  const backward = run(site, given ?? config.get('layer'), {
    weights: second,
    x: [x[0], ...halves[1]],
    backwards: given === undefined ? true : null,
  });
  const [y, ...yStates] = forward.made;
  const [z, ...zStates] = backward.made;
  const turned = forward.all ? g.slice(z, [-1], [-(2 ** 31)], [1], [-1]) : z;
  return [...merged(site, y, turned), ...yStates, ...zStates];
};

function merged({ g, config }: LayerSite, y: Value, z: Value): Value[] {
  const none = 'merge_mode' in config.raw ? config.raw.merge_mode === null : config.raw.mergeMode === null;
  if (none) return [y, z];
  const mode = config.word('merge_mode', ['concat', 'sum', 'ave', 'mul'], 'concat');
  if (mode === 'concat') return [g.concat([y, z], y.shape.length - 1)];
  if (mode === 'mul') return [g.mul(y, z)];
  return [mode === 'sum' ? g.add(y, z) : g.mul(g.add(y, z), 0.5)];
}

export const wrappers = {
  TimeDistributed: timeDistributed,
  Bidirectional: bidirectional,
} satisfies Readonly<Record<string, LayerBuilder>>;
