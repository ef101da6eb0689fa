/** @file The exhibit as a PNG that explains itself: picture, colour bar, and what it was made with. */
import { cssStops } from '../render/colour-maps.ts';
import type { Stage } from '../render/stage.ts';
import type { AttributionResult, ModelInfo, Workspace } from '../state/workspace.svelte.ts';
import { type Drawing, drawingOf, legendOf } from './drawing.ts';
import { number } from './format.ts';
import { explainedText, factsOf, targetText } from './summary.ts';

interface Poster {
  /** The stage as it stands. */
  readonly snapshot: Blob;
  readonly drawing: Drawing;
  readonly title: string;
  readonly lines: readonly string[];
}

/** What stands on `stage`, which shows `result`. */
export async function posterOf(stage: Stage, result: AttributionResult, workspace: Workspace): Promise<Blob> {
  const { model, overlay, picture } = workspace;
  const signed = model?.methods.find(({ id }) => id === result.request.method)?.signed ?? true;
  return drawPoster({
    snapshot: await stage.snapshot(),
    drawing: drawingOf(result, overlay, signed),
    title: explainedText(result.request, model),
    lines: provenance(result, model, picture.info?.name ?? ''),
  });
}

/** What the picture was made with, one line each. */
export function provenance(result: AttributionResult, model: ModelInfo | null, imageName: string): string[] {
  const facts = factsOf(result, model).map(({ name, value }) => `${name} ${value}`);
  return [
    `Why: the ${targetText(result.request, model)}`,
    facts.join(' · '),
    `Model ${model?.name ?? ''} ${short(result.modelSha256)} · image ${imageName} ${short(result.imageSha256)} · Vitrine ${result.version}`,
  ];
}

const short = (sha256: string): string => (sha256 ? `(SHA-256 ${sha256.slice(0, 12)}…)` : '');

/** In the colours of the page as it stands. Throws an Error where the browser cannot encode the picture. */
async function drawPoster({ snapshot, drawing, title, lines }: Poster): Promise<Blob> {
  const image = await createImageBitmap(snapshot);
  const width = Math.max(image.width, 640);
  const unit = width / 60;
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  if (!context) throw new Error('Share: the browser offers no canvas to draw the picture on.');
  const style = getComputedStyle(document.body);
  const text = (size: number, weight = 400) => `${weight} ${size * unit}px ${style.fontFamily}`;
  context.font = text(1.1);
  const wrapped = lines.flatMap((line) => wrap(line, (part) => context.measureText(part).width <= width - 2 * unit));
  canvas.width = width;
  canvas.height = Math.ceil(image.height + (7.5 + 1.6 * wrapped.length) * unit);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, (width - image.width) / 2, 0);
  context.fillStyle = style.color;
  context.textBaseline = 'top';
  context.font = text(1.8, 600);
  const top = image.height + unit;
  context.fillText(title, unit, top, width / 2);
  context.font = text(1.1);
  wrapped.forEach((line, i) => context.fillText(line, unit, top + (5 + 1.6 * i) * unit));
  drawBar(context, drawing, { x: width - 26 * unit, y: top, width: 25 * unit, unit });
  return encode(canvas);
}

/** The colour bar with its numbers, in the font and ink of `context`. */
export function drawBar(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  { x, y, width, unit }: { x: number; y: number; width: number; unit: number },
): void {
  const { low, high, from, to } = legendOf(drawing);
  const ink = context.fillStyle;
  const gradient = context.createLinearGradient(x, 0, x + width, 0);
  const stops = cssStops(drawing.colours, 17, from, to);
  stops.forEach((colour, i) => gradient.addColorStop(i / (stops.length - 1), colour));
  context.fillStyle = gradient;
  context.fillRect(x, y, width, unit);
  context.fillStyle = ink;
  const tick = (value: number, at: number, align: CanvasTextAlign) => {
    context.textAlign = align;
    context.fillText(number(value, { digits: 3, signed: true }), at, y + 1.5 * unit);
  };
  tick(low, x, 'left');
  if (low < 0 && high > 0) tick(0, x + width / 2, 'center');
  tick(high, x + width, 'right');
  context.textAlign = 'left';
}

/** `text` in lines that fit, broken at spaces. */
export function wrap(text: string, fits: (line: string) => boolean): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line ? `${line} ${word}` : word;
    if (line && !fits(longer)) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Throws an Error where the browser cannot. */
export function encode(canvas: HTMLCanvasElement, type = 'image/png', quality?: number): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) =>
        blob ? resolve(blob) : reject(new Error(`Share: the browser could not encode the picture as ${type}.`)),
      type,
      quality,
    );
  });
}

/** Most browsers draw canvases of this size. */
const MAX_SIDE = 4096;

/** The picture at `url` as PNG, shrunk where it is very large. */
export async function asPng(url: string): Promise<Blob> {
  const image = new Image();
  image.src = url;
  await image.decode();
  const [width, height] = [image.naturalWidth || 512, image.naturalHeight || 512];
  const shrink = Math.min(1, MAX_SIDE / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * shrink));
  canvas.height = Math.max(1, Math.round(height * shrink));
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return encode(canvas);
}
