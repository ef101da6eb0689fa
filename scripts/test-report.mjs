/** @file What the reports of Playwright and Vitest count, and which tests they name. */
import { relative } from 'node:path';

/**
 * `flaky`: titles of tests that failed and then passed; they count as passed. `failures`: titles of those that failed.
 *
 * @typedef {{ passed: number, failed: number, skipped: number, flaky: string[], failures: string[] }} Counts
 * @typedef {'flaky' | 'unexpected'} Status of Playwright
 * @typedef {{ title: string, specs?: { title: string, tests: { status: string }[] }[], suites?: Suite[] }} Suite
 * @typedef {{ stats: Record<'expected' | 'unexpected' | 'flaky' | 'skipped', number>, suites: Suite[] }} PlaywrightReport
 * @typedef {{ status: string, fullName: string }} Assertion
 * @typedef {{ name: string, status: string, assertionResults: Assertion[] }} File
 * @typedef {Record<'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numTodoTests', number>} Numbers of Vitest
 * @typedef {Numbers & { testResults: File[] }} VitestReport
 */

/**
 * Titles as `file › group › test`.
 *
 * @param {readonly Suite[]} suites
 * @param {Status} wanted
 * @returns {string[]}
 */
function titles(suites, wanted) {
  return suites.flatMap(({ title, specs = [], suites: inner = [] }) => [
    ...specs
      .filter(({ tests }) => tests.some(({ status }) => status === wanted))
      .map((spec) => `${title} › ${spec.title}`),
    ...titles(inner, wanted).map((found) => `${title} › ${found}`),
  ]);
}

/**
 * @param {PlaywrightReport} report
 * @returns {Counts}
 */
export const ofPlaywright = ({ stats, suites }) => ({
  passed: stats.expected + stats.flaky,
  failed: stats.unexpected,
  skipped: stats.skipped,
  flaky: titles(suites, 'flaky'),
  failures: titles(suites, 'unexpected'),
});

/**
 * A file that does not load has no tests that could fail: it is named itself.
 *
 * @param {VitestReport} report
 * @param {string} root what files are named from
 * @returns {Counts}
 */
export const ofVitest = (report, root) => ({
  passed: report.numPassedTests,
  failed: report.numFailedTests,
  skipped: report.numPendingTests + report.numTodoTests,
  flaky: [],
  failures: report.testResults.flatMap(({ name, status, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [file] : [];
    return failed.map(({ fullName }) => `${file} › ${fullName}`);
  }),
});
