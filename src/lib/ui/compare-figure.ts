/** @file The whole comparison as one picture for a paper or a slide: maps, colour bars, captions, and where they come from. */
import type { StudioClient } from '../render/client.ts';
import { whole } from '../render/picture.ts';
import { type Size, fit, union } from '../render/viewport.ts';
import { type CompareView, type Show, captionOf, columnsFor, nothingIn } from './compare-view.svelte.ts';
import { commonOf, headingOf } from './compare-words.ts';
import { drawBar, encode, wrap } from './share-poster.ts';

/** Pixels; a figure of four columns fills the width of a page at 300 dots per inch. */
const CELL = 560;
const GAP = 32;
const TITLE = 30;
const TEXT = 16;
const LINE = 23;
const BAR = 12;
/** Of the title, the bar and the air around them. */
const HEAD = 100;

interface Panel {
  readonly show: Show;
  /** Null where there is none. */
  readonly picture: ImageBitmap | null;
  readonly lines: readonly string[];
}

/** What `view` shows, cell by cell, in the colours of the page. Throws an Error where the browser cannot encode it. */
export async function figureOf(view: CompareView, studio: StudioClient): Promise<Blob> {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  if (!context) throw new Error('Compare: the browser offers no canvas to draw the figure on.');
  const { backgroundColor, color, fontFamily } = getComputedStyle(document.body);
  const font = (size: number, weight = 400) => (context.font = `${weight} ${size}px ${fontFamily}`);
  font(TEXT);
  const fits = (width: number) => (line: string) => context.measureText(line).width <= width;
  const size = { width: CELL, height: heightOf(view.drawn) };
  const pictures = await Promise.all(view.drawn.map((show) => pictureOf(view, studio, show, size)));
  const panels = view.drawn.map((show, i): Panel => {
    const why = nothingIn(show, view)?.why;
    const facts = captionOf(show.result!, view.workspace.model).join(' · ');
    const lines = [facts, ...(why ? [why] : [])].flatMap((line) => wrap(line, fits(CELL)));
    return { show, picture: pictures[i], lines };
  });
  const columns = columnsFor(panels.length);
  const rows = Array.from({ length: Math.ceil(panels.length / columns) }, (_, i) =>
    panels.slice(i * columns, (i + 1) * columns),
  );
  const heights = rows.map(
    (row) => size.height + HEAD + LINE * Math.max(...row.map(({ lines }) => lines.length)) + GAP,
  );
  const width = columns * (CELL + GAP) + GAP;
  const origin = originOf(view).flatMap((line) => wrap(line, fits(width - 2 * GAP)));
  const top = GAP + TITLE + 2 * LINE;
  canvas.width = width;
  canvas.height = top + heights.reduce((a, b) => a + b, 0) + origin.length * LINE + GAP;

  context.fillStyle = backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = color;
  context.textBaseline = 'top';
  font(TITLE, 600);
  context.fillText(headingOf(view.comparison), GAP, GAP, width - 2 * GAP);
  font(TEXT);
  context.fillText(commonOf(view.workspace), GAP, GAP + TITLE + LINE / 2, width - 2 * GAP);
  let y = top;
  rows.forEach((row, i) => {
    row.forEach((panel, j) => drawPanel(panel, GAP + j * (CELL + GAP), y));
    y += heights[i];
  });
  origin.forEach((line, i) => context.fillText(line, GAP, y + i * LINE));
  return encode(canvas);

  function drawPanel({ show, picture, lines }: Panel, x: number, y: number): void {
    if (!context) return;
    if (picture) context.drawImage(picture, x, y);
    const under = y + size.height + 14;
    font(20, 600);
    context.fillText(`${show.letter}  ${show.cell.title}`, x, under, CELL);
    font(TEXT);
    if (show.drawing) drawBar(context, show.drawing, { x, y: under + 32, width: CELL / 2, unit: BAR });
    lines.forEach((line, i) => context.fillText(line, x, y + size.height + HEAD + i * LINE));
  }
}

/** As high as the highest of the pictures, so that none is cropped and none is a sliver. */
function heightOf(shows: readonly Show[]): number {
  const shapes = shows.map(({ sight }) => (sight ? sight.image.height / sight.image.width : 1));
  return Math.round(CELL * Math.min(1.5, Math.max(0.5, ...shapes)));
}

/** A cell's picture at the zoom that all cells share; null where there is none. */
async function pictureOf(view: CompareView, studio: StudioClient, show: Show, size: Size): Promise<ImageBitmap | null> {
  const { sight } = show;
  if (!sight) return null;
  const bounds = union({ x: 0, y: 0, ...sight.image }, sight.seen);
  const picture = view.picture(show, fit(bounds, size, view.look.zoom));
  return picture && studio.bitmap(whole(picture, size, 1));
}

/** Where everything came from: each file once, with the beginning of its digest. */
function originOf({ drawn, workspace, comparison }: CompareView): string[] {
  const results = drawn.map(({ result }) => result!);
  const digests = (all: readonly string[]) => [...new Set(all)].map((sha256) => sha256.slice(0, 12)).join('…, ');
  const { axis, sharedScale } = comparison;
  const model = axis === 'models' ? 'Models' : `Model ${workspace.model?.name ?? ''},`;
  const image = axis === 'images' ? 'images' : `image ${workspace.picture.info?.name ?? ''},`;
  return [
    sharedScale ? 'One colour scale for all maps.' : 'Each map on a colour scale of its own.',
    `${model} SHA-256 ${digests(results.map(({ modelSha256 }) => modelSha256))}… · ${image} SHA-256 ${digests(results.map(({ imageSha256 }) => imageSha256))}… · Vitrine ${results.at(0)?.version ?? ''}`,
  ];
}
