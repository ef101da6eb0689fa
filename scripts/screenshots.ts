/**
 * Pictures of the built site, each view in each size and appearance: `npm run screenshots -- [FOLDER]` (default
 * `screenshots/`, git-ignored). Prints how long the first visit took from navigation to the first drawn heatmap.
 * The one for the README is written with `--readme`.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from '@playwright/test';
import { launchOptions } from './chromium.mjs';
import { serveFolder } from './static-server.mjs';

const root = join(import.meta.dirname, '..');
const shared = join(root, '../shared/real');
const readme = process.argv.includes('--readme');
const folder = process.argv.slice(2).find((a) => !a.startsWith('--')) ?? join(root, 'screenshots');

const desktop: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };
const dark = (options: BrowserContextOptions): BrowserContextOptions => ({ ...options, colorScheme: 'dark' });
const phone: BrowserContextOptions = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true };
const huge: BrowserContextOptions = { viewport: { width: 3840, height: 2160 } };

const drawn = (page: Page) => page.locator('figure[data-state="done"]').waitFor({ timeout: 60_000 });

async function drop(page: Page, paths: readonly string[]): Promise<void> {
  const files = paths.map((path) => ({ name: basename(path), base64: readFileSync(path).toString('base64') }));
  const dataTransfer = await page.evaluateHandle((list) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of list) {
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    }
    return transfer;
  }, files);
  await page.dispatchEvent('body', 'drop', { dataTransfer });
}

async function chooseMethod(page: Page, title: string): Promise<void> {
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: title, exact: true }).click();
  await page.getByRole('combobox', { name: `Method ${title}` }).waitFor();
  await drawn(page);
}

/** A visit of its own: nothing cached, nothing remembered. */
async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions,
): Promise<{ page: Page; seconds: number }> {
  const page = await (await browser.newContext(options)).newPage();
  const start = performance.now();
  await page.goto(url);
  await drawn(page);
  return { page, seconds: (performance.now() - start) / 1000 };
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(250);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  console.log(name);
}

const { url, close } = await serveFolder({ directory: join(root, 'build'), base: '/vitrine/', isolated: false });
const browser = await chromium.launch(await launchOptions());
mkdirSync(folder, { recursive: true });
try {
  const times: number[] = [];
  const views = {
    'first-visit': desktop,
    'first-visit-dark': dark(desktop),
    phone,
    'phone-dark': dark(phone),
    '4k': huge,
  };
  for (const [name, options] of Object.entries(views)) {
    const { page, seconds } = await visit(browser, url, options);
    times.push(seconds);
    await shoot(page, name);
    if (name === 'first-visit' && readme) {
      mkdirSync(join(root, 'docs/images'), { recursive: true });
      await page.screenshot({ path: join(root, 'docs/images/first-visit.png') });
    }
    await page.context().close();
  }
  console.log(`first visit to first heatmap: ${times.map((t) => t.toFixed(2)).join(', ')} s`);

  const { page } = await visit(browser, url, desktop);
  const titles = await methodTitles(page);
  for (const title of titles) {
    await chooseMethod(page, title);
    await shoot(page, `method-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`);
  }
  await drop(page, [join(root, 'package.json'), join(root, 'svelte.config.js')]);
  await page.getByRole('alert').waitFor();
  await shoot(page, 'error');
  const own = [
    join(shared, 'onnx/squeezenet_fp16.onnx'),
    join(shared, 'labels/synset.txt'),
    join(shared, 'photos/kitten_224.png'),
  ];
  if (own.every((path) => existsSync(path))) {
    await drop(page, own);
    await page.getByText(/tabby/).first().waitFor({ timeout: 60_000 });
    await drawn(page);
    await chooseMethod(page, 'Grad-CAM');
    await shoot(page, 'own-model');
  } else console.log('own-model left out: ../shared/real is not there');
} finally {
  await browser.close();
  await close();
}

async function methodTitles(page: Page): Promise<string[]> {
  await page.getByRole('combobox', { name: /^Method / }).click();
  const titles = await page.getByRole('option').allInnerTexts();
  await page.keyboard.press('Escape');
  return titles.map((t) => t.split('\n')[0].trim());
}
