/** @file The views of metrics. */
import { type Scene, compare } from './scene.ts';

export const judging: readonly Scene[] = [
  {
    name: 'metrics',
    looks: ['desk', 'desk-dark', 'phone', 'phone-dark'],
    play: async ({ page, shoot }) => {
      await page.getByText('How good is this map?').click();
      await page.getByRole('button', { name: 'Use the example’s mask' }).click();
      await page.getByText(/as the example has it/).waitFor();
      await page.getByRole('button', { name: 'Run all metrics' }).click();
      await page.getByText('All metrics have been computed.').waitFor({ timeout: 120_000 });
      for (const heading of ['Does it keep its promise?', 'Does it find the object?', 'Does the model agree?']) {
        await page.getByRole('heading', { name: heading }).evaluate((element) => element.scrollIntoView());
        await shoot(heading.replaceAll(/\W+/g, '-').toLowerCase().replace(/-$/, ''));
      }
    },
  },
  {
    name: 'metrics-ranking',
    looks: ['desk', 'desk-dark', 'phone'],
    play: async ({ page, shoot }) => {
      await compare(page);
      await page.getByText('Where is the object?').click();
      await page.getByRole('button', { name: 'Use the example’s mask' }).click();
      await page.getByText(/as the example has it/).waitFor();
      await page.getByRole('button', { name: 'Rank by metrics' }).click();
      await page.getByText('All metrics have been computed.').waitFor({ timeout: 300_000 });
      await page.getByText('Where is the object?').click();
      await page.getByRole('heading', { name: 'Which map is better?' }).evaluate((element) => element.scrollIntoView());
      await shoot();
    },
  },
];
