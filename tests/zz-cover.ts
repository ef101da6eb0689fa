import { boundedIntegratedGradients as m } from '../src/lib/attribution/bounded-integrated-gradients.ts';
import { denseNet, integratedGradients } from './reference/methods/dense.ts';
import { ask, denseModel, gaussian } from './attribution/models.ts';
const N = Number(process.argv[2]), act = process.argv[3] as any, rules = process.argv[4].split(','), errs = process.argv[5].split(',').map(Number);
const shapes = [[5, 9, 6, 3], [3, 4, 2], [8, 16, 16, 4], [2, 3, 3, 1], [4, 5, 5, 5, 5, 2], [1, 6, 1], [12, 8, 3]];
const stats = new Map<string, { n: number; ok: number; cov: number; ratios: number[]; passes: number[]; over: number[] }>();
for (let s = 0; s < N; s++) {
  const w = shapes[s % shapes.length];
  const net = denseNet(w, act, 1000 + s);
  const x = gaussian([1, w[0]], 2000 + s), baseline = gaussian([1, w[0]], 3000 + s, s % 2 ? 0.5 : 1);
  const seed = w.slice(-1).flatMap((n) => Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 0)));
  const truth = integratedGradients(net, [...x.data], [...baseline.data], seed, 20000);
  const size = truth.reduce((t, v) => t + Math.abs(v), 0);
  for (const rule of rules as any[]) for (const error of errs) {
    const r = await m.explain(ask({ model: denseModel(net), x, baseline }, 8), { error, rule, passes: 3000 });
    const e = size === 0 ? 0 : truth.reduce((t, v, i) => t + Math.abs(v - r.scores.data[i]), 0) / size;
    const key = `${rule} ${error}`; const st = stats.get(key) ?? { n: 0, ok: 0, cov: 0, ratios: [], passes: [], over: [] }; stats.set(key, st);
    st.n++; if (e <= error / 100) st.ok++; else st.over.push((e / (error / 100)).toFixed(2) + "@" + w.join(".") + "/" + r.passes as any); if (e <= r.check!.estimate!.error + 2e-6) st.cov++; st.ratios.push(e / r.check!.estimate!.error); st.passes.push(r.passes);
  }
}
const med = (a: number[], q = 0.5) => a.toSorted((x, y) => x - y)[Math.floor(q * (a.length - 1))];
for (const [k, s] of stats) console.log(act, k, 'n', s.n, 'target met', (100 * s.ok / s.n).toFixed(1), '% est>=true', (100 * s.cov / s.n).toFixed(1), '% true/est median', med(s.ratios).toFixed(2), 'q95', med(s.ratios, 0.95).toFixed(2), 'max', Math.max(...s.ratios).toFixed(2), 'passes med', med(s.passes), 'max', Math.max(...s.passes), 'misses', s.over.join(' '));
