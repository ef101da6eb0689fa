/**
 * @file The built site for end-to-end tests: `import { expect, test } from './site.ts'`, then `page.goto('./')`.
 *
 * Each test serves build/ on a port of its own, by default under /vitrine/ and without the headers for
 * cross-origin isolation, as GitHub Pages does. `test.use({ isolated: true })` sends them, `test.use({ basePath: '/' })`
 * serves from the root. After each test `faults` must be empty: nothing may go wrong in the console and no request may
 * leave the site. A test that provokes a fault empties the list itself.
 */
import { test as base, expect, type Page } from '@playwright/test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serveFolder } from '../../scripts/static-server.mjs';

interface SiteOptions {
  /** The path that the site is served under; begins and ends with a slash. */
  basePath: string;
  /** Whether the server sends COOP and COEP. */
  isolated: boolean;
}

export const test = base.extend<SiteOptions & { site: string; faults: string[] }>({
  basePath: ['/vitrine/', { option: true }],
  isolated: [false, { option: true }],

  /** Address of the site, ending with a slash. */
  site: async ({ basePath, isolated }, use) => {
    const directory = join(import.meta.dirname, '../../build');
    if (!existsSync(join(directory, 'index.html'))) throw new Error('build/ holds no site. Run npm run build first.');
    const server = await serveFolder({ directory, base: basePath, isolated });
    await use(server.url);
    await server.close();
  },

  baseURL: async ({ site }, use) => use(site),

  faults: [
    async ({ page, site }, use) => {
      const faults = watchFaults(page, new URL(site).origin);
      await use(faults);
      expect(faults, 'faults while the page was open').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Collects console errors, uncaught exceptions, failed requests and requests to other origins. */
function watchFaults(page: Page, origin: string): string[] {
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    // Ended by the page, or because the page was left: nothing went wrong.
    if (why !== 'net::ERR_ABORTED') faults.push(`failed: ${request.url()} ${why}`);
  });
  page.on('request', (request) => {
    const { protocol, origin: target } = new URL(request.url());
    if (/^https?:$/.test(protocol) && target !== origin) faults.push(`left the site: ${request.url()}`);
  });
  return faults;
}
