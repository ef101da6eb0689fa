/**
 * @file A program of somebody else's: runs files of explanations by onnxruntime-web and knows nothing of Vitrine.
 * `node plain.mjs FOLDER`: for each NAME.json, the feeds, it runs NAME.onnx and writes NAME.out.json.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-web/wasm';

const folder = process.argv[2];
for (const file of readdirSync(folder).filter((name) => name.endsWith('.onnx'))) {
  const name = join(folder, file.slice(0, -'.onnx'.length));
  const session = await ort.InferenceSession.create(readFileSync(`${name}.onnx`), { logSeverityLevel: 3 });
  const found = [];
  for (const feeds of JSON.parse(readFileSync(`${name}.json`, 'utf8'))) {
    const tensors = Object.entries(feeds).map(([input, { dtype, shape, data }]) => {
      const array = dtype === 'int64' ? BigInt64Array.from(data, BigInt) : Float32Array.from(data);
      return [input, new ort.Tensor(dtype, array, shape)];
    });
    const results = await session.run(Object.fromEntries(tensors));
    found.push(
      Object.fromEntries(
        Object.entries(results).map(([output, { dims, data }]) => [output, { shape: dims, data: Array.from(data) }]),
      ),
    );
  }
  writeFileSync(`${name}.out.json`, JSON.stringify({ inputs: session.inputNames, runs: found }));
  await session.release();
}
