/** @file Forms of operators that a device refuses or computes wrongly, in terms of forms that it computes right. */
import { knownInts, type Node, type Value } from '../../graph/graph.ts';
import type { Builder } from '../../ops/builder.ts';
import { parseEinsum } from '../../ops/einsum.ts';

/** WebGPU steps backwards by one only (by three it starts at the wrong end): backwards by one, then forwards. */
export function sliceBackwards(g: Builder, _node: Node, [x, ...where]: readonly Value[]): Value | null {
  const [starts, ends, axes, steps] = where.map(knownInts);
  if (!starts || !ends || !steps?.some((s) => s < -1)) return null;
  const along = axes ?? starts.map((_, i) => i);
  const sign = steps.map((s) => Math.sign(s));
  const turned = g.slice(x, starts, ends, along, sign);
  const each = (value: number) => along.map(() => value);
  // What a step of its own sign took is every |step|-th of what is left.
  return g.slice(turned, each(0), each(Number.MAX_SAFE_INTEGER), along, steps.map(Math.abs));
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

/** WebGPU compiles no ellipsis, and onnxruntime broadcasts none: letters instead, axes of one dropped where others are longer. */
export function einsumInLetters(g: Builder, node: Node, operands: readonly Value[]): Value | null {
  const equation = node.attrs.equation as string;
  if (!equation.includes('...')) return null;
  const { inputs, output, lengths } = parseEinsum(
    equation,
    operands.map((v) => v.shape),
  );
  const kept = operands.map((v, i) => [...inputs[i]].map((letter, axis) => v.shape[axis] === lengths.get(letter)));
  const bare = operands.map((v, i) =>
    g.reshape(
      v,
      v.shape.filter((_, axis) => kept[i][axis]),
    ),
  );
  const terms = inputs.map((term, i) => [...term].filter((_, axis) => kept[i][axis]).join(''));
  return g.apply('Einsum', bare, { equation: `${terms}->${output}` });
}
