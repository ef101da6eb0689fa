/** @file Golden results as text: method × model, what is not claimed and why, what failed. */
import type { Result } from './run.ts';

const tally = (results: readonly Result[]) => {
  const compared = results.filter((r) => r.outcome !== 'not claimed');
  const passed = compared.filter((r) => r.outcome === 'passed').length;
  return compared.length === 0 ? '–' : `${passed}/${compared.length}`;
};

/** A Markdown table: passed/compared for each method and model, over all files of the model. */
export function resultTable(results: readonly Result[]): string {
  const models = [...new Set(results.map((r) => r.folder))];
  const methods = [...new Set(results.map((r) => r.method))].sort();
  const claimed = methods.filter((method) => results.some((r) => r.method === method && r.outcome !== 'not claimed'));
  const of = (method: string, model: string) => results.filter((r) => r.method === method && r.folder === model);
  const worst = (method: string) => {
    const errors = results.filter((r) => r.method === method && r.error !== null).map((r) => r.error!);
    return errors.length === 0 ? '–' : Math.max(...errors).toExponential(0);
  };
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rows = claimed.map((method) => row([method, ...models.map((model) => tally(of(method, model))), worst(method)]));
  const all = row(['**all**', ...models.map((model) => tally(results.filter((r) => r.folder === model))), '']);
  return [row(['method', ...models, 'largest error']), row(['---', ...models.map(() => '--:'), '--:']), ...rows, all].join('\n');
}

/** One line for each reason, with how many cases of which models it covers. */
export function notClaimedList(results: readonly Result[]): string {
  const groups = Map.groupBy(results.filter((r) => r.outcome === 'not claimed'), (r) => r.reason);
  return [...groups]
    .map(([reason, found]) => `- ${reason} (${found.length}: ${[...new Set(found.map((r) => r.folder))].join(', ')})`)
    .sort()
    .join('\n');
}

export const failureList = (results: readonly Result[]): string =>
  results
    .filter((r) => r.outcome === 'failed')
    .map((r) => `- ${r.folder}/${r.file} ${r.case} (${r.method}): ${r.reason}, tolerance ${r.tolerance}`)
    .join('\n');
