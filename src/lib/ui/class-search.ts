/** @file Finding a class by its number or by words of its label, also by misspelt ones. */

export interface ClassHit {
  readonly index: number;
  readonly label: string;
}

export interface ClassHits {
  readonly hits: readonly ClassHit[];
  /** Classes found, also those that are not in `hits`. */
  readonly total: number;
}

/** More would only be scrolled past. */
const MOST = 60;

/**
 * Classes whose number is `query` or whose label contains each of its words, in any order: exact, then as words, then
 * the query at the beginning, then at words' beginnings, then anywhere. Where there are none, those with a word that
 * one slip of the keyboard makes of it: a letter too many, too few, wrong, or two swapped.
 */
export function searchClasses(query: string, classes: number, labels: readonly string[]): ClassHits {
  const wanted = query.trim().toLowerCase();
  const words = wordsOf(wanted);
  const entries = entriesOf(classes, labels);
  const exact = ranked(entries, (entry) => rankOf(wanted, words, entry));
  if (exact.total > 0 || words.length === 0) return exact;
  const matchers = words.map(slipsOf);
  return ranked(entries, ({ words: own }) => (matchers.every((isNear) => own.some(isNear)) ? 0 : null));
}

interface Entry extends ClassHit {
  readonly lower: string;
  readonly words: readonly string[];
}

const known = new WeakMap<readonly string[], readonly Entry[]>();

/** Taking 20,000 labels apart takes longer than searching them: it is done once. */
function entriesOf(classes: number, labels: readonly string[]): readonly Entry[] {
  const before = known.get(labels);
  if (before?.length === classes) return before;
  const entries = Array.from({ length: classes }, (_, index) => {
    const label = labels[index] ?? `class ${index}`;
    const lower = label.toLowerCase();
    return { index, label, lower, words: wordsOf(lower) };
  });
  known.set(labels, entries);
  return entries;
}

function ranked(entries: readonly Entry[], rank: (entry: Entry) => number | null): ClassHits {
  const found = entries.flatMap((entry) => {
    const at = rank(entry);
    return at === null ? [] : [{ entry, rank: at }];
  });
  const hits = found.sort((a, b) => a.rank - b.rank || a.entry.index - b.entry.index).slice(0, MOST);
  return { hits: hits.map(({ entry: { index, label } }) => ({ index, label })), total: found.length };
}

const wordsOf = (text: string): string[] => text.split(/[\s,_-]+/).filter((word) => word !== '');

function rankOf(wanted: string, words: readonly string[], { index, lower, words: own }: Entry): number | null {
  if (wanted === '' || wanted === String(index) || wanted === lower) return 0;
  if (!words.every((word) => lower.includes(word))) return null;
  if (words.every((word) => own.includes(word))) return 1;
  if (lower.startsWith(wanted)) return 2;
  return words.every((word) => own.some((one) => one.startsWith(word))) ? 3 : 4;
}

/** Short words are too like each other for slips to mean anything. */
const SHORTEST = 4;

/** Whether a word is `typed` but for a slip. Labels share most of their words: each is looked at once. */
function slipsOf(typed: string): (word: string) => boolean {
  const seen = new Map<string, boolean>();
  return (word) => {
    const near = seen.get(word) ?? (word === typed || isSlip(typed, word));
    seen.set(word, near);
    return near;
  };
}

/** Whether one slip makes `typed` of `word`, or of its beginning. */
function isSlip(typed: string, word: string): boolean {
  if (typed.length < SHORTEST || word.length < SHORTEST - 1) return false;
  let at = 0;
  while (at < typed.length && typed[at] === word[at]) at++;
  const rest = (from: number) => typed.slice(from);
  const left = (from: number) => word.slice(from);
  const swapped = typed[at] === word[at + 1] && typed[at + 1] === word[at] && left(at + 2).startsWith(rest(at + 2));
  return (
    swapped ||
    left(at + 1).startsWith(rest(at + 1)) || // wrong
    left(at).startsWith(rest(at + 1)) || // too many
    left(at + 1).startsWith(rest(at)) // too few
  );
}
