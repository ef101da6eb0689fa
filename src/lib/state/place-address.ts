/** @file Places as fragments of the address: `#inside/maps?model=…&image=…&layer=…&channel=…&y=…&x=…`. What is read is hostile. */

import { type Details, type InsideTab, NOTHING, type Selection, TABS, VIEWS, type ViewName } from './place.svelte.ts';

/** What the selection is picked in: ids of what comes with the page, else SHA-256; '' where nothing is said. */
export interface Subject {
  readonly model: string;
  readonly image: string;
}

export interface PlaceAddress extends Subject {
  readonly view: ViewName;
  readonly tab: InsideTab;
  readonly selection: Selection;
  /** The class that is asked about; null follows the model's first guess. */
  readonly chosen: number | null;
  readonly details: Details;
}

const LONGEST = 4000;
const LONGEST_NAME = 400;
const MOST_DETAILS = 16;
const MAX_INDEX = 10_000_000;
/** Control characters and those that turn the direction of writing: a name with them can pass for another one. */
const INVISIBLE = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;
const OWN = ['model', 'image', 'layer', 'channel', 'y', 'x', 'class'];

/** The fragment, with its `#`; Explain, whose own links say more, is `#explain` alone. */
export function fragmentOf({ view, tab, selection, model, image, chosen, details }: PlaceAddress): string {
  if (view === 'explain') return '#explain';
  const { layer, channel, position } = selection;
  const looking = view === 'inside';
  const said: readonly (readonly [string, string | number | null | undefined])[] = [
    ['model', model],
    ['image', image],
    ['class', chosen],
    ...(view === 'compare' ? [] : ([['layer', layer]] as const)),
    ...(looking ? ([['channel', channel], ['y', position?.y], ['x', position?.x]] as const) : []), // prettier-ignore
    ...Object.entries(details).filter(([name]) => isDetail(name)),
  ];
  const query = new URLSearchParams();
  for (const [name, value] of said)
    if (value !== null && value !== undefined && value !== '') query.set(name, `${value}`);
  const text = query.toString();
  return `#${view}${looking ? `/${tab}` : ''}${text && `?${text}`}`;
}

/**
 * What a person did to come from one place to the other: went to another view or tab, or within one to another layer or
 * channel. Positions, classes and details are said of the same place; what the page picks where nothing was is no move.
 */
export function moveBetween(from: PlaceAddress, to: PlaceAddress): 'none' | 'within' | 'view' {
  if (from.view !== to.view || (to.view === 'inside' && from.tab !== to.tab)) return 'view';
  const { layer, channel } = from.selection;
  if (to.view === 'explain' || to.view === 'compare' || layer === null) return 'none';
  const same = layer === to.selection.layer && (to.view === 'signals' || channel === to.selection.channel);
  return same ? 'none' : 'within';
}

/** The place that a fragment names, or why it names none: a sentence. */
export function readPlace(fragment: string): PlaceAddress | string {
  if (fragment.length > LONGEST) return `it has ${fragment.length} characters, more than the ${LONGEST} of a place`;
  const [path, query = ''] = fragment.slice(1).split(/\?(.*)/s);
  const [name, part = 'maps', ...more] = path.split('/');
  const view = VIEWS.find((known) => known === name);
  const tab = TABS.find((known) => known === part);
  if (!view || !tab || more.length > 0 || (view !== 'inside' && path !== view))
    return `the page has no “${shown(path)}”`;
  const said = new URLSearchParams(query);
  const names = [...said.keys()];
  const strange = names.find((key, i) => names.indexOf(key) !== i || !(OWN.includes(key) || isDetail(key)));
  if (strange !== undefined) return `“${shown(strange)}” is no part of a place`;
  const long = [...said].find(([, value]) => value.length > LONGEST_NAME || INVISIBLE.test(value));
  if (long) return `its “${long[0]}” is too long or holds invisible characters`;
  const wrong = ['channel', 'y', 'x', 'class'].find((key) => said.has(key) && indexIn(said, key) === null);
  if (wrong) return `its “${wrong}” is “${shown(said.get(wrong) ?? '')}”, not a whole number from 0`;
  const details = [...said].filter(([key]) => !OWN.includes(key));
  if (details.length > MOST_DETAILS) return `it says ${details.length} details, more than ${MOST_DETAILS}`;
  return {
    view,
    tab,
    selection: selectionIn(said),
    model: said.get('model') ?? '',
    image: said.get('image') ?? '',
    chosen: indexIn(said, 'class'),
    details: Object.fromEntries(details),
  };
}

function selectionIn(said: URLSearchParams): Selection {
  const layer = said.get('layer');
  if (!layer) return NOTHING;
  const [channel, y, x] = ['channel', 'y', 'x'].map((key) => indexIn(said, key));
  return { layer, channel, position: y !== null && x !== null ? { y, x } : null };
}

function indexIn(said: URLSearchParams, key: string): number | null {
  const text = said.get(key) ?? '';
  return /^\d{1,8}$/.test(text) && Number(text) <= MAX_INDEX ? Number(text) : null;
}

const isDetail = (name: string): boolean => /^[a-z][a-z0-9-]{0,23}$/.test(name) && !OWN.includes(name);

const shown = (text: string): string => text.replaceAll(new RegExp(INVISIBLE, 'gu'), ' ').slice(0, 40);
