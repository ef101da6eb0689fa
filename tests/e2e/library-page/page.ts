/** @file A page of somebody else that uses the package itself, on its own thread: the test asks it for numbers. */
import { attribute, methodNames, openModel } from 'vitrine';

async function scoresOf(method: string, wave: number[]): Promise<number[]> {
  const bytes = new Uint8Array(await (await fetch('/vitrine-16.onnx')).arrayBuffer());
  const model = await openModel(bytes, { wasmPaths: new URL('/ort/', location.href).href, device: 'wasm' });
  const x = { dtype: 'float32', shape: [1, 3, 96, 96], data: Float32Array.from(wave) } as const;
  const { scores } = await attribute(model, x, { method, target: 3 });
  await model.dispose();
  return [...scores.data];
}

Object.assign(window, { scoresOf, methodNames });
