/**
 * Pictures of the built site, each view in its sizes and appearances: `npm run screenshots -- [FOLDER]` (default
 * `screenshots/`, git-ignored). `--only=WORD` takes those whose scene's name holds the word, `--docs` also writes the pictures
 * of README and docs. `scripts/screenshots/` says what is pictured.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from '@playwright/test';
import { launchOptions } from './chromium.mjs';
import { LOOKS, type Look, type Scene, done } from './screenshots/scene.ts';
import { SCENES } from './screenshots/scenes.ts';
import { serveFolder } from './static-server.mjs';

const root = join(import.meta.dirname, '..');
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length) ?? '';
const docs = process.argv.includes('--docs');
const folder = process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? join(root, 'screenshots');

/** Which pictures README and docs show, and under which names. */
const DOCS: Readonly<Record<string, string>> = { explain: 'explain', 'compare-grid': 'compare', 'puzzle-2': 'puzzle' };

/** The picture as WebP, which takes a fifth of the bytes. */
async function smaller(browser: Browser, png: Buffer): Promise<Buffer> {
  const page = await browser.newPage();
  const url = await page.evaluate(
    async (source) => {
      const image = await createImageBitmap(await (await fetch(source)).blob());
      const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
      canvas.getContext('2d')!.drawImage(image, 0, 0);
      return canvas.toDataURL('image/webp', 0.9);
    },
    `data:image/png;base64,${png.toString('base64')}`,
  );
  await page.close();
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
}

/** A visit of its own, with nothing cached. The puzzle counts as declined unless the scene is about it. */
async function play(browser: Browser, site: string, scene: Scene, look: Look): Promise<void> {
  const context = await browser.newContext({ ...LOOKS[look], permissions: ['camera', 'clipboard-write'] });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const shoot = async (part = '') => {
    const name = [scene.name, part, look === 'desk' ? '' : look].filter(Boolean).join('-');
    await page.waitForTimeout(250);
    const png = await page.screenshot({ path: join(folder, `${name}.png`) });
    console.log(name);
    if (docs && DOCS[name]) writeFileSync(join(root, `docs/images/${DOCS[name]}.webp`), await smaller(browser, png));
  };
  try {
    if (!scene.first) {
      await page.addInitScript(() => {
        try {
          localStorage.setItem('vitrine-tour', 'seen');
        } catch {
          // A scene without storage.
        }
      });
    }
    await scene.prepare?.(page, site);
    await page.goto(`${site}${scene.address ?? ''}`);
    await done(page);
    await (scene.play ?? (({ shoot }) => shoot()))({ page, site, shoot });
  } finally {
    await context.close();
  }
}

const { url, close } = await serveFolder({ directory: join(root, 'build'), base: '/vitrine/', isolated: false });
const { args, ...options } = await launchOptions();
const browser = await chromium.launch({
  ...options,
  args: [...args, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
});
mkdirSync(folder, { recursive: true });
const failed: string[] = [];
try {
  for (const scene of SCENES.filter(({ name }) => name.includes(only))) {
    for (const look of scene.looks ?? (['desk'] as const)) {
      try {
        await play(browser, url, scene, look);
      } catch (error) {
        failed.push(`${scene.name} (${look}): ${String(error).split('\n')[0]}`);
      }
    }
  }
} finally {
  await browser.close();
  await close();
}
if (failed.length > 0) {
  console.error(`Not pictured:\n${failed.join('\n')}`);
  process.exitCode = 1;
}
