/** @file What the page does while its main thread is measured. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';

interface Scene {
  readonly name: string;
  /** The measurement begins before the page is opened. */
  readonly fromTheStart?: boolean;
  /** Before the measurement begins. */
  readonly prepare?: (page: Page, model: string) => Promise<void>;
  readonly play: (page: Page) => Promise<void>;
}

export async function done(page: Page): Promise<void> {
  await page.waitForTimeout(150);
  await page.locator('figure[data-state="done"]').waitFor({ timeout: 120_000 });
  await page.waitForTimeout(300);
}

/**
 * Has the page say when the first heatmap stands. Playwright's own waiting would put a script of its own into the page, in
 * the midst of what is measured.
 */
async function announce(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const timer = setInterval(() => {
      if (!document.querySelector('figure[data-state="done"]')) return;
      clearInterval(timer);
      console.debug('heatmap');
    }, 100);
  });
}

async function announced(page: Page): Promise<void> {
  await page.waitForEvent('console', { predicate: (message) => message.text() === 'heatmap', timeout: 120_000 });
  await page.waitForTimeout(300);
}

/** By selectors of CSS: what finds elements by their roles reads the style of all, which takes a task of 20 ms. */
async function chooseMethod(page: Page, title: string): Promise<void> {
  await page.locator('aside .control').first().click();
  await page.locator('.entry', { hasText: title }).first().click();
  await page.locator('aside .control', { hasText: title }).waitFor();
}

/** Brings the file into the page, which takes the page's own thread and is no work of the site's. */
async function bringModel(page: Page, path: string): Promise<void> {
  await page.evaluate(
    async ([name, base64]) => {
      const bytes = await (await fetch(`data:application/octet-stream;base64,${base64}`)).arrayBuffer();
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], name));
      Object.assign(window, {
        drop: () => document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true })),
      });
    },
    ['dropped.onnx', readFileSync(path).toString('base64')] as const,
  );
}

async function openModel(page: Page): Promise<void> {
  await page.evaluate(() => (window as unknown as { drop: () => void }).drop());
  await page.getByRole('button', { name: 'Model: dropped.onnx' }).waitFor({ timeout: 120_000 });
  await done(page);
}

async function zoomAndPan(page: Page): Promise<void> {
  const looking = page.getByRole('application').first();
  const { x, y, width, height } = (await looking.boundingBox())!;
  await page.mouse.move(x + width / 2, y + height / 2);
  for (let i = 0; i < 20; i++) await page.mouse.wheel(0, -60);
  await page.mouse.down();
  await page.mouse.move(x + width / 2 - 150, y + height / 2 + 80, { steps: 30 });
  await page.mouse.up();
  for (let i = 0; i < 20; i++) await page.mouse.wheel(0, 60);
}

export const SCENES: readonly Scene[] = [
  { name: 'a visit', fromTheStart: true, prepare: announce, play: announced },
  {
    name: 'Integrated Gradients, 64 steps',
    play: async (page) => {
      await page.getByLabel('Steps').fill('64');
      await page.getByLabel('Steps').press('Enter');
      await done(page);
    },
  },
  {
    name: 'Occlusion',
    play: async (page) => {
      await chooseMethod(page, 'Occlusion');
      await done(page);
    },
  },
  {
    name: 'six methods compared',
    play: async (page) => {
      await page.locator('nav button:nth-child(2)').click();
      for (const title of ['Saliency', 'SmoothGrad'])
        await page.locator(`aside label:has(.title:text-is("${title}")) input`).check();
      await page.waitForFunction(
        () => /^\s*6 of 6\s*$/.test(document.querySelector('main header [role=status]')?.textContent ?? ''),
        null,
        { timeout: 120_000, polling: 250 },
      );
    },
  },
  { name: 'zoom and pan', play: zoomAndPan },
  { name: 'a model is opened', prepare: bringModel, play: openModel },
];
