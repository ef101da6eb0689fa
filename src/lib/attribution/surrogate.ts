/** @file Linear models fitted to F on random coalitions of features: LIME and KernelSHAP. */
import { random } from '../tensor/random.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { cellsOf, cellsOption, spread, valuesWith, type Coalition, type Features } from './features.ts';
import { ASKS_AGAIN, defineMethod } from './method.ts';
import { integer, number, schema } from './options.ts';
import { completeness } from './program.ts';
import { lasso, leastSquares } from './regression.ts';
import type { Explanation, Question } from './types.ts';

const samplesOption = (fallback: number) =>
  integer(
    { title: 'Samples', description: 'Random choices of squares that are kept: more is slower and steadier.' },
    { minimum: 2, maximum: 20_000, default: fallback },
  );

/**
 * KernelSHAP (Lundberg & Lee 2017, arXiv:1705.07874): least squares on coalitions drawn by the Shapley kernel, through F(x)
 * and F(x′), which weigh a million times as much as any other sample. Its coefficients tend to the Shapley values.
 */
export const kernelShap = defineMethod({
  id: 'kernel-shap',
  title: 'KernelSHAP',
  family: 'perturbation',
  description:
    'A linear model of the score on random choices of squares, weighted so that it tends to the Shapley values.',
  citation: {
    authors: 'Lundberg, Lee',
    year: 2017,
    title: 'A Unified Approach to Interpreting Model Predictions',
    url: 'https://arxiv.org/abs/1705.07874',
  },
  options: schema({ cells: cellsOption({ maximum: 16, default: 6 }), samples: samplesOption(400) }),
  needs: { baseline: true, layer: false, seed: true },
  signed: true,
  unavailable: () => null,
  graph: ASKS_AGAIN,
  explain(question, { cells, samples }) {
    const features = cellsOf(question, cells);
    const drawn = kernelCoalitions(features.count, samples - 2, question.seed);
    return shapFit(question, features, [
      new Uint8Array(features.count),
      new Uint8Array(features.count).fill(1),
      ...drawn,
    ]);
  },
});

/** What none and all weigh beside the others. */
const ANCHOR = 1e6;

/** KernelSHAP on given coalitions; the first two hold none and all of the features. */
export async function shapFit(
  question: Question,
  features: Features,
  rows: readonly Coalition[],
): Promise<Explanation> {
  const values = await valuesWith(question, features, rows.length, (k) => rows[k]);
  const ends = rows.map((row) => row.every((v) => v === row[0]));
  const weights = ends.map((end) => (end ? ANCHOR : 1));
  const scores = spread(features, leastSquares({ rows, values, weights }), question.x);
  const [baselineValue, value] = values;
  return {
    scores,
    value,
    baselineValue,
    check: completeness('exact', scores, value, baselineValue),
    passes: rows.length,
  };
}

/** Sizes by the Shapley kernel, (n − 1) / (s (n − s)) for all coalitions of a size together; members at random. */
function kernelCoalitions(n: number, samples: number, seed: number): Coalition[] {
  const { uniform, below } = random(seed);
  const sizes = Array.from({ length: Math.max(0, n - 1) }, (_, i) => 1 / ((i + 1) * (n - i - 1)));
  const total = sizes.reduce((a, b) => a + b, 0);
  if (n < 2) return [];
  return Array.from({ length: samples }, () => {
    let [left, size] = [uniform() * total, 1];
    while (size < n - 1 && left > sizes[size - 1]) left -= sizes[size++ - 1];
    const row = new Uint8Array(n);
    for (let kept = 0; kept < size;) {
      const feature = below(n);
      if (row[feature] === 0) kept++;
      row[feature] = 1;
    }
    return row;
  });
}

/**
 * LIME (Ribeiro, Singh & Guestrin 2016, arXiv:1602.04938), with Captum's choices: each square is kept with probability ½, a
 * sample weighs exp(−d² / 2σ²) by its cosine distance d to the image, and the linear model is a lasso.
 */
export const lime = defineMethod({
  id: 'lime',
  title: 'LIME',
  family: 'perturbation',
  description: 'A sparse linear model of the score on random choices of squares, near the image.',
  citation: {
    authors: 'Ribeiro, Singh, Guestrin',
    year: 2016,
    title: '“Why Should I Trust You?”: Explaining the Predictions of Any Classifier',
    url: 'https://arxiv.org/abs/1602.04938',
  },
  options: schema({
    cells: cellsOption({ maximum: 16, default: 8 }),
    samples: samplesOption(400),
    width: number(
      { title: 'Kernel width', description: 'How far samples still count: σ of the weight, in cosine distance.' },
      { minimum: 0.01, maximum: 10, default: 1 },
    ),
    alpha: number(
      { title: 'Sparseness', description: 'What a coefficient costs: more leaves fewer squares.' },
      { minimum: 0, maximum: 10, default: 1e-4 },
    ),
  }),
  needs: { baseline: true, layer: false, seed: true },
  signed: true,
  unavailable: () => null,
  graph: ASKS_AGAIN,
  explain(question, { cells, samples, width, alpha }) {
    const features = cellsOf(question, cells);
    const { uniform } = random(question.seed);
    const rows = Array.from({ length: samples }, () =>
      Uint8Array.from({ length: features.count }, () => (uniform() < 0.5 ? 0 : 1)),
    );
    return limeFit(question, features, rows, { width, alpha });
  },
});

/** LIME on given coalitions. */
export async function limeFit(
  question: Question,
  features: Features,
  rows: readonly Coalition[],
  { width, alpha }: { readonly width: number; readonly alpha: number },
): Promise<Explanation> {
  const { x, baseline } = question;
  const all = new Uint8Array(features.count).fill(1);
  const [value, ...values] = await valuesWith(question, features, rows.length + 1, (k) =>
    k === 0 ? all : rows[k - 1],
  );
  const distance = cosineDistances(x, baseline!, features);
  const weights = rows.map((row) => Math.exp(-(distance(row) ** 2) / (2 * width ** 2)));
  const scores = spread(features, lasso({ rows, values, weights }, alpha), x);
  return { scores, value, passes: rows.length + 1 };
}

/** 1 − cosine between x and x with some features from the baseline, by sums over each feature. */
function cosineDistances(x: FloatTensor, baseline: FloatTensor, { count, of }: Features): (row: Coalition) => number {
  const [own, mixed, other] = [0, 0, 0].map(() => new Float64Array(count));
  of.forEach((feature, i) => {
    own[feature] += x.data[i] ** 2;
    mixed[feature] += x.data[i] * baseline.data[i];
    other[feature] += baseline.data[i] ** 2;
  });
  const length = own.reduce((a, b) => a + b, 0);
  return (row) => {
    const over = (gone: Float64Array) => row.reduce((sum, kept, f) => sum + (kept ? own[f] : gone[f]), 0);
    const size = length * over(other);
    return size === 0 ? 1 : 1 - over(mixed) / Math.sqrt(size);
  };
}
