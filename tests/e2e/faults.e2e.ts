import { expect, test } from './site.ts';

test('where the browser denies storage the page explains as ever, and says what it cannot do', async ({ page }) => {
  await page.addInitScript(() => {
    const denied = () => {
      throw new DOMException('The operation is insecure.', 'SecurityError');
    };
    for (const name of ['localStorage', 'sessionStorage', 'caches', 'indexedDB'])
      Object.defineProperty(window, name, { get: denied });
    ServiceWorkerContainer.prototype.register = () => Promise.reject(new DOMException('denied', 'SecurityError'));
  });
  await page.goto('./');
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  await page.getByRole('button', { name: /^Device/ }).click();
  await expect(page.getByText('The page is not kept for use without a network: denied.')).toBeVisible();
});
