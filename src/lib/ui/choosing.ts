/** @file Where the keys of a list lead: the select-only combobox of the ARIA Authoring Practices. */

export interface Choosable {
  readonly title: string;
  readonly disabled?: boolean;
}

/** The entry that is `by` further, up or down, and can be chosen; the last one on that way where there are fewer. */
export function following(items: readonly Choosable[], from: number, by: number): number {
  const step = Math.sign(by);
  let [found, left] = [from, Math.abs(by)];
  for (let i = from + step; i >= 0 && i < items.length && left > 0; i += step) {
    left--;
    if (!items[i].disabled) found = i;
    // An entry that cannot be chosen is stepped over.
    else if (left === 0) left = 1;
  }
  return items[found] ? found : closest(items, 0);
}

/** The first from `index` on that can be chosen, else the last before it; -1 where none can. */
export function closest(items: readonly Choosable[], index: number): number {
  const after = items.findIndex((item, i) => i >= index && !item.disabled);
  return after >= 0 ? after : items.findLastIndex((item, i) => i < index && !item.disabled);
}

/**
 * The next that begins with `typed`, in any case of letters; the one at hand when it is none. The same letter again goes on
 * to the next of its kind; as a word grows, the entry at hand may stay.
 */
export function startingWith(items: readonly Choosable[], from: number, typed: string): number {
  const word = typed.toLowerCase();
  const sought = [...word].every((letter) => letter === word[0]) ? word[0] : word;
  const begin = sought.length > 1 ? Math.max(0, from) : from + 1;
  for (let i = 0; i < items.length; i++) {
    const index = (begin + i) % items.length;
    const { title, disabled } = items[index];
    if (!disabled && title.toLowerCase().startsWith(sought)) return index;
  }
  return from;
}
