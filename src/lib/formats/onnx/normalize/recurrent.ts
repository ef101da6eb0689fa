/**
 * @file RNN, GRU and LSTM, step by step: a loop of a known length is a graph. What every step shares (the input's part
 * of all gates) is one product for the whole sequence.
 */
import { concrete, type Dim } from '../../../graph/dim.ts';
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { numberAttr, type Draft, type Normalizer } from './draft.ts';

/** Longest sequence that is unrolled: each step is some twenty nodes. */
const MOST_STEPS = 1024;

type Activation = (g: Builder, x: Value) => Value;

/** One direction of a layer: its weights, and where it begins. */
interface Direction {
  readonly hidden: number;
  /** [hidden, gates · hidden] */
  readonly recurrence: Value;
  /** The recurrent half of the bias, [gates · hidden]; null where there is none. */
  readonly bias: Value | null;
  /** LSTM: [3 · hidden]. */
  readonly peepholes: Value | null;
  readonly activations: readonly Activation[];
  readonly clip: number | null;
  readonly node: Draft;
}

/** The states of one example of a batch, [N, hidden] each; the first is the output. */
type State = readonly Value[];

/** From the input's part of the gates, [N, gates · hidden], and the states before, the states after. */
type Cell = (g: Builder, projected: Value, state: State, direction: Direction) => State;

interface Kind {
  readonly gates: number;
  readonly states: number;
  readonly cell: Cell;
  readonly activations: readonly string[];
  /** Whether the recurrent half of the bias is added by the cell. */
  readonly ownBias?: (node: Draft) => boolean;
}

const lastAxis = (g: Builder, x: Value, parts: number): readonly Value[] => {
  const size = concrete(x.shape.at(-1), 'gates') / parts;
  const names = Array<string>(parts).fill('');
  if (parts === 1) return [x];
  return g.applyAll('Split', [x, g.ints(Array<number>(parts).fill(size))], { axis: -1 }, { outputs: names });
};

const activation = (g: Builder, x: Value, { activations, clip }: Direction, i: number): Value =>
  activations[i](g, clip === null ? x : g.apply('Clip', [x, g.scalar(-clip), g.scalar(clip)]));

/** h = f(W·x + R·h′ + b) */
const rnnCell: Cell = (g, projected, [h], direction) => [
  activation(g, g.add(projected, g.matmul(h, direction.recurrence)), direction, 0),
];

/** Cho et al. 2014 (arXiv:1406.1078), with gates in ONNX's order z, r, h. */
const gruCell: Cell = (g, projected, [h], direction) => {
  const { recurrence, bias, node } = direction;
  const [pz, pr, ph] = lastAxis(g, projected, 3);
  const gate = (p: Value, r: Value) => activation(g, g.add(p, r), direction, 0);
  const next = (z: Value, candidate: Value) => [g.add(g.mul(g.sub(1, z), candidate), g.mul(z, h))];
  if (numberAttr(node, 'linear_before_reset', 0) !== 0) {
    const product = g.matmul(h, recurrence);
    const [rz, rr, rh] = lastAxis(g, bias ? g.add(product, bias) : product, 3);
    const [z, r] = [gate(pz, rz), gate(pr, rr)];
    return next(z, activation(g, g.add(ph, g.mul(r, rh)), direction, 1));
  }
  const [wz, wr, wh] = lastAxis(g, recurrence, 3);
  const [z, r] = [gate(pz, g.matmul(h, wz)), gate(pr, g.matmul(h, wr))];
  return next(z, activation(g, g.add(ph, g.matmul(g.mul(r, h), wh)), direction, 1));
};

/** Hochreiter & Schmidhuber 1997 with peepholes (Gers & Schmidhuber 2000), with gates in ONNX's order i, o, f, c. */
const lstmCell: Cell = (g, projected, [h, c], direction) => {
  const { peepholes, recurrence, node } = direction;
  const [i, o, f, candidate] = lastAxis(g, g.add(projected, g.matmul(h, recurrence)), 4);
  const [pi, po, pf] = peepholes ? lastAxis(g, peepholes, 3) : [null, null, null];
  const gate = (x: Value, weight: Value | null, seen: Value) =>
    activation(g, weight ? g.add(x, g.mul(weight, seen)) : x, direction, 0);
  const input = gate(i, pi, c);
  const forget = numberAttr(node, 'input_forget', 0) === 1 ? g.sub(1, input) : gate(f, pf, c);
  const next = g.add(g.mul(forget, c), g.mul(input, activation(g, candidate, direction, 1)));
  return [g.mul(gate(o, po, next), direction.activations[2](g, next)), next];
};

