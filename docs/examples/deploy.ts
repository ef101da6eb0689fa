import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, exportExplanation, openModel } from 'vitrine';

const model = await openModel(new Uint8Array(await readFile('static/models/vitrine-16.onnx')));
const request = { method: 'saliency', options: { absolute: false } };

// A file for other programs …
const { bytes, inputs } = exportExplanation(model, request);
await writeFile(join(tmpdir(), 'saliency.onnx'), bytes);
console.log(inputs.map(({ name, shape }) => `${name} [${shape.map((n) => n ?? 'N')}]`).join(', '));

// … or the same here, two examples at once.
const program = await compile(model, request);
const { logits, attribution } = await program.run({
  image: { dtype: 'float32', shape: [2, 3, 96, 96], data: new Float32Array(2 * 3 * 96 * 96) },
  target: { dtype: 'int64', shape: [2], data: BigInt64Array.of(3n, 5n) },
});
console.log(`logits [${logits.shape}], attribution [${attribution.shape}]`);
await program.dispose();
await model.dispose();
