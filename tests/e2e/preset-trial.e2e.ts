/** What a model answers by each preset, where nothing in its files says which is right. */
import { readFileSync } from 'node:fs';
import { drop } from './files.ts';
import { expect, test } from './site.ts';

test('a guess of preprocessing is said to be one, and the answers by each preset are a click away', async ({
  page,
}) => {
  test.setTimeout(150_000);
  await page.goto('./');
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await drop(page, [{ name: 'nested.h5', bytes: readFileSync('tests/fixtures/keras/nested.h5') }]);
  await expect(page.getByRole('button', { name: 'Model: nested.h5' })).toBeVisible({ timeout: 60_000 });

  await page.getByText('Preprocessing', { exact: true }).click();
  await expect(page.getByText('0…1, a guess')).toBeVisible();
  await expect(page.getByText(/^A guess: nothing in the model’s files says/)).toBeVisible();
  await page.getByRole('button', { name: 'Try the presets on this image' }).click();

  const answers = page.getByRole('list', { name: 'Answers by preset' }).getByRole('button');
  await expect(answers).toHaveCount(7, { timeout: 30_000 });
  await expect(answers.filter({ hasText: /^0…1/ })).toHaveAttribute('aria-pressed', 'true');
  const other = answers.filter({ hasText: /^torchvision/ });
  await expect(other).toContainText(/class \d.*%/s);
  await other.click();
  await expect(other).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByRole('combobox', { name: /^Preset/ })).toContainText('torchvision');
  await expect(page.getByText(/^A guess: nothing/)).toBeHidden();
  // What the others answer still holds.
  await expect(answers).toHaveCount(7);
});
