/** @file Which kind of link an address holds: all that is to be known of links before one is opened. */

/** `v`: settings and numbers; `b`: all that shows a result without its model. */
export type KindOfLink = 'v' | 'b';

/** Characters of the longest link of any kind: more are never looked at. */
const MOST_LETTERS = 1_000_000;

/** Whether a fragment means to be a link, be it a damaged one; `#explain` does not. */
export const isLink = (fragment: string): boolean => kindOf(fragment) !== null;

/** The fragment of `address`, whatever page it belongs to, where it means to be a link; '' otherwise. */
export function linkIn(address: string): string {
  const at = address.indexOf('#');
  return at !== -1 && isLink(address.slice(at)) ? address.slice(at).trim() : '';
}

/** The kind of link that a fragment means to be; null where it means to be none. */
export function kindOf(fragment: string): KindOfLink | null {
  const letter = /^#*([vb])\d/i.exec(clean(fragment.slice(0, 100)))?.[1].toLowerCase();
  return letter === 'v' || letter === 'b' ? letter : null;
}

/** The fragment without what programs add on the way: percent signs, and white space where they wrap. */
export function clean(fragment: string): string {
  let text = fragment.slice(0, MOST_LETTERS + 1);
  for (let round = 0; round < 3 && text.includes('%'); round++) {
    try {
      text = decodeURIComponent(text);
    } catch {
      break;
    }
  }
  // White space, soft hyphens and zero-width marks that programs put where a line may break.
  return text.replaceAll(/[\s\u00ad\u200b-\u200d\u2060\ufeff]+/g, '');
}

/** Inputs of a model whose pictures and maps a bundle or a long link may hold. */
export const MOST_INPUTS = 16;
