import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as proto from '../../src/lib/formats/onnx/proto.ts';
import { decode, encode } from '../../src/lib/formats/protobuf/wire.ts';
import { expect, test as base } from './site.ts';

const root = join(import.meta.dirname, '../..');
const model = readFileSync(join(root, 'tests/fixtures/onnx/cnn_plain.onnx'));
const picture = readFileSync(join(root, 'static/gallery/fish-2.png'));
const [outside, weights] = withWeightsOutside(model, 'data/cnn.weights');

/** The same model with its weights in a file beside it. */
function withWeightsOutside(bytes: Uint8Array, location: string): [model: Buffer, weights: Buffer] {
  const parsed = decode(proto.Model, bytes);
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const tensor of parsed.graph!.initializer) {
    if (!tensor.rawData) continue;
    const length = tensor.rawData.length;
    parts.push(tensor.rawData);
    const entries = { location, offset, length };
    tensor.externalData = Object.entries(entries).map(([key, value]) => ({ key, value: String(value) }));
    [tensor.rawData, tensor.dataLocation] = [null, 1];
    offset += length;
  }
  return [Buffer.from(encode(proto.Model, parsed)), Buffer.concat(parts)];
}

interface Elsewhere {
  readonly url: string;
  /** Paths that were asked for whole. */
  readonly asked: string[];
}

const FILES: Record<string, Buffer> = {
  '/m.onnx': model,
  '/outside.onnx': outside,
  '/data/cnn.weights': weights,
  '/fish.png': picture,
  '/photo?id=1': picture,
};

/** Another site that lets others read. */
const test = base.extend<{ elsewhere: Elsewhere }>({
  elsewhere: async ({ page: _ }, use) => {
    const asked: string[] = [];
    const server = createServer(({ url = '' }, response) => {
      asked.push(url);
      const body = FILES[url];
      response.setHeader('Access-Control-Allow-Origin', '*');
      response.setHeader('Last-Modified', 'Mon, 23 Nov 2026 10:00:00 GMT');
      response.writeHead(body ? 200 : 404, { 'Content-Length': body?.length ?? 0 }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    await use({ url: `http://localhost:${(server.address() as AddressInfo).port}`, asked });
    server.closeAllConnections();
    server.close();
  },
});

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const opened = (page: Page, menu: 'Model' | 'Input', name: string) =>
  expect(page.getByRole('button', { name: `${menu}: ${name}` })).toBeVisible({ timeout: 30_000 });

async function visit(page: Page): Promise<void> {
  await page.goto('./');
  await done(page);
}

/** Fires what a browser fires when `data` is pasted or dropped on `target`; whether the page took it. */
const send = (page: Page, kind: 'paste' | 'drop', data: Record<string, string>, target = 'body') =>
  page
    .locator(target)
    .first()
    .evaluate(
      (element, [kind, data]) => {
        const transfer = new DataTransfer();
        for (const [type, value] of Object.entries(data)) transfer.setData(type, value);
        const options = { bubbles: true, cancelable: true };
        const event =
          kind === 'paste'
            ? new ClipboardEvent('paste', { ...options, clipboardData: transfer })
            : new DragEvent('drop', { ...options, dataTransfer: transfer });
        return !element.dispatchEvent(event);
      },
      [kind, data] as const,
    );

test('addresses pasted or dragged onto the page are opened as what they are', async ({ page, elsewhere, faults }) => {
  await visit(page);
  expect(await send(page, 'paste', { 'text/plain': 'a sentence' })).toBe(false);
  expect(await send(page, 'paste', { 'text/plain': ` ${elsewhere.url}/m.onnx\n` })).toBe(true);
  await opened(page, 'Model', 'm.onnx');
  expect(await send(page, 'drop', { 'text/uri-list': `# from a page\r\n${elsewhere.url}/fish.png` })).toBe(true);
  await opened(page, 'Input', 'fish.png');
  expect(await send(page, 'paste', { 'text/plain': `${elsewhere.url}/photo?id=1` })).toBe(true);
  await opened(page, 'Input', 'photo');
  await send(page, 'paste', { 'text/plain': `${elsewhere.url}/gone.onnx` });
  await expect(page.getByRole('alert').getByText(/gone\.onnx: there is no such file \(404\)/)).toBeVisible();
  await done(page);
  await page.getByRole('button', { name: /^Model:/ }).click();
  const field = '.menu-popup input:not([type])';
  expect(await send(page, 'paste', { 'text/plain': `${elsewhere.url}/fish.png` }, field)).toBe(false);
  expect(faults.splice(0).every((fault) => fault.includes(elsewhere.url) || fault.includes('404'))).toBe(true);
});

test('the address of a result is opened as a link, whichever site it names', async ({ page }) => {
  await visit(page);
  const fixture = join(import.meta.dirname, '../fixtures/links/b1.json');
  const { link } = JSON.parse(readFileSync(fixture, 'utf8')) as { link: string };
  await send(page, 'drop', { 'text/uri-list': `https://vitrine.example.org/${link.slice(0, 400)}` });
  await expect(page.getByRole('alert').getByText(/This link was cut off/)).toBeVisible();
  await send(page, 'paste', { 'text/plain': `https://vitrine.example.org/${link}` });
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  // Once more, although the address says it already.
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await send(page, 'paste', { 'text/plain': `https://vitrine.example.org/${link}` });
  await expect(dialog).toBeVisible();
});

test('a picture in the clipboard and files that were copied are opened', async ({ page }) => {
  await visit(page);
  const paste = (name: string, type: string, bytes: Buffer) =>
    page.evaluate(
      ([name, type, text]) => {
        const transfer = new DataTransfer();
        const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        transfer.items.add(new File([bytes], name, { type }));
        document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true }));
      },
      [name, type, bytes.toString('base64')] as const,
    );
  await paste('image.png', 'image/png', picture);
  await opened(page, 'Input', 'image.png');
  await paste('copied.onnx', '', model);
  await opened(page, 'Model', 'copied.onnx');
  await done(page);
});

