/** Whatever is dropped on the page: a sentence that says what, where and what to do; and the page goes on. */
import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { int64, zeros } from '../../src/lib/tensor/tensor.ts';
import { onnxFile } from '../formats/build-file.ts';
import { expect, test } from './site.ts';

const root = join(import.meta.dirname, '../..');
const model = readFileSync(join(root, 'static/models/vitrine-16.onnx'));
const picture = (name: string) => readFileSync(join(root, 'tests/hostile/fixtures', name));

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
const heading = (page: Page) => page.getByRole('figure', { name: 'Exhibit' }).getByRole('heading', { level: 1 });

async function drop(page: Page, files: readonly { name: string; bytes: Uint8Array }[]): Promise<void> {
  const carried = files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }));
  const dataTransfer = await page.evaluateHandle((list) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of list)
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    return transfer;
  }, carried);
  await page.dispatchEvent('body', 'drop', { dataTransfer });
}

const image = { x: [1, 3, 64, 64] };

const models: readonly [name: string, bytes: Uint8Array, message: RegExp][] = [
  ['text.onnx', Buffer.from('no model at all'), /text\.onnx: this is text, not a model\. Choose the model’s own file/],
  ['empty.onnx', Buffer.alloc(0), /empty\.onnx: the file is empty\. Download or export it again\./],
  ['short.onnx', model.subarray(0, model.length / 2), /short\.onnx: .*(cut short|damaged).*again/],
  [
    'many.onnx',
    onnxFile({
      nodes: [
        { op: 'NonMaxSuppression', name: 'first', out: ['a'] },
        { op: 'Frobnicate', name: '<img src=x onerror="window.hurt=1">', in: ['a'], out: ['y'] },
      ],
      inputs: image,
      outputs: ['y'],
    }),
    /many\.onnx: 2 unsupported operators: NonMaxSuppression \(×1, first: "first"\), Frobnicate \(×1, first: "<img src=x/,
  ],
  [
    'cycle.onnx',
    onnxFile({
      nodes: [
        { op: 'Add', name: 'one', in: ['x', 'b'], out: ['a'] },
        { op: 'Relu', name: 'two', in: ['a'], out: ['b'] },
      ],
      inputs: image,
      outputs: ['b'],
    }),
    /cycle\.onnx: .* depends on its own output\. A model must not have cycles/,
  ],
  [
    'twice.onnx',
    onnxFile({
      nodes: [
        { op: 'Relu', name: 'one' },
        { op: 'Relu', name: 'two' },
      ],
      inputs: image,
      outputs: ['y'],
    }),
    /twice\.onnx: tensor "y" is produced twice, the second time by Relu \(node "two"\)/,
  ],
  [
    'shapes.onnx',
    onnxFile({
      nodes: [{ op: 'Conv', name: 'stem', in: ['x', 'w'] }],
      inputs: image,
      outputs: ['y'],
      weights: { w: zeros('float32', [4, 5, 3, 3]) },
    }),
    /shapes\.onnx: Conv \(node "stem"\): input has 3 channels, the weights expect 5\. .*export the model again/,
  ],
  [
    'negative.onnx',
    onnxFile({ nodes: [{ op: 'Flatten' }], inputs: { x: [1, 3, -8, 8] }, outputs: ['y'] }),
    /negative\.onnx: input "x" has the length -8 on axis 2\. .*export it again/,
  ],
  [
    'huge.onnx',
    onnxFile({
      nodes: [{ op: 'Tile', name: 'big', in: ['x', 's'] }],
      inputs: image,
      outputs: ['y'],
      weights: { s: int64([4], [1, 1, 2 ** 20, 2 ** 20]) },
    }),
    /huge\.onnx: Tile \(node "big"\): .* elements, the most is 134217728\. Check/,
  ],
];

test('models that are none: each gets its sentence, and the page goes on', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto('./');
  await done(page);
  const before = await heading(page).innerText();
  for (const [name, bytes, message] of models) {
    await drop(page, [{ name, bytes }]);
    await expect(page.getByRole('alert').filter({ hasText: message })).toBeVisible({ timeout: 20_000 });
  }
  await expect(heading(page)).toHaveText(before);
  expect(await page.evaluate(() => 'hurt' in window)).toBe(false);
  await page.getByRole('radiogroup', { name: 'Predictions' }).getByRole('radio').nth(1).click();
  await expect(heading(page)).not.toHaveText(before);
  await done(page);
});