/** ONNX's activation functions of recurrent layers, with their defaults for alpha and beta. */
const functions: Readonly<Record<string, (alpha?: number, beta?: number) => Activation>> = {
  Relu: () => (g, x) => g.relu(x),
  Tanh: () => (g, x) => g.tanh(x),
  Sigmoid: () => (g, x) => g.sigmoid(x),
  Affine:
    (alpha = 1, beta = 0) =>
    (g, x) =>
      g.add(g.mul(x, alpha), beta),
  LeakyRelu:
    (alpha = 0.01) =>
    (g, x) =>
      g.apply('LeakyRelu', [x], { alpha }),
  ThresholdedRelu:
    (alpha = 1) =>
    (g, x) =>
      g.apply('ThresholdedRelu', [x], { alpha }),
  ScaledTanh:
    (alpha = 1, beta = 1) =>
    (g, x) =>
      g.mul(g.tanh(g.mul(x, beta)), alpha),
  HardSigmoid:
    (alpha = 0.2, beta = 0.5) =>
    (g, x) =>
      g.apply('HardSigmoid', [x], { alpha, beta }),
  Elu:
    (alpha = 1) =>
    (g, x) =>
      g.apply('Elu', [x], { alpha }),
  Softsign: () => (g, x) => g.apply('Softsign', [x]),
  Softplus: () => (g, x) => g.apply('Softplus', [x]),
};

/** Functions that read alpha and beta; the lists of both hold entries for these alone, in order. */
const READS: Readonly<Record<string, readonly ('alpha' | 'beta')[]>> = {
  Affine: ['alpha', 'beta'],
  LeakyRelu: ['alpha'],
  ThresholdedRelu: ['alpha'],
  ScaledTanh: ['alpha', 'beta'],
  HardSigmoid: ['alpha', 'beta'],
  Elu: ['alpha'],
};

function activationsOf(node: Draft, names: readonly string[]): Activation[] {
  const given = (node.attrs.activations as readonly string[] | undefined) ?? names;
  const lists = {
    alpha: [...(list(node, 'activation_alpha') ?? [])],
    beta: [...(list(node, 'activation_beta') ?? [])],
  };
  return given.map((written) => {
    const name = Object.keys(functions).find((known) => known.toLowerCase() === written.toLowerCase());
    if (!name)
      throw new RangeError(
        `the activation ${JSON.stringify(written)} is not one of ${Object.keys(functions).join(', ')}. Export the model with one of these.`,
      );
    const [alpha, beta] = (['alpha', 'beta'] as const).map((list) =>
      READS[name]?.includes(list) ? lists[list].shift() : undefined,
    );
    return functions[name](alpha, beta);
  });
}

const list = (node: Draft, name: string) => node.attrs[name] as readonly number[] | undefined;

/** Row `d` of a weight [directions, …]. */
function rowOf(g: Builder, v: Value | null | undefined, d: number): Value | null {
  if (!v) return null;
  const [count, ...rest] = v.shape;
  return g.reshape(count === 1 ? v : g.slice(v, [d], [d + 1], [0]), rest);
}

/** Directions in ONNX's order: forward first, the only one where it is not bidirectional. */
function reversals(node: Draft): boolean[] {
  const direction = node.attrs.direction ?? 'forward';
  if (direction === 'bidirectional') return [false, true];
  if (direction !== 'forward' && direction !== 'reverse')
    throw new RangeError(`the direction ${JSON.stringify(direction)} is not forward, reverse or bidirectional.`);
  return [direction === 'reverse'];
}

/** Which examples have a step at each time, [N, 1] each; null where all have all. */
function stepsWithin(g: Builder, lengths: Value | null | undefined, steps: number, rows: Dim): Value[] | null {
  if (!lengths) return null;
  const known = lengths.constant ? Array.from(lengths.constant.data as ArrayLike<number>, Number) : [];
  if (known.length > 0 && known.every((n) => n >= steps)) return null;
  const column = g.cast(g.reshape(lengths, [rows, 1]), 'float32');
  return Array.from({ length: steps }, (_, t) => g.greater(column, t));
}

