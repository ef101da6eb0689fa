/** @file The package as somebody else's site has it: built, bundled by Vite, in a worker and in a page. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { attribute, methodNames, openModel } from '../../src/lib/library/library.ts';
import { serveFolder } from '../../scripts/static-server.mjs';
import { expect, test as base } from './site.ts';

const root = join(import.meta.dirname, '../..');
const pages = { example: 'docs/examples/browser/index.html', test: 'tests/e2e/library-page/index.html' };

function packageIn(folder: string): void {
  const builder = join(root, 'node_modules/@sveltejs/package/svelte-package.js');
  const options = ['--tsconfig', 'tsconfig.package.json', '--types=false', '-o', folder];
  const { status, stderr } = spawnSync(process.execPath, [builder, ...options], { cwd: root, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
}

/** What the two pages fetch. */
function filesIn(folder: string): string {
  mkdirSync(folder);
  for (const path of ['models/vitrine-16.onnx', 'models/labels.txt', 'gallery/cat-0.png'])
    copyFileSync(join(root, 'static', path), join(folder, path.split('/')[1]));
  cpSync(join(root, 'static/ort'), join(folder, 'ort'), { recursive: true });
  return folder;
}

/** In place of the project's own site. */
const test = base.extend({
  site: async ({ isolated }, use, { outputDir }) => {
    // Within the project, so that the package finds what it depends on.
    const [built, site, files] = ['package', 'site', 'files'].map((name) => join(outputDir, name));
    mkdirSync(outputDir, { recursive: true });
    packageIn(built);
    await build({
      root,
      configFile: false,
      logLevel: 'warn',
      publicDir: filesIn(files),
      worker: { format: 'es' },
      resolve: { alias: { vitrine: join(built, 'library/library.js') } },
      build: { outDir: site, emptyOutDir: true, target: 'esnext', minify: false, rollupOptions: { input: pages } },
    });
    const server = await serveFolder({ directory: site, base: '/', isolated });
    await use(server.url);
    await server.close();
    rmSync(outputDir, { recursive: true });
  },
});

/** What tests/e2e/library-page/page.ts puts there. */
interface Offered {
  readonly scoresOf: (method: string, wave: number[]) => Promise<number[]>;
  readonly methodNames: typeof methodNames;
}

test('the package explains in a worker, as its documentation shows, and in a page, with the numbers of Node', async ({
  page,
}) => {
  test.setTimeout(180_000);
  await page.goto(pages.example);
  const status = page.getByRole('status');
  await expect(status).toHaveText(/^cat: \d+\.\d{4}, completeness missed by -?0\.\d{4}$/, { timeout: 60_000 });
  const coloured = await page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, 96, 96);
    return new Set(data.filter((_, i) => i % 4 === 3)).size;
  });
  expect(coloured).toBeGreaterThan(100);

  await page.goto(pages.test);
  await page.waitForFunction(() => 'scoresOf' in window);
  expect(await page.evaluate(() => (window as unknown as Offered).methodNames())).toEqual(methodNames());
  const wave = Array.from({ length: 3 * 96 * 96 }, (_, i) => Math.sin(i));
  const model = await openModel(new Uint8Array(readFileSync(join(root, 'static/models/vitrine-16.onnx'))));
  const x = { dtype: 'float32', shape: [1, 3, 96, 96], data: Float32Array.from(wave) } as const;
  for (const method of ['deeplift', 'grad-cam']) {
    const there = await page.evaluate(([id, values]) => (window as unknown as Offered).scoresOf(id, values), [
      method,
      wave,
    ] as const);
    const { scores } = await attribute(model, x, { method, target: 3 });
    const size = scores.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    expect(there.length).toBe(scores.data.length);
    expect(Math.max(...there.map((v, i) => Math.abs(v - scores.data[i]))) / size).toBeLessThan(1e-5);
  }
  await model.dispose();
});
