/** @file The notice of a new version: the scene has a copy of the site of its own, which it deploys anew. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveFolder } from '../static-server.mjs';
import { type Scene, done } from './scene.ts';

const build = join(import.meta.dirname, '../../build');

export const update: Scene = {
  name: 'update',
  looks: ['desk', 'desk-dark', 'phone', 'phone-dark'],
  play: async ({ page, shoot }) => {
    const directory = mkdtempSync(join(tmpdir(), 'vitrine-'));
    cpSync(build, directory, { recursive: true, filter: (path) => path !== join(build, 'ort') });
    symlinkSync(join(build, 'ort'), join(directory, 'ort'), 'junction');
    const server = await serveFolder({ directory, base: '/vitrine/', isolated: false });
    try {
      await page.goto(server.url);
      await done(page);
      await page.evaluate(async () => void (await navigator.serviceWorker.ready));
      const script = join(directory, 'service-worker.js');
      const { version } = JSON.parse(readFileSync(join(directory, '_app/version.json'), 'utf8')) as { version: string };
      writeFileSync(script, readFileSync(script, 'utf8').replaceAll(version, `${version}-next`));
      await page.reload();
      await page.getByText('A new version is ready.').waitFor({ timeout: 60_000 });
      await done(page);
      await shoot();
    } finally {
      await server.close();
      rmSync(directory, { recursive: true });
    }
  },
};
