/** @file The scenes of the view Explain. */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { type Scene, chooseMethod, done, drop, methodTitles, slug } from './scene.ts';

const gallery = (name: string) => join(import.meta.dirname, '../../static/gallery', name);

const EVERYWHERE = ['desk', 'desk-dark', 'phone', 'phone-dark', '4k'] as const;
const BOTH = ['desk', 'phone'] as const;

/** Opens the form where it does not stand beside the picture. */
async function adjust(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Adjust' });
  if (await button.isVisible()) await button.tap();
}

export const explaining: readonly Scene[] = [
  { name: 'first-visit', first: true, looks: EVERYWHERE },
  { name: 'explain', looks: [...EVERYWHERE, 'high-contrast'] },
  {
    name: 'method',
    play: async ({ page, shoot }) => {
      for (const title of await methodTitles(page)) {
        await chooseMethod(page, title);
        await shoot(slug(title));
      }
    },
  },
  {
    name: 'sections',
    looks: ['desk', 'desk-dark'],
    play: async ({ page, shoot }) => {
      await page.getByText('Preprocessing', { exact: true }).click();
      await page.getByRole('combobox', { name: /^Preset/ }).scrollIntoViewIfNeeded();
      await shoot('preprocessing');
      await page.getByText('Fed to the model').scrollIntoViewIfNeeded();
      await shoot('fed');
    },
  },
  {
    name: 'adjust',
    looks: ['phone', 'phone-dark'],
    play: async ({ page, shoot }) => {
      await page.getByRole('button', { name: 'Adjust' }).tap();
      await shoot();
      await page.getByText('Preprocessing', { exact: true }).tap();
      await page.getByText('Fed to the model').scrollIntoViewIfNeeded();
      await shoot('fed');
    },
  },
  {
    name: 'zoom',
    play: async ({ page, shoot }) => {
      const looking = page.getByRole('application').first();
      await looking.focus();
      for (let i = 0; i < 6; i++) await page.keyboard.press('+');
      await shoot();
    },
  },
  {
    name: 'working',
    looks: BOTH,
    play: async ({ page, shoot }) => {
      await adjust(page);
      await page.getByLabel('Steps').fill('500');
      await page.getByLabel('Steps').press('Enter');
      await page.getByRole('button', { name: 'Cancel' }).waitFor();
      await page.waitForTimeout(1200);
      await shoot();
    },
  },
  {
    name: 'strip',
    looks: ['desk', 'phone'],
    play: async ({ page, shoot }) => {
      await drop(page, ['fish-2.png', 'apple-13.png', 'clock-9.png', 'tree-11.png'].map(gallery));
      await page.getByRole('radiogroup', { name: 'Images' }).waitFor();
      await done(page);
      await shoot();
      await adjust(page);
      await chooseMethod(page, 'Feature permutation');
      await shoot('permutation');
    },
  },
  {
    name: 'through',
    looks: ['desk', 'desk-dark', 'phone', 'phone-dark'],
    play: async ({ page, shoot }) => {
      await adjust(page);
      await chooseMethod(page, 'Neuron conductance');
      await page.getByRole('combobox', { name: /^Through a neuron of/ }).scrollIntoViewIfNeeded();
      await shoot();
    },
  },
];
