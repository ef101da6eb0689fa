/** @file From what a person picks to what activation maximisation is asked: objectives, recipe, words. */
import { NO_REGULARISERS, recipeFor, transformFor } from '../synthesis/recipes.ts';
import type { Objective, ParametrisationKind, Recipe, Regularisers, Term } from '../worker/api.ts';

export type AimKind = (typeof AIM_KINDS)[number];
export const AIM_KINDS = ['logit', 'channel', 'neuron', 'layer', 'caricature'] as const;

/** One picture, one for each of several units, or several of one unit that differ. */
export type Company = 'one' | 'units' | 'variants';

/** What is made large. */
export interface Aim {
  readonly kind: AimKind;
  /** Empty for a class. */
  readonly layer: string;
  /** Channels of the layer; 0 where the aim names none. */
  readonly channels: number;
  /** Classes or channels, one picture each. */
  readonly units: readonly number[];
  readonly position: { readonly y: number; readonly x: number } | null;
  /** A second class or channel, added with its weight: −1 makes the difference. */
  readonly second: { readonly unit: number; readonly weight: number } | null;
  /** Of the cosine that the dot product with a direction is multiplied by; 0 leaves it out. */
  readonly power: number;
  readonly variants: number;
  readonly diversity: { readonly layer: string; readonly weight: number } | null;
}

/** How it is made large. */
export interface How {
  readonly parametrisation: ParametrisationKind;
  /** Of the random moves; 0 for none, 1 for the standard. */
  readonly moves: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly regularisers: Regularisers;
  readonly seed: number;
}

/** Pictures that are made at once. */
export const MOST_PICTURES = 16;

/** Weight of total variation to begin with: it takes the grain and leaves the shapes. */
const TOTAL_VARIATION = 0.002;
const FIRST_STEPS = 256;

export function howTo(parametrisation: ParametrisationKind, seed = 0): How {
  const { learningRate } = recipeFor(parametrisation);
  const regularisers = { ...NO_REGULARISERS, totalVariation: parametrisation === 'maco' ? 0 : TOTAL_VARIATION };
  return { parametrisation, moves: 1, steps: FIRST_STEPS, learningRate, regularisers, seed };
}

/** `side`: of the model's input in pixels, the shorter one. */
export const recipeOf = ({ parametrisation, moves, ...how }: How, side: number): Recipe => ({
  ...recipeFor(parametrisation),
  ...how,
  transform: transformFor(side, moves),
});

/** One for each picture. */
export function objectivesOf(aim: Aim): Objective[] {
  const { second, diversity, variants } = aim;
  const diverse = variants > 1 && diversity && diversity.weight > 0 ? { diversity } : {};
  const units = variants > 1 ? Array<number>(variants).fill(aim.units[0]) : aim.units;
  return units.map((unit) => {
    if (aim.power > 0 && aim.kind === 'channel') return { terms: [{ weight: 1, term: directionOf(aim, unit) }] };
    const terms = [{ weight: 1, term: termOf(aim, unit) }];
    if (second && hasUnits(aim.kind)) terms.push({ weight: second.weight, term: termOf(aim, second.unit) });
    return { terms, ...diverse };
  });
}

/** Where each picture starts: variations of one unit at different places. */
export const seedsOf = ({ variants, units }: Aim, seed: number): number[] =>
  variants > 1 ? Array.from({ length: variants }, (_, i) => seed + i) : units.map(() => seed);

export const hasUnits = (kind: AimKind): boolean => kind === 'logit' || kind === 'channel' || kind === 'neuron';

function termOf({ kind, layer, position, power }: Aim, unit: number): Term {
  switch (kind) {
    case 'logit':
      return { kind, index: unit };
    case 'channel':
      return { kind, layer, channel: unit };
    case 'neuron':
      return { kind, layer, channel: unit, ...position };
    case 'layer':
      return { kind, layer };
    case 'caricature':
      return { kind, layer, power };
  }
}

function directionOf({ layer, channels, second, power }: Aim, unit: number): Term {
  const direction = Array<number>(channels).fill(0);
  direction[unit] += 1;
  if (second) direction[second.unit] += second.weight;
  return { kind: 'direction', layer, direction, power };
}

/** "apple", "relu3 · channel 12", each picture's own. `classOf`: a class's name. */
export function titlesOf(aim: Aim, classOf: (index: number) => string): string[] {
  const name = (unit: number): string => {
    switch (aim.kind) {
      case 'logit':
        return classOf(unit);
      case 'layer':
        return `${aim.layer} · whole layer`;
      case 'caricature':
        return `${aim.layer} · caricature`;
      case 'channel':
        return `${aim.layer} · channel ${unit}`;
      case 'neuron': {
        const { position } = aim;
        return `${aim.layer} · channel ${unit}, ${position ? `row ${position.y}, column ${position.x}` : 'middle'}`;
      }
    }
  };
  const second = aim.second && hasUnits(aim.kind) ? aim.second : null;
  const combined = (unit: number): string => {
    if (!second) return name(unit);
    const other = aim.kind === 'logit' ? classOf(second.unit) : `channel ${second.unit}`;
    const size = Math.abs(second.weight);
    return `${name(unit)} ${second.weight < 0 ? '−' : '+'} ${size === 1 ? '' : `${size} · `}${other}`;
  };
  if (aim.variants > 1)
    return Array.from({ length: aim.variants }, (_, i) => `${combined(aim.units[0])} · ${i + 1} of ${aim.variants}`);
  return aim.units.map(combined);
}

/** "3, 8, 12-14" → [3, 8, 12, 13, 14]; numbers from 0 to `count` − 1, each once. A string says what is wrong. */
export function unitsIn(text: string, count: number): number[] | string {
  const units = new Set<number>();
  for (const part of text.split(/[\s,;]+/).filter(Boolean)) {
    const range = /^(\d+)(?:[-–](\d+))?$/.exec(part);
    if (!range) return `“${part}” is no number and no range such as 4-7.`;
    const [from, to] = [Number(range[1]), Number(range[2] ?? range[1])];
    if (from > to || to >= count) return `“${part}”: choose from 0 to ${count - 1}.`;
    for (let unit = from; unit <= to && units.size <= MOST_PICTURES; unit++) units.add(unit);
    if (units.size > MOST_PICTURES) return `At most ${MOST_PICTURES} pictures are made at once.`;
  }
  return [...units];
}
