/** @file Reads a source file with the TypeScript parser and says where it breaks the rules of import-table.ts. */
import { posix } from 'node:path';
import { parse as parseSvelte } from 'svelte/compiler';
import ts from 'typescript';
import { IMPORT_TABLE, MAX_LINES, REGISTRIES, WORKER_STARTERS, type Row } from './import-table.ts';

/** A reference of one file to another or to a package. */
interface Reference {
  specifier: string;
  /** `type` vanishes when compiled; `worker` is `new URL(…, import.meta.url)`. */
  kind: 'runtime' | 'type' | 'worker';
}

/** Every broken rule in the file `path` (relative to the project, with slashes), each as one sentence. */
export function violations(path: string, source: string): string[] {
  const file = parse(path, source);
  const unit = unitOf(path);
  const row = unit === undefined ? undefined : IMPORT_TABLE[unit];
  const found =
    unit === undefined || row === undefined
      ? ['its folder has no row in the import table']
      : references(file).flatMap((reference) => checkReference(path, unit, row, reference));
  const lines = source.trimEnd().split('\n').length;
  if (lines > MAX_LINES) found.push(`has ${lines} lines; ${MAX_LINES} are the limit`);
  if (path.startsWith('src/lib/') && path.endsWith('.ts')) {
    if (file.statements.some(isDefaultExport)) found.push('has a default export');
    if (!REGISTRIES.includes(path) && isBarrel(path, file)) found.push('is a barrel');
  }
  if (unit === 'worker/api' && !file.statements.every(isTypeStatement)) found.push('holds more than types');
  return found.map((sentence) => `${path}: ${sentence}`);
}

/** A component is parsed by its scripts; the markup cannot import. */
function parse(path: string, source: string): ts.SourceFile {
  const code = path.endsWith('.svelte') ? scriptsOf(source) : source;
  return ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
}

function scriptsOf(source: string): string {
  const { module, instance } = parseSvelte(source, { modern: true });
  const scripts = [module, instance].filter((script) => script != null);
  // The content is an ESTree program, whose type knows no positions; Svelte's parser gives them.
  const ranges = scripts.map(({ content }) => content as unknown as { start: number; end: number });
  return ranges.map(({ start, end }) => source.slice(start, end)).join('\n');
}

/** Imports and re-exports, `import('x')` as an expression and as a type, and URLs relative to the module. */
function references(file: ts.SourceFile): Reference[] {
  const found: Reference[] = [];
  const add = (literal: ts.Node | undefined, kind: Reference['kind']) => {
    if (literal && ts.isStringLiteralLike(literal)) found.push({ specifier: literal.text, kind });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      // `import { type A }` still runs the module under verbatimModuleSyntax; only `import type` does not.
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type' : 'runtime');
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'runtime');
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, 'type');
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], 'runtime');
    } else if (isModuleUrl(node)) {
      add(node.arguments?.[0], 'worker');
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** `new URL(…, import.meta.url)` */
function isModuleUrl(node: ts.Node): node is ts.NewExpression {
  return (
    ts.isNewExpression(node) &&
    node.expression.getText() === 'URL' &&
    node.arguments?.length === 2 &&
    node.arguments[1]!.getText() === 'import.meta.url'
  );
}

function checkReference(path: string, from: string, row: Row, { specifier, kind }: Reference): string[] {
  const target = resolve(path, specifier);
  if (kind === 'worker' && !target?.endsWith('.ts')) return [];
  const faults = specifier.startsWith('.') ? checkEnding(path, specifier) : [];
  const to = target === undefined ? specifier : unitOf(target);
  if (to === undefined) return [...faults, `imports "${specifier}", which is outside src/lib and src/routes`];
  if (kind === 'worker' && !WORKER_STARTERS.includes(from))
    return [...faults, `starts "${specifier}"; only ${WORKER_STARTERS.join(' and ')} may`];
  if (kind === 'worker' || to === from) return faults;

  const allowed = kind === 'type' ? [...(row.imports ?? []), ...(row.types ?? [])] : (row.imports ?? []);
  if (allowed.some((pattern) => matches(pattern, to))) return faults;
  if (row.types?.some((pattern) => matches(pattern, to))) {
    return [...faults, `imports "${specifier}"; ${from} may only "import type" from ${to}`];
  }
  return [...faults, `imports "${specifier}"; ${from} may not import ${to}`];
}

/** `pkg/*` stands for the package and everything in it. */
function matches(pattern: string, name: string): boolean {
  if (!pattern.endsWith('/*')) return pattern === name;
  return name === pattern.slice(0, -2) || name.startsWith(pattern.slice(0, -1));
}

/** Plain Node resolves nothing: the ending must be there. SvelteKit generates the types of a route. */
function checkEnding(path: string, specifier: string): string[] {
  if (path.startsWith('src/routes/') && specifier === './$types') return [];
  if (specifier.endsWith('/package.json')) return [];
  const endings = /^src\/(routes|lib\/ui)\//.test(path) ? ['.ts', '.svelte', '.css'] : ['.ts'];
  const file = specifier.replace(/\?.*$/, '');
  return endings.some((ending) => file.endsWith(ending)) ? [] : [`imports "${specifier}" without its ending`];
}

/** The path of the file that is meant, or undefined for a package. */
function resolve(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('$lib/')) return posix.join('src/lib', specifier.slice('$lib/'.length));
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined;
}

const DOORS = ['render/client', 'render/studio.worker', 'agreement/client', 'agreement/agreement.worker'];

/** The unit of the import table that a path belongs to. In worker/, all but its small doors belong to the lab; other doors are units of their own. */
function unitOf(path: string): string | undefined {
  if (path === 'package.json') return path;
  if (path.startsWith('src/routes/')) return 'routes';
  const [, folder, rest] = /^src\/lib\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const part = rest?.replace(/\.ts$/, '') ?? '';
  if (DOORS.includes(`${folder}/${part}`)) return `${folder}/${part}`;
  if (folder !== 'worker') return folder;
  if (part.endsWith('client')) return 'worker/client';
  return ['api', 'pulse'].includes(part) ? `worker/${part}` : 'worker/lab.worker';
}

function isDefaultExport(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true;
  if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
    return statement.exportClause.elements.some((element) => element.name.text === 'default');
  }
  return hasModifier(statement, ts.SyntaxKind.DefaultKeyword);
}

/** An index, or a file that does nothing but hand on what others define. Handing on types is what worker/api is for. */
function isBarrel(path: string, file: ts.SourceFile): boolean {
  if (posix.basename(path) === 'index.ts') return true;
  const exported = file.statements.filter((statement) => !ts.isImportDeclaration(statement));
  const handsOn = (statement: ts.Statement) =>
    ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined && !statement.isTypeOnly;
  return exported.length > 0 && exported.every(handsOn);
}

function isTypeStatement(statement: ts.Statement): boolean {
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return true;
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly;
  return ts.isImportDeclaration(statement) && statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

function hasModifier(node: ts.Node, kind: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind);
}
