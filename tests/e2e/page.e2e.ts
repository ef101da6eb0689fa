import type { Page } from '@playwright/test';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { colourfulness } from './colourfulness.ts';
import { expect, test } from './site.ts';

const root = join(import.meta.dirname, '../..');
const shared = join(root, '../shared');

/** The exhibit with its picture drawn. */
const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const caption = (page: Page) => page.getByRole('figure', { name: 'Exhibit' }).locator('figcaption');
const term = (page: Page, name: string) =>
  caption(page)
    .locator('dl div', { has: page.getByText(name, { exact: true }) })
    .locator('dd');

async function visit(page: Page): Promise<void> {
  await page.goto('./');
  await done(page);
}

interface Dropped {
  readonly name: string;
  readonly bytes: Buffer;
}

const onDisk = (path: string): Dropped => ({ name: basename(path), bytes: readFileSync(path) });

/** Drops files on the page, as from a folder. */
async function drop(page: Page, files: readonly Dropped[]): Promise<void> {
  const carried = files.map(({ name, bytes }) => ({ name, base64: bytes.toString('base64') }));
  const dataTransfer = await page.evaluateHandle((list) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of list) {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name));
    }
    return transfer;
  }, carried);
  await page.dispatchEvent('body', 'drop', { dataTransfer });
}

/** Opens a list and waits until all of it is there. */
async function openList(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('combobox', { name }).click();
  await expect(page.locator('[role=listbox][aria-busy=false]')).toBeVisible();
}

async function chooseMethod(page: Page, title: string): Promise<void> {
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: title, exact: true }).click();
  await expect(page.getByRole('combobox', { name: `Method ${title}` })).toBeVisible();
  await done(page);
  await expect(term(page, 'Method')).toContainText(title);
}

test('a first visit ends with an explained picture, without a click', async ({ page }) => {
  await visit(page);
  await expect(caption(page).getByRole('heading', { level: 1 })).toContainText('cat');
  await expect(term(page, 'Method')).toContainText('Integrated Gradients');
  await expect(term(page, 'Δ')).toContainText('%');
  await expect(term(page, 'Device')).toContainText(/WASM|WebGPU/);
  expect(await colourfulness(page)).toBeGreaterThan(0.005);
});

test('a layer is explained in place of the image', async ({ page }) => {
  await visit(page);
  await openList(page, /^Explained /);
  const layer = page.getByRole('option').last();
  const name = (await layer.innerText()).split('\n')[0];
  await layer.click();
  await expect(page.getByRole('combobox', { name: `Explained ${name}` })).toBeVisible();
  await done(page);
  await expect(term(page, 'Δ')).toContainText('%');
  expect(await colourfulness(page)).toBeGreaterThan(0.005);
  await expect(term(page, 'Layer')).toHaveText(name);
});

test('another class is explained when it is clicked', async ({ page }) => {
  await visit(page);
  const second = page.getByRole('radiogroup', { name: 'Predictions' }).getByRole('radio').nth(1);
  const label = await second.locator('..').locator('.label').innerText();
  await second.click();
  await expect(caption(page).getByRole('heading', { level: 1 })).toContainText(label);
  await done(page);
  await expect(second).toBeChecked();
});

test('any class is found by its name and explained', async ({ page }) => {
  await visit(page);
  await page.getByLabel('Any class').fill('umbr');
  await page.getByRole('option', { name: /umbrella/ }).click();
  await expect(caption(page).getByRole('heading', { level: 1 })).toContainText('umbrella');
  await done(page);
});

test('every method that the form offers draws a picture', async ({ page }) => {
  test.setTimeout(300_000);
  await visit(page);
  await openList(page, /^Method /);
  const titles = await page.locator('[role=option]:not([data-disabled]) .text').allInnerTexts();
  await page.keyboard.press('Escape');
  expect(titles.length).toBeGreaterThanOrEqual(8);
  for (const title of titles.map((text) => text.split('\n')[0].trim())) {
    await chooseMethod(page, title);
    // The layer is averaged over its positions, so the slope is the same at each of them.
    const alike = title === 'Internal influence' ? expect(caption(page)) : expect(caption(page)).not;
    await alike.toContainText('Every position has the same score');
  }
});