function unrolled(kind: Kind): Normalizer {
  return (g, node) =>
    g.within(node.op, () => {
      const layout = numberAttr(node, 'layout', 0);
      const [given, w, r, b, lengths, ...initial] = node.inputs as (Value | null)[];
      const starts = initial.slice(0, kind.states).map((v) => v && (layout === 1 ? g.transpose(v, [1, 0, 2]) : v));
      const peepholes = initial[kind.states] ?? null;
      const x = layout === 1 ? g.transpose(given!, [1, 0, 2]) : given!;
      if (x.shape.length !== 3) throw new RangeError(`its input has the shape [${given!.shape}]; it needs three axes.`);
      const steps = concrete(x.shape[0], node.op);
      if (steps > MOST_STEPS || steps < 1)
        throw new RangeError(
          `its input has ${steps} steps; 1 to ${MOST_STEPS} are unrolled. Export the model for a shorter sequence.`,
        );
      const rows = x.shape[1];
      const backwards = reversals(node);
      const hidden = concrete(r!.shape[2], node.op);
      const within = stepsWithin(g, lengths, steps, rows);
      const all = activationsOf(
        node,
        backwards.flatMap(() => kind.activations),
      );
      const runs = backwards.map((reversed, d) => {
        const own = kind.ownBias?.(node) ?? false;
        const [wb, rb] = b ? lastAxis(g, rowOf(g, b, d)!, 2) : [null, null];
        const added = wb && (own ? wb : g.add(wb, rb!));
        const product = g.matmul(x, g.transpose(rowOf(g, w, d)!, [1, 0]));
        const direction: Direction = {
          hidden,
          recurrence: g.transpose(rowOf(g, r, d)!, [1, 0]),
          bias: own ? rb : null,
          peepholes: rowOf(g, peepholes, d),
          activations: all.slice(d * kind.activations.length),
          clip: (node.attrs.clip as number | undefined) ?? null,
          node,
        };
        const zeros = () => g.expand(g.scalar(0), [rows, hidden]);
        const begin = Array.from({ length: kind.states }, (_, s) => rowOf(g, starts[s], d) ?? zeros());
        return run(g, kind, added ? g.add(product, added) : product, begin, direction, { reversed, within, rows });
      });
      return outputsOf(g, node, kind, runs, rows, layout);
    });
}

interface Walk {
  readonly reversed: boolean;
  readonly within: readonly Value[] | null;
  readonly rows: Dim;
}

interface Run {
  /** The output at each time, [N, hidden] each. */
  readonly outputs: readonly Value[];
  readonly last: State;
}

function run(g: Builder, kind: Kind, projected: Value, begin: State, direction: Direction, walk: Walk): Run {
  const [steps, , width] = projected.shape as [number, Dim, number];
  const cut = g.ints(Array<number>(steps).fill(1));
  const parts = g
    .applyAll('Split', [projected, cut], { axis: 0 }, { outputs: Array<string>(steps).fill('') })
    .map((part) => g.reshape(part, [walk.rows, width]));
  const times = [...parts.keys()];
  const outputs: Value[] = [];
  let state = begin;
  for (const t of walk.reversed ? times.reverse() : times) {
    const here = walk.within?.[t];
    const next = kind.cell(g, parts[t], state, direction);
    state = here ? next.map((v, s) => g.where(here, v, state[s])) : next;
    outputs[t] = here ? g.where(here, next[0], 0) : next[0];
  }
  return { outputs, last: state };
}

/** Y [time, directions, N, hidden] and the last states [directions, N, hidden]; with layout 1 the batch comes first. */
function outputsOf(g: Builder, node: Draft, kind: Kind, runs: readonly Run[], rows: Dim, layout: number): Value[] {
  const hidden = runs[0].last[0].shape[1];
  const named = (i: number, v: Value, perm: readonly number[]) =>
    g.apply('Transpose', [v], { perm }, { name: node.name, outputs: [node.outputs[i] ?? ''] });
  const joined = (values: readonly Value[], axis: number) => (values.length === 1 ? values[0] : g.concat(values, axis));
  const y = joined(
    runs.map(({ outputs }) =>
      joined(
        outputs.map((v) => g.reshape(v, [1, 1, rows, hidden])),
        0,
      ),
    ),
    1,
  );
  const lasts = Array.from({ length: kind.states }, (_, s) =>
    joined(
      runs.map(({ last }) => g.reshape(last[s], [1, rows, hidden])),
      0,
    ),
  );
  const [order, lastOrder] =
    layout === 1
      ? [
          [2, 0, 1, 3],
          [1, 0, 2],
        ]
      : [
          [0, 1, 2, 3],
          [0, 1, 2],
        ];
  return [named(0, y, order), ...lasts.map((v, s) => named(s + 1, v, lastOrder))];
}

export const rnn = unrolled({ gates: 1, states: 1, cell: rnnCell, activations: ['Tanh'] });

export const gru = unrolled({
  gates: 3,
  states: 1,
  cell: gruCell,
  activations: ['Sigmoid', 'Tanh'],
  ownBias: (node) => numberAttr(node, 'linear_before_reset', 0) !== 0,
});

export const lstm = unrolled({ gates: 4, states: 2, cell: lstmCell, activations: ['Sigmoid', 'Tanh', 'Tanh'] });
