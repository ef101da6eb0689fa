import { readFile } from 'node:fs/promises';
import { attribute, openModel } from 'vitrine';

const model = await openModel(new Uint8Array(await readFile('static/models/vitrine-16.onnx')));
const pixels = { width: 96, height: 96, data: new Uint8ClampedArray(96 * 96 * 4).fill(128) };

// Why is channel 12 of conv3 what it is at row 4, column 5? In a layer with a single place `position` is null.
const { value, baselineValue, check, maps } = await attribute(model, pixels, {
  method: 'deeplift',
  neuron: { layer: 'conv3', channel: 12, position: { y: 4, x: 5 } },
});
const seen = maps[0].data.filter((score) => score !== 0).length;
console.log(
  `activation ${value.toFixed(3)}, on black ${baselineValue?.toFixed(3)}, made by ${seen} of ${96 * 96} pixels`,
);
console.log(`completeness is missed by ${check && check.relative < 1e-4 ? 'less' : 'more'} than 0.01 %`);
await model.dispose();
