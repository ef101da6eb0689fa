/** @file The nodes of a model as a table shows them, and finding some of them. */
import type { InspectedLayer } from '../state/inspection.svelte.ts';

export interface NodeRow extends InspectedLayer {
  /** Its place in forward order, from 1. */
  readonly place: number;
  /** Of the multiply-adds of all nodes. */
  readonly share: number;
}

export const rowsOf = (layers: readonly InspectedLayer[], flops: number): NodeRow[] =>
  layers.map((layer, i) => ({ ...layer, place: i + 1, share: flops > 0 ? layer.flops / flops : 0 }));

/** Those that have every word of `query` in their name, operator or shape; all in their own order. */
export function searchNodes(query: string, rows: readonly NodeRow[]): readonly NodeRow[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return rows;
  return rows.filter(({ name, op, shape }) => {
    const text = [name, op, ...['x', '×', ','].map((sign) => shape.join(sign))].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
