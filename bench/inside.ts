/**
 * @file How long it takes to open a layer's feature maps in the built site, from the click to the picture, once the model has
 * run on the image; and the time between frames while a grid is scrolled and while its maps change their size. Prints
 * Markdown tables; the last column is what the page's main thread computed.
 *
 *     python3 bench/export.py large_maps && npm run build && node bench/inside.ts [--rounds 6]
 *
 * The layers take turns, and none is shown twice in a row.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { chromium, type Page } from '@playwright/test';
import { launchOptions } from '../scripts/chromium.mjs';
import { serveFolder } from '../scripts/static-server.mjs';
import { spread } from './timing.ts';

const root = join(import.meta.dirname, '..');
const MODEL = 'large_maps.onnx';
/** As the list of layers shows them; the last is only there to come from. */
const SHAPES = ['2048 × 7 × 7', '512 × 28 × 28', '64 × 224 × 224', '64 × 28 × 28'];
const MOTION_MS = 3000;

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '6' } } });
const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;

async function openModel(page: Page): Promise<void> {
  const base64 = readFileSync(join(import.meta.dirname, 'models', MODEL)).toString('base64');
  const dataTransfer = await page.evaluateHandle(
    async ([name, encoded]) => {
      const bytes = await (await fetch(`data:application/octet-stream;base64,${encoded}`)).arrayBuffer();
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name));
      return transfer;
    },
    [MODEL, base64] as const,
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer });
  await page.getByRole('button', { name: `Model: ${MODEL}` }).waitFor({ timeout: 120_000 });
}

/** Milliseconds from the click on the last layer of `shape` to the frame after its maps were drawn. */
async function open(page: Page, shape: string): Promise<number> {
  const option = page.getByRole('option').filter({ hasText: shape }).last();
  await option.scrollIntoViewIfNeeded();
  return option.evaluate(async (element) => {
    const name = element.querySelector('span')?.textContent?.trim();
    const start = performance.now();
    (element as HTMLElement).click();
    const done = () => {
      const section = document.querySelector<HTMLElement>('section[data-layer][data-state="done"]');
      return section?.dataset.layer === name;
    };
    while (!done()) {
      if (performance.now() - start > 20_000) throw new Error(`bench: the maps of “${name}” were never drawn.`);
      await new Promise(requestAnimationFrame);
    }
    return performance.now() - start;
  });
}

/** Milliseconds between frames while `move` is called with the share of the time that has passed, 0…1, once in each. */
const frames = (page: Page, motion: 'scroll' | 'zoom'): Promise<number[]> =>
  page.getByRole('application', { name: /^Feature maps/ }).evaluate(
    async (grid, [duration, kind]) => {
      // Four steps down, eight up, four down: from a third of the size to three times, and no frame without a change.
      const key = (frame: number) => ((frame + 4) % 16 < 8 ? '-' : '+');
      const times: number[] = [];
      const start = performance.now();
      let before = start;
      while (before - start < duration) {
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        times.push(now - before);
        before = now;
        if (kind === 'scroll') grid.scrollTop = ((now - start) / duration) * (grid.scrollHeight - grid.clientHeight);
        else grid.dispatchEvent(new KeyboardEvent('keydown', { key: key(times.length - 1), bubbles: true }));
      }
      return times.slice(2);
    },
    [MOTION_MS, motion] as const,
  );

/** Begins to count; the result tells the seconds that the page's main thread has computed since. */
async function computing(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')!.value;
  };
  const before = await read();
  return async () => (await read()) - before;
}

const { url, close } = await serveFolder({ directory: join(root, 'build'), base: '/vitrine/', isolated: true });
const browser = await chromium.launch(await launchOptions());
console.log(`${os.cpus().length} cores, ${os.cpus()[0].model.trim()}, Chromium ${browser.version()}\n`);
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(url);
  await page.locator('figure[data-state="done"]').waitFor({ timeout: 120_000 });
  await openModel(page);
  await page.getByRole('button', { name: 'Look inside', exact: true }).click();
  await page.locator('section[data-layer][data-state="done"]').waitFor({ timeout: 60_000 });
  const times = new Map<string, number[]>(SHAPES.map((shape) => [shape, []]));
  for (let round = -1; round < Number(values.rounds); round++)
    for (const shape of SHAPES) {
      const elapsed = await open(page, shape);
      if (round >= 0) times.get(shape)!.push(elapsed);
    }
  console.log(row(['layer', 'fastest, ms', 'median, ms', 'slowest, ms']));
  console.log(row(['---', '--:', '--:', '--:']));
  for (const [shape, all] of times) {
    const { min, median } = spread(all);
    console.log(row([shape, min.toFixed(0), median.toFixed(0), Math.max(...all).toFixed(0)]));
  }
  console.log(`\n${row(['layer', 'motion', 'median, ms', '95 %, ms', 'slowest, ms', 'computing a frame, ms'])}`);
  console.log(row(['---', '---', '--:', '--:', '--:', '--:']));
  for (const motion of ['scroll', 'zoom'] as const)
    for (const shape of SHAPES.slice(0, 3)) {
      await open(page, SHAPES[3]);
      await open(page, shape);
      await page.waitForTimeout(3000); // what the page does while nobody waits is over by then
      const computed = await computing(page);
      const all = (await frames(page, motion)).toSorted((a, b) => a - b);
      const share = ((await computed()) * 1000) / all.length;
      const at = (part: number) => all[Math.min(all.length - 1, Math.floor(part * all.length))].toFixed(1);
      console.log(row([shape, motion, at(0.5), at(0.95), at(1), share.toFixed(1)]));
    }
} finally {
  await browser.close();
  await close();
}
