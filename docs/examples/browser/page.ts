import type { Answer } from './worker.ts';

const bytesAt = async (address: string) => new Uint8Array(await (await fetch(address)).arrayBuffer());
const context = document.querySelector('canvas')!.getContext('2d')!;
context.drawImage(await createImageBitmap(await (await fetch('/cat-0.png')).blob()), 0, 0, 96, 96);

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
worker.onmessage = ({ data: { label, value, delta, map } }: MessageEvent<Answer>) => {
  const [, height, width] = map.shape;
  const largest = map.data.reduce((most, score) => Math.max(most, Math.abs(score)), 0);
  const picture = context.createImageData(width, height);
  map.data.forEach((score, i) =>
    picture.data.set([score > 0 ? 255 : 0, 0, 255, 255 * Math.abs(score / largest)], 4 * i),
  );
  context.putImageData(picture, 0, 0);
  document.querySelector('p')!.textContent =
    `${label}: ${value.toFixed(4)}, completeness missed by ${delta.toFixed(4)}`;
};
worker.postMessage({
  model: await bytesAt('/vitrine-16.onnx'),
  labels: await bytesAt('/labels.txt'),
  pixels: context.getImageData(0, 0, 96, 96),
});
