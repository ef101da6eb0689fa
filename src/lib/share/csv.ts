/** @file Scores as a table for spreadsheets: one line for each position. */
import type { FloatTensor } from '../tensor/tensor.ts';

/** Columns x, y, score (the sum over channels) and, where there are several, one for each channel. `scores`: [channels, height, width]. */
export function scoresCsv({ shape, data }: FloatTensor): string {
  const [channels, height, width] = shape;
  const names = channels > 1 ? Array.from({ length: channels }, (_, c) => `channel${c}`) : [];
  const lines = [['x', 'y', 'score', ...names].join(',')];
  for (let i = 0; i < height * width; i++) {
    const values = Array.from({ length: channels }, (_, c) => data[c * height * width + i]);
    const sum = values.reduce((total, v) => total + v, 0);
    const cells = [i % width, Math.floor(i / width), digits(sum), ...(channels > 1 ? values.map(digits) : [])];
    lines.push(cells.join(','));
  }
  return lines.join('\n') + '\n';
}

/** Nine significant digits: what it takes to give a float32 back. */
const digits = (value: number): string => String(Number(value.toPrecision(9)));
