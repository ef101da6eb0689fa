/**
 * @file `npm test`: everything, or only the named steps: `npm test -- lint unit`. The last line is `N passed, N failed`;
 * a step without tests of its own (lint, types, build) counts as one.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureChromium } from './chromium.mjs';
import { build, install, npmRun, root, say } from './steps.mjs';
import { ofPlaywright, ofVitest } from './test-report.mjs';

/**
 * @typedef {import('./test-report.mjs').Counts} Counts
 * @typedef {{ title: string, run: () => Promise<Counts> }} Step
 * @typedef {{ title: string, script: string }} Check
 */

const reports = join(root, 'reports');

/**
 * They only read the sources and use one core each: they run side by side.
 *
 * @type {Record<string, Check>}
 */
const CHECKS = {
  format: { title: 'Formatting (Prettier)', script: 'lint:format' },
  lint: { title: 'Linting (ESLint)', script: 'lint:code' },
  check: { title: 'Types of components (svelte-check)', script: 'check:svelte' },
  types: { title: 'Types of modules (tsc)', script: 'check:types' },
};

/** @type {Record<string, Step>} */
const STEPS = {
  unit: { title: 'Unit tests (Vitest, Node)', run: () => vitest('unit') },
  browser: { title: 'Browser tests (Vitest, Chromium)', run: () => vitest('browser') },
  build: { title: 'Build', run: () => build().then(() => single(0)) },
  e2e: { title: 'End-to-end tests (Playwright, Chromium)', run: playwright },
};

/** @type {Counts} */
const NONE = { passed: 0, failed: 0, skipped: 0, flaky: [], failures: [] };

/**
 * @param {number} code
 * @returns {Counts}
 */
const single = (code) => ({ ...NONE, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 });

/**
 * Runs a check and shows what it said as one block when it ends.
 *
 * @param {Check} check
 */
async function runCheck({ title, script }) {
  /** @type {Buffer[]} */
  const chunks = [];
  const code = await npmRun(script, [], { onOutput: (chunk) => chunks.push(chunk) });
  say(title);
  process.stdout.write(Buffer.concat(chunks));
  return single(code);
}

/** @param {'unit' | 'browser'} project */
async function vitest(project) {
  const file = join(reports, `${project}.json`);
  const code = await npmRun(`test:${project}`, ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]);
  return counts(code, file, (report) => ofVitest(report, root));
}

async function playwright() {
  const file = join(reports, 'e2e.json');
  const code = await npmRun('test:e2e', ['--reporter=list,json'], { env: { PLAYWRIGHT_JSON_OUTPUT_FILE: file } });
  return counts(code, file, ofPlaywright);
}

/**
 * Reads a report. A run that failed without a failed test (a file that does not load, a crash) counts as one failure.
 *
 * @param {number} code
 * @param {string} file
 * @param {(report: any) => Counts} read
 * @returns {Counts}
 */
function counts(code, file, read) {
  const found = existsSync(file) ? read(JSON.parse(readFileSync(file, 'utf8'))) : NONE;
  return code !== 0 && found.failed === 0 ? { ...found, failed: 1 } : found;
}

/** @param {string[]} names */
function chosen(names) {
  const known = Object.keys({ ...CHECKS, ...STEPS });
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length) throw new Error(`npm test: no step "${unknown.join('", "')}". Known: ${known.join(', ')}.`);
  // End-to-end tests run on the built site.
  const wanted = new Set(names.includes('e2e') ? ['build', ...names] : names);
  return (/** @type {string} */ name) => wanted.size === 0 || wanted.has(name);
}

/**
 * @param {string} title
 * @param {() => Promise<Counts>} run
 * @returns {Promise<Counts & { line: string }>} with a line for the summary
 */
async function timed(title, run) {
  const begin = performance.now();
  const result = await run().catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    return single(1);
  });
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  const { passed, failed, skipped } = result;
  const line =
    `  ${failed ? '✗' : '✓'} ${title}: ${passed} passed, ${failed} failed` +
    `${skipped ? `, ${skipped} skipped` : ''} (${seconds} s)`;
  return { ...result, line };
}

/** @param {Check[]} checks */
async function runChecks(checks) {
  if (checks.length === 0) return [];
  // Once, before them: it writes files that they read.
  if ((await npmRun('sync')) !== 0) throw new Error('svelte-kit sync failed.');
  return Promise.all(checks.map((check) => timed(check.title, () => runCheck(check))));
}

/** @param {string[]} names */
async function main(names) {
  const isChosen = chosen(names);
  await install();
  if (isChosen('browser') || isChosen('e2e')) await ensureChromium();
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports);

  const results = await runChecks(Object.keys(CHECKS).flatMap((name) => (isChosen(name) ? [CHECKS[name]] : [])));
  for (const [name, { title, run }] of Object.entries(STEPS)) {
    if (!isChosen(name)) continue;
    say(title);
    results.push(await timed(title, run));
  }
  const named = (/** @type {'failures' | 'flaky'} */ key, /** @type {string} */ word) =>
    results.flatMap((result) => result[key]).map((title) => `  ${word}: ${title}`);
  const lines = [...results.map(({ line }) => line), ...named('flaky', 'flaky'), ...named('failures', 'failed')];
  say(`Summary\n${lines.join('\n')}\n`);
  const total = (/** @type {'passed' | 'failed'} */ key) => results.reduce((sum, result) => sum + result[key], 0);
  return { passed: total('passed'), failed: total('failed') };
}

try {
  const { passed, failed } = await main(process.argv.slice(2));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}\n`);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
