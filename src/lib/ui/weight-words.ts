/** @file What is said of weights: their kinds, their sizes, where a number lies in its tensor. */
import { limitsOf, type Dot } from '../render/tiles.ts';
import { kernelOf, type Look, type WeightInfo, type WeightPicture } from '../state/filters.svelte.ts';
import { count, number } from './format.ts';

/** "16 × 3 × 3 × 3". */
export const sizeText = ({ shape }: Pick<WeightInfo, 'shape'>): string => shape.map(count).join(' × ');

const kinds = { kernel: 'kernel', matrix: 'matrix', vector: 'vector', other: 'tensor' };

export const kindText = ({ role }: Pick<WeightInfo, 'role'>): string => kinds[role];

export const lookTitles: Record<Look, string> = {
  colour: 'Colour',
  norm: 'Strength',
  input: 'One input',
  filter: 'One filter',
  matrix: 'Matrix',
};

/** Position of element `index` of a row-major block of `shape`: "2, 0, 1". */
export function positionText(shape: readonly number[], index: number): string {
  const parts: number[] = [];
  for (let axis = shape.length - 1, rest = index; axis >= 0; axis--) {
    parts.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return parts.join(', ');
}

/** The axes that the rows and the columns of a weight's matrix run over. */
export function matrixAxes({ shape, role }: Pick<WeightInfo, 'shape' | 'role'>): {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
} {
  if (role === 'vector') return { rows: shape, columns: [] };
  const cut = role === 'kernel' ? 1 : shape.length - 1;
  return { rows: shape.slice(0, cut), columns: shape.slice(cut) };
}

/** What the rows and the columns of a weight's matrix are. */
export function axisNames({ role, channelAxis }: WeightInfo): readonly [string, string] {
  if (role === 'kernel') return channelAxis === 1 ? ['input', 'channel, y, x'] : ['filter', 'input, y, x'];
  if (role === 'matrix' && channelAxis !== null) return channelAxis === 0 ? ['output', 'input'] : ['input', 'output'];
  return role === 'vector' ? ['entry', 'value'] : ['row', 'column'];
}

/** Weights whose name, layer, operator, kind or shape contain each word of `query`. */
export function searchWeights<T extends Pick<WeightInfo, 'id' | 'layer' | 'op' | 'role' | 'shape'>>(
  list: readonly T[],
  query: string,
): readonly T[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return list.filter((info) => {
    const text = `${info.id} ${info.layer} ${info.op} ${kindText(info)} ${info.shape.join('×')}`.toLowerCase();
    return words.every((word) => text.includes(word) || text.includes(word.replaceAll(/(?<=\d)x(?=\d)/g, '×')));
  });
}

const signed = (value: number): string => number(value, { digits: 3, signed: true });

/** Where a number of a picture lies, and how large it is. */
export function describeDot(picture: WeightPicture, weight: WeightInfo, { tile, y, x }: Dot): string {
  const { view, planes, height, width, data } = picture;
  const size = height * width;
  const values = Array.from({ length: planes }, (_, plane) =>
    signed(data[(tile * planes + plane) * size + y * width + x]),
  );
  if (view.kind === 'window') {
    const [rows, columns] = axisNames(weight);
    const part = (start: number, length: number, of: number, at: number) => {
      const [from, end] = [start + Math.floor((at * length) / of), start + Math.ceil(((at + 1) * length) / of)];
      return end - from > 1 ? `${from}…${end - 1}` : String(from);
    };
    const column = part(view.column, view.columns, width, x);
    const exact = !column.includes('…') && weight.role === 'kernel';
    const where = exact ? `(${positionText(weight.shape.slice(1), Number(column))})` : column;
    return `${rows} ${part(view.row, view.rows, height, y)}, ${columns} ${where}: ${values[0]}`;
  }
  const own = data.subarray(tile * planes * size, (tile + 1) * planes * size);
  const [low, high] = own.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const what = view.kind === 'filter' ? `Filter ${view.filter} on input ${tile}` : `Filter ${tile}`;
  const here = planes === 3 ? `red ${values[0]}, green ${values[1]}, blue ${values[2]}` : values[0];
  return `${what}, from ${signed(low)} to ${signed(high)}; at row ${y}, column ${x}: ${here}`;
}

/** What the colours of a picture mean, and what a click does. */
export function pictureNote(
  { view, tiles, height, width, data }: WeightPicture,
  weight: WeightInfo,
  shared: boolean,
): string {
  const end = number(limitsOf({ tiles: 1, data })[0], { digits: 3 });
  const scale = shared ? `all on one scale, which ends at ${end}` : 'each on a scale of its own';
  const pick = weight.makes.length > 0 ? ' A click picks the channel, here and in the other views.' : '';
  switch (view.kind) {
    case 'colour':
      return `The three input channels as red, green and blue: grey is zero, and the largest number is full colour or none of it; ${scale}.${pick}`;
    case 'norm':
      return `The length of each filter over its ${kernelOf(weight).inputs} input channels, at each place of its window; ${scale}.${pick}`;
    case 'input':
      return `${tiles} filters on ${kernelOf(weight).inputs === 1 ? 'their only input channel' : `input channel ${view.input}`}: zero is the middle of the colours; ${scale}.${pick}`;
    case 'filter':
      return `Filter ${view.filter} on each of its ${tiles} input channels: zero is the middle of the colours; ${scale}. A click shows all filters on that input.`;
    case 'window': {
      const [rows, columns] = axisNames(weight);
      const reduced = view.rows > height || view.columns > width;
      const dots = reduced
        ? ` Each dot shows the strongest of up to ${Math.ceil(view.rows / height)} × ${Math.ceil(view.columns / width)} numbers; a window shows them one by one.`
        : '';
      return `Rows: ${rows}; columns: ${columns}. Zero is the middle of the colours, ±${end} their ends.${dots}${pick}`;
    }
  }
}
