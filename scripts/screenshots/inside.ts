/** @file Look inside and Signals: the bundled model, a photograph in SqueezeNet, and a small vision transformer. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { type Scene, type Stage, chooseMethod, done, drop } from './scene.ts';

const root = join(import.meta.dirname, '../..');
const squeezeNet = ['onnx/squeezenet_fp16.onnx', 'labels/synset.txt', 'photos/kitten_224.png'].map((p) =>
  join(root, '../shared/real', p),
);
const transformer = join(root, 'tests/fixtures/onnx/vit_packed.onnx');

const LOOKS = ['desk', 'desk-dark', 'phone', 'phone-dark'] as const;

const section = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Sections' }).getByRole('button', { name, exact: true }).click();
const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true }).click();

/** On a telephone the layers are behind “Adjust”; the keys go everywhere. */
async function goTo(page: Page, layer: 'first' | 'middle' | 'last map'): Promise<void> {
  const maps = page.locator('section[data-layer]');
  const place = /(\d+) of (\d+)/;
  const read = async () =>
    place
      .exec(await page.getByRole('group', { name: 'Layer' }).innerText())!
      .slice(1)
      .map(Number);
  const [, count] = await read();
  const wanted = layer === 'first' ? 1 : Math.ceil(count / (layer === 'middle' ? 2 : 1));
  for (let [at] = await read(); at !== wanted; [at] = await read())
    await page.keyboard.press(at < wanted ? 'Alt+ArrowDown' : 'Alt+ArrowUp');
  const grid = page.getByRole('application', { name: /^Feature maps of/ });
  await page.waitForTimeout(500);
  // Behind the last map there are vectors.
  while (layer === 'last map' && !(await grid.isVisible())) {
    await page.keyboard.press('Alt+ArrowUp');
    await page.waitForTimeout(700);
  }
  await maps.and(page.locator('[data-state="done"]')).waitFor();
}

async function threeLayers({ page, shoot }: Stage): Promise<void> {
  await section(page, 'Look inside');
  await page.locator('section[data-layer][data-state="done"]').waitFor({ timeout: 60_000 });
  for (const layer of ['first', 'middle', 'last map'] as const) {
    await goTo(page, layer);
    await shoot(layer.replace(' ', '-'));
    if (page.viewportSize()!.width > 600) continue;
    // On a telephone the maps stand below what is said of them.
    await page.getByRole('application', { name: /^Feature maps of/ }).evaluate((grid) => grid.scrollIntoView());
    await shoot(`${layer.replace(' ', '-')}-below`);
    await page.evaluate(() => scrollTo(0, 0));
  }
}

export const inside: readonly Scene[] = [
  { name: 'maps', looks: LOOKS, play: threeLayers },
  {
    name: 'maps-channel',
    looks: LOOKS,
    play: async ({ page, shoot }) => {
      await section(page, 'Look inside');
      await page.locator('section[data-layer][data-state="done"]').waitFor({ timeout: 60_000 });
      await page.getByRole('application', { name: /^Feature maps of/ }).focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('Enter');
      await page.getByText('Contribution to').waitFor();
      await shoot();
    },
  },
  {
    name: 'picked',
    looks: LOOKS,
    play: async ({ page, shoot }) => {
      if (!(await page.getByRole('button', { name: 'Adjust' }).isVisible())) await chooseMethod(page, 'Grad-CAM');
      const looking = page.getByRole('application', { name: /^Scores/ });
      await looking.focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.getByText(/^Picked: channel/).waitFor();
      await shoot();
    },
  },
  {
    name: 'neuron',
    looks: LOOKS,
    play: async ({ page, shoot }) => {
      await section(page, 'Look inside');
      await page.locator('section[data-layer][data-state="done"]').waitFor({ timeout: 60_000 });
      const maps = page.getByRole('application', { name: /^Feature maps of/ });
      await maps.focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('Enter');
      await page.getByText('Contribution to').waitFor();
      await page.getByRole('dialog').getByRole('application').focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Explain this neuron' }).scrollIntoViewIfNeeded();
      await shoot('maps');
      await page.getByRole('button', { name: 'Explain this neuron' }).click();
      await page.getByRole('heading', { level: 1, name: /^channel/ }).waitFor({ timeout: 60_000 });
      await done(page);
      await shoot();
      const adjust = page.getByRole('button', { name: 'Adjust' });
      if (await adjust.isVisible()) await adjust.tap();
      await page.getByRole('button', { name: /^Back to/ }).scrollIntoViewIfNeeded();
      await shoot('target');
    },
  },
  {
    name: 'filters',
    looks: LOOKS,
    play: async ({ page, shoot }) => {
      await section(page, 'Look inside');
      await tab(page, 'Filters');
      await page.getByRole('definition').first().waitFor();
      await page.getByRole('combobox', { name: 'Weights' }).fill('conv1.weight');
      await page.getByRole('option', { name: 'conv1.weight' }).first().click();
      await page.waitForTimeout(500);
      await shoot('first');
      await page.getByRole('radio', { name: 'Numbers' }).click();
      await page.waitForTimeout(500);
      await shoot('numbers');
    },
  },
  {
    name: 'maximise',
    looks: LOOKS,
    play: async ({ page, shoot }) => {
      await section(page, 'Look inside');
      await tab(page, 'Maximise');
      await page.getByRole('button', { name: 'Start', exact: true }).click();
      await page.getByRole('progressbar', { name: /^Step [2-9]\d/ }).waitFor({ timeout: 60_000 });
      await shoot('running');
      await page.getByRole('button', { name: 'Stop', exact: true }).click();
      await page.locator('.pictures[data-state="stopped"]').scrollIntoViewIfNeeded();
      await shoot('stopped');
    },
  },
  {
    name: 'signals',
    looks: LOOKS,
    play: async ({ page, shoot }) => {
      await section(page, 'Signals');
      await page.getByRole('heading', { name: 'Weights' }).waitFor({ timeout: 60_000 });
      await shoot();
      await page.getByRole('heading', { name: 'Weights' }).scrollIntoViewIfNeeded();
      await shoot('weights');
    },
  },
  {
    name: 'vit',
    looks: LOOKS,
    play: async ({ page, shoot }) => {
      await drop(page, [transformer]);
      await page.getByRole('button', { name: 'Model: vit_packed.onnx' }).waitFor({ timeout: 60_000 });
      await done(page);
      await section(page, 'Look inside');
      await page.locator('section[data-layer][data-state="done"]').waitFor({ timeout: 60_000 });
      await goTo(page, 'first');
      await shoot('first');
      for (let step = 0; step < 60 && !(await page.getByText(/heads of 17 × 17 tokens/).isVisible()); step++) {
        await page.keyboard.press('Alt+ArrowDown');
        await page.waitForTimeout(400);
      }
      await page.locator('section[data-layer][data-state="done"]').waitFor();
      await shoot('attention');
      await goTo(page, 'last map');
      await shoot('last-map');
    },
  },
];

const missing = squeezeNet.filter((path) => !existsSync(path));
if (missing.length > 0) console.log(`squeezenet-maps is skipped: ${missing.join(', ')} is missing.`);

/** Where the model and the photograph are to be had. */
export const insideOwn: readonly Scene[] =
  missing.length > 0
    ? []
    : [
        {
          name: 'squeezenet-maps',
          looks: LOOKS,
          play: async (stage) => {
            await drop(stage.page, squeezeNet);
            await stage.page.getByText(/tabby/).first().waitFor({ timeout: 60_000 });
            await done(stage.page);
            await threeLayers(stage);
          },
        },
      ];
