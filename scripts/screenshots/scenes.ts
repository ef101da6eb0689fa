/** @file Every view of the site: what is done to get there, and in which windows it is pictured. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Scene, chooseMethod, compare, compared, done, drop, linkTo, openMenu, slug } from './scene.ts';
import { explaining } from './explaining.ts';
import { formats } from './formats.ts';
import { inside, insideOwn } from './inside.ts';
import { inspecting } from './inspecting.ts';
import { judging } from './judging.ts';
import { update } from './update.ts';

const root = join(import.meta.dirname, '../..');
const shared = join(root, '../shared/real');
const gallery = (name: string) => join(root, 'static/gallery', name);

const EVERYWHERE = ['desk', 'desk-dark', 'phone', 'phone-dark', '4k'] as const;
const BOTH = ['desk', 'phone'] as const;

const menus: readonly Scene[] = (['Model', 'Input', 'Device'] as const).map((name) => ({
  name: `menu-${slug(name)}`,
  looks: ['desk', 'phone-dark'],
  play: async ({ page, shoot }) => {
    await openMenu(page, name);
    await shoot();
    // The rest of a menu that is longer than its window.
    const rest = await page.locator('.menu-popup').evaluate((menu) => {
      menu.scrollTop = menu.scrollHeight;
      return menu.scrollTop > 0;
    });
    if (rest) await shoot('end');
  },
}));

const camera: Scene = {
  name: 'camera',
  looks: BOTH,
  play: async ({ page, shoot }) => {
    await openMenu(page, 'Input');
    await page.getByRole('button', { name: 'Use the camera…' }).click();
    const video = page.getByLabel('What the camera sees');
    await page.waitForTimeout(800);
    await video.scrollIntoViewIfNeeded();
    await shoot();
  },
};

const comparing: readonly Scene[] = [
  {
    name: 'compare',
    looks: EVERYWHERE,
    play: async ({ page, shoot }) => {
      await compare(page);
      await shoot('grid');
      await page.locator('main table').first().scrollIntoViewIfNeeded();
      await shoot('matrix');
    },
  },
  {
    name: 'compare',
    play: async ({ page, shoot }) => {
      await compare(page);
      for (const what of ['Targets', 'Baselines', 'Layers', 'Images', 'Models']) {
        await page.getByRole('combobox', { name: /^What varies/ }).click();
        await page.getByRole('option', { name: new RegExp(`^${what}`) }).click();
        await compared(page);
        await shoot(slug(what));
      }
    },
  },
  {
    name: 'compare-duel',
    looks: ['desk', 'phone-dark'],
    play: async ({ page, shoot }) => {
      await compare(page);
      for (const arrangement of ['Swipe', 'Blink']) {
        await page.getByRole('radio', { name: arrangement }).click();
        await page.waitForTimeout(400);
        await shoot(slug(arrangement));
      }
    },
  },
];

const sharing: readonly Scene[] = [
  {
    name: 'share',
    looks: BOTH,
    play: async ({ page, shoot }) => {
      await page.getByRole('button', { name: 'Download' }).click();
      await shoot('downloads');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Share' }).click();
      await page.getByRole('button', { name: /^Copy link/ }).waitFor();
      await shoot('menu');
    },
  },
  {
    name: 'link',
    looks: BOTH,
    play: async ({ page, site, shoot }) => {
      const link = await linkTo(page);
      await page.goto('about:blank');
      await page.goto(`${site}${link}`);
      await page.getByText('Reproduced').waitFor({ timeout: 60_000 });
      await shoot('reproduced');
      await page.goto('about:blank');
      await page.goto(`${site}${link.slice(0, -30)}`);
      await page.getByRole('alert').filter({ hasText: 'cut off' }).waitFor();
      await shoot('cut-off');
    },
  },
  {
    name: 'link-needs-a-file',
    looks: BOTH,
    play: async ({ page, site, shoot }) => {
      await drop(page, [
        { name: 'my-model.onnx', bytes: readFileSync(join(root, 'static/models/vitrine-16-shortcut.onnx')) },
      ]);
      await page.getByRole('button', { name: 'Model: my-model.onnx' }).waitFor({ timeout: 60_000 });
      await drop(page, [{ name: 'my-picture.png', bytes: readFileSync(gallery('tree-13.png')) }]);
      await page.getByRole('button', { name: 'Input: my-picture.png' }).waitFor();
      await done(page);
      const link = await linkTo(page);
      await page.goto('about:blank');
      await page.goto(`${site}${link}`);
      await page.getByText('This link needs').waitFor();
      await shoot();
    },
  },
  {
    name: 'bundle',
    looks: ['desk', 'phone', 'desk-dark'],
    play: async ({ page, shoot }) => {
      await page.getByRole('button', { name: 'Download' }).click();
      const coming = page.waitForEvent('download');
      await page.getByRole('button', { name: /^Bundle/ }).click();
      const bytes = readFileSync(await (await coming).path());
      await drop(page, [{ name: 'cat.vitrine.zip', bytes }]);
      await page.getByRole('dialog').locator('canvas').waitFor();
      await shoot();
    },
  },
];

const faults: readonly Scene[] = [
  {
    name: 'error',
    looks: ['desk', 'phone-dark'],
    play: async ({ page, shoot }) => {
      await drop(page, [join(root, 'package.json'), join(root, 'svelte.config.js')]);
      await page.getByRole('alert').first().waitFor();
      await shoot('files');
      await drop(page, [
        { name: 'broken.onnx', bytes: readFileSync(join(root, 'static/models/vitrine-16.onnx')).subarray(0, 9000) },
      ]);
      await page.getByRole('alert').filter({ hasText: 'broken.onnx' }).waitFor();
      await shoot('model');
    },
  },
  {
    name: 'stopped',
    play: async ({ page, shoot }) => {
      await page.getByLabel('Steps').fill('500');
      await page.getByLabel('Steps').press('Enter');
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.waitForTimeout(400);
      await shoot();
    },
  },
  {
    name: 'no-storage',
    prepare: async (page) => {
      await page.addInitScript(() => {
        const denied = () => {
          throw new DOMException('The operation is insecure.', 'SecurityError');
        };
        for (const name of ['localStorage', 'sessionStorage', 'caches', 'indexedDB'])
          Object.defineProperty(window, name, { get: denied });
        ServiceWorkerContainer.prototype.register = () => Promise.reject(new DOMException('denied', 'SecurityError'));
      });
    },
    play: async ({ page, shoot }) => {
      await openMenu(page, 'Device');
      await shoot();
    },
  },
];

const puzzle: Scene = {
  name: 'puzzle',
  looks: ['desk', 'desk-dark', 'phone', 'phone-dark', '4k'],
  address: '#puzzle',
  play: async ({ page, shoot }) => {
    const tour = page.locator('#tour');
    const next = async (button: string, text: string | RegExp, part: string) => {
      await page.getByRole('button', { name: button }).click();
      await tour.filter({ hasText: text }).waitFor({ timeout: 60_000 });
      await done(page);
      await shoot(part);
    };
    await tour.filter({ hasText: /Model A says “/ }).waitFor({ timeout: 60_000 });
    await done(page);
    await shoot('1');
    await next('Next', /Model B says “/, '2');
    await next('Next', /Look at both/, '3');
    await next('Model B cheats', /fish/, '4');
    await next('Next', /becomes “/, '5');
  },
};

const ownFiles = ['onnx/squeezenet_fp16.onnx', 'labels/synset.txt', 'photos/kitten_224.png'].map((p) =>
  join(shared, p),
);

/** A model and a photograph of one's own, where they are to be had. */
const ownModel: Scene = {
  name: 'own-model',
  looks: ['desk', 'phone'],
  play: async ({ page, shoot }) => {
    await drop(page, ownFiles);
    await page.getByText(/tabby/).first().waitFor({ timeout: 60_000 });
    await done(page);
    await shoot('integrated-gradients');
    if (await page.getByRole('button', { name: 'Adjust' }).isVisible()) return;
    await chooseMethod(page, 'Grad-CAM');
    await shoot('grad-cam');
  },
};

export const SCENES: readonly Scene[] = [
  ...explaining,
  ...menus,
  camera,
  ...comparing,
  ...sharing,
  ...inspecting,
  ...judging,
  ...faults,
  update,
  puzzle,
  ...inside,
  ...insideOwn,
  ...(ownFiles.every((path) => existsSync(path)) ? [ownModel] : []),
  ...formats,
];
