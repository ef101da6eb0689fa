/** What the open model is made of: read, searched, picked from, by hand, by keys and by a screen reader. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { parameterCount, topologicalOrder } from '../../src/lib/graph/graph.ts';
import '../../src/lib/ops/index.ts';
import { objectionsTo } from './objections.ts';
import { expect, test } from './site.ts';

const file = join(import.meta.dirname, '../../static/models/vitrine-16.onnx');
const dialog = (page: Page) => page.getByRole('dialog', { name: 'vitrine-16.onnx' });
const grid = (page: Page) => page.getByRole('grid', { name: /^Nodes/ });

async function inspect(page: Page): Promise<void> {
  await page.goto('./');
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await page.getByRole('button', { name: /^Model:/ }).click();
  await page.getByRole('button', { name: 'Inspect the model…' }).click();
  await expect(grid(page)).toBeVisible({ timeout: 20_000 });
}

test('the inspector says of the model what its file says', async ({ page }) => {
  await inspect(page);
  const { graph, info } = readOnnx(new Uint8Array(readFileSync(file)), 'vitrine-16.onnx');
  const facts = dialog(page).getByRole('region', { name: 'Facts' });
  await expect(facts).toContainText(`ONNX, ${info.version}`);
  await expect(facts).toContainText(String(parameterCount(graph)).replace(/\B(?=(\d{3})+$)/g, '\u202f'));
  await expect(facts).toContainText('image, float32 [batch × 3 × 96 × 96]');
  const nodes = topologicalOrder(graph.outputs);
  await expect(grid(page)).toHaveAttribute('aria-rowcount', String(nodes.length + 1));
  const operators = dialog(page).getByRole('table', { name: 'Operators' });
  const convolutions = nodes.filter(({ op }) => op === 'Conv').length;
  await expect(operators.getByRole('row', { name: `Conv ${convolutions} mostly yes` })).toBeVisible();
  // conv1: 16 channels of 48 × 48, each a window of 3 × 3 × 3.
  await expect(grid(page).getByRole('row', { name: /^conv1 Conv 1 × 16 × 48 × 48 448 995 k/ })).toBeVisible();
  expect(16 * 48 * 48 * 27).toBe(995_328);
});

test('a node that is found and picked is the layer of Grad-CAM and of the inside', async ({ page }) => {
  await inspect(page);
  await page.getByLabel('Search nodes').fill('relu 48 24');
  await expect(dialog(page).getByRole('status').last()).toContainText('2 of 19 nodes');
  await grid(page)
    .getByRole('row', { name: /^relu3/ })
    .click();
  await expect(grid(page).getByRole('row', { name: /^relu3/ })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Escape');
  await expect(dialog(page)).toHaveCount(0);
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: 'Grad-CAM', exact: true }).click();
  await expect(page.getByRole('combobox', { name: /^Layer relu3/ })).toBeVisible();
  await page.getByRole('button', { name: 'Look inside' }).click();
  await expect(page.getByRole('option', { name: /^relu3/ })).toHaveAttribute('aria-selected', 'true');
});

test('keys go through the nodes, pick one, and pass over what is no layer', async ({ page }) => {
  await inspect(page);
  await grid(page).focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  /** The row that keys have come to, once it is in sight. */
  const row = async () => {
    const active = () => grid(page).getAttribute('aria-activedescendant');
    await expect.poll(active).not.toBeNull();
    return page.locator(`[id="${await active()}"]`);
  };
  await expect(await row()).toHaveAccessibleName(/^relu1/);
  await page.keyboard.press('Enter');
  await expect(await row()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowUp');
  await expect(await row()).toHaveAccessibleName(/^flat Flatten/);
  await page.keyboard.press('Enter');
  await expect(await row()).toHaveAttribute('aria-selected', 'false');
  await expect(dialog(page).getByText(/“relu1” is picked/)).toBeVisible();
});

test('axe has nothing to object to, on a desk and on a telephone, light and dark', async ({ page }) => {
  await inspect(page);
  for (const width of [1280, 360])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 740 });
      await page.emulateMedia({ colorScheme });
      expect(await objectionsTo(page, { within: '[role=dialog]' }), `${width} px, ${colorScheme}`).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
});
