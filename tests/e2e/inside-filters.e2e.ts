import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { readOnnx } from '../../src/lib/formats/onnx/read.ts';
import { weightsOf } from '../../src/lib/model/weights.ts';
import '../../src/lib/ops/index.ts';
import { readNpy } from '../../src/lib/tensor/npy.ts';
import { objectionsTo } from './objections.ts';
import { expect, test } from './site.ts';

const file = join(import.meta.dirname, '../../static/models/vitrine-16.onnx');

/** The bundled model's filters. */
async function visit(page: Page): Promise<void> {
  await page.goto('./');
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await page.getByRole('button', { name: 'Look inside' }).click();
  await page.getByRole('tab', { name: 'Filters' }).click();
  await expect(page.getByRole('definition').first()).toBeVisible({ timeout: 20_000 });
}

async function choose(page: Page, weight: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Weights' }).fill(weight);
  await page.getByRole('option', { name: weight }).first().click();
  await expect(page.getByRole('heading', { name: weight })).toBeVisible();
}

test('filters are seen, picked, read and saved as they are in the file', async ({ page }) => {
  await visit(page);
  await choose(page, 'conv1.weight');
  const grid = page.getByRole('slider', { name: 'Filters' });
  await expect(grid).toHaveAttribute('aria-valuemax', '15');
  await expect(page.getByText(/red, green and blue/)).toBeVisible();
  await grid.focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
  await expect(grid).toHaveAttribute('aria-valuetext', /^Filter 3, /);
  await page.keyboard.press('Enter');
  await expect(grid.locator('.marked')).toBeVisible();
  expect(await objectionsTo(page, { within: 'main' })).toEqual([]);

  const { graph } = readOnnx(new Uint8Array(readFileSync(file)), 'vitrine-16.onnx');
  const { tensor } = weightsOf(graph).find(({ info }) => info.id === 'conv1.weight')!;
  await page.getByRole('radio', { name: 'Numbers' }).click();
  const table = page.getByRole('grid', { name: /conv1\.weight/ });
  await expect(table).toHaveAttribute('aria-rowcount', '17');
  const cell = (row: number, column: number) => table.locator(`#cell-${row}-${column}`);
  const close = async (row: number, column: number) => {
    await expect(cell(row, column)).toHaveText(/\d/);
    const shown = (await cell(row, column).innerText()).replace('−', '-').replace('+', '');
    const [, mantissa, power = ''] = /^([-\d.]+)(?: × 10(.*))?$/.exec(shown)!;
    const exponent = [...power].map((c) => (c === '⁻' ? '-' : '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(c))).join('');
    const truth = tensor.data[row * 27 + column];
    expect(Math.abs(Number(`${mantissa}e${exponent || 0}`) / truth - 1)).toBeLessThan(1e-3);
  };
  for (const column of [0, 2]) for (const row of [0, 5]) await close(row, column);
  await table.focus();
  await page.keyboard.press('Control+End');
  await close(15, 26);
  expect(await objectionsTo(page, { within: 'main' })).toEqual([]);

  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download NPY' }).click();
  const npy = readNpy(new Uint8Array(readFileSync(await (await saved).path())));
  expect(npy.shape).toEqual([16, 3, 3, 3]);
  expect(npy.data).toEqual(tensor.data);
});

test('the weight is that of the picked layer, and a click on a filter picks its channel', async ({ page }) => {
  await visit(page);
  await choose(page, 'conv4.weight');
  await page.getByRole('slider', { name: 'Filters' }).click({ position: { x: 5, y: 5 } });
  await expect(page.locator('.marked')).toBeVisible();
  await page.getByRole('radio', { name: 'One filter' }).click();
  await expect(page.getByText(/Filter 0 on each of its 48 input channels/)).toBeVisible();
  await choose(page, 'head.weight');
  await expect(page.getByText(/Rows: output; columns: input/)).toBeVisible();
  await choose(page, 'conv1.bias');
  await expect(page.getByRole('grid', { name: /conv1\.bias/ })).toHaveAttribute('aria-rowcount', '17');
});
