/** @file A picture of activation maximisation as a PNG that says what it is. */
import type { Made } from '../state/maximise.svelte.ts';
import { canvasOf } from './canvas-of.ts';
import { factsOfPicture } from './maximise-words.ts';
import { encode, wrap } from './share-poster.ts';

const LEAST_SIDE = 640;

/** Picture `i` with its caption, in the colours of the page. */
export function posterOfPicture(made: Made, i: number): Promise<Blob> {
  const { pixels } = made.report.pictures[i];
  const scale = Math.max(1, Math.ceil(LEAST_SIDE / pixels.width));
  const [width, height] = [pixels.width * scale, pixels.height * scale];
  const unit = width / 60;
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  if (!context) throw new Error('Save: the browser offers no canvas to draw the picture on.');
  const style = getComputedStyle(document.body);
  const font = (size: number, weight = 400) => `${weight} ${size * unit}px ${style.fontFamily}`;
  const facts = factsOfPicture(made, i).map(({ name, value }) => `${name} ${value}`);
  const text = [facts.join(' · '), `Model ${made.model} (SHA-256 ${made.modelSha256.slice(0, 12)}…)`];
  context.font = font(1.4);
  const lines = text.flatMap((line) => wrap(line, (part) => context.measureText(part).width <= width - 2 * unit));
  [canvas.width, canvas.height] = [width, Math.ceil(height + (5.5 + 2 * lines.length) * unit)];
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(canvasOf(pixels), 0, 0, width, height);
  context.fillStyle = style.color;
  context.textBaseline = 'top';
  context.font = font(2, 600);
  context.fillText(made.titles[i], unit, height + unit, width - 2 * unit);
  context.font = font(1.4);
  lines.forEach((line, k) => context.fillText(line, unit, height + (4.2 + 2 * k) * unit));
  return encode(canvas);
}
