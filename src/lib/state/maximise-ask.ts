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
  /** For a picture of 96×96. */
  readonly regularisers: Regularisers;
  readonly seed: number;
}

/** Pictures that are made at once. */
export const MOST_PICTURES = 16;

const FIRST_STEPS = 256;

/** The picture that the weights of `How` are meant for; for others they are scaled, so that they weigh the same. */
const REFERENCE_SIDE = 96;

/**
 * Total variation to begin with (docs/decisions/0019-maximisation-defaults.md). Means over a layer change less than logits
 * do, and what outweighs them leaves a grey picture.
 */
const variationOf = (kind: AimKind): number => (kind === 'logit' ? 0.0035 : 0.0005);

export function howTo(parametrisation: ParametrisationKind, kind: AimKind, seed = 0): How {
  const { learningRate } = recipeFor(parametrisation);
  const totalVariation = parametrisation === 'maco' ? 0 : variationOf(kind);
  const regularisers = { ...NO_REGULARISERS, totalVariation };
  return { parametrisation, moves: 1, steps: FIRST_STEPS, learningRate, regularisers, seed };
}

/** The same for another kind of aim; a total variation that a person set stays. */
export function adaptedTo(kind: AimKind, before: AimKind, how: How): How {
  const usual = (of: AimKind) => howTo(how.parametrisation, of).regularisers.totalVariation;
  if (how.regularisers.totalVariation !== usual(before)) return how;
  return { ...how, regularisers: { ...how.regularisers, totalVariation: usual(kind) } };
}

/** For pictures of the model's input's size. */
export function recipeOf(
  { parametrisation, moves, regularisers, ...how }: How,
  { width, height }: { readonly width: number; readonly height: number },
): Recipe {
  const area = (REFERENCE_SIDE * REFERENCE_SIDE) / (width * height);
  const { totalVariation, l1, l2, blur } = regularisers;
  return {
    ...recipeFor(parametrisation),
    ...how,
    // L2 is a norm, the others are sums over pixels.
    regularisers: { totalVariation: totalVariation * area, l1: l1 * area, l2: l2 * Math.sqrt(area), blur: blur * area },
    transform: transformFor(Math.min(width, height), moves),
  };
}

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
