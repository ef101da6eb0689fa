/**
 * Opens every model that export.py wrote and compares with PyTorch: the worst logits and the median error of the float64
 * input gradient over three inputs, and the sum of DeepLIFT's scores. Prints a table and fails on any miss.
 *
 *     node scripts/reach/check.ts [FOLDER]
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findMethod } from '../../src/lib/attribution/index.ts';
import type { Question } from '../../src/lib/attribution/types.ts';
import { openModel } from '../../src/lib/model/open.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { evaluate } from '../../src/lib/model/explain.ts';
import { relativeError, relativeL2 } from '../../src/lib/tensor/arithmetic.ts';
import { readNpy } from '../../src/lib/tensor/npy.ts';
import { example, float32, toFloat32, zerosLike, type FloatTensor } from '../../src/lib/tensor/tensor.ts';

interface Row {
  readonly name: string;
  readonly file: string;
  readonly batched: boolean;
  readonly logits: number;
  readonly gradient: number;
  readonly noise: number;
  readonly deeplift: number;
  readonly passed: boolean;
}

/** Relative L2 error of the gradient that is always allowed; where PyTorch's own float32 is worse, three times that. */
const GRADIENT = 1e-4;
const LOGITS = 1e-4;
const COMPLETENESS = 1e-3;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];

async function check(runtime: Runtime, folder: string, name: string, file: string): Promise<Row> {
  const load = (path: string): FloatTensor =>
    toFloat32(readNpy(new Uint8Array(readFileSync(join(folder, name, path))), path));
  const manifest = JSON.parse(readFileSync(join(folder, name, 'manifest.json'), 'utf8')) as {
    target: number;
    float32_noise: number[];
  };
  const bytes = new Uint8Array(readFileSync(join(folder, name, file)));
  const loaded = await openModel(runtime, [{ name: file, bytes }], {
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  const { model, engine } = loaded;
  try {
    const [xs, expected, gradients] = ['input.npy', 'logits.npy', 'gradient.npy'].map(load);
    const inputs = Array.from({ length: xs.shape[0] }, (_, i) => example(xs, i));
    const target = { kind: 'logit', index: manifest.target } as const;
    const question = (x: FloatTensor): Question => ({ model, engine, x, baseline: zerosLike(x), target, seed: 1 });
    const logits: number[] = [];
    const errors: number[] = [];
    for (const [i, x] of inputs.entries()) {
      const y = float32([1, expected.shape[1]], (await evaluate(loaded, x)).logits);
      logits.push(relativeError(y, example(expected, i)));
      const { scores } = await findMethod('saliency').explain(question(x), { absolute: false });
      errors.push(relativeL2(scores, example(gradients, i)));
    }
    const gradient = median(errors);
    const noise = median(manifest.float32_noise);
    const deeplift = (await findMethod('deeplift').explain(question(inputs[0]))).check!.relative;
    const worst = Math.max(...logits);
    const passed = worst <= LOGITS && gradient <= Math.max(GRADIENT, 3 * noise) && deeplift <= COMPLETENESS;
    return { name, file, batched: model.batched, logits: worst, gradient, noise, deeplift, passed };
  } finally {
    await engine.dispose();
  }
}

const folder = process.argv[2] ?? join(import.meta.dirname, 'models');
if (!existsSync(folder)) throw new Error(`${folder}: not there. Run python3 scripts/reach/export.py first.`);
const runtime = await createOrtRuntime({ device: 'wasm' });
const rows: Row[] = [];
const number = (v: number) => v.toExponential(1);
console.log('| model | file | batch axis | logits | gradient (L2) | float32 noise of PyTorch | DeepLIFT sum | |');
console.log('|---|---|---|--:|--:|--:|--:|---|');
for (const name of readdirSync(folder).sort()) {
  for (const file of readdirSync(join(folder, name))
    .filter((f) => f.endsWith('.onnx'))
    .sort()) {
    try {
      const row = await check(runtime, folder, name, file);
      rows.push(row);
      console.log(
        `| ${name} | ${file} | ${row.batched ? 'N' : '1'} | ${number(row.logits)} | ${number(row.gradient)} | ${number(row.noise)} | ${number(row.deeplift)} | ${row.passed ? 'passed' : '**failed**'} |`,
      );
    } catch (error) {
      rows.push({ name, file, batched: false, logits: NaN, gradient: NaN, noise: NaN, deeplift: NaN, passed: false });
      console.log(
        `| ${name} | ${file} | | | | | | **failed**: ${error instanceof Error ? error.message : String(error)} |`,
      );
    }
  }
}
const failed = rows.filter((row) => !row.passed).length;
console.log(`\n${rows.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
