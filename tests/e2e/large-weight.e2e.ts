/** @file A weight of VGG's size (25,088 × 4,096, 411 MB) in the filters view: the page gets pictures of it, never all of it. */
import * as proto from '../../src/lib/formats/onnx/proto.ts';
import { create } from '../../src/lib/formats/protobuf/wire.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { onnxFile } from '../formats/build-file.ts';
import { expect, test } from './site.ts';

const [ROWS, COLUMNS] = [25_088, 4_096];
/** What the page may get of it at once: a picture of 256 × 256, and what else is small. */
const MOST_BYTES = 4 * 2 ** 20;
/** A pass over 10⁸ numbers would take longer. */
const MOST_STALL = 1000;

const outside = create(proto.Tensor, {
  name: 'fc6.weight',
  dims: [ROWS, COLUMNS],
  dataType: 1,
  dataLocation: 1,
  externalData: [{ key: 'location', value: 'fc6.bin' }],
});

const model = onnxFile({
  inputs: { image: ['N', 3, 32, 32] },
  nodes: [
    { op: 'Conv', in: ['image', 'kernel'], out: ['conv'], attrs: { strides: [4, 4] } },
    { op: 'Relu', in: ['conv'], out: ['map'] },
    { op: 'Flatten', in: ['map'], out: ['flat'] },
    { op: 'MatMul', in: ['flat', 'fc6.weight'], out: ['fc6'] },
    { op: 'Relu', in: ['fc6'], out: ['active'] },
    { op: 'MatMul', in: ['active', 'head'], out: ['scores'] },
  ],
  weights: {
    // 8 × 8 positions of 392 channels make 25,088.
    kernel: float32(
      [392, 3, 4, 4],
      Float32Array.from({ length: 392 * 48 }, (_, i) => Math.sin(i)),
    ),
    head: float32(
      [COLUMNS, 4],
      Float32Array.from({ length: COLUMNS * 4 }, (_, i) => 0.01 * Math.cos(i)),
    ),
  },
  protos: [outside],
  outputs: ['scores'],
});

test('a weight of a hundred million numbers is pictured without the page getting it, or standing still', async ({
  page,
}) => {
  test.setTimeout(180_000);
  await page.addInitScript(() => {
    const seen = { bytes: 0, stall: 0 };
    Object.assign(window, { seen });
    const sizeOf = (data: unknown): number => {
      if (ArrayBuffer.isView(data)) return data.buffer.byteLength;
      if (data instanceof ArrayBuffer) return data.byteLength;
      return data && typeof data === 'object' ? Math.max(0, ...Object.values(data).map(sizeOf)) : 0;
    };
    const Own = window.Worker;
    window.Worker = class extends Own {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        this.addEventListener('message', ({ data }) => (seen.bytes = Math.max(seen.bytes, sizeOf(data))));
      }
    };
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.stall = Math.max(seen.stall, duration);
    }).observe({ type: 'longtask' });
  });
  await page.goto('./');
  await expect(page.locator('figure[data-state="done"]')).toBeVisible({ timeout: 40_000 });
  const dataTransfer = await page.evaluateHandle(
    ([base64, bytes]) => {
      const noise = Float32Array.from({ length: 2 ** 20 }, (_, i) => 0.01 * Math.sin(i * 12.9898));
      const whole = Math.floor((bytes as number) / noise.byteLength);
      const rest = ((bytes as number) - whole * noise.byteLength) / 4;
      const parts = [...Array<Float32Array<ArrayBuffer>>(whole).fill(noise), noise.subarray(0, rest)];
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(base64 as string), (c) => c.charCodeAt(0))], 'vgg.onnx'));
      transfer.items.add(new File(parts, 'fc6.bin'));
      return transfer;
    },
    [Buffer.from(model).toString('base64'), ROWS * COLUMNS * 4] as const,
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer });
  await expect(page.getByRole('button', { name: 'Model: vgg.onnx' })).toBeVisible({ timeout: 90_000 });
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('button', { name: 'Look inside' }).click();
  await page.getByRole('tab', { name: 'Filters', exact: true }).click();
  await page.evaluate(() => Object.assign((window as unknown as { seen: object }).seen, { bytes: 0, stall: 0 }));
  await page.getByRole('combobox', { name: 'Weights' }).fill('fc6.weight', { timeout: 60_000 });
  await page.getByRole('option', { name: 'fc6.weight' }).first().click();
  await expect(page.getByRole('heading', { name: 'fc6.weight' })).toBeVisible();
  await expect(page.getByText('102 760 448 numbers').or(page.getByText(/102.760.448 numbers/))).toBeVisible();
  await expect(page.getByRole('definition').first()).toHaveText(/\d/, { timeout: 60_000 });
  await page.getByRole('radio', { name: 'Numbers' }).click();
  const table = page.getByRole('grid', { name: /fc6\.weight/ });
  await table.focus();
  await page.keyboard.press('Control+End');
  await expect(table.locator(`#cell-${ROWS - 1}-${COLUMNS - 1}`)).toHaveText(/\d/, { timeout: 60_000 });
  const seen = await page.evaluate(() => (window as unknown as { seen: { bytes: number; stall: number } }).seen);
  console.log(`large weight: largest message ${seen.bytes} bytes, longest task ${Math.round(seen.stall)} ms`);
  expect(seen.bytes).toBeGreaterThan(0);
  expect(seen.bytes).toBeLessThan(MOST_BYTES);
  expect(seen.stall).toBeLessThan(MOST_STALL);
});
