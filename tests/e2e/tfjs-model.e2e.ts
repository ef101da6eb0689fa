/** A model that TensorFlow.js saved opens on the built page, where TensorFlow.js itself says whether our numbers are right. */
import type { Page } from '@playwright/test';
import { saved, tf } from '../formats/tfjs-models.ts';
import { drop, type Dropped } from './files.ts';
import { expect, test } from './site.ts';

async function classifier(): Promise<Dropped[]> {
  await tf.setBackend('cpu');
  // Small weights: probabilities of 0 and 1 would agree whatever is wrong.
  const kernelInitializer = tf.initializers.glorotUniform({ seed: 3 });
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ filters: 6, kernelSize: 3, activation: 'relu', kernelInitializer, inputShape: [32, 32, 3] }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.batchNormalization(),
      tf.layers.flatten(),
      tf.layers.dense({ units: 4, activation: 'softmax', kernelInitializer }),
    ],
  });
  const { file, bytes, beside } = await saved(model, 10_000);
  model.dispose();
  return [{ name: file, bytes }, ...beside.map(({ path, data }) => ({ name: path, bytes: data }))];
}

/** softmax(x · W), as the converter writes a graph model. */
function graphModel(): Dropped[] {
  const float = { type: 'DT_FLOAT' };
  const shape = (...lengths: number[]) => ({ shape: { dim: lengths.map((size) => ({ size: String(size) })) } });
  const weights = Float32Array.from({ length: 12 * 12 * 3 * 4 }, (_, i) => Math.sin(i) / 20);
  const node = [
    { name: 'image', op: 'Placeholder', attr: { dtype: float, shape: shape(-1, 12, 12, 3) } },
    { name: 'rows', op: 'Const', attr: { dtype: { type: 'DT_INT32' }, value: { tensor: {} } } },
    { name: 'W', op: 'Const', attr: { dtype: float, value: { tensor: {} } } },
    { name: 'flat', op: 'Reshape', input: ['image', 'rows'], attr: { T: float, Tshape: { type: 'DT_INT32' } } },
    {
      name: 'y',
      op: 'MatMul',
      input: ['flat', 'W'],
      attr: { T: float, transpose_a: { b: false }, transpose_b: { b: false } },
    },
    { name: 'scores', op: 'Softmax', input: ['y'], attr: { T: float } },
  ];
  const json = {
    format: 'graph-model',
    modelTopology: { node, versions: { producer: 440, minConsumer: 12 } },
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: [
          { name: 'rows', shape: [2], dtype: 'int32' },
          { name: 'W', shape: [12 * 12 * 3, 4], dtype: 'float32' },
        ],
      },
    ],
  };
  const rows = Buffer.from(Int32Array.of(-1, 12 * 12 * 3).buffer);
  return [
    { name: 'model.json', bytes: Buffer.from(JSON.stringify(json)) },
    { name: 'weights.bin', bytes: Buffer.concat([rows, Buffer.from(weights.buffer)]) },
  ];
}

/** What the menu says of the agreement, and the same fact of the inspector. */
async function agreement(page: Page): Promise<string[]> {
  await page.getByRole('button', { name: 'Model: model.json' }).click();
  const fact = page.locator('dt', { hasText: 'Agrees with TensorFlow.js' }).locator('xpath=following-sibling::dd[1]');
  const inMenu = await fact.innerText();
  await page.getByRole('button', { name: 'Inspect the model…' }).click();
  const facts = page.getByRole('dialog', { name: 'model.json' }).getByRole('region', { name: 'Facts' });
  await expect(facts).toContainText('Agrees with TensorFlow.js');
  return [
    inMenu,
    await facts.locator('dt', { hasText: 'Agrees with' }).locator('xpath=following-sibling::dd[1]').innerText(),
  ];
}

for (const [kind, files] of [
  ['layers', classifier],
  ['graph', async () => graphModel()],
] as const)
  test(`a ${kind} model is explained, and compared with TensorFlow.js running it`, async ({ page }) => {
    await page.goto('./');
    const done = page.locator('figure[data-state="done"]');
    await expect(done).toBeVisible({ timeout: 40_000 });
    await drop(page, await files());
    await expect(page.getByRole('button', { name: 'Model: model.json' })).toBeVisible({ timeout: 30_000 });
    await expect(done).toBeVisible({ timeout: 40_000 });
    for (const words of await agreement(page)) {
      expect(words).toMatch(/^(exactly|to (< 0\.001|0\.00\d+) %)$/);
      console.log(`tfjs-model (${kind}): agrees ${words}`);
    }
    await expect(page.getByText(/forward pass (differs|was not compared)|forward check was left out/)).toHaveCount(0);
  });
