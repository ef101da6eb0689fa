import type { Page } from '@playwright/test';
import { unzipSync } from 'fflate';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readNpy } from '../../src/lib/tensor/npy.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { onnxFile } from '../formats/build-file.ts';
import { copyLink, follow } from './sharing.ts';
import { expect, test } from './site.ts';

const root = join(import.meta.dirname, '../..');

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const caption = (page: Page) => page.getByRole('figure', { name: 'Exhibit' }).locator('figcaption');

async function chooseMethod(page: Page, title: string): Promise<void> {
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: title, exact: true }).click();
  await expect(caption(page).locator('dl')).toContainText(`${title},`);
  await done(page);
}

/** Copies the link of what is on show, and looks at what was copied. */
async function share(page: Page): Promise<string> {
  const link = await copyLink(page);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  return link;
}

/** Width and height of a PNG. */
const sizeOfPng = (bytes: Uint8Array) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { width: view.getUint32(16), height: view.getUint32(20) };
};

async function drop(page: Page, name: string, from: string | Buffer): Promise<void> {
  const base64 = (typeof from === 'string' ? readFileSync(from) : from).toString('base64');
  const dataTransfer = await page.evaluateHandle(
    ([name, base64]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name));
      return transfer;
    },
    [name, base64],
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer });
}

test.beforeEach(({ context, site }) =>
  context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(site).origin }),
);

test('a link brings model, image and settings back and says that the result is the same', async ({ page }) => {
  await page.goto('./');
  await done(page);
  await chooseMethod(page, 'Integrated Gradients');
  await page.getByLabel('Steps').fill('7');
  await page.getByLabel('Steps').press('Enter');
  await page.getByRole('button', { name: /^Input/ }).click();
  await page.getByRole('button', { name: 'Coral fish' }).click();
  await expect(caption(page).getByRole('heading', { level: 1 })).toContainText('fish');
  await page.getByRole('radio', { name: 'Against' }).click();
  await done(page);
  const facts = async () => (await caption(page).locator('dd').allInnerTexts()).slice(0, 4);
  const before = await facts();
  expect(before[3]).toMatch(/^Integrated Gradients, \d passes$/);
  const link = await share(page);
  expect(link.length).toBeLessThan(600);
  await follow(page, link);
  await expect(caption(page)).toContainText('Reproduced', { timeout: 40_000 });
  expect(await facts()).toEqual(before);
  await expect(page.getByRole('button', { name: 'Input: Coral fish' })).toBeVisible();
  await expect(page.getByRole('radio', { name: 'Against' })).toBeChecked();
  // What is asked afterwards is no longer what the link says.
  await chooseMethod(page, 'Saliency');
  await expect(caption(page)).not.toContainText('Reproduced');
});