test('each kind of target has a value of its own', async ({ page }) => {
  await visit(page);
  const values = new Set([await term(page, 'F(x)').innerText()]);
  for (const [title, words] of [
    ['Probability', 'probability of'],
    ['Logit − mean logit', 'mean logit'],
    ['Logit − another logit', '− logit of'],
  ]) {
    await page.getByRole('combobox', { name: /^Explain the/ }).click();
    await page.getByRole('option', { name: title }).click();
    await expect(caption(page)).toContainText(words);
    await done(page);
    values.add(await term(page, 'F(x)').innerText());
  }
  expect(values.size).toBe(4);
});

test('the overlay is redrawn without asking the model again', async ({ page }) => {
  await visit(page);
  const time = await term(page, 'Time').innerText();
  const before = await colourfulness(page);
  await page.getByRole('slider', { name: 'Opacity' }).focus();
  await page.keyboard.press('Home');
  await expect(page.getByRole('slider', { name: 'Opacity' })).toHaveValue('0');
  expect(await colourfulness(page)).toBeLessThan(before / 4);
  await page.keyboard.press('End');
  await page.getByRole('radio', { name: 'Against' }).click();
  await expect(page.getByRole('img', { name: /^Colours from − ?\S+ to 0$/ })).toBeVisible();
  await page.getByRole('radio', { name: 'Exact pixels' }).click();
  await page.getByRole('radio', { name: 'Size' }).click();
  await expect(page.getByRole('img', { name: /^Colours from 0 to \+/ })).toBeVisible();
  expect(await term(page, 'Time').innerText()).toBe(time);
});

test('scores are read with the pointer and with the keyboard', async ({ page }) => {
  await visit(page);
  const looking = page.getByRole('application');
  await looking.hover();
  await expect(page.getByText(/score \(\d+, \d+\) · pixel \(\d+, \d+\)/)).toBeVisible();
  await page.mouse.move(0, 0);
  await looking.focus();
  await page.keyboard.press('ArrowRight');
  const first = await page.getByText(/score \(\d+, \d+\)/).innerText();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByText(/score \(\d+, \d+\)/)).not.toHaveText(first);
});

test('the page can be used with the keyboard alone', async ({ page }) => {
  await visit(page);
  const group = page.getByRole('radiogroup', { name: 'Predictions' });
  await group.getByRole('radio').first().focus();
  await page.keyboard.press('ArrowDown');
  await expect(group.getByRole('radio').nth(1)).toBeFocused();
  await page.keyboard.press('Space');
  await expect(group.getByRole('radio').nth(1)).toBeChecked();
  await done(page);
  await page.getByRole('combobox', { name: /^Method / }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.type('Sal');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('combobox', { name: 'Method Saliency' })).toBeFocused();
  await done(page);
});

test('a long explanation shows its progress, stops when told to and goes on when told to', async ({ page }) => {
  await visit(page);
  await page.getByLabel('Steps').fill('400');
  await page.getByLabel('Steps').press('Enter');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('figure[data-state="idle"]')).toBeVisible();
  await page.getByLabel('Steps').fill('16');
  await page.getByLabel('Steps').press('Enter');
  await done(page);
  await page.getByLabel('Steps').fill('0');
  await page.getByLabel('Steps').press('Enter');
  await expect(page.getByText('At least 1.')).toBeVisible();
  await done(page);
});

test('another device is chosen and gives the same number', async ({ page }) => {
  // Started from nothing on an emulated adapter, WebGPU takes its time.
  test.setTimeout(240_000);
  await visit(page);
  await chooseMethod(page, 'Saliency');
  const value = async () => Number((await term(page, 'F(x)').innerText()).replace('+', '').replace('−', '-'));
  const before = await value();
  await page.getByRole('button', { name: /^Device/ }).click();
  const choice = page.getByRole('radio', { name: 'WebGPU', exact: true });
  test.skip(await choice.isDisabled(), 'this browser offers no WebGPU');
  await choice.click();
  await expect(term(page, 'Device')).toContainText('WebGPU', { timeout: 200_000 });
  await done(page);
  expect(Math.abs((await value()) - before)).toBeLessThan(1e-3 * Math.abs(before));
});

test('another picture of the gallery is explained by the same method', async ({ page }) => {
  await visit(page);
  await chooseMethod(page, 'Saliency');
  await page.getByRole('button', { name: /^Input/ }).click();
  await page.getByRole('button', { name: 'Coral fish' }).click();
  await expect(caption(page).getByRole('heading', { level: 1 })).toContainText('fish');
  await done(page);
  await expect(term(page, 'Method')).toContainText('Saliency');
});

