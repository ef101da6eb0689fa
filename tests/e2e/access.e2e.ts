/** axe finds nothing to object to: every view and every open menu, light and dark, on a desk and on a telephone. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './site.ts';

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });

/** What axe objects to, one line each: the rule and the first elements. */
async function objections(page: Page): Promise<string[]> {
  await page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined))));
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes
        .slice(0, 4)
        .map((n) => `${n.html.slice(0, 160)} — ${n.failureSummary?.split('\n').slice(1, 3).join(' ')}`)
        .join(' | ')}`,
  );
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('the exhibit, every section and every menu', async ({ page }) => {
      test.setTimeout(180_000);
      await page.goto('./');
      await done(page);
      expect(await objections(page), 'the exhibit').toEqual([]);
      for (const section of await page.locator('aside [aria-expanded="false"]:not([role=combobox])').all())
        await section.click();
      expect(await objections(page), 'all sections open').toEqual([]);
      for (const trigger of await page.locator('header [aria-haspopup]').all()) {
        const name = (await trigger.getAttribute('aria-label')) ?? 'a menu';
        await trigger.click();
        await expect(page.locator('.menu-popup, [role=dialog]').first()).toBeVisible();
        expect(await objections(page), name).toEqual([]);
        await page.keyboard.press('Escape');
      }
      await page.getByRole('combobox', { name: /^Method / }).click();
      expect(await objections(page), 'the list of methods').toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByLabel('Any class').fill('umbr');
      expect(await objections(page), 'the search of classes').toEqual([]);
    });

    test('while it works, and with a message', async ({ page }) => {
      await page.goto('./');
      expect(await objections(page), 'before the first result').toEqual([]);
      await done(page);
      await page.getByLabel('Steps').fill('900');
      await page.getByLabel('Steps').press('Enter');
      await expect(page.getByRole('button', { name: 'Cancel' })).toBeVisible();
      expect(await objections(page), 'progress').toEqual([]);
      const transfer = await page.evaluateHandle(() => {
        const made = new DataTransfer();
        made.items.add(new File(['nothing'], 'broken.onnx'));
        return made;
      });
      await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
      await expect(page.getByRole('alert').filter({ hasText: 'broken.onnx' })).toBeVisible();
      expect(await objections(page), 'a message').toEqual([]);
    });

    test.describe('on a telephone', () => {
      test.use({ viewport: { width: 360, height: 740 }, hasTouch: true });

      test('the exhibit, the form and every menu', async ({ page }) => {
        test.setTimeout(120_000);
        await page.goto('./');
        await done(page);
        expect(await objections(page), 'the exhibit').toEqual([]);
        for (const trigger of await page.locator('header [aria-haspopup]').all()) {
          await trigger.click();
          await expect(page.locator('.menu-popup, [role=dialog]').first()).toBeVisible();
          expect(await objections(page), (await trigger.getAttribute('aria-label')) ?? 'a menu').toEqual([]);
          await page.keyboard.press('Escape');
        }
        await page.getByRole('button', { name: 'Adjust' }).tap();
        await expect(page.getByRole('dialog', { name: 'Adjust' })).toBeVisible();
        expect(await objections(page), 'the form').toEqual([]);
      });
    });
  });
}
