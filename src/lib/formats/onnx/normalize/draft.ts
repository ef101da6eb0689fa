/** @file A node of a file on its way to the canonical opset: inputs are values already, attributes are still the file's. */
import type { Attribute, Value } from '../../../graph/graph.ts';
import type { Builder } from '../../../ops/builder.ts';

export interface Draft {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly (Value | null)[];
  readonly attrs: Readonly<Record<string, Attribute>>;
  /** Names of the outputs, '' where one is not asked for; at least one. */
  readonly outputs: readonly string[];
  /** Version of its domain's operator set. */
  readonly opset: number;
}

/** Another node instead, or the values of the outputs; null or missing where one cannot be had. */
export type Normalizer = (g: Builder, node: Draft) => Draft | readonly (Value | null)[];

export const change = (node: Draft, changes: Partial<Draft>): Draft => ({ ...node, ...changes });

/** The node without some attributes. */
export function without(node: Draft, ...names: readonly string[]): Draft {
  return { ...node, attrs: Object.fromEntries(Object.entries(node.attrs).filter(([name]) => !names.includes(name))) };
}

/** One more node of a composition, the last: it carries the original's names. */
export function last(
  g: Builder,
  node: Draft,
  op: string,
  inputs: readonly (Value | null)[],
  attrs: Draft['attrs'] = {},
): readonly Value[] {
  return g.applyAll(op, inputs, attrs, { name: node.name, outputs: [node.outputs[0]] });
}

export const numberAttr = (node: Draft, name: string, fallback: number): number =>
  (node.attrs[name] as number | undefined) ?? fallback;
export const intsAttr = (node: Draft, name: string): readonly number[] | undefined =>
  node.attrs[name] as readonly number[] | undefined;

/** Inputs with `value` at `index`, left-out ones before it filled in. */
export function withInput(node: Draft, index: number, value: Value | null): Draft {
  const inputs = Array.from({ length: Math.max(node.inputs.length, index + 1) }, (_, i) =>
    i === index ? value : (node.inputs[i] ?? null),
  );
  return { ...node, inputs };
}