test('what is no model and no picture is refused, and nothing is lost', async ({ page }) => {
  await visit(page);
  const before = await caption(page).getByRole('heading', { level: 1 }).innerText();
  for (const [name, sentence] of [
    ['broken.onnx', /broken\.onnx/],
    ['broken.png', /broken\.png/],
    ['weights.pt', /weights\.pt: this is text, not a model/],
  ] as const) {
    await drop(page, [{ name, bytes: Buffer.from('this is not what it says it is') }]);
    await expect(page.getByRole('alert').filter({ hasText: sentence })).toBeVisible();
  }
  await expect(caption(page).getByRole('heading', { level: 1 })).toHaveText(before);
  await chooseMethod(page, 'Saliency');
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'weights' })).toHaveCount(0);
});

test('a model and a picture of one’s own are dropped and explained', async ({ page }) => {
  const files = [
    join(shared, 'real/onnx/squeezenet_fp16.onnx'),
    join(shared, 'real/photos/kitten_224.png'),
    join(shared, 'real/labels/synset.txt'),
  ];
  const missing = files.filter((path) => !existsSync(path));
  test.skip(missing.length > 0, `not here: ${missing.map((path) => basename(path)).join(', ')}`);
  test.setTimeout(120_000);
  await visit(page);
  await drop(page, files.map(onDisk));
  await expect(caption(page).getByRole('heading', { level: 1 })).toContainText('tabby', { timeout: 60_000 });
  await done(page);
  await page.getByText('Preprocessing', { exact: true }).click();
  await page.getByRole('combobox', { name: /^Preset/ }).click();
  await page.getByRole('option', { name: /Caffe/ }).click();
  await done(page);
  await expect(caption(page).getByRole('heading', { level: 1 })).toContainText('tabby');
  await expect(page.getByText(/\[1 × 3 × 224 × 224\]/)).toBeVisible();
});

test('a small model without labels is dropped and explained', async ({ page }) => {
  const model = join(shared, 'goldens/captum/cnn_plain/model.onnx');
  test.skip(!existsSync(model), 'not here: goldens/captum/cnn_plain/model.onnx');
  await visit(page);
  await drop(page, [onDisk(model)]);
  await expect(page.getByRole('button', { name: 'Model: model.onnx' })).toBeVisible({ timeout: 30_000 });
  await done(page);
  await expect(caption(page).getByRole('heading', { level: 1 })).toContainText(/class \d+|\d+/);
});

test('the picture is saved and the numbers are copied', async ({ page, context, site }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(site).origin });
  await visit(page);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  await page.getByRole('button', { name: /^Picture, PNG/ }).click();
  const saved = await download;
  expect(saved.suggestedFilename()).toBe('cat-integrated-gradients.png');
  expect([...readFileSync(await saved.path()).subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('button', { name: /^Copy numbers/ }).click();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(text).toMatch(/^Model: vitrine-16\.onnx \(sha256 [0-9a-f]{64}\)\nImage: /);
  expect(text).toContain(`F(x): ${await term(page, 'F(x)').innerText()}`);
});

test('the appearance is chosen and remembered', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await visit(page);
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  const toggle = page.getByRole('button', { name: /^Appearance/ });
  await toggle.click();
  await toggle.click();
  await expect(toggle).toHaveAccessibleName(/^Appearance: dark/);
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await background()).toBe(dark);
  await expect(toggle).toHaveAccessibleName(/^Appearance: dark/);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true });

  test('the exhibit comes first and the form slides over it', async ({ page }) => {
    await visit(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    const exhibit = (await page.locator('figure .case').boundingBox())!;
    expect(exhibit.y).toBeLessThan(80);
    expect((await caption(page).boundingBox())!.y).toBeGreaterThan(exhibit.y + exhibit.height - 1);
    await page.getByRole('button', { name: 'Adjust' }).tap();
    const sheet = page.getByRole('dialog', { name: 'Adjust' });
    await expect(sheet).toBeVisible();
    await sheet.getByRole('radio').nth(1).tap();
    await done(page);
    await sheet.getByRole('button', { name: 'Close' }).tap();
    await expect(sheet).toBeHidden();
  });
});
