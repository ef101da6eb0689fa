import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ISOLATION_HEADERS } from '../../scripts/static-server.mjs';
import { expect, test } from './site.ts';

const dist = join(import.meta.dirname, '../../node_modules/onnxruntime-web/dist');

/** ModelProto of y = x · x for three float32 numbers. */
const SQUARE = 'CAg6OgoOCgF4CgF4EgF5IgNNdWwSBnNxdWFyZVoPCgF4EgoKCAgBEgQKAggDYg8KAXkSCgoICAESBAoCCANCAhAR';

/** What the app's worker does, as a script of its own: load onnxruntime from the site's files and run a model. */
const PROBE = `
  import * as ort from './probe-ort.mjs';
  onmessage = async ({ data: { device, model } }) => {
    ort.env.wasm.wasmPaths = new URL('./ort/', location.href).href;
    ort.env.wasm.numThreads = 2;
    ort.env.logLevel = 'error';
    const session = await ort.InferenceSession.create(model, { executionProviders: [device] });
    const { y } = await session.run({ x: new ort.Tensor('float32', Float32Array.of(1, -2, 3), [3]) });
    postMessage({ y: Array.from(y.data), isolated: self.crossOriginIsolated });
  };
`;

for (const { basePath, isolated } of [
  { basePath: '/vitrine/', isolated: false },
  { basePath: '/vitrine/', isolated: true },
  { basePath: '/', isolated: false },
]) {
  test.describe(`served from ${basePath} ${isolated ? 'with' : 'without'} isolation headers`, () => {
    test.use({ basePath, isolated });

    test('the page loads without a fault', async ({ page, site }) => {
      const response = await page.goto('./');
      expect(response?.status()).toBe(200);
      expect(page.url()).toBe(site);
      await expect(page).toHaveTitle(/Vitrine/);
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolated);
    });

    for (const device of ['wasm', 'webgpu']) {
      test(`a worker runs onnxruntime on ${device} with the site's own files`, async ({ page }) => {
        const headers: Record<string, string> = isolated ? ISOLATION_HEADERS : {};
        const script = { contentType: 'text/javascript', headers };
        const entry = await readFile(join(dist, device === 'webgpu' ? 'ort.webgpu.min.mjs' : 'ort.wasm.min.mjs'));
        await page.route('**/probe.js', (route) => route.fulfill({ ...script, body: PROBE }));
        await page.route('**/probe-ort.mjs', (route) => route.fulfill({ ...script, body: entry }));
        await page.goto('./');
        const answer = await page.evaluate(
          ([device, base64]) =>
            new Promise((resolve, reject) => {
              const worker = new Worker('./probe.js', { type: 'module' });
              worker.onmessage = (event) => resolve(event.data);
              worker.onerror = (event) => reject(new Error(event.message || 'the worker did not start'));
              const model = Uint8Array.from(atob(base64!), (char) => char.charCodeAt(0));
              worker.postMessage({ device, model });
            }),
          [device, SQUARE],
        );
        expect(answer).toEqual({ y: [1, 4, 9], isolated });
      });
    }
  });
}

test.describe('the Content-Security-Policy', () => {
  /** The smallest module: the magic number and the version. */
  const EMPTY_WASM = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

  test('lets WebAssembly compile', async ({ page }) => {
    await page.goto('./');
    const compiled = (bytes: number[]) => WebAssembly.compile(Uint8Array.from(bytes)).then(() => true);
    expect(await page.evaluate(compiled, EMPTY_WASM)).toBe(true);
  });

  test('refuses inline scripts, which injected markup would bring', async ({ page, faults }) => {
    await page.goto('./');
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.body.append(script);
      return 'injected' in window;
    });
    expect(ran).toBe(false);
    expect(faults.splice(0).join()).toContain('Content Security Policy');
  });

  test('refuses scripts of other sites', async ({ page, faults }) => {
    await page.goto('./');
    const event = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const script = document.createElement('script');
          script.src = 'https://example.invalid/script.js';
          script.onload = () => resolve('load');
          script.onerror = () => resolve('error');
          document.head.append(script);
        }),
    );
    expect(event).toBe('error');
    expect(faults.splice(0).join()).toContain('Content Security Policy');
  });
});
