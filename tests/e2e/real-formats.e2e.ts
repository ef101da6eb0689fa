/** Real models of every format, dropped on the page as they are: they open, say what they are, and are explained. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Page } from '@playwright/test';
import { colourfulness } from './colourfulness.ts';
import { drop } from './files.ts';
import { expect, test } from './site.ts';

const root = join(import.meta.dirname, '../..');
const real = (...paths: string[]) => paths.map((path) => join(root, '../shared/real', path));

interface Sample {
  /** The one that the page names comes first. */
  readonly files: readonly string[];
  readonly format: string;
  readonly input: string;
  /** Preset that it is guessed to be fed by. */
  readonly preset: string;
  /** One of its layers, and what the list calls it. */
  readonly layer: string;
  /** What the inspector says of its numbers. */
  readonly says: string | RegExp;
}

/** Neither onnxruntime nor TensorFlow.js reads the format. */
const LEFT_OUT = 'The forward check was left out: neither';
const resnet = { input: '[batch × 32 × 32 × 3]' };
const lite = { ...resnet, format: 'TensorFlow Lite schema 3', layer: 'model/activation_6/Relu' };

const SAMPLES: Readonly<Record<string, Sample>> = {
  'a Keras file of HDF5': {
    ...resnet,
    files: real('keras/mlperf_resnet8_cifar10.h5'),
    format: 'Keras 2.4.0',
    // Its first batch normalisation says so.
    preset: '0…255',
    layer: 'activation_6',
    says: LEFT_OUT,
  },
  'a Keras topology beside its weights': {
    files: real('keras/tensorspace_separated/topology.json', 'keras/tensorspace_separated/weights.h5'),
    format: 'Keras 2.2.2',
    input: '[batch × 28 × 28]',
    preset: '0…1',
    layer: 'MaxPooling2D_2',
    says: LEFT_OUT,
  },
  'a .keras archive': {
    files: [join(root, 'tests/fixtures/keras/nested.keras')],
    format: 'Keras 3.4.1',
    input: '[batch × 8 × 8 × 3]',
    preset: '0…1',
    layer: 'block/conv2d',
    says: LEFT_OUT,
  },
  'a layers model of TensorFlow.js': {
    files: real('tfjs/tiny_vgg/model.json', 'tfjs/tiny_vgg/group1-shard1of1.bin'),
    format: 'TensorFlow.js layers, Keras 2.2.4-tf',
    input: '[batch × 64 × 64 × 3]',
    preset: '0…1',
    layer: 'max_pool_2',
    says: /TensorFlow\.js\s*(exactly|to < 0\.001 %)/,
  },
  'a graph model of TensorFlow.js': {
    files: real('tfjs/tensorspace_graph_mnist/model.json', 'tfjs/tensorspace_graph_mnist/group1-shard1of1'),
    format: 'TensorFlow.js graph, GraphDef',
    input: '[batch × 28 × 28 × 1]',
    preset: '0…1',
    layer: 'MyMaxPooling2D_2',
    says: /TensorFlow\.js\s*(exactly|to < 0\.001 %)/,
  },
  'a TensorFlow Lite model in float32': {
    ...lite,
    files: real('tflite/mlperf_resnet8_cifar10_fp32.tflite'),
    preset: '0…255',
    says: LEFT_OUT,
  },
  'a TensorFlow Lite model in int8': {
    ...lite,
    files: real('tflite/mlperf_resnet8_cifar10_int8.tflite'),
    preset: '0…255',
    says: 'The file computes with quantised numbers (int8, int32); here they are the real numbers that they stand for',
  },
};

const done = (page: Page) => expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 60_000 });

async function chooseMethod(page: Page, title: string): Promise<void> {
  await page.getByRole('combobox', { name: /^Method / }).click();
  await page.getByRole('option', { name: title, exact: true }).click();
  await expect(page.locator('figcaption dl')).toContainText(title, { timeout: 60_000 });
  await done(page);
}

for (const [what, { files, format, input, preset, layer, says }] of Object.entries(SAMPLES)) {
  test(`${what} opens, says what it is, and is explained`, async ({ page }) => {
    const missing = files.filter((path) => !existsSync(path)).map((path) => basename(path));
    test.skip(missing.length > 0, `not here: ${missing.join(', ')}`);
    test.setTimeout(150_000);
    await page.goto('./');
    await done(page);
    await drop(
      page,
      files.map((path) => ({ name: basename(path), bytes: readFileSync(path) })),
    );
    const menu = page.getByRole('button', { name: `Model: ${basename(files[0])}` });
    await expect(menu).toBeVisible({ timeout: 60_000 });
    await done(page);
    await menu.click();
    const fact = (name: string) =>
      page.locator('.menu-popup dt').getByText(name, { exact: true }).locator('xpath=following-sibling::dd[1]');
    await expect(fact('Format')).toHaveText(format);
    await expect(fact('Input')).toContainText(input);
    await page.getByRole('button', { name: 'Inspect the model…' }).click();
    const inspector = page.getByRole('dialog');
    await expect(inspector.getByRole('region', { name: 'Facts' })).toContainText(says, { timeout: 20_000 });
    await page.keyboard.press('Escape');
    await expect(inspector).toBeHidden();

    for (const title of ['Grad-CAM', 'Integrated Gradients']) {
      await chooseMethod(page, title);
      const opacity = page.getByRole('slider', { name: 'Opacity' });
      const drawn = await colourfulness(page);
      await opacity.focus();
      await page.keyboard.press('Home');
      await expect(opacity).toHaveValue('0');
      expect(await colourfulness(page), `${title}, and the photograph alone`).toBeLessThan(drawn / 4);
      await page.keyboard.press('End');
      await expect(opacity).not.toHaveValue('0');
    }
    await page.getByText('Preprocessing', { exact: true }).click();
    await expect(page.getByRole('combobox', { name: /^Preset/ })).toContainText(preset);
    await page.getByRole('navigation', { name: 'Sections' }).getByRole('button', { name: 'Look inside' }).click();
    const layers = page.getByRole('listbox', { name: 'Layers, from the image to the output' });
    await expect(layers.getByText(layer, { exact: true })).toBeVisible({ timeout: 30_000 });
  });
}
