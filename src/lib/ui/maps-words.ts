/** @file What is said of feature maps: the value under the cursor, statistics, and what a grid cannot show. */
import type { ActivationInfo, FeatureMaps, MapCursor, Statistics, Target } from '../state/maps.svelte.ts';
import { count, counted, number, percent } from './format.ts';

const value = (x: number): string => number(x, { digits: 4 });

/** "row 3, column 5", counted from 0 as in the file; '' for a vector. */
export function placeText({ prefix, height, width, attention }: ActivationInfo, element: number): string {
  if (attention) return `from token ${Math.floor(element / width)} to token ${element % width}`;
  if (element < prefix) return `token ${element}, before the grid`;
  const at = element - prefix;
  if (height * width === 1) return '';
  return height === 1 ? `position ${at}` : `row ${Math.floor(at / width)}, column ${at % width}`;
}

/** "Channel 12 · row 3, column 5 · 0.25". */
export const readingText = (name: string, layer: ActivationInfo, cursor: MapCursor, x: number): string =>
  [name, placeText(layer, cursor.element), value(x)].filter(Boolean).join(' · ');

export interface StatisticText {
  readonly name: string;
  readonly value: string;
}

export const statisticsText = ({ min, mean, max, zeros }: Statistics): StatisticText[] => [
  { name: 'Minimum', value: value(min) },
  { name: 'Mean', value: value(mean) },
  { name: 'Maximum', value: value(max) },
  { name: 'Zeros', value: percent(zeros) },
];

/** "64 channels of 56 × 56", width first. */
export function shapeText({ channels, height, width, prefix, attention }: ActivationInfo): string {
  if (attention)
    return `${counted(channels, 'head', 'heads')} of ${count(width)} × ${count(height)} tokens: a row says how much its token takes from each of the others`;
  const many = counted(channels, 'channel', 'channels');
  const before = prefix ? `, and ${counted(prefix, 'token', 'tokens')} before the grid, drawn below each map` : '';
  if (height * width === 1 && !prefix) return `${counted(channels, 'value', 'values')}, one for each channel`;
  const positions = height === 1 ? counted(width, 'position', 'positions') : `${count(width)} × ${count(height)}`;
  return `${many} of ${positions}${before}`;
}

/** What is to be known before the colours are believed: sentences. */
export function warningsOf({ layer, channels, whole }: FeatureMaps): string[] {
  const all = layer.channels * (layer.prefix + layer.height * layer.width);
  const said: string[] = [];
  if (whole.nonFinite === all)
    said.push(
      'No value of this layer is a finite number. Look at the layers before it for the first that has such values.',
    );
  else if (whole.nonFinite > 0)
    said.push(
      `${count(whole.nonFinite)} of ${count(all)} values are not finite numbers: drawn in pink, left out of the statistics.`,
    );
  if (whole.min === whole.max) {
    said.push(
      `Every value of this layer is ${value(whole.min)} on this image: there is nothing to tell its channels apart.`,
    );
    return said;
  }
  const constant = channels.filter(({ min, max }) => min === max).length;
  if (constant > 0 && layer.prefix + layer.height * layer.width > 1)
    said.push(
      `${count(constant)} of ${counted(layer.channels, 'channel', 'channels')} have one value everywhere on this image.`,
    );
  return said;
}

/** "the logit of cat". */
export function targetText(target: Target, labels: readonly string[]): string {
  const name = (index: number): string => labels.at(index) ?? `class ${index}`;
  if (target.kind === 'probability') return `the probability of ${name(target.index)}`;
  if (target.kind === 'difference') return `the logit of ${name(target.index)} minus that of ${name(target.other)}`;
  const over = target.kind === 'logit-minus-mean' ? ' over the mean of all' : '';
  return `the logit of ${name(target.index)}${over}`;
}
