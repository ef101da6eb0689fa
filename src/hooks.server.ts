import type { Handle } from '@sveltejs/kit';

/** The font of most of the page's letters: asked for with the page, it is there when the page is first laid out. */
const FONT = /inter-latin-wght-normal/;

export const handle: Handle = ({ event, resolve }) =>
  resolve(event, {
    preload: ({ type, path }) => type === 'js' || type === 'css' || (type === 'font' && FONT.test(path)),
  });
