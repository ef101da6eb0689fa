/** @file Metrics in words. */
import type { OptionValues } from '../state/options.ts';
import type { Judgement, MetricInfo } from '../state/metrics.svelte.ts';
import { count, number } from './format.ts';

export const arrowOf = ({ better }: Pick<MetricInfo, 'better'>): string => (better === 'higher' ? '↑' : '↓');

/** "Steps 20 · Replaced by black · Score: probability of the class". */
export function optionsText({ options }: Pick<MetricInfo, 'options'>, values: OptionValues): string {
  const parts = Object.entries(options.properties).map(([name, { title = name, enum: ids, enumTitles }]) => {
    const value = values[name];
    if (typeof value === 'boolean') return `${title}: ${value ? 'yes' : 'no'}`;
    if (ids) return `${title}: ${lowered(enumTitles?.[ids.indexOf(String(value))] ?? String(value))}`;
    return `${title} ${String(value)}`;
  });
  return parts.join(' · ') || 'No options';
}

/** Names of people keep their capital. */
const lowered = (text: string): string => (text.includes('’s rank') ? text : text[0].toLowerCase() + text.slice(1));

/** What a person reads where the number stands. */
export const valueText = (judgement: Pick<Judgement, 'value'> | null): string =>
  judgement === null ? '–' : judgement.value === null ? 'not defined' : figure(judgement.value);

/** Three digits; whole numbers as they are. */
export const figure = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e5
    ? (value < 0 ? '−' : '') + count(Math.abs(value))
    : number(value, { digits: 3 });

/** By the heading that they stand under; those of a group follow each other. */
export function grouped(infos: readonly MetricInfo[]): { group: string; metrics: MetricInfo[] }[] {
  const found: { group: string; metrics: MetricInfo[] }[] = [];
  for (const info of infos) {
    const same = found.find(({ group }) => group === info.group);
    if (same) same.metrics.push(info);
    else found.push({ group: info.group, metrics: [info] });
  }
  return found;
}
