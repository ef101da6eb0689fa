/** @file Finding layers by words of their name, operator or shape. */
import type { ActivationInfo } from '../state/inside.svelte.ts';

export const shapeText = (shape: readonly number[]): string => shape.join(' × ');

/** The layers that have every word of `query` in their name, operator or shape; all in their own order. */
export function searchLayers(query: string, layers: readonly ActivationInfo[]): readonly ActivationInfo[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return layers;
  return layers.filter(({ id, op, shape }) => {
    const text = `${id} ${op} ${shape.join('x')} ${shape.join('×')}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
