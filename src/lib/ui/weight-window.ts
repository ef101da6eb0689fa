/** @file Which rows, or columns, of a long table stand in its window. */

/** Browsers know no longer elements; beyond it, a pixel of scrolling stands for more. */
const LONGEST = 8e6;

export interface Span {
  readonly first: number;
  /** Those that are seen, the last of them perhaps in part. */
  readonly count: number;
  /** Those that are seen whole. */
  readonly visible: number;
  /** Length of all of them, in pixels. */
  readonly pixels: number;
}

const scrollable = (pixels: number, room: number): number => Math.max(0, pixels - room);

/** `length` lines of `unit` pixels each, scrolled by `scroll` pixels in `room` pixels. The last scroll shows the last line. */
export function spanOf(length: number, unit: number, room: number, scroll: number): Span {
  const visible = Math.min(length, Math.max(1, Math.floor(room / unit)));
  const pixels = Math.min(length * unit, LONGEST);
  const way = scrollable(pixels, room);
  const hidden = length - visible;
  const first = way === 0 ? 0 : Math.min(hidden, Math.max(0, Math.round((scroll / way) * hidden)));
  return { first, count: Math.min(length - first, visible + 1), visible, pixels };
}

/** The scroll at which line `index` is seen whole: the one nearest to where the window is. */
export function scrollTo(index: number, length: number, { first, visible, pixels }: Span, room: number): number {
  const wanted = index < first ? index : Math.max(first, index - visible + 1);
  const hidden = length - visible;
  return hidden === 0 ? 0 : (wanted / hidden) * scrollable(pixels, room);
}
