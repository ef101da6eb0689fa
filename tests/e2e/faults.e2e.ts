/** @file What the person sees when something breaks: each fault is said, and the page goes on with what they had. */
import type { Page } from '@playwright/test';
import { expect, test } from './site.ts';

test.setTimeout(120_000);

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const device = (page: Page) => page.getByRole('button', { name: /^Device/ });
const model = (page: Page) => page.getByRole('button', { name: /^Model/ });
const classes = (page: Page) => page.getByRole('radiogroup', { name: 'Predictions' }).getByRole('radio');

async function visit(page: Page): Promise<void> {
  await page.goto('./');
  await done(page);
}

/** Runs `code` in the engine's workers before anything else of theirs. Commands that come later are sent by `command`. */
async function breakWorkers(page: Page, code: string): Promise<void> {
  await page.route('**/workers/lab.worker*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `{${code}}\n${await response.text()}` });
  });
}

const command = (page: Page, name: string) =>
  page.evaluate((name) => new BroadcastChannel('faults').postMessage(name), name);

const OBEY = `
  new BroadcastChannel('faults').onmessage = ({ data }) => {
    if (data === 'close') self.close();
    if (data === 'hang') for (;;);
  };
`;

test('where the browser denies storage the page explains as ever, and says what it cannot do', async ({ page }) => {
  await page.addInitScript(() => {
    const denied = () => {
      throw new DOMException('The operation is insecure.', 'SecurityError');
    };
    for (const name of ['localStorage', 'sessionStorage', 'caches', 'indexedDB'])
      Object.defineProperty(window, name, { get: denied });
    ServiceWorkerContainer.prototype.register = () => Promise.reject(new DOMException('denied', 'SecurityError'));
  });
  await visit(page);
  await device(page).click();
  await expect(
    page.getByText('The page is not kept for use without a network: the browser’s settings let it keep nothing.'),
  ).toBeVisible();
});

test('where the storage is full the page explains as ever, and says what is not kept', async ({ page, site }) => {
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(site);
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 20_000 });
  await visit(page);
  await device(page).click();
  await expect(page.getByText(/^The page is not kept for use without a network: /)).toBeVisible({ timeout: 20_000 });
  await page.getByRole('button', { name: /Use more threads/ }).click();
  await expect(
    page.getByText(/^What is open cannot be kept over the reload: the browser’s storage is full/),
  ).toBeVisible();
  await page.keyboard.press('Escape');
  await classes(page).nth(1).click();
  await done(page);
});

for (const { lacks, code, words } of [
  {
    lacks: 'vector instructions',
    code: 'WebAssembly.validate = () => false;',
    words: /no vector instructions \(WebAssembly SIMD\)/,
  },
  { lacks: 'WebAssembly', code: 'delete self.WebAssembly;', words: /no WebAssembly, or a setting switches it off/ },
])
  test(`without ${lacks} the page says so and stays usable`, async ({ page }) => {
    await breakWorkers(page, code);
    await page.goto('./');
    await expect(page.getByRole('alert').filter({ hasText: words })).toBeVisible({ timeout: 20_000 });
    await expect(page.locator('figure .window > img')).toBeVisible();
    await model(page).click();
    await expect(page.getByRole('dialog', { name: 'Model' })).toBeVisible();
  });

test('without WebGPU and shared memory the page explains on one thread, and the menu says why', async ({ page }) => {
  await breakWorkers(
    page,
    `Object.defineProperty(navigator, 'gpu', { value: undefined }); delete self.SharedArrayBuffer;`,
  );
  await visit(page);
  await expect(device(page)).toContainText('WASM × 1');
  await device(page).click();
  await expect(page.getByText('WebGPU is not used: this browser does not offer it. WASM does the work.')).toBeVisible();
  await expect(page.getByText('WASM runs on one thread: this page is not cross-origin isolated.')).toBeVisible();
});

test('an engine that the browser closes is started again, and that is said', async ({ page }) => {
  await breakWorkers(page, OBEY);
  await visit(page);
  await command(page, 'close');
  const words = /^The engine stopped: .* was started again, with your model and image/;
  await expect(page.getByRole('alert').filter({ hasText: words })).toBeVisible({ timeout: 20_000 });
  await classes(page).nth(1).click();
  await done(page);
});

test('an engine that hangs is given up when the person says so', async ({ page }) => {
  await page.clock.install();
  await breakWorkers(page, OBEY);
  await visit(page);
  await command(page, 'hang');
  await classes(page).nth(1).click();
  await page.clock.runFor(62_000);
  const asked = page.getByRole('alert').filter({ hasText: /has not answered for 60 seconds/ });
  await expect(asked).toBeVisible();
  await asked.getByRole('button', { name: 'Restart the engine' }).click();
  await expect(asked).toBeHidden();
  const setback = page.getByRole('alert').filter({ hasText: /engine did not answer/ });
  await setback.getByRole('button', { name: 'Try again' }).click({ timeout: 30_000 });
  await done(page);
  await expect(classes(page).nth(1)).toBeChecked();
});
