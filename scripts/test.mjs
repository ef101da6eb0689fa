/**
 * @file `npm test`: everything, or only the named steps: `npm test -- lint unit`. The last line is `N passed, N failed`;
 * a step without tests of its own (lint, types, build) counts as one.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureChromium } from './chromium.mjs';
import { build, install, npmRun, root, say } from './steps.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

const reports = join(root, 'reports');

/** @type {Record<string, { title: string, run: () => Promise<Counts> }>} */
const STEPS = {
  format: { title: 'Formatting (Prettier)', run: () => single(npmRun('lint:format')) },
  lint: { title: 'Linting (ESLint)', run: () => single(npmRun('lint:code')) },
  check: { title: 'Types of components (svelte-check)', run: () => single(npmRun('check:svelte')) },
  types: { title: 'Types of modules (tsc)', run: () => single(npmRun('check:types')) },
  unit: { title: 'Unit tests (Vitest, Node)', run: () => vitest('unit') },
  browser: { title: 'Browser tests (Vitest, Chromium)', run: () => vitest('browser') },
  build: { title: 'Build', run: () => single(build().then(() => 0)) },
  e2e: { title: 'End-to-end tests (Playwright, Chromium)', run: playwright },
};

/**
 * @param {Promise<number>} command
 * @returns {Promise<Counts>}
 */
async function single(command) {
  const ok = (await command) === 0;
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
}

/** @param {'unit' | 'browser'} project */
async function vitest(project) {
  const file = join(reports, `${project}.json`);
  const code = await npmRun(`test:${project}`, ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]);
  return counts(code, file, (report) => ({
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  }));
}

async function playwright() {
  const file = join(reports, 'e2e.json');
  const code = await npmRun('test:e2e', ['--reporter=list,json'], { env: { PLAYWRIGHT_JSON_OUTPUT_FILE: file } });
  return counts(code, file, ({ stats }) => ({
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky,
    skipped: stats.skipped,
  }));
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
  const found = existsSync(file) ? read(JSON.parse(readFileSync(file, 'utf8'))) : { passed: 0, failed: 0, skipped: 0 };
  return code !== 0 && found.failed === 0 ? { ...found, failed: 1 } : found;
}

/** @param {string[]} names */
function chosen(names) {
  const unknown = names.filter((name) => !(name in STEPS));
  if (unknown.length)
    throw new Error(`npm test: no step "${unknown.join('", "')}". Known: ${Object.keys(STEPS).join(', ')}.`);
  // End-to-end tests run on the built site.
  const wanted = new Set(names.includes('e2e') ? ['build', ...names] : names);
  return Object.entries(STEPS).filter(([name]) => wanted.size === 0 || wanted.has(name));
}

/** @param {string[]} names */
async function main(names) {
  const steps = chosen(names);
  await install();
  if (steps.some(([name]) => name === 'browser' || name === 'e2e')) await ensureChromium();
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports);

  const summary = [];
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const [, { title, run }] of steps) {
    say(title);
    const begin = performance.now();
    const result = await run().catch((error) => {
      console.error(error instanceof Error ? error.message : error);
      return { passed: 0, failed: 1, skipped: 0 };
    });
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    summary.push(
      `  ${result.failed ? '✗' : '✓'} ${title}: ${result.passed} passed, ${result.failed} failed` +
        `${result.skipped ? `, ${result.skipped} skipped` : ''} (${seconds} s)`,
    );
    for (const key of /** @type {const} */ (['passed', 'failed', 'skipped'])) total[key] += result[key];
  }
  say(`Summary\n${summary.join('\n')}\n`);
  return total;
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
