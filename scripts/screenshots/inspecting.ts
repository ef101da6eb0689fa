/** @file Pictures of what a model is made of, and of checking a result on another device. */
import { type Scene, openMenu } from './scene.ts';

const inspector: Scene = {
  name: 'inspector',
  looks: ['desk', 'desk-dark', 'phone', 'phone-dark'],
  play: async ({ page, shoot }) => {
    await openMenu(page, 'Model');
    await page.getByRole('button', { name: 'Inspect the model…' }).click();
    const search = page.getByLabel('Search nodes');
    await search.waitFor();
    await shoot();
    await search.fill('relu');
    await page
      .getByRole('row', { name: /Relu/ })
      .nth(2)
      .click();
    await shoot('search');
  },
};

export const inspecting: readonly Scene[] = [inspector];
