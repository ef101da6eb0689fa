/**
 * @file What is asked of activation maximisation, as details of a place: `objective=channel&steps=512&seed=7`. What is as
 * the page begins with is left out. What is read is hostile.
 */
import { AIM_KINDS, type Aim, type AimKind, type Company, type How, MOST_PICTURES, howTo } from './maximise-ask.ts';
import type { Details, Selection } from './place.svelte.ts';

/** What a person chose of an objective and a recipe; the unit is the selection's. */
export interface Asked {
  readonly kind: AimKind;
  readonly company: Company;
  readonly further: string;
  readonly variants: number;
  readonly diversity: number;
  readonly second: Aim['second'];
  readonly power: number;
  readonly how: How;
}

export const FIRST_VARIANTS = 4;
export const FIRST_DIVERSITY = 10;

/** What a selection asks for where nothing else is said. */
export const kindFor = ({ channel, position }: Pick<Selection, 'channel' | 'position'>): AimKind =>
  channel === null ? 'logit' : position ? 'neuron' : 'channel';

export const firstAsked = (kind: AimKind, how: How = howTo('fourier', kind)): Asked => ({
  ...{ kind, company: 'one', further: '', variants: FIRST_VARIANTS, diversity: FIRST_DIVERSITY },
  ...{ second: null, power: 0, how },
});

/** Of units: digits, ranges and what separates them. */
const UNITS = /^\d[\d,-]{0,199}$/;
const unitsText = (text: string): string =>
  text
    .trim()
    .replaceAll('–', '-')
    .replaceAll(/[\s,;]+/g, ',');

/** `selection`: what is picked where this is said. */
export function detailsOf(asked: Asked, selection: Selection): Details {
  const { kind, company, second, how } = asked;
  const further = unitsText(asked.further);
  const usual = firstAsked(kind, howTo(how.parametrisation, kind));
  const said: Record<string, string | number | false> = {
    objective: kind !== kindFor(selection) && kind,
    further: company === 'units' && UNITS.test(further) && further,
    variants: company === 'variants' && asked.variants,
    diversity: asked.diversity !== usual.diversity && asked.diversity,
    second: second !== null && second.unit,
    weight: second !== null && second.weight !== -1 && second.weight,
    power: asked.power !== 0 && asked.power,
    parametrisation: how.parametrisation !== 'fourier' && how.parametrisation,
    moves: how.moves !== usual.how.moves && how.moves,
    steps: how.steps !== usual.how.steps && how.steps,
    rate: how.learningRate !== usual.how.learningRate && how.learningRate,
    seed: how.seed !== 0 && how.seed,
  };
  for (const [name, key] of REGULARISERS) {
    const weight = how.regularisers[key];
    said[name] = weight !== usual.how.regularisers[key] && weight;
  }
  const changed = Object.entries(said).filter(([, value]) => value !== false);
  return Object.fromEntries(changed.map(([name, value]) => [name, `${value}`]));
}

const REGULARISERS = [
  ['total-variation', 'totalVariation'],
  ['l1', 'l1'],
  ['l2', 'l2'],
  ['blur', 'blur'],
] as const;

interface Range {
  readonly min: number;
  readonly max?: number;
  readonly whole?: true;
}

const RANGES: Readonly<Record<string, Range>> = {
  variants: { min: 2, max: MOST_PICTURES, whole: true },
  diversity: { min: 0 },
  second: { min: 0, max: 10_000_000, whole: true },
  weight: { min: -Number.MAX_VALUE },
  power: { min: 0 },
  moves: { min: 0, max: 2 },
  steps: { min: 1, max: 100_000, whole: true },
  rate: { min: Number.MIN_VALUE },
  seed: { min: 0, max: 2 ** 31, whole: true },
  ...Object.fromEntries(REGULARISERS.map(([name]) => [name, { min: 0 }])),
};

/** What `details` ask for, and a phrase for each that cannot be asked, for which the page's own choice is taken. */
export function readAsked(
  details: Details,
  selection: Selection,
): { readonly asked: Asked; readonly refused: readonly string[] } {
  const refused = Object.keys(details).flatMap((name) => {
    const wanted = objection(name, details[name]);
    return wanted === null ? [] : [`${name} “${shown(details[name])}” (${wanted})`];
  });
  const good = (name: string) => Object.hasOwn(details, name) && objection(name, details[name]) === null;
  const text = <T extends string>(name: string, usual: T): T => (good(name) ? (details[name] as T) : usual);
  const number = (name: string, usual: number) => (good(name) ? Number(details[name]) : usual);
  const kind = text<AimKind>('objective', kindFor(selection));
  const usual = howTo(text('parametrisation', 'fourier'), kind);
  const company = good('variants') ? 'variants' : good('further') ? 'units' : 'one';
  const asked: Asked = {
    kind,
    company,
    further: company === 'units' ? details.further : '',
    variants: number('variants', FIRST_VARIANTS),
    diversity: number('diversity', FIRST_DIVERSITY),
    second: good('second') ? { unit: number('second', 0), weight: number('weight', -1) } : null,
    power: number('power', 0),
    how: {
      ...usual,
      moves: number('moves', usual.moves),
      steps: number('steps', usual.steps),
      learningRate: number('rate', usual.learningRate),
      seed: number('seed', 0),
      regularisers: Object.fromEntries(
        REGULARISERS.map(([name, key]) => [key, number(name, usual.regularisers[key])]),
      ) as unknown as How['regularisers'],
    },
  };
  return { asked, refused };
}

/** What a detail should be, where it is not; null where it is. */
function objection(name: string, text: string): string | null {
  if (name === 'objective') return among(AIM_KINDS, text);
  if (name === 'parametrisation') return among(['pixels', 'fourier', 'maco'], text);
  if (name === 'further') return UNITS.test(text) ? null : 'numbers and ranges such as 3,8,12-14';
  if (!Object.hasOwn(RANGES, name)) return 'nothing of that name is known';
  const { min, max = Number.MAX_VALUE, whole } = RANGES[name];
  const value = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return null;
  return max === Number.MAX_VALUE ? 'not a number that is possible here' : `possible are ${min} to ${max}`;
}

const among = (known: readonly string[], text: string): string | null =>
  known.includes(text) ? null : `known are ${known.join(', ')}`;

const shown = (text: string): string => text.replaceAll(/[^\x21-\x7e]/g, ' ').slice(0, 30);
