/** Files dropped on the page. */
import type { Page } from '@playwright/test';

export interface Dropped {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export async function drop(page: Page, files: readonly Dropped[]): Promise<void> {
  const list = files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }));
  const dataTransfer = await page.evaluateHandle((entries) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of entries)
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    return transfer;
  }, list);
  await page.dispatchEvent('body', 'drop', { dataTransfer });
}
