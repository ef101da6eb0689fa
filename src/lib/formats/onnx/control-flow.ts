/**
 * @file If, Loop and Scan. What they do is known when the file is read or they are refused: a branch whose condition is
 * a constant takes the place of its If, and a loop whose number of steps is one is written out.
 */
import { concrete, normalizeAxis } from '../../graph/dim.ts';
import { knownInts, type Value } from '../../graph/graph.ts';
import { int64 } from '../../tensor/tensor.ts';
import type { Builder } from '../../ops/builder.ts';
import type { Body } from './flatten.ts';
import type { Draft } from './normalize/draft.ts';

/** Most steps of a loop that is written out. */
const MOST_STEPS = 1024;

/** What writing out needs of the walk over the file. */
export interface Writer {
  readonly g: Builder;
  readonly bodies: Readonly<Record<string, Body>>;
  /** The nodes of a body, on these values of its inputs; `step` tells the copies of a loop apart. */
  run(body: Body, inputs: readonly Value[], step?: number): readonly Value[];
  /** One more node, typed and folded as the file's own. */
  node(draft: Draft): readonly Value[];
}

type ControlFlow = (writer: Writer, node: Draft) => readonly Value[];

function bodyOf({ bodies }: Writer, name: string): Body {
  const body = bodies[name];
  if (!body) throw new RangeError(`it has no graph ${name}. The file is damaged: export it again.`);
  return body;
}

/** A condition that is known before anything runs. Throws a RangeError where it is not. */
function known(value: Value, what: string, instead: string): number {
  const numbers = knownInts(value);
  if (numbers?.length !== 1)
    throw new RangeError(
      `${what} is computed while the model runs, so what it does is not known beforehand. Export the model for a fixed input size and ${instead}.`,
    );
  return numbers[0];
}

const branch: ControlFlow = (writer, node) => {
  const holds = known(node.inputs[0]!, 'its condition', 'without a branch that depends on what it is shown');
  return writer.run(bodyOf(writer, holds ? 'then_branch' : 'else_branch'), []);
};

const FIXED = 'with a fixed number of steps';

function refuseSteps(steps: number): void {
  if (steps > MOST_STEPS)
    throw new RangeError(`it takes ${steps} steps, at most ${MOST_STEPS} are written out. Export the model ${FIXED}.`);
}

/** Values of the same shape one after another along a new axis. */
function stacked({ node, g }: Writer, parts: readonly Value[], axis: number, name: string): Value {
  const plain = (op: string, inputs: readonly Value[], attrs: Draft['attrs'], output: string): Value =>
    node({ op, domain: '', name: '', inputs, attrs, outputs: [output], opset: 20 })[0];
  if (parts.length === 0)
    throw new RangeError(
      'it takes no step, so the shape of what it collects is not known. Export the model without it.',
    );
  const at = normalizeAxis(axis, parts[0].shape.length + 1, 'Scan');
  const rows = parts.map((part) => plain('Unsqueeze', [part, g.ints([at])], {}, ''));
  return plain('Concat', rows, { axis: at }, name);
}

/** Each of the lists of one step as one list of a value at each step. */
const byValue = (steps: readonly (readonly Value[])[], count: number): Value[][] =>
  Array.from({ length: count }, (_, i) => steps.map((step) => step[i]));

const loop: ControlFlow = (writer, node) => {
  const body = bodyOf(writer, 'body');
  const [most, condition, ...initial] = node.inputs as (Value | null)[];
  const limit = most ? known(most, 'its number of steps', FIXED) : Infinity;
  let state = initial as readonly Value[];
  let goes: Value = condition ?? writer.g.scalar(1, 'bool');
  const collected: (readonly Value[])[] = [];
  for (let i = 0; i < limit && known(goes, 'whether it goes on', FIXED) !== 0; i++) {
    refuseSteps(Number.isFinite(limit) ? limit : i + 1);
    const count = writer.g.constant(int64([], [i]));
    const [next, ...results] = writer.run(body, [count, goes, ...state], i);
    [goes, state] = [next, results.slice(0, initial.length)];
    collected.push(results.slice(initial.length));
  }
  const lists = byValue(collected, body.outputs.length - 1 - initial.length);
  return [...state, ...lists.map((parts, i) => stacked(writer, parts, 0, node.outputs[initial.length + i] ?? ''))];
};

const listOf = (node: Draft, name: string, i: number): number =>
  (node.attrs[name] as readonly number[] | undefined)?.[i] ?? 0;

/** The meaning since opset 9; in opset 8 the first axis was the batch. */
const scan: ControlFlow = (writer, node) => {
  if (node.opset < 9) throw new RangeError('Scan of opset 8 is not supported. Export the model at opset 9 or later.');
  const body = bodyOf(writer, 'body');
  const count = node.attrs.num_scan_inputs as number;
  const split = node.inputs.length - count;
  let state = node.inputs.slice(0, split) as readonly Value[];
  const sequences = node.inputs.slice(split) as readonly Value[];
  const axes = sequences.map((x, i) => normalizeAxis(listOf(node, 'scan_input_axes', i), x.shape.length, node.op));
  const lengths = sequences.map((x, i) => concrete(x.shape[axes[i]], node.op));
  const steps = lengths[0] ?? 0;
  if (lengths.some((n) => n !== steps)) throw new RangeError(`its sequences are ${lengths.join(' and ')} long.`);
  refuseSteps(steps);
  const at = (x: Value, i: number, step: number): Value => {
    const place = listOf(node, 'scan_input_directions', i) === 1 ? steps - 1 - step : step;
    const inputs = [x, writer.g.constant(int64([], [place]))];
    return writer.node({
      op: 'Gather',
      domain: '',
      name: '',
      inputs,
      attrs: { axis: axes[i] },
      outputs: [''],
      opset: 20,
    })[0];
  };
  const collected: (readonly Value[])[] = [];
  for (let step = 0; step < steps; step++) {
    const results = writer.run(body, [...state, ...sequences.map((x, i) => at(x, i, step))], step);
    state = results.slice(0, split);
    collected.push(results.slice(split));
  }
  const lists = byValue(collected, body.outputs.length - split);
  const joined = lists.map((parts, i) => {
    const ordered = listOf(node, 'scan_output_directions', i) === 1 ? parts.toReversed() : parts;
    return stacked(writer, ordered, listOf(node, 'scan_output_axes', i), node.outputs[split + i] ?? '');
  });
  return [...state, ...joined];
};

/** By operator. */
export const controlFlow: Readonly<Record<string, ControlFlow>> = { If: branch, Loop: loop, Scan: scan };

/** Whether the node holds graphs that are run as the node says. */
export const isControlFlow = (op: string, domain: string): boolean => domain === '' && Object.hasOwn(controlFlow, op);
