/** @file Which tests of Playwright's report failed at first and passed when they were tried again. */

/**
 * @typedef {{ title: string, specs?: { title: string, tests: { status: string }[] }[], suites?: Suite[] }} Suite
 */

/**
 * Titles as `file › group › test`.
 *
 * @param {readonly Suite[]} suites
 * @returns {string[]}
 */
export function flakyTitles(suites) {
  return suites.flatMap(({ title, specs = [], suites: inner = [] }) => [
    ...specs
      .filter(({ tests }) => tests.some(({ status }) => status === 'flaky'))
      .map((spec) => `${title} › ${spec.title}`),
    ...flakyTitles(inner).map((found) => `${title} › ${found}`),
  ]);
}