test('a typed model is kept, opened from the copy while it is the same, and forgotten', async ({
  page,
  elsewhere,
  faults,
}) => {
  await visit(page);
  const menu = page.locator('.menu-popup');
  const ask = async () => {
    await page.getByRole('button', { name: /^Model:/ }).click();
    await page.getByLabel('Or from an address').fill(`${elsewhere.url}/m.onnx`);
    await page.getByRole('button', { name: 'Fetch' }).click();
  };
  await ask();
  await opened(page, 'Model', 'm.onnx');
  await page.reload();
  await done(page);
  await ask();
  await opened(page, 'Model', 'm.onnx');
  await done(page);
  await page.getByRole('button', { name: /^Model:/ }).click();
  const kept = menu.getByRole('region', { name: 'Files kept in this browser' });
  await expect(kept.getByText(/^m\.onnx, .*, localhost:\d+, \d{4}-\d\d-\d\d$/)).toBeVisible();
  await kept.getByRole('button', { name: 'Forget m.onnx' }).click();
  await expect(kept).toHaveCount(0);
  expect(faults.splice(0).every((fault) => fault.includes(elsewhere.url))).toBe(true);
});

test('weights beside a typed model are asked for once, with their size', async ({ page, elsewhere, faults }) => {
  await visit(page);
  await page.getByRole('button', { name: /^Model:/ }).click();
  await page.getByLabel('Or from an address').fill(`${elsewhere.url}/outside.onnx`);
  await page.getByRole('button', { name: 'Fetch' }).click();
  const menu = page.locator('.menu-popup');
  await expect(menu.getByText(/outside\.onnx keeps its weights in 1 more file:\s+data\/cnn\.weights \(/)).toBeVisible({
    timeout: 30_000,
  });
  expect(elsewhere.asked).toEqual(['/outside.onnx']);
  await menu.getByRole('button', { name: /^Fetch \d/ }).click();
  await opened(page, 'Model', 'outside.onnx');
  await done(page);
  await page.getByRole('button', { name: /^Model:/ }).click();
  // The whole model ran in onnxruntime too: it found the weights under the name that the model has for them.
  await expect(menu.getByText('Agrees with onnxruntime')).toBeVisible();
  await expect(menu.getByText('not tested')).toHaveCount(0);
  expect(elsewhere.asked).toEqual(['/outside.onnx', '/data/cnn.weights']);
  expect(faults.splice(0).every((fault) => fault.includes(elsewhere.url))).toBe(true);
});

test('a model is opened from several files, and without its weights it says which are missing', async ({ page }) => {
  await visit(page);
  const choose = async (names: Record<string, Buffer>) => {
    await page.getByRole('button', { name: /^Model:/ }).click();
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Open a model…' }).click();
    const files = Object.entries(names).map(([name, buffer]) => ({ name, mimeType: '', buffer }));
    await (await chooser).setFiles(files);
  };
  await choose({ 'own.onnx': outside });
  await expect(page.getByText('own.onnx: its weights lie in the file "cnn.weights", which is missing.')).toBeVisible();
  const labels = Buffer.from('[' + Array.from({ length: 3 }, (_, i) => `"thing ${i}"`).join() + ']');
  await choose({ 'own.onnx': outside, 'cnn.weights': weights, 'README.md': picture, 'labels.json': labels });
  await opened(page, 'Model', 'own.onnx');
  await expect(page.getByText('which is missing')).toHaveCount(0);
  await done(page);
  await page.getByRole('button', { name: 'Model: own.onnx' }).click();
  await expect(page.getByText(/labels\.json: 3 labels for \d+ classes/)).toBeVisible();
  await page.keyboard.press('Escape');
  await done(page);
});
