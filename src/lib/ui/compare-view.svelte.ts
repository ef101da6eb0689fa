/** @file How a comparison is shown: what each cell draws, on which scale, and which two are laid over each other. */
import type { AttributionResult, ModelInfo, Workspace } from '../state/workspace.svelte.ts';
import { type Cell, type Comparison, comparisonOf } from '../state/compare.svelte.ts';
import type { AgreementClient } from '../agreement/client.ts';
import type { StudioClient } from '../render/client.ts';
import type { Overlaid } from '../render/picture.ts';
import { scaleTo } from '../render/scale.ts';
import type { Viewport } from '../render/viewport.ts';
import type { RankCorrelations } from '../tensor/rank-correlation.ts';
import { SharedLook } from './compare-look.svelte.ts';
import { type Drawing, drawingOf } from './drawing.ts';
import { duration, number, percent } from './format.ts';
import { photograph } from './photograph.ts';
import type { Sight } from './inspector.svelte.ts';
import { deviceText, draws, errorText } from './summary.ts';
import { type WayOut, wayOutOf } from './way-out.ts';

/** A cell with all that is drawn and said about it. */
export interface Show {
  readonly cell: Cell;
  /** A, B, C, …: what the matrix and the pair call it. */
  readonly letter: string;
  readonly url: string;
  readonly sight: Sight | null;
  readonly result: AttributionResult | null;
  readonly drawing: Drawing | null;
  /** Why there is no result; empty otherwise. */
  readonly failure: string;
}

/** Rows of equal length, no more of them than are seen at a glance. */
export const columnsFor = (cells: number): number => (cells < 4 ? cells : cells === 4 ? 2 : cells <= 9 ? 3 : 4);

export type Arrangement = 'grid' | 'swipe' | 'blink';

export class CompareView {
  readonly look = new SharedLook();
  readonly workspace: Workspace;
  /** What draws the cells, once it is there. */
  studio = $state.raw<StudioClient | null>(null);
  /** Photographs that have been read, by address. */
  photographs = $state.raw<Readonly<Record<string, ImageBitmap>>>({});
  /** Set where the browser cannot show an image that the model can read. */
  unreadable = $state('');
  arrangement = $state<Arrangement>('grid');
  /** Addresses of photographs that are being read, have been, or cannot be. */
  #asked: readonly string[] = [];
  #pair = $state.raw<readonly [string, string]>(['', '']);

  constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  get comparison(): Comparison {
    return comparisonOf(this.workspace);
  }

