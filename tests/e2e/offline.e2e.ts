import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { expect, test } from './deployment.ts';
import { drop } from './files.ts';

test.use({ serviceWorkers: 'allow' });

// Several visits each.
test.setTimeout(120_000);

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });

/** Loads the page and waits until the device menu says that the site is kept. */
async function visit(page: Page): Promise<void> {
  await page.goto('./');
  await done(page);
  await page.getByRole('button', { name: /^Device/ }).click();
  await expect(page.getByText('Works without a network')).toBeVisible({ timeout: 30_000 });
  await page.keyboard.press('Escape');
}

const edition = (page: Page) => page.locator('html').getAttribute('data-edition');

for (const basePath of ['/vitrine/', '/']) {
  test.describe(`served from ${basePath}`, () => {
    test.use({ basePath });

    test('the page explains with the network cut', async ({ page, deployment }) => {
      await visit(page);
      await deployment.cut();
      await page.reload();
      await done(page);
      await page.getByRole('radiogroup', { name: 'Predictions' }).getByRole('radio').nth(1).click();
      await done(page);
    });
  });
}

test('nothing is kept before the first explanation is on show', async ({ page }) => {
  await page.addInitScript(() => {
    const { register } = ServiceWorkerContainer.prototype;
    ServiceWorkerContainer.prototype.register = function (...args) {
      document.documentElement.dataset.keptAt =
        document.querySelector('figure[data-state]')?.getAttribute('data-state') ?? '';
      return register.apply(this, args);
    };
  });
  await visit(page);
  await expect(page.locator('html')).toHaveAttribute('data-kept-at', 'done');
});

test('every bundled model and picture opens with the network cut', async ({ page, deployment }) => {
  await visit(page);
  await deployment.cut();
  await page.reload();
  await done(page);
  const answers = await page.evaluate(async () => {
    const { models } = await (
      await fetch('./models/manifest.json').catch(() => fetch('./models/manifest.json'))
    ).json();
    const { images } = await (await fetch('./gallery/manifest.json')).json();
    const paths = [
      ...models.flatMap((m: { files: string[] }) => m.files.map((file) => `./models/${file}`)),
      ...images.map((i: { file: string }) => `./gallery/${i.file}`),
    ];
    return Promise.all(paths.map((path: string) => fetch(path).then((r) => r.ok)));
  });
  expect(answers.length).toBeGreaterThan(10);
  expect(answers).not.toContain(false);
});

for (const visits of ['first', 'second'] as const)
  test(`the library of HDF5 is kept from the first such file on, at the ${visits} visit, and opens others with the network cut`, async ({
    page,
    deployment,
  }) => {
    const library = () =>
      page.evaluate(async () => {
        const kept = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
        return kept.flat().filter(({ url }) => url.includes('/workers/late/')).length;
      });
    const open = async () => {
      await drop(page, [{ name: 'nested.h5', bytes: readFileSync('tests/fixtures/keras/nested.h5') }]);
      await expect(page.getByRole('button', { name: 'Model: nested.h5' })).toBeVisible({ timeout: 60_000 });
    };
    await visit(page);
    if (visits === 'second') {
      // From now on everything that is loaded goes through the service worker.
      await page.reload();
      await done(page);
    }
    expect(await library()).toBe(0);
    await open();
    await expect.poll(library, { timeout: 30_000 }).toBe(1);
    await deployment.cut();
    await page.reload();
    await done(page);
    await open();
  });

test('a new deployment is offered and comes only when it is asked for', async ({ page, deployment }) => {
  await visit(page);
  deployment.publish('next');
  await page.reload();
  const notice = page.getByText('A new version is ready.');
  await expect(notice).toBeVisible({ timeout: 30_000 });
  await done(page);
  expect(await edition(page)).toBeNull();

  // Not now, and still not at the next visit.
  await page.getByRole('button', { name: 'Not now' }).click();
  await expect(notice).toBeHidden();
  await page.reload();
  await expect(notice).toBeVisible({ timeout: 30_000 });
  expect(await edition(page)).toBeNull();

  await page.getByRole('button', { name: 'Reload', exact: true }).click();
  await expect(page.locator('html[data-edition="next"]')).toBeAttached({ timeout: 30_000 });
  await done(page);
  await expect(notice).toBeHidden();
});
