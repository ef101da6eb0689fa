/** @file A copy of the site that a test may change, redeploy and take off the network. */
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { serveFolder } from '../../scripts/static-server.mjs';
import { test as base, expect } from './site.ts';

const build = join(import.meta.dirname, '../../build');

export interface Deployment {
  readonly url: string;
  /**
   * Publishes the same site under another version, with another title. Files of the build that hold `renamed` get
   * other names, as changed files do.
   */
  publish(title: string, renamed?: RegExp): void;
  /** Takes the server away. */
  cut(): Promise<void>;
}

/** The `site` of `./site.ts`, on a folder of its own. */
export const test = base.extend<{ deployment: Deployment; site: string }>({
  deployment: async ({ basePath, isolated }, use) => {
    const directory = mkdtempSync(join(tmpdir(), 'vitrine-'));
    cpSync(build, directory, { recursive: true, filter: (path) => path !== join(build, 'ort') });
    symlinkSync(join(build, 'ort'), join(directory, 'ort'), 'junction');
    const server = await serveFolder({ directory, base: basePath, isolated });
    const edit = (file: string, change: (text: string) => string) =>
      writeFileSync(join(directory, file), change(readFileSync(join(directory, file), 'utf8')));
    let open = true;
    const cut = async () => {
      if (open) await server.close();
      open = false;
    };
    const publish = (title: string, renamed?: RegExp) => {
      if (renamed) rename(directory, renamed);
      const { version } = JSON.parse(readFileSync(join(directory, '_app/version.json'), 'utf8'));
      edit('service-worker.js', (script) => script.replaceAll(version, `${version}-next`));
      edit('index.html', (page) => page.replace('<html', `<html data-edition="${title}"`));
    };
    await use({ url: server.url, publish, cut });
    await cut();
    rmSync(directory, { recursive: true });
  },

  site: async ({ deployment }, use) => use(deployment.url),
});

/** Gives files of the build another hash, and names them so in all that names them. */
function rename(directory: string, which: RegExp): void {
  const all = readdirSync(join(directory, '_app'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(js|css|json)$/.test(name))
    .map((name) => join(directory, '_app', name));
  const old = all.filter((path) => which.test(readFileSync(path, 'utf8'))).map((path) => basename(path));
  if (old.length === 0) throw new Error(`${which}: no file of the build matches.`);
  const anew = (text: string) => old.reduce((so, name) => so.replaceAll(name, `next-${name}`), text);
  for (const path of [...all, ...['service-worker.js', 'index.html'].map((name) => join(directory, name))])
    writeFileSync(path, anew(readFileSync(path, 'utf8')));
  for (const path of all.filter((one) => old.includes(basename(one))))
    renameSync(path, join(dirname(path), `next-${basename(path)}`));
}

export { expect };