  /** A cell of which nothing has changed stays the same object: the arrival of one result draws one picture. */
  readonly shows: readonly Show[] = $derived.by(() => {
    const shows = this.#scaled().map((show) => {
      const before = this.#before.find(({ cell }) => cell.id === show.cell.id);
      return before && alike(show, before) ? before : show;
    });
    this.#before = shows;
    return shows;
  });

  #before: readonly Show[] = [];

  #scaled(): Show[] {
    const own = this.comparison.cells.map((cell, i) => this.#show(cell, i));
    if (!this.comparison.sharedScale) return own;
    const limit = Math.max(0, ...own.map(({ drawing }) => drawing?.scale.limit ?? 0));
    return own.map((show) => {
      if (!show.drawing) return show;
      return { ...show, drawing: { ...show.drawing, scale: scaleTo(limit, show.drawing.statistics) } };
    });
  }

  readonly drawn = $derived(this.shows.filter(({ result }) => result !== null));

  /** What the tables beneath the cells speak of: `drawn`, once they have been compared. */
  tabled = $state.raw<readonly Show[]>([]);
  /** Of those. Only maps of one place in one picture can be compared place by place. */
  correlations = $state.raw<RankCorrelations | null>(null);
  #tables = 0;

  /** The scores under the shared place in words: a sentence in place of as many live regions as there are cells. */
  readonly readout: string = $derived.by(() =>
    this.drawn
      .flatMap(({ letter, result }) => {
        const score = this.look.scoreOf(result!.map);
        return score === null ? [] : `${letter} ${number(score, { signed: true, digits: 3 })}`;
      })
      .join(', '),
  );

  /** The two that are laid over each other: what was chosen, else the first two with a result. */
  readonly pair: readonly [Show, Show] | null = $derived.by(() => {
    const chosen = this.#pair.map((id) => this.drawn.find(({ cell }) => cell.id === id));
    const first = chosen[0] ?? this.drawn.find((show) => show !== chosen[1]);
    const second = chosen[1] ?? this.drawn.find((show) => show !== first);
    return first && second ? [first, second] : null;
  });

  /** Makes tables of `shows`; a later call wins. Rejects with an Error where the maps cannot be compared; the other tables stand. */
  async tabulate(shows: readonly Show[], agreement: AgreementClient): Promise<void> {
    const call = ++this.#tables;
    const results = shows.map(({ result }) => result!);
    // The first map is sorted when it comes, not together with the second.
    const alike = results.length > 0 && ofOnePlace(results);
    const compared = alike ? agreement.correlate(results.map(({ map }) => map)) : Promise.resolve(null);
    const found = await compared.catch(() => null);
    if (call !== this.#tables) return;
    this.tabled = shows;
    this.correlations = results.length > 1 ? found : null;
    await compared;
  }

  choosePair(place: 0 | 1, id: string): void {
    const ids = this.pair?.map(({ cell }) => cell.id) ?? ['', ''];
    const other = ids[1 - place] === id ? ids[place] : ids[1 - place];
    this.#pair = place === 0 ? [id, other] : [other, id];
  }

  /** Reads a photograph once, the longer side at most `limit` texels. */
  async photographFrom(url: string, limit: number): Promise<void> {
    if (this.#asked.includes(url)) return;
    this.#asked = [...this.#asked, url];
    try {
      this.photographs = { ...this.photographs, [url]: await photograph(url, limit) };
    } catch {
      this.unreadable = 'The browser cannot show one of these images, although the model can read it.';
    }
  }

  /** Frees the photographs that are no longer shown: `urls` are. */
  forget(urls: readonly string[]): void {
    const entries = Object.entries(this.photographs);
    const shown = entries.filter(([url]) => urls.includes(url));
    if (shown.length === entries.length) return;
    this.photographs = Object.fromEntries(shown);
    this.#asked = this.#asked.filter((url) => urls.includes(url));
    for (const [url, image] of entries) if (!urls.includes(url)) image.close();
  }

  /** What is drawn for a cell; null until its photograph has been read. */
  picture({ url, sight, result, drawing }: Show, viewport: Viewport): Overlaid | null {
    const image = this.photographs[url];
    if (!image || !sight) return null;
    const { backdrop, smooth, opacity, fade } = this.workspace.overlay;
    return {
      viewport,
      image: {
        image,
        size: sight.image,
        seen: sight.seen,
        saturation: backdrop === 'colour' ? 1 : 0.12,
        strength: backdrop === 'none' ? 0 : backdrop === 'grey' ? 0.7 : 1,
        outside: result ? 0.35 : 1,
        smooth,
      },
      heatmap: result &&
        drawing && {
          map: result.map,
          area: result.crop,
          colours: drawing.colours,
          limit: drawing.scale.limit,
          opacity: backdrop === 'none' ? 1 : opacity,
          sign: drawing.sign,
          smooth,
          fade: fade && backdrop !== 'none',
        },
    };
  }

  #show(cell: Cell, i: number): Show {
    const { workspace, comparison } = this;
    const outcome = comparison.outcome(cell);
    const result = outcome?.ok ? outcome.value : null;
    const url = (cell.image ?? comparison.shelf.image)?.url ?? '';
    const size = cell.image ? (comparison.sizes[cell.image.id] ?? this.photographs[url]) : workspace.picture.info;
    const seen = result?.crop ?? (cell.image ? null : workspace.prediction?.crop);
    const signed = workspace.model?.methods.find(({ id }) => id === cell.request.method)?.signed ?? true;
    return {
      cell,
      letter: String.fromCharCode(65 + i),
      url,
      sight: size && {
        image: { width: size.width, height: size.height },
        seen: seen ?? { x: 0, y: 0, width: size.width, height: size.height },
        map: result?.map ?? null,
        scores: result?.scores ?? null,
      },
      result,
      drawing: result && drawingOf(result, workspace.overlay, signed),
      failure: outcome && !outcome.ok ? outcome.message : '',
    };
  }
}

const ofOnePlace = ([first, ...others]: readonly AttributionResult[]): boolean =>
  others.every(
    ({ imageSha256, crop }) => imageSha256 === first.imageSha256 && JSON.stringify(crop) === JSON.stringify(first.crop),
  );

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** Equal but for the identity of plain objects. */
function alike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isPlain(a) || !isPlain(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => alike(a[key], b[key]));
}

/** The cell's caption, piece by piece. */
export function captionOf(result: AttributionResult, model: ModelInfo | null): string[] {
  const { value, check, passes, milliseconds, device, request } = result;
  return [
    `F ${number(value, { signed: true, digits: 3 })}`,
    ...(check ? [`Δ ${number(check.delta, { signed: true, digits: 2 })} (${percent(check.relative)})`] : []),
    ...(check?.estimate ? [`error ${errorText(check.estimate)}`] : []),
    ...(draws(result, model) ? [`seed ${request.seed}`] : []),
    passes === 1 ? '1 pass' : `${passes} passes`,
    duration(milliseconds),
    deviceText(device),
  ];
}

export interface Nothing {
  readonly why: string;
  /** What would show something. */
  readonly wayOut: WayOut | null;
}

/** Why there is nothing to see in a cell that has its result; null where there is something. */
export function nothingIn({ result, drawing }: Show, { workspace }: CompareView): Nothing | null {
  if (!result || !drawing) return null;
  const { min, max } = drawing.statistics;
  if (min === max) return { why: result.notes[0] ?? '', wayOut: wayOutOf(result, workspace) };
  const { sign } = drawing;
  const hidden = (sign === 'positive' && max <= 0) || (sign === 'negative' && min >= 0);
  if (!hidden) return null;
  const take = () => (workspace.overlay.sign = 'all');
  const why = sign === 'positive' ? 'No score here speaks for the target.' : 'No score here speaks against the target.';
  return { why: `${why} The others are hidden.`, wayOut: { title: 'Show all scores', take } };
}