test('a model with NaN among its weights opens and says so', async ({ page }) => {
  await page.goto('./');
  await done(page);
  const bytes = onnxFile({
    nodes: [
      { op: 'Mul', in: ['x', 'w'], out: ['t'] },
      { op: 'GlobalAveragePool', in: ['t'], out: ['p'] },
      { op: 'Flatten', in: ['p'], out: ['y'] },
    ],
    inputs: image,
    outputs: ['y'],
    weights: { w: { dtype: 'float32', shape: [3, 1, 1], data: Float32Array.of(1, NaN, 2) } },
  });
  await drop(page, [{ name: 'nan.onnx', bytes }]);
  await page.getByRole('button', { name: 'Model: nan.onnx' }).click({ timeout: 20_000 });
  await expect(page.getByText('Weights that are not finite (NaN or ∞): "w".')).toBeVisible();
  await expect(page.getByRole('figure', { name: 'Exhibit' }).locator('figcaption')).toContainText('not finite');
});

/** A PNG whose header announces another size. */
function announcing(width: number, height: number): Buffer {
  const bytes = Buffer.from(picture('rgb.png'));
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}

test('pictures of every kind: explained, or refused with a sentence', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto('./');
  await done(page);
  for (const [name, bytes, message] of [
    ['wall.png', announcing(20_000, 20_000), /wall\.png: 20000×20000 are 400 million pixels, the most is 134 million/],
    ['none.png', announcing(0, 5), /none\.png: the file says that it is 0×5 pixels/],
    ['damaged.jpg', picture('rgb.jpg').subarray(0, 200), /damaged\.jpg: not an image that this browser can read/],
    ['empty.png', Buffer.alloc(0), /empty\.png: the file is empty/],
  ] as const) {
    await drop(page, [{ name, bytes }]);
    await expect(page.getByRole('alert').filter({ hasText: message })).toBeVisible({ timeout: 20_000 });
  }
  for (const name of ['one.png', 'grey16.png', 'cmyk.jpg', 'animated.gif', 'animated.webp']) {
    await drop(page, [{ name, bytes: picture(name) }]);
    await expect(page.getByRole('button', { name: `Input: ${name}` })).toBeVisible({ timeout: 20_000 });
    await done(page);
  }
});

test('labels that hold markup are shown as text', async ({ page }) => {
  await page.goto('./');
  await done(page);
  const label = '<img src=x onerror="window.hurt = 1">';
  const lines = Array.from({ length: 16 }, (_, i) => `${label} ${i}`).join('\n');
  await drop(page, [{ name: 'labels.txt', bytes: Buffer.from(lines) }]);
  await expect(page.getByRole('radiogroup', { name: 'Predictions' })).toContainText(label);
  await expect(heading(page)).toContainText(label);
  expect(await page.evaluate(() => 'hurt' in window)).toBe(false);
  expect(await page.locator('img[src="x"]').count()).toBe(0);
  await drop(page, [{ name: 'no.txt', bytes: Buffer.from('\n \n') }]);
  await expect(
    page.getByRole('alert').filter({ hasText: /no\.txt: no class names found\. Put one name/ }),
  ).toBeVisible();
});