test('a cut link says so and opens nothing in its place; the page stays usable', async ({ page }) => {
  await page.goto('./');
  await done(page);
  const link = await share(page);
  await follow(page, link.slice(0, -30));
  await expect(page.getByRole('alert').filter({ hasText: /cut off after \d+ characters/ })).toBeVisible();
  await expect(page.locator('figure img')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Model: …' })).toBeVisible();
  await page.getByRole('button', { name: /^Model/ }).click();
  await page
    .getByRole('button', { name: /Vitrine 16/ })
    .first()
    .click();
  await page.getByRole('button', { name: /^Input/ }).click();
  await page.getByRole('button', { name: 'Coral fish' }).click();
  await done(page);
  // A whole link in the open page replaces what is there.
  await page.evaluate((fragment) => (location.hash = fragment), new URL(link).hash);
  await expect(caption(page)).toContainText('Reproduced', { timeout: 40_000 });
  await expect(caption(page).getByRole('heading', { level: 1 })).toContainText('cat');
});

test('a link to a model on the sender’s disk names it and takes that very file', async ({ page }) => {
  const own = join(root, 'tests/goldens/data/cnn_plain/model.onnx');
  await page.goto('./');
  await done(page);
  await drop(page, 'my model.onnx', own);
  await expect(page.getByRole('button', { name: 'Model: my model.onnx' })).toBeVisible({ timeout: 30_000 });
  await done(page);
  const link = await share(page);
  await follow(page, link);
  const needed = page.getByRole('status').filter({ hasText: 'This link needs the model my model.onnx' });
  await expect(needed).toContainText(/SHA-256 [0-9a-f]{64}/);
  await drop(page, 'my model.onnx', join(root, 'tests/goldens/data/mlp/model.onnx'));
  await expect(page.getByRole('alert').filter({ hasText: 'not what the link was made with' })).toBeVisible();
  await expect(needed).toBeVisible();
  await drop(page, 'renamed.onnx', own);
  await expect(caption(page)).toContainText('Reproduced', { timeout: 40_000 });
  await expect(needed).toHaveCount(0);
});

test('a link to one output of two explains that output', async ({ page }) => {
  const two = onnxFile({
    inputs: { image: ['N', 3, 8, 8] },
    nodes: [
      { op: 'GlobalAveragePool', in: ['image'], out: ['pooled'] },
      { op: 'Flatten', in: ['pooled'], out: ['means'] },
      { op: 'MatMul', in: ['means', 'w'], out: ['pairs'] },
    ],
    weights: { w: float32([3, 2], Float32Array.of(2, -1, 0.5, 1, 3, -2)) },
    outputs: ['means', 'pairs'],
  });
  await page.goto('./');
  await done(page);
  await drop(page, 'two.onnx', Buffer.from(two));
  await page.getByRole('button', { name: 'Model: two.onnx' }).click();
  await page.getByRole('combobox', { name: /^Output to explain/ }).click();
  await page.getByRole('option', { name: 'pairs' }).click();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('radiogroup', { name: 'Predictions' }).getByRole('radio')).toHaveCount(2);
  await done(page);
  await follow(page, await share(page));
  await expect(page.getByText('This link needs the model two.onnx')).toBeVisible();
  await drop(page, 'two.onnx', Buffer.from(two));
  await expect(caption(page)).toContainText('Reproduced: all numbers are equal', { timeout: 20_000 });
  await expect(page.getByRole('radiogroup', { name: 'Predictions' }).getByRole('radio')).toHaveCount(2);
});

test('an address with a link keeps up with what is on show; one without stays as it is', async ({ page }) => {
  await page.goto('./');
  await done(page);
  await chooseMethod(page, 'Saliency');
  expect(new URL(page.url()).hash).toBe('');
  const link = await share(page);
  await chooseMethod(page, 'Input × Gradient');
  await expect.poll(() => page.url()).not.toBe(link);
  const value = await caption(page).locator('dd').first().innerText();
  await page.reload();
  await expect(caption(page)).toContainText('Reproduced', { timeout: 20_000 });
  await expect(caption(page).locator('dl')).toContainText('Input × Gradient,');
  await expect(caption(page).locator('dd').first()).toHaveText(value);
});

