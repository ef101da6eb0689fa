/** @file What is integrated on the straight path from the baseline to the image: its value at places, and over segments. */
import { backward } from '../autodiff/backward.ts';
import { deepliftComplete, gradient as gradientRules } from '../autodiff/rule-sets.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { differences } from './deeplift.ts';
import { batchFor, chunkOf, inChunks, modelOn, numberPerExample, oneLike, readAll } from './program.ts';
import { headOf, outputOf, seedOf } from './target.ts';
import type { ModelGraph, Question, Target } from './types.ts';

/** At one place of the path, p = x′ + α (x − x′). */
export interface Place {
  /** (x − x′) ⊙ ∂F/∂x (p) */
  readonly slope: Float32Array;
  /** F(p) */
  readonly value: number;
}

/** A segment of the path, from α = `from` to `to`. */
export interface Segment {
  readonly from: number;
  readonly to: number;
}

/** The gradient's terms at each of `alphas`, in their order: a pass each. */
export async function placesOnPath(question: Question, alphas: readonly number[]): Promise<Place[]> {
  const { model, target, x } = question;
  const found: Place[] = [];
  await inOrder(question, alphas.length, `path-places/${headOf(target)}`, () => placesGraph(model, target), {
    numbers: (start, batch) => [chunkOf(alphas, start, batch, x.shape.length)],
    take: ([slopes, values], count) => {
      const size = slopes.data.length / values.data.length;
      for (let i = 0; i < count; i++)
        found.push({ slope: slopes.data.slice(i * size, (i + 1) * size), value: values.data[i] });
    },
  });
  return found;
}

/** m(Δ) ⊙ Δ over each segment, DeepLIFT from its start to its end, in their order: two passes each. */
export async function segmentsOfPath(question: Question, segments: readonly Segment[]): Promise<Float32Array[]> {
  const { model, target, x } = question;
  const found: Float32Array[] = [];
  await inOrder(question, segments.length, `path-segments/${headOf(target)}`, () => segmentsGraph(model, target), {
    numbers: (start, batch) =>
      [segments.map(({ from }) => from), segments.map(({ to }) => to)].map((ends) =>
        chunkOf(ends, start, batch, x.shape.length),
      ),
    take: ([scores], count, batch) => {
      const size = scores.data.length / batch;
      for (let i = 0; i < count; i++) found.push(scores.data.slice(i * size, (i + 1) * size));
    },
  });
  return found;
}

interface Rows {
  /** What varies from example to example, of the examples from `start` on. */
  readonly numbers: (start: number, batch: number) => FloatTensor[];
  /** Takes the first `count` examples of a chunk. */
  readonly take: (results: readonly FloatTensor[], count: number, batch: number) => void;
}

/** One program serves rounds of few places and of many: another batch would be compiled anew, with weights of its own. */
const AT_ONCE = 16;

async function inOrder(
  question: Question,
  total: number,
  key: string,
  build: () => Graph,
  { numbers, take }: Rows,
): Promise<void> {
  const { engine, x, baseline } = question;
  const batch = await batchFor(question, AT_ONCE);
  const program = await engine.program(key, build, { batch });
  const seed = seedOf(question);
  await inChunks(question, total, batch, async (start) => {
    const results = await readAll(await program.run([x, baseline!, seed, ...numbers(start, batch)]));
    take(results, Math.min(batch, total - start), batch);
  });
}

interface Ends {
  readonly x: Value;
  readonly baseline: Value;
  readonly seed: Value;
}

function endsOf(model: ModelGraph, target: Target): Ends {
  const [x, baseline] = ['x', 'baseline'].map((name) => oneLike(model.input, name));
  return { x, baseline, seed: oneLike(outputOf(model, target), 'seed') };
}

const between = (g: Builder, { x, baseline }: Ends, alpha: Value): Value =>
  g.add(baseline, g.mul(alpha, g.sub(x, baseline)));

/** α → (x − x′) ⊙ ∂F/∂x and F. */
function placesGraph(model: ModelGraph, target: Target): Graph {
  const g = new Builder();
  const ends = endsOf(model, target);
  const { x, baseline, seed } = ends;
  const alpha = numberPerExample(model.input, 'alpha');
  const point = between(g, ends, alpha);
  const y = modelOn(model, point)(outputOf(model, target));
  const [gradient] = backward(g, gradientRules, { y, seed: g.expand(seed, y.shape), xs: [point] });
  const value = g.reduceSum(g.mul(seed, y), y.shape.map((_, axis) => axis).slice(1));
  return {
    name: 'path-places',
    inputs: [x, baseline, seed, alpha],
    outputs: [g.mul(g.sub(x, baseline), gradient), value],
  };
}

/** α at both ends → m(Δ) ⊙ Δ. */
function segmentsGraph(model: ModelGraph, target: Target): Graph {
  const g = new Builder();
  const ends = endsOf(model, target);
  const [from, to] = ['from', 'to'].map((name) => numberPerExample(model.input, name));
  const site = { model, target, x: between(g, ends, to), seed: ends.seed };
  const scores = differences(g, site, between(g, ends, from), deepliftComplete, true);
  return { name: 'path-segments', inputs: [ends.x, ends.baseline, ends.seed, from, to], outputs: [scores] };
}
