import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { count, number, percent } from '../../src/lib/ui/format.ts';
import { objectionsTo } from './objections.ts';
import { expect, test } from './site.ts';

async function visit(page: Page): Promise<void> {
  await page.goto('./');
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await page.getByRole('button', { name: 'Signals', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Weights' })).toBeVisible({ timeout: 40_000 });
}

const rows = (page: Page) => page.getByRole('list', { name: /^Layers/ }).getByRole('listitem');

/** The lines of a table in quotes and commas, whose names hold neither. */
async function csvOf(page: Page, button: string): Promise<Record<string, string>[]> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).click()]);
  const [head, ...lines] = readFileSync(await file.path(), 'utf8')
    .trim()
    .split('\r\n');
  const names = head.split(',');
  return lines.map((line) =>
    Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell.replaceAll('"', '')])),
  );
}

test('one image: every layer has its signals, the files hold the numbers of the table', async ({ page }) => {
  await visit(page);
  await expect(page.getByText('Nothing conspicuous.')).toBeVisible();
  const layers = await csvOf(page, 'Layers, CSV');
  await expect(rows(page)).toHaveCount(layers.length);
  await rows(page).nth(2).getByRole('button').press('Enter');
  await expect(rows(page).nth(2).getByRole('button')).toHaveAttribute('aria-pressed', 'true');
  await page.getByRole('radio', { name: 'Table' }).click();
  const shown = await page
    .getByRole('region', { name: 'Layers as a table' })
    .locator('tbody tr')
    .evaluateAll((all) => all.map((row) => Array.from(row.children, (cell) => cell.textContent.trim())));
  expect(shown).toEqual(
    layers.map((l) => [
      l.layer,
      l.op,
      ...[l.min, l.mean, l.max, l.deviation].map((value) => number(Number(value))),
      percent(Number(l.zeros)),
      `${count(Number(l.silent_channels))} of ${count(Number(l.channels))}`,
      l.saturated === '' ? '–' : percent(Number(l.saturated)),
      '0',
      number(Number(l.gradient_norm), { digits: 3 }),
    ]),
  );
  const bins = (await csvOf(page, 'Histograms, CSV')).filter((bin) => bin.name === layers[0].layer);
  expect(bins.reduce((n, bin) => n + Number(bin.count), 0)).toBe(Number(layers[0].elements));
  expect(await objectionsTo(page)).toEqual([]);
  await page.getByRole('button', { name: 'Feature maps' }).click();
  await expect(page.getByRole('button', { name: 'Look inside' })).toHaveAttribute('aria-current', 'page');
  expect(decodeURIComponent(page.url())).toContain(layers[2].layer);
});

test('several images are looked at together; on a telephone too', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await visit(page);
  await expect(page.getByText(/· 1 image ·/)).toBeVisible();
  const list = ['cat-0.png', 'clock-9.png', 'apple-13.png'].map((name) => ({
    name,
    base64: readFileSync(join(import.meta.dirname, '../../static/gallery', name)).toString('base64'),
  }));
  const dataTransfer = await page.evaluateHandle((files) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of files)
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    return transfer;
  }, list);
  await page.dispatchEvent('body', 'drop', { dataTransfer });
  await expect(page.getByText(/· 3 images ·/)).toBeVisible({ timeout: 40_000 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  expect(await objectionsTo(page)).toEqual([]);
});
