/** @file Class names from whatever file people keep them in. Hostile input: the result is text and never markup. */

const MOST_LABELS = 1_000_000;

/** A million names of thirty letters. */
const MOST_BYTES = 32 * 2 ** 20;

/** Python dictionaries are rewritten as JSON letter by letter. */
const LONGEST_PYTHON = 4 * 2 ** 20;

/** Longest line that is looked at, and longest name. */
const LONGEST_LINE = 1000;
const LONGEST_NAME = 200;

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** Throws an Error naming a file that is too large to hold class names: it is not read at all. */
export function refuseLargeLabels({
  name,
  bytes,
}: {
  name: string;
  bytes: Blob | ArrayBufferView | ArrayBuffer;
}): void {
  const size = bytes instanceof Blob ? bytes.size : bytes.byteLength;
  if (size > MOST_BYTES)
    throw new Error(
      `${name}: ${mebibytes(size)} are too much for class names, the most is ${mebibytes(MOST_BYTES)}. Choose the labels file of this model.`,
    );
}

/**
 * Class names in the order of the model's outputs. Understands one name a line; lines with a leading index ("0: tench",
 * "0,tench") or WordNet id ("n01440764 tench"); a JSON array; a JSON or Python dictionary from index to name or to
 * [id, name]. Throws an Error naming the file and what was found when no name is in it.
 */
export function parseLabels(file: string, text: string): string[] {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  const labels = /^[[{]/.test(trimmed) ? fromDictionary(file, trimmed) : fromLines(trimmed);
  if (labels.length === 0)
    throw new Error(`${file}: no class names found. Put one name on each line, in the order of the model's outputs.`);
  if (labels.length > MOST_LABELS)
    throw new Error(
      `${file}: ${labels.length} lines are more than ${MOST_LABELS} class names. Choose the labels file of this model.`,
    );
  return labels.map(clean);
}

/** A name for class `index`, from the labels where they reach. */
export const labelOf = (labels: readonly string[], index: number): string => labels[index] ?? `class ${index}`;

const clean = (label: string) =>
  label
    .slice(0, LONGEST_LINE)
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, LONGEST_NAME);

function fromLines(text: string): string[] {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.slice(0, LONGEST_LINE))
    .filter((line) => line.trim() !== '');
  const indexed = lines.map((line) => /^\s*(\d+)\s*[:,;\t ]\s*(.+)$/s.exec(line));
  if (indexed.every((m, i) => m && Number(m[1]) === i)) return indexed.map((m) => m![2]);
  return lines.map((line) => line.replace(/^n\d{8}\s+/, ''));
}

function fromDictionary(file: string, text: string): string[] {
  const parsed = parseJson(text) ?? (text.length > LONGEST_PYTHON ? null : parseJson(pythonToJson(text)));
  if (parsed === null) {
    throw new Error(`${file}: neither JSON nor a Python dictionary of class names. Put one name on each line instead.`);
  }
  // A model's config.json, as Hugging Face writes it, holds the names among other things.
  const names = Array.isArray(parsed) ? parsed : (parsed.id2label ?? parsed);
  const labels = Array.isArray(names) ? names.map(nameOf) : fromEntries(Object.entries(names as object));
  if (labels.some((label) => label === null)) {
    throw new Error(
      `${file}: not a list of class names: expected [name, …], {index: name, …} or {name: index, …}. ` +
        'Choose the labels file of this model, or put one name on each line.',
    );
  }
  return labels as string[];
}

/** {index: name} or, as Keras writes class_indices, {name: index}. */
function fromEntries(entries: readonly [string, unknown][]): (string | null)[] {
  if (entries.every(([key]) => /^\d+$/.test(key))) {
    return entries.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, name]) => nameOf(name));
  }
  const indexed = entries.every(([, index]) => Number.isInteger(index) && (index as number) >= 0);
  return indexed ? entries.toSorted(([, a], [, b]) => Number(a) - Number(b)).map(([name]) => name) : [null];
}

/** A name, or the last of [id, name]; null for anything else. */
function nameOf(entry: unknown): string | null {
  const name: unknown = Array.isArray(entry) ? entry.at(-1) : entry;
  return typeof name === 'string' || typeof name === 'number' ? String(name) : null;
}

function parseJson(text: string): Record<string, unknown> | unknown[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** {0: 'tench', 1: "cock's comb"} as JSON: bare number keys and single quotes become double-quoted strings. */
function pythonToJson(text: string): string {
  return text
    .replace(/"(?:[^"\\]|\\.)*(?:"|$)|'((?:[^'\\]|\\.)*)(?:'|$)/gs, (whole, s: string | undefined) =>
      s === undefined ? whole : JSON.stringify(s.replace(/\\'/g, "'")),
    )
    .replace(/([{,]\s*)(\d+)\s*:/g, '$1"$2":')
    .replace(/,(\s*[}\]])/g, '$1');
}
