/**
 * @file `npm run sizes [folder…]`: how long files and functions are, per folder. The targets: files median ≤ 120 lines, 90th
 * percentile ≤ 300, none above 500; functions median ≤ 10, 90th percentile ≤ 35; components ≤ 150.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import ts from 'typescript';

interface Size {
  name: string;
  lines: number;
}

interface SourceSizes {
  file: Size;
  functions: Size[];
}

const root = join(import.meta.dirname, '..');

function sourcesIn(folder: string): string[] {
  if (statSync(folder).isFile()) return [folder];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|svelte)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Counts the lines of a file and of each function with a body in it; a component's functions are not looked into. */
function measure(path: string): SourceSizes {
  const text = readFileSync(path, 'utf8');
  const file = { name: relative(root, path), lines: text.trimEnd().split('\n').length };
  if (path.endsWith('.svelte')) return { file, functions: [] };

  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const functions: Size[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const line = (position: number) => source.getLineAndCharacterOfPosition(position).line;
      const name = `${basename(path)} ${nameOf(node)}`;
      functions.push({ name, lines: line(node.end) - line(node.getStart()) + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { file, functions };
}

/** A function's own name, or that of the variable or property that holds it. */
function nameOf(node: ts.SignatureDeclaration): string {
  const holder = node.parent;
  const name =
    node.name ?? (ts.isVariableDeclaration(holder) || ts.isPropertyAssignment(holder) ? holder.name : undefined);
  return name?.getText() ?? '(anonymous)';
}

/** The value that `share` of the sizes do not exceed. */
function percentile(sizes: Size[], share: number): number {
  const sorted = sizes.map(({ lines }) => lines).sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

function largest(sizes: Size[]): string {
  const [first] = [...sizes].sort((a, b) => b.lines - a.lines);
  return first ? `${first.lines} ${first.name}` : '–';
}

function row(folder: string, sources: SourceSizes[]): string[] {
  const files = sources.map(({ file }) => file);
  const functions = sources.flatMap((source) => source.functions);
  const count = files.reduce((sum, { lines }) => sum + lines, 0);
  const statistics = [
    files.length,
    count,
    percentile(files, 0.5),
    percentile(files, 0.9),
    percentile(functions, 0.5),
    percentile(functions, 0.9),
  ];
  return [folder, ...statistics.map(String), largest(files), largest(functions)];
}

function print(rows: string[][]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const isNumber = (column: number) => column >= 1 && column <= 6;
  for (const cells of rows) {
    const padded = cells.map((cell, i) => (isNumber(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)));
    console.log(padded.join('  ').trimEnd());
  }
}

function defaultFolders(): string[] {
  const lib = readdirSync(join(root, 'src/lib')).map((folder) => `src/lib/${folder}`);
  return [...lib, 'src/routes', 'scripts', 'tests'];
}

const named = process.argv.slice(2);
const folders = named.length ? named : defaultFolders();
const measured = folders.map((folder) => ({ folder, sources: sourcesIn(join(root, folder)).map(measure) }));
const header = [
  'folder',
  'files',
  'lines',
  'file median',
  '90th',
  'fn median',
  '90th',
  'largest file',
  'largest function',
];
print([
  header,
  ...measured.filter(({ sources }) => sources.length > 0).map(({ folder, sources }) => row(folder, sources)),
  row(
    'all',
    measured.flatMap(({ sources }) => sources),
  ),
]);