test('a link to a model on another site asks that site for nothing before a click', async ({ page, faults }) => {
  const model = readFileSync(join(root, 'tests/fixtures/onnx/cnn_plain.onnx'));
  const server = createServer((_, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*').end(model);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  await page.goto('./');
  await done(page);
  await page.getByRole('button', { name: /^Model:/ }).click();
  await page.getByLabel('Or from an address').fill(`http://${host}/far.onnx`);
  await page.getByRole('button', { name: 'Fetch', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Model: far.onnx' })).toBeVisible({ timeout: 20_000 });
  await done(page);
  const link = await share(page);
  faults.length = 0;
  // Another person's browser, which keeps nothing of it.
  await page.evaluate(async () => Promise.all((await caches.keys()).map((key) => caches.delete(key))));
  await follow(page, link);
  const needed = page.getByRole('status').filter({ hasText: 'This link needs the model far.onnx' });
  await expect(needed).toContainText(`from ${host}. Nothing is fetched`);
  expect(faults).toEqual([]);
  await page.getByRole('button', { name: `Fetch it from ${host}` }).click();
  await expect(caption(page)).toContainText('Reproduced', { timeout: 20_000 });
  expect(faults.splice(0)).toEqual([`left the site: http://${host}/far.onnx`]);
  server.closeAllConnections();
  server.close();
});

test('a long link shows the result with no model, and a cut one says so', async ({ page }) => {
  await page.goto('./');
  await done(page);
  const value = await caption(page).locator('dd').first().innerText();
  await page.getByRole('button', { name: 'Share' }).click();
  const entry = page.getByRole('button', { name: /^Copy long link/ });
  await expect(entry).toContainText(/^Copy long link[\d\u202f]+ characters.*Some programs cut links this long/);
  await entry.click();
  await expect(page.getByRole('button', { name: 'Long link copied' })).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link.length).toBeLessThan(40_000);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await follow(page, link);
  const dialog = page.getByRole('dialog', { name: 'Result from a long link' });
  await expect(dialog.getByRole('heading')).toContainText('cat');
  await expect(dialog.locator('dd').first()).toHaveText(value);
  await expect(dialog.locator('canvas')).toBeVisible();
  expect(asked.filter((path) => /\.(onnx|wasm)$/.test(path))).toEqual([]);
  // Closed, it is gone from the address as well, and the page begins as on a first visit.
  await page.getByRole('button', { name: 'Close' }).click();
  await done(page);
  expect(new URL(page.url()).hash).toBe('');
  await follow(page, link.slice(0, -200));
  await expect(page.getByRole('alert').filter({ hasText: /cut off after \d+ characters/ })).toBeVisible();
  await expect(dialog).toHaveCount(0);
});

test('a page with a link never shows the picture of the first visit', async ({ page, faults }) => {
  // As on a slow line: the page stands, its scripts are still to come.
  await page.route('**/_app/**/*.js', () => undefined);
  await page.goto('./', { waitUntil: 'commit' });
  await expect(page.locator('figure img')).toBeVisible();
  await page.goto('about:blank');
  await page.goto('./#v2.abc', { waitUntil: 'commit' });
  await expect(page.locator('figure img')).toBeAttached();
  await expect(page.locator('figure img')).toBeHidden();
  await page.goto('about:blank');
  expect(faults.splice(0).filter((fault) => !fault.endsWith('ERR_ABORTED'))).toEqual([]);
});

test.describe('on a telephone', () => {
  test.use({ viewport: { width: 360, height: 740 } });

  test('picture and numbers are within reach', async ({ page }) => {
    await page.goto('./');
    await done(page);
    await page.getByRole('button', { name: 'Download' }).click();
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: /^Picture, PNG/ }).click();
    expect(sizeOfPng(readFileSync(await (await coming).path())).width).toBeGreaterThanOrEqual(640);
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByRole('button', { name: /^Copy numbers/ }).click();
    await expect(page.getByRole('button', { name: 'Numbers copied' })).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('Target: logit of cat');
  });
});

test('a bundle shows the result without its model, and a damaged one says so', async ({ page }) => {
  await page.goto('./');
  await done(page);
  await page.getByRole('button', { name: 'Download' }).click();
  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: /^Bundle/ }).click();
  const saved = await coming;
  expect(saved.suggestedFilename()).toBe('cat-integrated-gradients.vitrine.zip');
  const path = await saved.path();
  const value = await caption(page).locator('dd').first().innerText();
  await follow(page, new URL('#v1.', page.url()).href);
  await drop(page, 'cat.vitrine.zip', path);
  const dialog = page.getByRole('dialog', { name: 'Result from cat.vitrine.zip' });
  await expect(dialog.getByRole('heading')).toContainText('cat');
  await expect(dialog.locator('dd').first()).toHaveText(value);
  await expect(dialog.locator('canvas')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Model: …' })).toBeAttached();
  const picture = sizeOfPng(unzipSync(readFileSync(path))['result.png']);
  expect(picture.height).toBeGreaterThan(300);
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  const broken = readFileSync(path);
  await drop(page, 'broken.vitrine.zip', broken.subarray(0, broken.length >> 1));
  await expect(
    page.getByRole('alert').filter({ hasText: /broken\.vitrine\.zip: the zip file is cut off/ }),
  ).toBeVisible();
});

test('the scores are downloaded as NumPy, CSV and JSON', async ({ page }) => {
  await page.goto('./');
  await done(page);
  const saved = async (name: RegExp) => {
    await page.getByRole('button', { name: 'Download' }).click();
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name }).click();
    return readFileSync(await (await coming).path());
  };
  const scores = readNpy(await saved(/NumPy/));
  expect([scores.dtype, ...scores.shape]).toEqual(['float32', 3, 96, 96]);
  const lines = (await saved(/CSV/)).toString().trim().split('\n');
  expect(lines).toHaveLength(1 + 96 * 96);
  const json = JSON.parse((await saved(/JSON/)).toString()) as { settings: { numbers: { sum: number } } };
  const sum = (scores.data as Float32Array).reduce((total, v) => total + v, 0);
  expect(json.settings.numbers.sum).toBeCloseTo(sum, 3);
  const table = lines.slice(1).reduce((total, line) => total + Number(line.split(',')[2]), 0);
  expect(table).toBeCloseTo(sum, 3);
});
