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

/** Names of files that people keep class names in; also `sortFiles` of the page knows them. */
export const isLabelsName = (name: string): boolean => /\.(txt|json|csv|tsv|names|labels)$/i.test(name);

/**
 * Class names in the order of the model's outputs. Understands one name a line; lines with a leading index ("0: tench",
 * "0,tench") or WordNet id ("n01440764 tench"); a table (.csv, .tsv) with or without a heading; a JSON array; a JSON or
 * Python dictionary from index to name or to [id, name], or from name to index; and the files in which Hugging Face
 * (config.json), timm and Teachable Machine (metadata.json) write them. A class that the file leaves out is called by
 * its number. Throws an Error naming the file and what was found when no name is in it.
 */
export function parseLabels(file: string, text: string): string[] {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  const labels = /^[[{]/.test(trimmed)
    ? fromDictionary(file, trimmed)
    : ((/\.[ct]sv$/i.test(file) ? fromTable(trimmed) : null) ?? fromLines(trimmed));
  if (!labels.some((label) => clean(label) !== ''))
    throw new Error(`${file}: no class names found. Put one name on each line, in the order of the model's outputs.`);
  if (labels.length > MOST_LABELS) throw new Error(tooMany(file, labels.length));
  return labels.map(clean);
}

const tooMany = (file: string, count: number): string =>
  `${file}: ${count} lines are more than ${MOST_LABELS} class names. Choose the labels file of this model.`;

/** Names that people give to files of class names. */
const LIKELY = /label|class|synset|words|names|metadata|^config\.json$/i;

/** Names of other texts that lie beside models. */
const OTHER = /^(preprocessor|tokenizer|quanti[sz]|generation|special_|trainer|readme|licen[cs]e|requirements)/i;

interface LabelFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The class names among the files that lie beside a model of `classes` classes: of several files that may hold some,
 * the one with as many, else one that is called so. None is []. Throws as `parseLabels` where there is only one.
 */
export function labelsAmong(
  files: readonly LabelFile[],
  classes: number,
): { readonly name: string; readonly labels: readonly string[] } {
  const candidates = files.filter(({ name }) => isLabelsName(name) && !OTHER.test(fileName(name)));
  const read = (file: LabelFile) => {
    refuseLargeLabels(file);
    return { name: file.name, labels: parseLabels(file.name, new TextDecoder().decode(file.bytes)) };
  };
  if (candidates.length === 1) return read(candidates[0]);
  const readable = candidates.flatMap((file) => {
    try {
      return [read(file)];
    } catch {
      return []; // a README, a tokenizer's or a trainer's settings
    }
  });
  const fitting = readable.find(({ labels }) => labels.length === classes);
  return fitting ?? readable.find(({ name }) => LIKELY.test(fileName(name))) ?? { name: '', labels: [] };
}

const fileName = (path: string): string => path.split('/').at(-1)!;

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
  const names = Array.isArray(parsed) ? parsed : inside(parsed);
  const labels = Array.isArray(names) ? names.map(nameOf) : fromEntries(file, Object.entries(names as object));
  if (labels.some((label) => label === null)) {
    throw new Error(
      `${file}: not a list of class names: expected [name, …], {index: name, …} or {name: index, …}. ` +
        'Choose the labels file of this model, or put one name on each line.',
    );
  }
  return labels as string[];
}

/** Where the names stand in a file that holds other things too: Hugging Face, Teachable Machine, timm, and others. */
const KEYS = ['id2label', 'labels', 'label_names', 'class_names', 'classes', 'names'];

const inside = (parsed: Record<string, unknown>): unknown =>
  KEYS.map((key) => parsed[key]).find((value) => value !== null && typeof value === 'object') ?? parsed;

/** {index: name} or, as Keras writes class_indices, {name: index}. A name keeps its index also where others are missing. */
function fromEntries(file: string, entries: readonly [string, unknown][]): (string | null)[] {
  if (entries.every(([key]) => /^\d+$/.test(key)))
    return placed(
      file,
      entries.map(([key, name]) => [Number(key), nameOf(name)]),
    );
  const indexed = entries.every(([, index]) => Number.isInteger(index) && (index as number) >= 0);
  return indexed
    ? placed(
        file,
        entries.map(([name, index]) => [index as number, name]),
      )
    : [null];
}

function placed(file: string, entries: readonly (readonly [index: number, name: string | null])[]): (string | null)[] {
  const count = entries.reduce((most, [index]) => Math.max(most, index + 1), 0);
  if (count > MOST_LABELS) throw new Error(tooMany(file, count));
  const names = Array.from<unknown, string | null>({ length: count }, (_, index) => `class ${index}`);
  for (const [index, name] of entries) names[index] = name;
  return names;
}

/** The column that names the classes, in the order of the column that numbers them; null where the text is no table. */
function fromTable(text: string): string[] | null {
  const rows = tableRows(text);
  const [first] = rows;
  if (!first || first.length < 2 || rows.length < 2) return null;
  const isIndex = (value: string | undefined) => value !== undefined && /^\s*\d+\s*$/.test(value);
  const title = first.findIndex((cell) => /^\s*(label|name|class|class_?name|display_?name)s?\s*$/i.test(cell));
  const body = title >= 0 || !first.some(isIndex) ? rows.slice(1) : rows;
  const named = title >= 0 ? title : first.length - 1;
  const numbered = first.findIndex((_, column) => column !== named && numbersClasses(body.map((row) => row[column])));
  if (numbered >= 0)
    return placed(
      '',
      body.map((row) => [Number(row[numbered]), row[named] ?? '']),
    ) as string[];
  return title >= 0 ? body.map((row) => row[named] ?? '') : null;
}

/** Whether these are class numbers: each once, few left out. Other columns count or identify something else. */
function numbersClasses(cells: readonly (string | undefined)[]): boolean {
  const indices = cells.map((cell) => (/^\s*\d+\s*$/.test(cell ?? '') ? Number(cell) : NaN));
  return new Set(indices).size === cells.length && indices.every((index) => index <= 2 * cells.length);
}

/** Rows of a comma- or tab-separated text; a cell in quotes may hold the separator, and a quote twice for one. */
function tableRows(text: string): string[][] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const cell = lines[0]?.includes('\t')
    ? /(?:^|\t)(?:"((?:[^"]|"")*)"|([^\t]*))/g
    : /(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g;
  return lines.map((line) =>
    Array.from(line.slice(0, LONGEST_LINE).matchAll(cell), ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare),
  );
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
