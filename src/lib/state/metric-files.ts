/** @file Judgements as files: a table of every number, and all of it as JSON. */
import type { Judgement, MetricInfo } from '../worker/api.ts';
import type { Judged } from './metrics.svelte.ts';
import { table } from './table-csv.ts';

export interface Row extends Judged {
  readonly judgements: readonly (Judgement | null)[];
}

/**
 * One line for each number: of a metric its value, then its details and the points of its curves. What is not defined has
 * no value and says why. `judgements` stand in the order of `infos`.
 */
export function metricsCsv(infos: readonly MetricInfo[], rows: readonly Row[]): string {
  const lines = rows.flatMap(({ title, request, judgements }) =>
    judgements.flatMap((judgement, i) => {
      if (!judgement) return [];
      const { title: metric, better } = infos[i];
      const start = [title, request.method, metric];
      const options = JSON.stringify(judgement.options);
      return [
        [...start, 'value', null, judgement.value, better, options, judgement.why],
        ...(judgement.details ?? []).map((detail) => [...start, detail.title, null, detail.value, '', '', '']),
        ...(judgement.curves ?? []).flatMap((curve) =>
          curve.x.map((x, k) => [...start, curve.title, x, curve.y[k], '', '', '']),
        ),
      ];
    }),
  );
  return table('explanation,method,metric,part,x,value,better,options,why', lines);
}

export const metricsJson = (infos: readonly MetricInfo[], rows: readonly Row[]): string =>
  JSON.stringify(
    rows.map(({ title, request, judgements }) => ({
      explanation: title,
      request,
      metrics: judgements.flatMap((judgement, i) =>
        judgement
          ? [{ title: infos[i].title, better: infos[i].better, source: infos[i].citation.url, ...judgement }]
          : [],
      ),
    })),
    null,
    2,
  );
