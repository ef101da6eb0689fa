/** @file Pooling over windows of an image. */
import type { Value } from '../../../graph/graph.ts';
import { pooling as pool } from '../../channels-last.ts';
import { takes, type Row, type Site } from '../site.ts';
import { inLayout, paddingOf, refuseOtherRank, spatial } from './window.ts';

function pooled(kind: 'max' | 'average', rank: number, site: Site): Value {
  const { g, x, attrs, name } = site;
  refuseOtherRank(x[0], rank + 2);
  const how = { strides: spatial(attrs, 'strides', rank), padding: paddingOf(attrs, rank) };
  const size = spatial(attrs, 'ksize', rank);
  return inLayout(site, x[0], (v) => pool(g, kind, v, size, how, name));
}

const row = (kind: 'max' | 'average', rank: number): Row => takes(1, (site) => pooled(kind, rank, site));

export const pooling = {
  MaxPool: row('max', 2),
  AvgPool: row('average', 2),
  MaxPool3D: row('max', 3),
  AvgPool3D: row('average', 3),
  /** Its second output, where the maxima are, is not read by any classifier. */
  MaxPoolWithArgmax: row('max', 2),
} satisfies Record<string, Row>;
