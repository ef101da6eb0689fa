import { attribute, openModel, type FloatTensor, type Pixels } from 'vitrine';

export interface Answer {
  readonly label: string;
  readonly value: number;
  readonly delta: number;
  readonly map: FloatTensor;
}

interface Asked {
  readonly model: Uint8Array<ArrayBuffer>;
  readonly labels: Uint8Array<ArrayBuffer>;
  readonly pixels: Pixels;
}

addEventListener('message', async ({ data: { model, labels, pixels } }: MessageEvent<Asked>) => {
  const files = [
    { name: 'vitrine-16.onnx', bytes: model },
    { name: 'labels.txt', bytes: labels },
  ];
  // node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded*, served as ort/.
  const opened = await openModel(files, { wasmPaths: new URL('/ort/', location.href).href });
  const request = { method: 'integrated-gradients', options: { steps: 8 } };
  const { target, value, check, maps } = await attribute(opened, pixels, request);
  await opened.dispose();
  const label = opened.info.labels[target.index];
  postMessage({ label, value, delta: check!.delta, map: maps[0] } satisfies Answer);
});
