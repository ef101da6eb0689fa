/** @file Pictures of what a model is made of, and of checking a result on another device. */
import { AS_HARDWARE, inWorkers, withoutTransposed } from '../../tests/e2e/adapter.ts';
import { cancelling } from '../../tests/e2e/cancelling.ts';
import { type Scene, chooseMethod, done, drop, openMenu } from './scene.ts';

const BOTH = ['desk', 'desk-dark', 'phone', 'phone-dark'] as const;

const inspector: Scene = {
  name: 'inspector',
  looks: BOTH,
  play: async ({ page, shoot }) => {
    await openMenu(page, 'Model');
    await page.getByRole('button', { name: 'Inspect the model…' }).click();
    const search = page.getByLabel('Search nodes');
    await search.waitFor();
    await shoot();
    await search.fill('relu');
    await page.getByRole('row', { name: /Relu/ }).nth(2).click();
    await shoot('search');
  },
};

/** Where there is a second device; without WebGPU there is none. */
const crossCheck: Scene = {
  name: 'cross-check',
  looks: BOTH,
  play: async ({ page, shoot }) => {
    const adjust = page.getByRole('button', { name: 'Adjust' });
    const byGradCam = async () => {
      const narrow = await adjust.isVisible();
      if (narrow) await adjust.click();
      await chooseMethod(page, 'Grad-CAM');
      if (narrow) await page.getByRole('button', { name: 'Close' }).click();
    };
    const checked = async (words: RegExp) => {
      await page.getByRole('button', { name: 'Check on another runtime' }).click();
      const said = page.getByText(words);
      await said.waitFor({ timeout: 120_000 });
    };
    await byGradCam();
    await checked(/ agree /);
    await shoot('agrees');
    await drop(page, [{ name: 'cancelling.onnx', bytes: cancelling() }]);
    await page.getByRole('button', { name: 'Model: cancelling.onnx' }).waitFor({ timeout: 30_000 });
    await done(page);
    await checked(/ differ by /);
    await shoot('differs');
  },
};

/** A method that is computed on another device than the model. */
const elsewhere: Scene = {
  name: 'elsewhere',
  looks: BOTH,
  prepare: (page) => inWorkers(page, AS_HARDWARE, withoutTransposed),
  play: async ({ page, shoot }) => {
    const note = page.getByText(/^WebGPU is not used for /);
    await note.waitFor();
    await note.evaluate((element) => element.scrollIntoView({ block: 'center' }));
    await shoot();
  },
};

export const inspecting: readonly Scene[] = [inspector, crossCheck, elsewhere];
