import { readFile } from 'node:fs/promises';
import { attribute, openModel } from 'vitrine';

const model = await openModel([
  { name: 'vitrine-16.onnx', bytes: new Uint8Array(await readFile('static/models/vitrine-16.onnx')) },
  { name: 'labels.txt', bytes: new Uint8Array(await readFile('static/models/labels.txt')) },
]);

// A grey picture of 96 × 96, RGBA. In a browser: context.getImageData(…).
const pixels = { width: 96, height: 96, data: new Uint8ClampedArray(96 * 96 * 4).fill(128) };

const { logits } = await model.predict(pixels);
const found = await attribute(model, pixels, {
  method: 'integrated-gradients',
  options: { steps: 16 },
  target: model.info.labels.indexOf('clock'),
  baseline: 'black',
});
console.log(`clock: ${found.value.toFixed(3)} of ${logits.length} classes, scores [${found.scores.shape}]`);
console.log(`completeness is missed by ${Math.abs(found.check!.delta) < 1 ? 'less' : 'more'} than 1`);
await model.dispose();
