/** @file Forms of operators that a device refuses or computes wrongly, in terms of forms that it computes right. */
import { knownInts, type Node, type Value } from '../../graph/graph.ts';
import { normalizeAxis } from '../../graph/dim.ts';
import type { Builder } from '../../ops/builder.ts';
import { parseEinsum } from '../../ops/einsum.ts';

/** WebGPU turns only whole axes round, one by one: cut first, turn, then take every |step|-th. */
export function sliceBackwards(g: Builder, _node: Node, [x, ...where]: readonly Value[]): Value | null {
  const [starts, ends, named, steps] = where.map(knownInts);
  if (!starts || !ends || !steps?.some((s) => s < 0)) return null;
  const axes = normalizeAxes(named ?? starts.map((_, i) => i), x.shape.length);
  const whole = Number.MAX_SAFE_INTEGER;
  const cuts = axes.map((axis, i) => (steps[i] < 0 ? cut(x.shape[axis] as number, starts[i], ends[i]) : [0, whole]));
  const each = (value: number) => axes.map(() => value);
  const part = g.slice(
    x,
    cuts.map(([from]) => from),
    cuts.map(([, to]) => to),
    axes,
  );
  const back = axes.filter((_, i) => steps[i] < 0);
  const turned = g.slice(
    part,
    back.map(() => -1),
    back.map(() => -whole),
    back,
    back.map(() => -1),
  );
  const forward = steps.map((s) => s > 0);
  return g.slice(
    turned,
    each(0).map((zero, i) => (forward[i] ? starts[i] : zero)),
    each(whole).map((end, i) => (forward[i] ? ends[i] : end)),
    axes,
    steps.map(Math.abs),
  );
}

const normalizeAxes = (axes: readonly number[], rank: number): number[] =>
  axes.map((axis) => normalizeAxis(axis, rank, 'Slice'));

/** The elements that start : end : −1 takes from an axis, as first and last + 1. */
function cut(length: number, start: number, end: number): [number, number] {
  const clamp = (v: number, low: number) => Math.min(Math.max(v < 0 ? v + length : v, low), length - 1);
  const [first, beyond] = [clamp(start, 0), clamp(end, -1)];
  return [beyond + 1, Math.max(first, beyond) + 1];
}

/** WebGPU repeats the edge of what it should have cropped: crop, then pad. */
export function padAfterCropping(g: Builder, node: Node, [x, pads, value, axes]: readonly Value[]): Value | null {
  const amounts = knownInts(pads);
  if (!amounts || (node.attrs.mode ?? 'constant') === 'constant') return null;
  if (amounts.every((p) => p >= 0) || amounts.every((p) => p <= 0)) return null;
  const named = axes ? [axes] : [];
  const cropped = g.apply('Pad', [x, g.ints(amounts.map((p) => Math.min(p, 0))), null, ...named]);
  return g.apply('Pad', [cropped, g.ints(amounts.map((p) => Math.max(p, 0))), value ?? null, ...named], node.attrs);
}

/** WebGPU takes scale and bias in the full shape of the normalised axes only. */
export function layerNormalizationInFull(g: Builder, node: Node, [x, ...parameters]: readonly Value[]): Value | null {
  const axis = (node.attrs.axis as number | undefined) ?? -1;
  const normalized = x.shape.slice(axis);
  if (parameters.every((p) => !p || p.shape.length === normalized.length)) return null;
  return g.apply('LayerNormalization', [x, ...parameters.map((p) => p && g.expand(p, normalized))], node.attrs);
}

/** Letters for ellipses, which WebGPU cannot compile, and no axis of one that onnxruntime would have to broadcast. */
export function einsumInLetters(g: Builder, node: Node, operands: readonly Value[]): Value | null {
  const equation = node.attrs.equation as string;
  const shapes = operands.map((v) => v.shape);
  const { inputs, output, lengths } = parseEinsum(equation, shapes);
  const kept = shapes.map((shape, i) => shape.flatMap((d, axis) => (d === lengths.get(inputs[i][axis]) ? [axis] : [])));
  if (!equation.includes('...') && kept.every((axes, i) => axes.length === shapes[i].length)) return null;
  const bare = operands.map((v, i) =>
    g.reshape(
      v,
      kept[i].map((axis) => shapes[i][axis]),
    ),
  );
  const terms = inputs.map((term, i) => kept[i].map((axis) => term[axis]).join(''));
  return g.apply('Einsum', bare, { equation: `${terms}->${output}` });
}
