/** @file The entry point of the worker that compares maps: sorting their scores would hold up the page. */
import * as Comlink from 'comlink';
import { type RankCorrelations, rankCorrelations } from '../tensor/rank-correlation.ts';
import type { FloatTensor } from '../tensor/tensor.ts';

let maps = new Map<number, FloatTensor>();

const api = {
  /** The maps that are called `numbers`, of which `fresh` were not part of the last call; all others are forgotten. */
  correlate(numbers: readonly number[], fresh: readonly (readonly [number, FloatTensor])[]): RankCorrelations {
    const known = new Map([...maps, ...fresh]);
    const asked = numbers.map((number) => {
      const map = known.get(number);
      if (!map) throw new Error(`internal: map ${number} has not been handed over`);
      return map;
    });
    maps = new Map(asked.map((map, i) => [numbers[i], map]));
    return rankCorrelations(asked);
  },
};

export type AgreementApi = typeof api;

Comlink.expose(api);
