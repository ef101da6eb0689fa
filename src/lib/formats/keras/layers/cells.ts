/** @file One step of a recurrent layer: SimpleRNN, GRU, LSTM, and cells on top of each other. */
import type { Shape } from '../../../graph/dim.ts';
import type { Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';
import { makeTensor, type FloatTensor } from '../../../tensor/tensor.ts';
import { activate } from '../activations.ts';
import { Config, isRaw, snakeCase } from '../config.ts';
import type { LayerSite } from '../site.ts';

export interface Cell {
  /** What of an input [N, T, …] does not depend on the states, for all steps at once. */
  project(x: Value): Value;
  /** Shapes of the states for one step of what `project` gave. The first is the output. */
  stateShapes(projected: Value): readonly Shape[];
  /** The states after a step. */
  step(projected: Value, states: readonly Value[]): readonly Value[];
  readonly stateCount: number;
}

export type CellSite = Pick<LayerSite, 'g' | 'config' | 'weights' | 'name' | 'dialect'>;

/** Equal parts along the last axis. */
export const parts = (g: Builder, x: Value, count: number, size: number): readonly Value[] =>
  g.applyAll(
    'Split',
    [x, g.ints(Array<number>(count).fill(size))],
    { axis: x.shape.length - 1 },
    { outputs: Array<string>(count).fill('') },
  );

/** The layer's two activations. */
export function gates({ g, config, dialect }: CellSite) {
  return {
    activation: (x: Value) => activate(g, x, config.get('activation') ?? 'tanh', dialect),
    recurrent: (x: Value) => activate(g, x, config.get('recurrent_activation') ?? 'hard_sigmoid', dialect),
  };
}

/** Kernels [F, gates · U] and [U, gates · U], bias [gates · U]. */
function dense({ g, config, weights, name }: CellSite, count: number, biasShape?: readonly number[]) {
  const units = config.count('units');
  const kernel = g.constant(weights.take('kernel', [null, count * units]), `${name}/kernel`);
  const recurrent = weights.take('recurrent kernel', [units, count * units]);
  const bias = weights.takeIf(config.bool('use_bias', true), 'bias', biasShape ?? [count * units]);
  return { units, kernel, recurrent, bias };
}

const plus = (g: Builder, x: Value, bias: FloatTensor | null, name: string): Value =>
  bias ? g.add(x, g.constant(bias, `${name}/bias`)) : x;

/** h ← φ(W x + b + U h). */
function simple(site: CellSite): Cell {
  const { g, name } = site;
  const { units, kernel, recurrent, bias } = dense(site, 1);
  const u = g.constant(recurrent, `${name}/recurrent_kernel`);
  const { activation } = gates(site);
  return {
    stateCount: 1,
    project: (x) => plus(g, g.matmul(x, kernel), bias, name),
    stateShapes: ({ shape }) => [[shape[0], units]],
    step: (x, [h]) => [activation(g.add(x, g.matmul(h, u)))],
  };
}

/** i, f, o = σ(…), c ← f c + i φ(…), h ← o φ(c). */
function lstm(site: CellSite): Cell {
  const { g, name } = site;
  const { units, kernel, recurrent, bias } = dense(site, 4);
  const u = g.constant(recurrent, `${name}/recurrent_kernel`);
  const gate = gates(site);
  return {
    stateCount: 2,
    project: (x) => plus(g, g.matmul(x, kernel), bias, name),
    stateShapes: ({ shape }) => [
      [shape[0], units],
      [shape[0], units],
    ],
    step: (x, [h, c]) => carried(g, gate, parts(g, g.add(x, g.matmul(h, u)), 4, units), c),
  };
}

/** What LSTM and ConvLSTM make of the sums of their four gates. */
export function carried(
  g: Builder,
  { activation, recurrent }: ReturnType<typeof gates>,
  [i, f, m, o]: readonly Value[],
  c: Value,
): readonly Value[] {
  const next = g.add(g.mul(recurrent(f), c), g.mul(recurrent(i), activation(m)));
  return [g.mul(recurrent(o), activation(next)), next];
}

/** Columns `start` … `end` − 1 of a matrix. */
function columns(x: FloatTensor, start: number, end: number): FloatTensor {
  const [rows, width] = x.shape;
  const data = new Float32Array(rows * (end - start));
  for (let row = 0; row < rows; row++)
    data.set(x.data.subarray(row * width + start, row * width + end), row * (end - start));
  return makeTensor('float32', [rows, end - start], data);
}

/** z, r = σ(…), h ← z h + (1 − z) φ(…), where r is applied to h before or after its kernel. */
function gru(site: CellSite): Cell {
  const { g, config, name } = site;
  const after = config.bool('reset_after', false);
  const units = config.count('units');
  const { kernel, recurrent, bias } = dense(site, 3, after ? [2, 3 * units] : undefined);
  const row = (i: number) =>
    bias && makeTensor('float32', [3 * units], bias.data.subarray(i * 3 * units, (i + 1) * 3 * units));
  const gate = gates(site);
  const blend = (h: Value, z: Value, candidate: Value) => g.add(g.mul(z, h), g.mul(g.sub(1, z), candidate));
  const shared = {
    stateCount: 1,
    project: (x: Value) => plus(g, g.matmul(x, kernel), after ? row(0) : bias, name),
    stateShapes: ({ shape }: Value) => [[shape[0], units]],
  };
  if (after) {
    const u = g.constant(recurrent, `${name}/recurrent_kernel`);
    return {
      ...shared,
      step: (x, [h]) => {
        const [xz, xr, xh] = parts(g, x, 3, units);
        const [hz, hr, hh] = parts(g, plus(g, g.matmul(h, u), row(1), `${name}/recurrent`), 3, units);
        const candidate = gate.activation(g.add(xh, g.mul(gate.recurrent(g.add(xr, hr)), hh)));
        return [blend(h, gate.recurrent(g.add(xz, hz)), candidate)];
      },
    };
  }
  const zr = g.constant(columns(recurrent, 0, 2 * units), `${name}/recurrent_kernel/gates`);
  const uh = g.constant(columns(recurrent, 2 * units, 3 * units), `${name}/recurrent_kernel/candidate`);
  return {
    ...shared,
    step: (x, [h]) => {
      const [xz, xr, xh] = parts(g, x, 3, units);
      const [hz, hr] = parts(g, g.matmul(h, zr), 2, units);
      const reset = g.mul(gate.recurrent(g.add(xr, hr)), h);
      return [blend(h, gate.recurrent(g.add(xz, hz)), gate.activation(g.add(xh, g.matmul(reset, uh))))];
    },
  };
}

/** Cells one on the other; the states of the last come first, as Keras' first versions and TF.js have them. */
function stacked(site: CellSite, cells: readonly Cell[]): Cell {
  const { g } = site;
  return {
    stateCount: cells.reduce((n, cell) => n + cell.stateCount, 0),
    project: (x) => x,
    stateShapes: (x) => {
      const shapes: Shape[][] = [];
      let input = x;
      for (const cell of cells) {
        const projected = cell.project(input);
        shapes.push([...cell.stateShapes(projected)]);
        input = zeroState(g, shapes.at(-1)![0]);
      }
      return shapes.toReversed().flat();
    },
    step: (x, states) => {
      let end = states.length;
      let input = x;
      const next = cells.map((cell) => {
        const own = states.slice(end - cell.stateCount, end);
        end -= cell.stateCount;
        const made = cell.step(cell.project(input), own);
        input = made[0];
        return made;
      });
      return next.toReversed().flat();
    },
  };
}

const kinds: Readonly<Record<string, (site: CellSite) => Cell>> = {
  simplernncell: simple,
  simplernn: simple,
  grucell: gru,
  gru,
  lstmcell: lstm,
  lstm,
};

/** TF.js writes "lstm_cell". */
const kindOf = (className: unknown): string =>
  typeof className === 'string' ? snakeCase(className).replace(/^.*>/, '').replaceAll('_', '') : '';

const MOST_CELLS = 64;

/** {class_name, config} of a cell, or a list of cells. Throws a RangeError for one that is not known. */
export function cellOf(site: CellSite, raw: unknown, depth = 0): Cell {
  const list = Array.isArray(raw) ? (raw as unknown[]) : null;
  const { class_name: python, className, config } = isRaw(raw) ? raw : {};
  const kind = kindOf(python ?? className);
  const cells = list ?? (kind === 'stackedrnncells' ? new Config(config).get('cells') : null);
  if (Array.isArray(cells)) {
    if (depth > 2 || cells.length === 0 || cells.length > MOST_CELLS)
      throw new RangeError(`has ${cells.length} cells in each other or none. Save the model again.`);
    return stacked(
      site,
      cells.map((cell) => cellOf(site, cell, depth + 1)),
    );
  }
  const make = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (!make)
    throw new RangeError(
      `has the cell ${String(python ?? className ?? '(none)').slice(0, 80)}, which is not supported. Build it with LSTM, GRU or SimpleRNN cells, or export the model with tf2onnx to ONNX.`,
    );
  return make({ ...site, config: new Config(config) });
}

/** A state before the first step. */
export const zeroState = (g: Builder, shape: Shape): Value => g.expand(g.scalar(0), shape);