test('several bad files at once: each is named, once; a long list scrolls on a telephone', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 640 });
  await page.goto('./');
  await done(page);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  const nonsense = Buffer.from('nonsense');
  const bad = ['a.onnx', ...Array.from({ length: 12 }, (_, i) => `${i}.png`)];
  await drop(
    page,
    [...bad, bad[1]].map((name) => ({ name, bytes: nonsense })),
  );
  const list = page.getByRole('list', { name: 'What went wrong' });
  await expect(list.getByRole('listitem')).toHaveCount(bad.length, { timeout: 20_000 });
  for (const name of bad) await expect(list.getByText(`${name}: `, { exact: false }).first()).toBeAttached();
  // Each is read out when it comes, and none twice.
  await expect(page.getByRole('alert').filter({ has: list })).toHaveAttribute('aria-atomic', 'false');
  await expect(list).toBeInViewport();
  const box = (await list.boundingBox())!;
  expect(box.height).toBeLessThanOrEqual(0.41 * 640);
  expect(box.x + box.width).toBeLessThanOrEqual(360);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  await list.focus();
  await page.keyboard.press('End');
  await expect.poll(() => list.evaluate((e) => e.scrollTop)).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(list).toBeHidden();
});

test('a model whose passes take minutes: the person is asked, and may stop it', async ({ page }) => {
  test.setTimeout(150_000);
  await page.goto('./');
  await done(page);
  const slow = onnxFile({
    nodes: [
      { op: 'Conv', in: ['x', 'w'], out: ['t'], attrs: { pads: [255, 255, 256, 256] } },
      { op: 'GlobalAveragePool', in: ['t'], out: ['p'] },
      { op: 'Flatten', in: ['p'] },
    ],
    inputs: { x: [1, 1, 1024, 1024] },
    outputs: ['y'],
    weights: { w: zeros('float32', [3, 1, 512, 512]) },
  });
  const question = page
    .getByRole('alert')
    .filter({ hasText: /slow\.onnx: one pass is about 8\.2 × 10¹¹ multi.* here\./ });
  await drop(page, [{ name: 'slow.onnx', bytes: slow }]);
  await expect(question).toBeVisible({ timeout: 20_000 });
  await page.getByRole('button', { name: 'Leave it' }).click();
  await expect(question).toBeHidden();
  await expect(page.getByRole('button', { name: /^Model: Vitrine/ })).toBeVisible();

  await drop(page, [{ name: 'slow.onnx', bytes: slow }]);
  await page.getByRole('button', { name: 'Open it all the same' }).click({ timeout: 20_000 });
  await expect(page.getByRole('button', { name: 'Model: slow.onnx' })).toBeVisible({ timeout: 20_000 });
  const exhibit = page.getByRole('figure', { name: 'Exhibit' });
  await exhibit.getByRole('button', { name: 'Cancel' }).click();
  await expect(exhibit.getByText('Stopped.')).toBeVisible();

  // The engine, deaf in its pass, is replaced: another model opens at once.
  await drop(page, [{ name: 'vitrine-16.onnx', bytes: model }]);
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 80_000 });
});

test('links and bundles of random bytes: a sentence, and nothing else in their place', async ({ page }) => {
  await page.goto(`./#v1.${'q8df_-'.repeat(40)}`);
  await expect(page.getByRole('alert').filter({ hasText: /This link was .* Copy it again/ })).toBeVisible();
  await expect(page.locator('figure[data-state="done"]')).toHaveCount(0);
  const noise = Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 7919 + 31) % 256));
  await drop(page, [
    { name: 'noise.vitrine.zip', bytes: noise },
    { name: 'noise.onnx', bytes: noise },
  ]);
  const list = page.getByRole('list', { name: 'What went wrong' });
  await expect(list).toContainText('noise.vitrine.zip: not a zip file. Drop the .vitrine.zip as it was downloaded.');
  await expect(list).toContainText('noise.onnx: not a readable ONNX model');
  expect(await page.evaluate(() => 'hurt' in window)).toBe(false);
});
