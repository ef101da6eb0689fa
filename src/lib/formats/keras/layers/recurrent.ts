/** @file Recurrent layers: a cell applied step after step, written out for the number of steps that the input has. */
import { mulDim, type Shape } from '../../../graph/dim.ts';
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { convolution } from '../../channels-last.ts';
import { isChannelsFirst, lengthOf, rankOf, type LayerBuilder, type LayerSite } from '../site.ts';
import { whereCounts } from '../masks.ts';
import { carried, cellOf, gates, parts, zeroState, type Cell } from './cells.ts';
import { windowOf } from './convolution.ts';

/** Every step is nodes of its own. */
const MOST_STEPS = 1024;

const step = (g: Builder, x: Value, t: number): Value => g.apply('Gather', [x, g.scalar(t, 'int64')], { axis: 1 });

/** [N, …] → [N, 1, …]. */
const unsqueezed = (g: Builder, x: Value): Value => g.reshape(x, [x.shape[0], 1, ...x.shape.slice(1)]);

/**
 * The last output or all of them, and the last states where the layer gives them. A step that is masked leaves the states as they are,
 * and has the output of the step before it: at the first step zeros, in TF.js the state that the layer begins with.
 */
export function unrolled(site: LayerSite, cell: Cell): Value[] {
  const { g, config, x, dialect } = site;
  const mask = site.masks[0] ?? null;
  const zeros = (like: Value) => zeroState(g, like.shape);
  const silent = dialect !== 'tfjs' && config.bool('zero_output_for_mask', false);
  const outputBefore = (state: Value, last: Value | undefined): Value =>
    dialect === 'tfjs' ? state : silent || !last ? zeros(state) : last;
  const steps = lengthOf(x[0], 1);
  if (steps < 1 || steps > MOST_STEPS)
    throw new RangeError(`would take ${steps} steps, the most is ${MOST_STEPS}. Give the model a shorter input.`);
  const projected = cell.project(x[0]);
  let states = statesOf(site, cell.stateShapes(step(g, projected, 0)));
  const outputs: Value[] = [];
  for (let i = 0; i < steps; i++) {
    const t = config.bool('go_backwards', false) ? steps - 1 - i : i;
    const next = cell.step(step(g, projected, t), states);
    outputs.push(mask ? whereCounts(g, mask, t, next[0], outputBefore(states[0], outputs.at(-1))) : next[0]);
    states = mask ? next.map((state, k) => whereCounts(g, mask, t, state, states[k])) : next;
  }
  const all = config.bool('return_sequences', false);
  const y: Value = all
    ? g.concat(
        outputs.map((v) => unsqueezed(g, v)),
        1,
      )
    : outputs.at(-1)!;
  return [y, ...(config.bool('return_state', false) ? states : [])];
}

/** Zeros, or what the layer is called with behind its input. */
function statesOf({ g, x }: LayerSite, shapes: readonly Shape[]): readonly Value[] {
  const given = x.slice(1);
  if (given.length === 0) return shapes.map((shape) => zeroState(g, shape));
  const fits = given.length === shapes.length && shapes.every((shape, i) => shape.join() === given[i].shape.join());
  if (!fits)
    throw new RangeError(
      `begins with states of the shapes [${given.map((v) => `[${v.shape}]`).join()}], it needs [${shapes.map((s) => `[${s}]`).join()}]. Save the model again.`,
    );
  return given;
}

const recurrent =
  (cell: string): LayerBuilder =>
  (site) => {
    rankOf(site, 3);
    return unrolled(site, cellOf(site, { class_name: cell, config: site.config.raw }));
  };

const withCell: LayerBuilder = (site) => {
  rankOf(site, 3);
  return unrolled(site, cellOf(site, site.config.get('cell')));
};

/** [N, T, …] as [N · T, …], and back. */
export function overTime(g: Builder, x: Value, build: (x: Value) => Value): Value {
  const [n, steps, ...rest] = x.shape;
  const built = build(g.reshape(x, [mulDim(n, steps), ...rest]));
  return g.reshape(built, [n, steps, ...built.shape.slice(1)]);
}

const channelsToEnd = (g: Builder, x: Value): Value => g.transpose(x, [0, 1, 3, 4, 2]);

/** The same gates as an LSTM's, from convolutions of the image and of the state. */
const convLstm: LayerBuilder = (site) => {
  rankOf(site, 5);
  const { g, x, config } = site;
  const first = isChannelsFirst(site);
  if (first && x.length > 1) throw new RangeError('begins with states in channels first, which is not supported.');
  const input = first ? [channelsToEnd(g, x[0])] : x;
  const made = unrolled({ ...site, x: input }, convCell(site, lengthOf(input[0], -1)));
  if (!first) return made;
  return made.map((v, i) =>
    g.transpose(v, i === 0 && config.bool('return_sequences', false) ? [0, 1, 4, 2, 3] : [0, 3, 1, 2]),
  );
};

function convCell(site: LayerSite, channels: number): Cell {
  const { g, config, weights, name } = site;
  const size = config.counts('kernel_size', 2);
  const filters = config.count('filters');
  const kernel = weights.take('kernel', [...size, channels, 4 * filters]);
  const recurrent = weights.take('recurrent kernel', [...size, filters, 4 * filters]);
  const bias = weights.takeIf(config.bool('use_bias', true), 'bias', [4 * filters]);
  const how = windowOf(site, size);
  const gate = gates(site);
  const same = { strides: [1, 1], padding: 'SAME' } as const;
  return {
    stateCount: 2,
    project: (x) => overTime(g, x, (all) => convolution(g, all, { weights: kernel, bias, name }, how)),
    stateShapes: ({ shape }) => {
      const state = [...shape.slice(0, 3), filters];
      return [state, state];
    },
    step: (x, [h, c]) => {
      const sums = convolution(g, h, { weights: recurrent, name: `${name}/recurrent` }, same);
      return carried(g, gate, parts(g, g.add(x, sums), 4, filters), c);
    },
  };
}

export const recurrents = {
  SimpleRNN: recurrent('SimpleRNN'),
  GRU: recurrent('GRU'),
  LSTM: recurrent('LSTM'),
  RNN: withCell,
  ConvLSTM2D: convLstm,
} satisfies Readonly<Record<string, LayerBuilder>>;
