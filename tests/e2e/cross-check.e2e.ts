/** An explanation is computed on another device, too, and the page says how far the two are apart. */
import type { Page } from '@playwright/test';
import { cancelling } from './cancelling.ts';
import { drop } from './files.ts';
import { objectionsTo } from './objections.ts';
import { expect, test } from './site.ts';

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 120_000 });

/** By a method of one pass, which an emulated GPU does in a second, on WASM. */
async function explained(page: Page, method = 'Saliency'): Promise<void> {
  await page.goto('./');
  await done(page);
  await page.getByRole('button', { name: /^Device/ }).click();
  const choice = page.getByRole('radio', { name: 'WebGPU', exact: true });
  test.skip(await choice.isDisabled(), 'this browser offers no WebGPU');
  await page.getByRole('radio', { name: 'WASM', exact: true }).click();
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: method, exact: true }).click();
  await expect(page.getByRole('combobox', { name: `Method ${method}` })).toBeVisible();
  await done(page);
}

const check = (page: Page) => page.getByRole('button', { name: 'Check on another runtime' });

test('WASM and WebGPU agree, and the page says to how many digits; a check is stopped and begun again', async ({
  page,
}) => {
  test.setTimeout(360_000);
  await explained(page);
  await check(page).click();
  await expect(page.getByText(/^WASM and WebGPU agree (exactly|to \d × 10⁻[⁴⁵⁶⁷⁸⁹])\.$/)).toBeVisible({
    timeout: 120_000,
  });
  expect(await objectionsTo(page, { within: 'figcaption' })).toEqual([]);
  // Another result has not been checked.
  await page.getByRole('button', { name: /^Input/ }).click();
  await page.getByRole('button', { name: 'Coral fish' }).click();
  await done(page);
  await expect(page.getByText(/^WASM and WebGPU agree/)).toHaveCount(0);

  // A check is stopped, and can be begun again.
  await check(page).click();
  await page.getByRole('button', { name: 'Cancel check' }).click();
  await expect(check(page)).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'Checking on another runtime' })).toHaveCount(0);
  await check(page).click();
  await expect(page.getByText(/^WASM and WebGPU agree/)).toBeVisible({ timeout: 120_000 });
});

test('a model whose numbers are rounding and nothing else is flagged, with the operator at which the devices part', async ({
  page,
}) => {
  test.setTimeout(360_000);
  await explained(page, 'Grad-CAM');
  await drop(page, [{ name: 'cancelling.onnx', bytes: cancelling() }]);
  await expect(page.getByRole('button', { name: 'Model: cancelling.onnx' })).toBeVisible({ timeout: 30_000 });
  await done(page);
  await check(page).click();
  const flagged = page.getByText(/^WASM and WebGPU differ by .* They part at Sub \(“difference”\), by .* %/);
  await expect(flagged).toBeVisible({ timeout: 90_000 });
});
