/** @file The explanation on show, downloaded as an ONNX file and run elsewhere, gives the page's scores. */
import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-web/wasm';
import { readNpy } from '../../src/lib/tensor/npy.ts';
import type { FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { modelView, normalize } from '../../src/lib/vision/preprocess.ts';
import type { Preprocessing } from '../../src/lib/vision/types.ts';
import { decodePng } from '../../scripts/explain/images.ts';
import { expect, test } from './site.ts';

const root = join(import.meta.dirname, '../..');
const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });

async function saved(page: Page, entry: RegExp): Promise<Uint8Array<ArrayBuffer>> {
  await page.getByRole('button', { name: 'Download', exact: true }).click();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: entry }).click()]);
  return new Uint8Array(readFileSync(await file.path()));
}

test('an explanation is an ONNX file that gives the scores of the page', async ({ page }) => {
  await page.goto('./');
  await done(page);
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: 'DeepLIFT', exact: true }).click();
  await expect(page.getByRole('figure', { name: 'Exhibit' }).locator('figcaption dl')).toContainText('DeepLIFT,');
  await done(page);
  const scores = readNpy(await saved(page, /^Scores, NumPy/), 'scores.npy') as FloatTensor;
  const settings = JSON.parse(new TextDecoder().decode(await saved(page, /^Settings, JSON/))) as {
    settings: { preprocessing: Preprocessing; target: { index: number } };
  };
  const bytes = await saved(page, /^Explanation, ONNX/);

  const { preprocessing, target } = settings.settings;
  const pixels = decodePng(new Uint8Array(readFileSync(join(root, 'static/gallery/cat-0.png'))), 'cat-0.png');
  const x = normalize(modelView(pixels, preprocessing), preprocessing);
  const black = normalize(
    { width: x.shape[3], height: x.shape[2], channels: 3, data: new Float32Array(x.data.length) },
    preprocessing,
  );
  const session = await ort.InferenceSession.create(bytes);
  const { attribution } = await session.run({
    image: new ort.Tensor('float32', x.data, x.shape),
    baseline: new ort.Tensor('float32', black.data, x.shape),
    target: new ort.Tensor('int64', BigInt64Array.of(BigInt(target.index)), [1]),
  });
  const size = scores.data.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
  const gaps = (attribution.data as Float32Array).map((v, i) => Math.abs(v - scores.data[i]));
  expect(size).toBeGreaterThan(0);
  expect(gaps.reduce((a, b) => Math.max(a, b)) / size).toBeLessThan(1e-5);

  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: 'Occlusion', exact: true }).click();
  await done(page);
  await page.getByRole('button', { name: 'Download', exact: true }).click();
  const entry = page.getByRole('button', { name: /^Explanation, ONNX/ });
  await expect(entry).toBeDisabled();
  await expect(entry).toContainText('asks the model about many changed images');
});
