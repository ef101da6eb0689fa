/** @file Finding a class by its number or by any part of its label. */

export interface ClassHit {
  readonly index: number;
  readonly label: string;
}

/** More would only be scrolled past. */
const MOST = 60;

/** Classes whose number is `query` or whose label contains it: exact, then as a word, then at the beginning, then at a word's, then anywhere. */
export function searchClasses(query: string, classes: number, labels: readonly string[]): ClassHit[] {
  const wanted = query.trim().toLowerCase();
  const hits: (ClassHit & { rank: number })[] = [];
  for (let index = 0; index < classes; index++) {
    const label = labels[index] ?? `class ${index}`;
    const rank = rankOf(wanted, label.toLowerCase(), index);
    if (rank !== null) hits.push({ index, label, rank });
  }
  return hits
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, MOST)
    .map(({ index, label }) => ({ index, label }));
}

function rankOf(wanted: string, label: string, index: number): number | null {
  if (wanted === '') return 0;
  if (wanted === String(index) || wanted === label) return 0;
  const at = label.indexOf(wanted);
  if (at < 0) return null;
  const starts = label.split(/[\s,_-]+/);
  if (starts.includes(wanted)) return 1;
  if (at === 0) return 2;
  return starts.some((word) => word.startsWith(wanted)) ? 3 : 4;
}
