/** TensorFlow.js on the built page: a device like the others, and an engine of other people to check results on. */
import type { Page } from '@playwright/test';
import { expect, test } from './site.ts';

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 60_000 });
const term = (page: Page, name: string) =>
  page.locator('figcaption dl div', { has: page.getByText(name, { exact: true }) }).locator('dd');

test('what onnxruntime explained, TensorFlow.js explains alike; then it does the work itself', async ({ page }) => {
  test.setTimeout(300_000);
  await page.goto('./');
  await done(page);
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: 'Saliency', exact: true }).click();
  await done(page);
  await page.getByRole('combobox', { name: /^Runtime to check on/ }).click();
  await page.getByRole('option', { name: 'TF.js WASM', exact: true }).click();
  await page.getByRole('button', { name: 'Check on another runtime' }).click();
  await expect(page.getByText(/^WASM and TF\.js WASM agree (exactly|to \d × 10⁻[⁴⁵⁶⁷⁸⁹])\.$/)).toBeVisible({
    timeout: 60_000,
  });

  const value = async () => Number((await term(page, 'F(x)').innerText()).replace('+', '').replace('−', '-'));
  const before = await value();
  for (const kind of ['WASM', 'WebGPU', 'WebGL', 'JavaScript']) {
    await page.getByRole('button', { name: /^Device/ }).click();
    await page.getByRole('radio', { name: `TF.js ${kind}`, exact: true }).click();
    await expect(term(page, 'Device')).toContainText(`TensorFlow.js, ${kind}`, { timeout: 120_000 });
    await done(page);
    expect(Math.abs((await value()) - before)).toBeLessThan(1e-3 * Math.abs(before));
  }
});
