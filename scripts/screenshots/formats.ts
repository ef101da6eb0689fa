/** @file Pictures of models in each format that is read: explained, in the menu, looked into and inspected. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { encode } from '../../src/lib/formats/protobuf/wire.ts';
import * as proto from '../../src/lib/formats/tensorflow/proto.ts';
import { constant, graphDef, node, placeholder } from '../../tests/formats/tensorflow-file.ts';
import { random } from '../../tests/formats/tensorflow-graph.ts';
import { type Scene, chooseMethod, done, drop, openMenu } from './scene.ts';

const root = join(import.meta.dirname, '../..');
const real = (...paths: string[]) => paths.map((path) => join(root, '../shared/real', path));
const read = (path: string) => ({ name: basename(path), bytes: readFileSync(path) });

/** Files of models by the format, the one that the page names first. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  layers: real('tfjs/tiny_vgg/model.json', 'tfjs/tiny_vgg/group1-shard1of1.bin'),
  graph: real('tfjs/tensorspace_graph_mnist/model.json', 'tfjs/tensorspace_graph_mnist/group1-shard1of1'),
  h5: real('keras/mlperf_resnet8_cifar10.h5'),
  keras: [join(root, 'tests/fixtures/keras/nested.keras')],
  tflite: real('tflite/mlperf_resnet8_cifar10_fp32.tflite'),
  'tflite-int8': real('tflite/mlperf_resnet8_cifar10_int8.tflite'),
};

/** A small network with random weights, as a frozen graph. */
function frozen(): Uint8Array {
  const same = { padding: 'SAME', data_format: 'NHWC', dilations: [1, 1, 1, 1] };
  return encode(
    proto.Graph,
    graphDef([
      placeholder('image', [-1, 64, 64, 3]),
      constant('stem/kernel', random([3, 3, 3, 16], 1)),
      constant('stem/bias', random([16], 2)),
      constant('depthwise/kernel', random([3, 3, 16, 1], 3)),
      constant('dense/kernel', random([16, 6], 4)),
      constant('axes', { dtype: 'int32', shape: [2], data: Int32Array.of(1, 2) }),
      node('Conv2D', 'stem/conv', ['image', 'stem/kernel'], { ...same, strides: [1, 2, 2, 1] }),
      node('BiasAdd', 'stem/add', ['stem/conv', 'stem/bias'], { data_format: 'NHWC' }),
      node('Relu', 'stem/relu', ['stem/add']),
      node('DepthwiseConv2dNative', 'depthwise/conv', ['stem/relu', 'depthwise/kernel'], {
        ...same,
        strides: [1, 1, 1, 1],
      }),
      node('Relu6', 'depthwise/relu6', ['depthwise/conv']),
      node('Mean', 'average', ['depthwise/relu6', 'axes'], { keep_dims: false }),
      node('MatMul', 'logits', ['average', 'dense/kernel']),
      node('Softmax', 'probabilities', ['logits']),
    ]),
  );
}

/** Those of the files that are to be had, and the frozen graph. */
const models: readonly (readonly [format: string, files: () => { name: string; bytes: Uint8Array }[]])[] = [
  ...Object.entries(FILES)
    .filter(([, paths]) => paths.every((path) => existsSync(path)))
    .map(([format, paths]) => [format, () => paths.map(read)] as const),
  ['frozen', () => [{ name: 'frozen.pb', bytes: frozen() }]],
];

export const formats: readonly Scene[] = models.map(([format, files]) => ({
  name: `format-${format}`,
  looks: ['desk', 'desk-dark', 'phone', 'phone-dark'],
  play: async ({ page, shoot }) => {
    const dropped = files();
    await drop(page, dropped);
    await page.getByRole('button', { name: `Model: ${dropped[0].name}` }).waitFor({ timeout: 60_000 });
    await done(page);
    await shoot('explained');
    await openMenu(page, 'Model');
    await page.locator('.menu-popup').evaluate((menu) => (menu.scrollTop = menu.scrollHeight));
    await shoot('facts');
    await page.getByRole('button', { name: 'Inspect the model…' }).click();
    await page.getByLabel('Search nodes').waitFor();
    await shoot('inspector');
    await page.getByRole('region', { name: 'Facts' }).scrollIntoViewIfNeeded();
    await shoot('inspector-facts');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Look inside' }).click();
    await page.locator('section[data-layer][data-state="done"]').waitFor({ timeout: 60_000 });
    await shoot('inside');
    if (await page.getByRole('button', { name: 'Adjust' }).isVisible()) return;
    await page.getByRole('button', { name: 'Explain', exact: true }).click();
    await chooseMethod(page, 'Grad-CAM');
    await shoot('grad-cam');
  },
}));
