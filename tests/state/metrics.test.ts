import { describe, expect, it } from 'vitest';
import { metricsCsv, metricsJson } from '../../src/lib/state/metric-files.ts';
import { meanRank, ranksOf } from '../../src/lib/state/metric-ranks.ts';
import { metricInfos } from '../../src/lib/model/judge.ts';
import type { AttributionRequest, Judgement } from '../../src/lib/worker/api.ts';
import { optionsText, valueText } from '../../src/lib/ui/metric-words.ts';
import { plotOf } from '../../src/lib/ui/metric-plot.ts';
import { defaultsOf } from '../../src/lib/state/options.ts';

const infos = metricInfos();
const info = (id: string) => infos.find((one) => one.id === id)!;
const judged = (metric: string, value: number | null, more: Partial<Judgement> = {}): Judgement => ({
  metric,
  options: {},
  value,
  why: value === null ? 'The map is zero everywhere.' : '',
  milliseconds: 1,
  ...more,
});

describe('places among several maps', () => {
  it('follow the direction of the metric; equal values share the better place', () => {
    const values = [0.2, null, 0.5, 0.2].map((value) => judged('deletion', value));
    expect(ranksOf(info('deletion'), values)).toEqual([1, null, 3, 1]);
    expect(ranksOf(info('insertion'), values)).toEqual([2, null, 1, 2]);
    expect(ranksOf(info('insertion'), [null, judged('insertion', 1)])).toEqual([null, 1]);
  });

  it('are averaged over the metrics that gave one', () => {
    expect(meanRank([1, null, 2])).toBe(1.5);
    expect(meanRank([null])).toBeNull();
  });
});

describe('files', () => {
  const curve = { title: 'Deletion', x: [0, 1], y: [0.9, 0.1] };
  const request = { method: 'saliency' } as AttributionRequest;
  const rows = [
    {
      title: '=cmd',
      request,
      judgements: infos.map(({ id }) =>
        id === 'deletion'
          ? judged(id, 0.5, { curves: [curve], options: { steps: 2 } })
          : id === 'sparseness'
            ? judged(id, null, { details: [{ title: 'Entropy in nats', value: 2 }] })
            : null,
      ),
    },
  ];

  it('hold every number, what is not defined, and no formula', () => {
    const lines = metricsCsv(infos, rows).trim().split('\r\n');
    expect(lines.slice(1)).toEqual([
      `"'=cmd","saliency","Sparseness","value",,,"higher","{}","The map is zero everywhere."`,
      `"'=cmd","saliency","Sparseness","Entropy in nats",,2,"","",""`,
      `"'=cmd","saliency","Deletion","value",,0.5,"lower","{""steps"":2}",""`,
      `"'=cmd","saliency","Deletion","Deletion",0,0.9,"","",""`,
      `"'=cmd","saliency","Deletion","Deletion",1,0.1,"","",""`,
    ]);
    const [whole] = JSON.parse(metricsJson(infos, rows)) as [{ metrics: { metric: string; value: number | null }[] }];
    expect(whole.metrics.map(({ metric, value }) => [metric, value])).toEqual([
      ['sparseness', null],
      ['deletion', 0.5],
    ]);
  });
});

describe('words and curves', () => {
  it('name the settings in use', () => {
    const of = (id: string) => optionsText(info(id), defaultsOf(info(id).options));
    expect(of('deletion')).toBe('Steps 20 · Replaced by: the image’s mean colour · Score: probability of the class');
    expect(of('parameter-randomisation')).toBe(
      'Steps 8 · Begins at: the output · Likeness: Spearman’s rank correlation',
    );
    expect(of('sparseness')).toBe('No options');
    expect([judged('x', 1), judged('x', -3), judged('x', 0.12345), judged('x', null), null].map(valueText)).toEqual([
      '1',
      '−3',
      '0.123',
      'not defined',
      '–',
    ]);
  });

  it('draw zero, and the space between two curves', () => {
    const one = plotOf([{ title: 'a', x: [0, 1], y: [0.5, 1] }]);
    expect(one).toEqual({ low: 0, high: 1, lines: ['M0,50L100,0'], area: 'M0,50L100,0L100,100L0,100Z' });
    const two = plotOf([
      { title: 'a', x: [0, 1], y: [-1, 1] },
      { title: 'b', x: [0, 1], y: [0, 0] },
    ]);
    expect(two).toMatchObject({ low: -1, high: 1, area: 'M0,100L100,0L100,50L0,50Z' });
  });
});
