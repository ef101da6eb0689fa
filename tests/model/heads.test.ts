import { describe, expect, it } from 'vitest';
import { N } from '../../src/lib/graph/dim.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import '../../src/lib/ops/index.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { headsOf } from '../../src/lib/model/heads.ts';

const g = new Builder();
const scores = (...shape: number[]) => g.neg(new Value('float32', [N, ...shape], { name: 'x' }));

describe('the two ends of a classifier', () => {
  it('finds the logits before a softmax', () => {
    const z = scores(5);
    const p = g.softmax(z, 1);
    expect(headsOf(p)).toEqual({ logits: z, probabilities: p, link: 'softmax' });
  });
  it('finds them behind a reshape and for axes of length 1', () => {
    const z = scores(5, 1, 1);
    const p = g.softmax(z, 1);
    expect(headsOf(g.reshape(p, [N, 5]))).toEqual({ logits: z, probabilities: p, link: 'softmax' });
  });
  it('adds a softmax over all classes to logits', () => {
    const z = scores(5, 1, 1);
    const { logits, probabilities } = headsOf(z);
    expect(logits).toBe(z);
    expect(probabilities.shape).toEqual(z.shape);
  });
  it('does not take a softmax over positions for the classes', () => {
    const y = g.softmax(scores(4, 6), 2);
    expect(headsOf(y).logits).toBe(y);
  });
  it('turns a log-softmax into a softmax of the same logits', () => {
    const z = scores(5);
    const heads = headsOf(g.apply('LogSoftmax', [z], { axis: 1 }));
    expect(heads.logits).toBe(z);
    expect(heads.probabilities.producer!.op).toBe('Softmax');
  });
  it('takes a sigmoid for one unit and keeps one that is there', () => {
    const z = scores(1);
    expect(headsOf(z)).toMatchObject({ logits: z, link: 'sigmoid' });
    const many = scores(5);
    const p = g.sigmoid(many);
    expect(headsOf(p)).toEqual({ logits: many, probabilities: p, link: 'sigmoid' });
  });
});
