import type { Page } from '@playwright/test';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { onnxFile } from '../formats/build-file.ts';
import { expect, test as base } from './site.ts';

const root = join(import.meta.dirname, '../..');
const model = readFileSync(join(root, 'tests/fixtures/onnx/cnn_plain.onnx'));
const picture = readFileSync(join(root, 'static/gallery/fish-2.png'));

/** Another site: `shared/` lets other sites read, `own/` does not, `slow/` never ends. */
const test = base.extend<{ elsewhere: string }>({
  elsewhere: async ({ page: _ }, use) => {
    const server = createServer(({ url = '' }, response) => {
      const [, folder, name] = url.split('/');
      const body = name === 'model.onnx' ? model : picture;
      if (folder !== 'own') response.setHeader('Access-Control-Allow-Origin', '*');
      response.writeHead(200, { 'Content-Length': folder === 'slow' ? 50_000_000 : body.length });
      if (folder === 'slow') response.write(body);
      else response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    await use(`http://localhost:${(server.address() as AddressInfo).port}`);
    server.closeAllConnections();
    server.close();
  },
});

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });

async function visit(page: Page): Promise<void> {
  await page.goto('./');
  await done(page);
}

/** Asks for an address in the menu `menu`. */
async function ask(page: Page, menu: 'Model' | 'Input', address: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^${menu}:`) }).click();
  await page.getByLabel('Or from an address').fill(address);
  await page.getByRole('button', { name: 'Fetch' }).click();
}

test('a model and an image of another site are opened by their addresses', async ({ page, elsewhere, faults }) => {
  await visit(page);
  await ask(page, 'Model', `${elsewhere}/shared/model.onnx`);
  await expect(page.getByRole('button', { name: 'Model: model.onnx' })).toBeVisible({ timeout: 30_000 });
  await done(page);
  await ask(page, 'Input', `${elsewhere}/shared/fish.png`);
  await expect(page.getByRole('button', { name: 'Input: fish.png' })).toBeVisible();
  await done(page);
  expect(faults.splice(0)).toEqual([
    `left the site: ${elsewhere}/shared/model.onnx`,
    `left the site: ${elsewhere}/shared/fish.png`,
  ]);
});

test('a site that does not let others read is explained, with the way out', async ({ page, elsewhere, faults }) => {
  await visit(page);
  await ask(page, 'Model', `${elsewhere}/own/model.onnx`);
  const menu = page.locator('.menu-popup');
  await expect(menu.getByText(/does not let other sites read the file.*drop it here/)).toBeVisible();
  await page.getByLabel('Or from an address').fill('no address');
  await page.getByRole('button', { name: 'Fetch' }).click();
  await expect(menu.getByText('"no address" is no web address')).toBeVisible();
  await page.keyboard.press('Escape');
  await done(page);
  expect(faults.splice(0).every((fault) => fault.includes(elsewhere))).toBe(true);
});

test('a download shows its size and stops when told to', async ({ page, elsewhere, faults }) => {
  await visit(page);
  await ask(page, 'Model', `${elsewhere}/slow/model.onnx`);
  await expect(page.getByText(/model\.onnx: .* of 50\.0 MB/)).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'Fetching model.onnx' })).toBeVisible();
  await page.locator('.menu-popup').getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('progressbar', { name: 'Fetching model.onnx' })).toHaveCount(0);
  await expect(page.locator('.menu-popup')).toBeVisible();
  faults.splice(0);
});

test('a well-known model is fetched on a click, checked, kept, and cleared', async ({ page, faults }) => {
  const path = join(root, '../shared/real/onnx/mnist_ort.onnx');
  test.skip(!existsSync(path), 'not here: mnist_ort.onnx');
  let [body, requests] = [Buffer.from('not that model'), 0];
  await page.route('https://huggingface.co/**', async (route) => {
    requests++;
    await route.fulfill({ body, headers: { 'Access-Control-Allow-Origin': '*' } });
  });
  await visit(page);
  await page.getByRole('button', { name: /^Model:/ }).click();
  const menu = page.locator('.menu-popup');
  const digits = menu.getByRole('button', { name: /MNIST digits/ });
  await expect(digits).toContainText('26.5 kB, MIT');
  expect(requests).toBe(0);
  await digits.click();
  await expect(menu.getByText(/SHA-256 is [0-9a-f]{64}, not the expected 2f06e72d/)).toBeVisible();
  body = readFileSync(path);
  await digits.click();
  await expect(page.getByRole('button', { name: 'Model: mnist-8.onnx' })).toBeVisible({ timeout: 30_000 });
  await done(page);
  await page.reload();
  await done(page);
  await page.getByRole('button', { name: /^Model:/ }).click();
  await expect(digits).toContainText('kept in this browser');
  await digits.click();
  await expect(page.getByRole('button', { name: 'Model: mnist-8.onnx' })).toBeVisible({ timeout: 30_000 });
  expect(requests).toBe(2);
  await page.getByRole('button', { name: /^Model:/ }).click();
  await menu.getByRole('button', { name: 'Clear' }).click();
  await expect(digits).not.toContainText('kept');
  await page.keyboard.press('Escape');
  await done(page);
  expect(faults.splice(0).every((fault) => fault.startsWith('left the site: https://huggingface.co/'))).toBe(true);
});

test('what the model is fed is shown as picture and in numbers', async ({ page }) => {
  await visit(page);
  await page.getByText('Preprocessing', { exact: true }).click();
  const seen = page.getByRole('img', { name: 'The picture that the model is fed' });
  await page.getByText('Fed to the model').scrollIntoViewIfNeeded();
  await expect(seen).toBeVisible();
  const colours = () =>
    seen.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return { width: canvas.width, colours: new Set(new Uint32Array(data.buffer)).size };
    });
  expect((await colours()).width).toBe(96);
  expect((await colours()).colours).toBeGreaterThan(100);
  const red = page.getByRole('row', { name: /^red/ });
  await expect(red).toContainText('−');
  await page.getByRole('combobox', { name: /^Preset/ }).click();
  await page.getByRole('option', { name: /^0…255/ }).click();
  await page.getByText('Fed to the model').scrollIntoViewIfNeeded();
  await expect(red).not.toContainText('−');
  await expect(page.getByRole('row', { name: /^(red|green|blue)/ })).toHaveCount(3);
  // What is changed by hand is fed, too.
  await page.getByLabel('Mean, red').fill('1000');
  await page.getByLabel('Mean, red').press('Enter');
  await page.getByText('Fed to the model').scrollIntoViewIfNeeded();
  await expect(red).toContainText('−');
  await expect(page.getByRole('combobox', { name: /^Preset/ })).toContainText('Custom');
  await done(page);
});

test('several images are a strip that the arrow keys walk, and each keeps its class', async ({ page }) => {
  await visit(page);
  const images = page.getByRole('radiogroup', { name: 'Images' });
  await expect(images).toHaveCount(0);
  await page.getByRole('button', { name: /^Input:/ }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Open an image…' }).click();
  const paths = ['fish-2.png', 'apple-13.png'].map((name) => join(root, 'static/gallery', name));
  await (await chooser).setFiles(paths);
  await expect(images.getByRole('radio')).toHaveCount(2);
  const heading = page.locator('figcaption').getByRole('heading', { level: 1 });
  await expect(heading).toContainText('fish');
  await done(page);
  const second = page.getByRole('radiogroup', { name: 'Predictions' }).getByRole('radio').nth(1);
  const label = await second.locator('..').locator('.label').innerText();
  await second.click();
  await expect(heading).toContainText(label);
  await images.getByRole('radio', { checked: true }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(heading).toContainText('apple');
  await expect(images.getByRole('radio').nth(1)).toBeFocused();
  await expect(images.getByRole('radio').nth(1)).toBeChecked();
  await done(page);
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('button', { name: 'Input: fish-2.png' })).toBeVisible();
  await expect(heading).toContainText(label);
  await done(page);
});

test('without a camera there is no button for it', async ({ page }) => {
  await page.addInitScript(() => (navigator.mediaDevices.enumerateDevices = async () => []));
  await visit(page);
  await page.getByRole('button', { name: /^Input:/ }).click();
  await expect(page.getByRole('button', { name: 'Open an image…' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Use the camera…' })).toHaveCount(0);
});

test('why the camera cannot be used is said, and the front camera is a mirror', async ({ page }) => {
  await page.addInitScript(() => {
    const { mediaDevices } = navigator;
    mediaDevices.enumerateDevices = async () => [{ kind: 'videoinput', deviceId: 'a', label: '' } as MediaDeviceInfo];
    const answers: (() => MediaStream)[] = [
      () => {
        throw new DOMException('no', 'NotAllowedError');
      },
      () => {
        throw new DOMException('busy', 'NotReadableError');
      },
      () => {
        const stream = document.createElement('canvas').captureStream();
        const [track] = stream.getVideoTracks();
        track.getSettings = () => ({ facingMode: 'user' });
        return Object.assign(stream, { getVideoTracks: () => [track] });
      },
      () => {
        throw new DOMException('gone', 'NotFoundError');
      },
    ];
    mediaDevices.getUserMedia = async () => answers.shift()!();
  });
  await visit(page);
  await page.getByRole('button', { name: /^Input:/ }).click();
  const start = page.getByRole('button', { name: 'Use the camera…' });
  await start.click();
  await expect(page.getByText('The browser does not let this page use the camera. Allow it')).toBeVisible();
  await start.click();
  await expect(page.getByText('The camera could not be started. Close other programs')).toBeVisible();
  await start.click();
  const video = page.getByLabel('What the camera sees');
  await expect(video).toHaveCSS('transform', 'matrix(-1, 0, 0, 1, 0, 0)');
  await expect(page.getByText('Shown as in a mirror')).toBeVisible();
  await video.evaluate((seen: HTMLVideoElement) =>
    (seen.srcObject as MediaStream).getTracks()[0].dispatchEvent(new Event('ended')),
  );
  await expect(page.getByText('The camera stopped: it was unplugged')).toBeVisible();
  await start.click();
  await expect(page.getByText('This camera is no longer there')).toBeVisible();
  await expect(start).toHaveCount(0);
  await page.keyboard.press('Escape');
  await done(page);
});

test('a frame of the camera is explained, and the camera is off afterwards', async ({ page, playwright, site }) => {
  const { launchOptions = {} } = test.info().project.use;
  const args = [
    ...(launchOptions.args ?? []),
    '--use-fake-device-for-media-stream=device-count=2',
    '--use-fake-ui-for-media-stream',
  ];
  const browser = await playwright.chromium.launch({ ...launchOptions, args });
  try {
    const own = await browser.newPage({ permissions: ['camera'] });
    await own.goto(site);
    await done(own);
    await own.getByRole('button', { name: /^Input:/ }).click();
    await own.getByRole('button', { name: 'Use the camera…' }).click();
    const video = own.getByLabel('What the camera sees');
    await expect.poll(() => video.evaluate((seen: HTMLVideoElement) => seen.videoWidth)).toBeGreaterThan(0);
    const track = await video.evaluateHandle(
      (seen: HTMLVideoElement) => (seen.srcObject as MediaStream).getTracks()[0],
    );
    await own.getByRole('combobox', { name: /^Camera/ }).click();
    await own.getByRole('option').nth(1).click();
    await expect.poll(() => track.evaluate(({ readyState }) => readyState)).toBe('ended');
    const second = await video.evaluateHandle(
      (seen: HTMLVideoElement) => (seen.srcObject as MediaStream).getTracks()[0],
    );
    await expect.poll(() => video.evaluate((seen: HTMLVideoElement) => seen.videoWidth)).toBeGreaterThan(0);
    await own.getByRole('button', { name: 'Take this picture' }).click();
    await expect(own.getByRole('button', { name: /^Input: camera-\d\d-\d\d-\d\d\.png/ })).toBeVisible();
    expect(await second.evaluate(({ readyState }) => readyState)).toBe('ended');
    await own.getByRole('button', { name: /^Input:/ }).click();
    await own.getByRole('button', { name: 'Use the camera…' }).click();
    const third = await video.evaluateHandle(
      (seen: HTMLVideoElement) => (seen.srcObject as MediaStream).getTracks()[0],
    );
    // Closing the menu is enough.
    await own.keyboard.press('Escape');
    await expect.poll(() => third.evaluate(({ readyState }) => readyState)).toBe('ended');
    await done(own);
  } finally {
    await browser.close();
  }
  await page.close();
});

test('of a model with several outputs one is chosen, also one of a single unit', async ({ page }) => {
  const buffer = onnxFile({
    inputs: { image: ['N', 3, 8, 8] },
    nodes: [
      { op: 'GlobalAveragePool', in: ['image'], out: ['pooled'] },
      { op: 'Flatten', in: ['pooled'], out: ['means'] },
      { op: 'MatMul', in: ['means', 'w'], out: ['unit'] },
      { op: 'Sigmoid', in: ['unit'], out: ['risk'] },
    ],
    weights: { w: float32([3, 1], Float32Array.of(2, -1, 0.5)) },
    outputs: ['means', 'risk'],
  });
  await visit(page);
  await page.getByRole('button', { name: /^Model:/ }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Open a model…' }).click();
  await (await chooser).setFiles({ name: 'two.onnx', mimeType: '', buffer: Buffer.from(buffer) });
  const predictions = page.getByRole('radiogroup', { name: 'Predictions' }).getByRole('radio');
  // The means, of which the risk is computed, are not what the model says.
  await expect(predictions).toHaveCount(1);
  await done(page);
  await page.getByRole('button', { name: 'Model: two.onnx' }).click();
  await page.getByRole('combobox', { name: /^Output to explain/ }).click();
  await page.getByRole('option', { name: 'means' }).click();
  await expect(predictions).toHaveCount(3);
  await page.keyboard.press('Escape');
  await done(page);
});
