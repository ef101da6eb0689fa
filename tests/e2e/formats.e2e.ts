/** Whatever a person has is dropped: it opens, or the page says what it is and what to do. */
import { readFileSync } from 'node:fs';
import { mkdtemp, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { zipSync } from 'fflate';
import { drop } from './files.ts';
import { expect, test } from './site.ts';

const model = readFileSync(join(import.meta.dirname, '../fixtures/onnx/cnn_plain.onnx'));
const labels = Buffer.from(Array.from({ length: 10 }, (_, i) => `thing ${i}`).join('\n'));
const latin = (text: string) => Buffer.from(text, 'latin1');

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const opened = (page: Page, name: string) =>
  expect(page.getByRole('button', { name: `Model: ${name}` })).toBeVisible({ timeout: 30_000 });
const heading = (page: Page) => page.locator('figcaption').getByRole('heading', { level: 1 });

test.beforeEach(async ({ page }) => {
  await page.goto('./');
  await done(page);
});

test('a zip archive with a model, its labels and a picture opens as the model in it', async ({ page }) => {
  const net = { 'net.onnx': model, 'labels.txt': labels, 'preview.png': latin('not looked at') };
  await drop(page, [{ name: 'download.zip', bytes: zipSync({ net, __MACOSX: { '._net.onnx': latin('x') } }) }]);
  await opened(page, 'net.onnx');
  await done(page);
  await expect(heading(page)).toContainText('thing');
});

test('a model without its ending opens by its content, and a name that lies does not count', async ({ page }) => {
  await drop(page, [{ name: 'model', bytes: model }]);
  await opened(page, 'model');
  await drop(page, [
    { name: 'cat.txt', bytes: model },
    { name: 'labels.json', bytes: Buffer.from(JSON.stringify(labels.toString().split('\n'))) },
  ]);
  await opened(page, 'cat.txt');
  await done(page);
  await expect(heading(page)).toContainText('thing');
});

test('a folder is chosen with its model, labels and other files', async ({ page }) => {
  const folder = await mkdtemp(join(tmpdir(), 'vitrine-'));
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'net.onnx'), model);
  await writeFile(join(folder, 'data/labels.txt'), labels);
  await writeFile(join(folder, 'README.md'), '# A model');
  await page.getByRole('button', { name: /^Model:/ }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Open a model…' }).click();
  await (await chooser).setFiles(['net.onnx', 'data/labels.txt', 'README.md'].map((name) => join(folder, name)));
  await opened(page, 'net.onnx');
  await done(page);
  await expect(heading(page)).toContainText('thing');
});

test('a link to a model from an archive waits for the archive, and takes it', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const zip = { name: 'net.zip', bytes: zipSync({ 'net.onnx': model }) };
  await drop(page, [zip]);
  await opened(page, 'net.onnx');
  await done(page);
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('button', { name: /^Copy link/ }).click();
  await page.waitForURL(/#v\d/);
  await page.reload();
  await expect(page.getByText('net.onnx').first()).toBeVisible({ timeout: 20_000 });
  await drop(page, [
    { name: 'other.zip', bytes: zipSync({ 'other.onnx': Buffer.concat([model, latin('\x82\x01\x00')]) }) },
  ]);
  await expect(page.getByRole('alert').filter({ hasText: 'not what the link was made with' })).toBeVisible();
  await drop(page, [zip]);
  await expect(page.getByText(/^Reproduced/)).toBeVisible({ timeout: 40_000 });
});

const big = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`${i}.bin`, Buffer.from([1])]));

test('what is no model is told what it is and what to do, and nothing is lost', async ({ page }) => {
  const before = await heading(page).innerText();
  const refused: [name: string, bytes: Uint8Array, sentence: RegExp][] = [
    [
      'weights.pt',
      zipSync({ 'archive/data.pkl': latin('x') }),
      /weights\.pt: this is a PyTorch file.*torch\.onnx\.export/,
    ],
    ['old.pth', latin('\x80\x02}q\x00(X'), /old\.pth: this is a Python pickle.*torch\.onnx\.export/],
    ['w.safetensors', latin('\x40\0\0\0\0\0\0\0{"a":{'), /w\.safetensors: this is a safetensors file/],
    ['model.onnx', latin('version https://git-lfs.github.com/spec/v1\n'), /model\.onnx: this is a Git LFS pointer/],
    ['model.h5', latin('<!DOCTYPE html><title>404</title>'), /model\.h5: this is a web page/],
    ['m.ort', latin('\x18\0\0\0ORTM\0\0'), /m\.ort: this is a model in ORT format/],
    ['m.mlmodel', latin('\x08\x04\x12\x09\x0a\x07\x0a\x05image'), /m\.mlmodel: this is a Core ML model/],
    ['m.tar.gz', latin('\x1f\x8b\x08\0'), /m\.tar\.gz: this is a gzip archive.*Unpack it/],
    [
      'nested.zip',
      zipSync({ 'inner.zip': zipSync({ 'm.onnx': model }) }),
      /nested\.zip: holds another archive, "inner\.zip"/,
    ],
    ['many.zip', zipSync(big), /many\.zip: holds more than 1000 files/],
    ['empty.zip', zipSync({ 'notes.md': latin('x') }), /empty\.zip: notes\.md: this is text, not a model/],
    ['two.zip', zipSync({ 'a.onnx': model, 'b.onnx': model }), /a\.onnx: b\.onnx is a model, too/],
  ];
  for (const [name, bytes, sentence] of refused) {
    await drop(page, [{ name, bytes }]);
    await expect(page.getByRole('alert').filter({ hasText: sentence }), name).toBeVisible({ timeout: 20_000 });
  }
  await expect(heading(page)).toHaveText(before);
});
