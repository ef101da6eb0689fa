/** Why there is nothing to see: each cause is provoked with a small model, told apart from the others, and has its way out. */
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/lib/model/diagnose.ts';
import { LabCore } from '../../src/lib/model/lab.ts';
import type { Explanation } from '../../src/lib/attribution/types.ts';
import type { AttributionRequest, AttributionResult, Outcome } from '../../src/lib/model/types.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { type NodeSpec, onnxFile } from '../formats/build-file.ts';

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
}

/** Brighter from left to right. */
const decode = async () => ({
  pixels: {
    width: 8,
    height: 8,
    data: Uint8ClampedArray.from({ length: 256 }, (_, i) => (i % 4 === 3 ? 255 : 60 + 20 * ((i >> 2) % 8))),
  },
  width: 8,
  height: 8,
});

/** Where things are matters to the first class: the kernel weighs each place otherwise. */
const placed = Float32Array.from({ length: 2 * 3 * 64 }, (_, i) => (i < 192 ? 0.02 * ((i % 64) - 20) : -0.01));

const head: NodeSpec[] = [
  { op: 'Conv', in: ['relu', 'kernel'], out: ['scores4'] },
  { op: 'Flatten', in: ['scores4'], out: ['scores'] },
];
/** Image, shifted by `shift`, through ReLU, to two scores times `factor` and their softmax. */
const model = (shift: number, factor = 1, kernel = placed) =>
  onnxFile({
    inputs: { image: ['N', 3, 8, 8] },
    nodes: [
      { op: 'Add', in: ['image', 'shift'], out: ['shifted'] },
      { op: 'Relu', in: ['shifted'], out: ['relu'] },
      ...head,
      { op: 'Softmax', in: ['scores'], out: ['probabilities'], attrs: { axis: 1 } },
    ],
    weights: {
      shift: float32([1], Float32Array.of(shift)),
      kernel: float32(
        [2, 3, 8, 8],
        kernel.map((w) => w * factor),
      ),
    },
    outputs: ['probabilities'],
  });

async function explain(file: Uint8Array, change: Partial<AttributionRequest>): Promise<AttributionResult> {
  const lab = new LabCore({ version: 'test', decode });
  value(await lab.start({ choice: 'wasm', ortBase: '' }));
  const info = value(await lab.openModel(1, [{ name: 'm.onnx', bytes: file.slice().buffer }], () => undefined));
  value(await lab.openImage(1, { name: 'a.png', bytes: Uint8Array.of(1).buffer }));
  const request: AttributionRequest = {
    image: 1,
    preprocessing: value(await lab.preprocessing('zero-to-one')),
    method: 'saliency',
    options: {},
    target: { kind: 'logit', index: 0 },
    baseline: { kind: 'black' },
    layer: info.layers.at(0)?.id ?? null,
    seed: 1,
    ...change,
  };
  return value(await lab.attribute(2, request, () => undefined));
}

const isBlank = ({ map }: AttributionResult) => map.data.every((v) => v === 0);
const distinct = ({ map }: AttributionResult) => new Set(map.data).size;

describe('a map with nothing to see', () => {
  it('of an ordinary model is none: nothing is said', async () => {
    const result = await explain(model(0), {});
    expect(distinct(result)).toBeGreaterThan(30);
    expect(result.notes).toEqual([]);
    expect(result.wayOut).toBeUndefined();
  });

  it('comes from a gradient of zero, as where every unit is off', async () => {
    const result = await explain(model(-10), {});
    expect(isBlank(result)).toBe(true);
    expect(result.notes).toEqual([expect.stringMatching(/^The gradient is zero everywhere: no small change/)]);
    expect(result.wayOut).toBeUndefined();
  });

  it('comes from a target that stays the same whatever is replaced', async () => {
    const result = await explain(model(-10), { method: 'occlusion' });
    expect(isBlank(result)).toBe(true);
    expect(result.notes[0]).toMatch(/whatever the method replaces in this picture, the target stays the same/);
  });

  it('comes from a signal that guided backpropagation drops, though the gradient is not zero', async () => {
    // The second class has negative weights alone.
    const target = { kind: 'logit', index: 1 } as const;
    const result = await explain(model(0), { method: 'guided-backpropagation', target });
    expect(isBlank(result)).toBe(true);
    expect(result.notes[0]).toMatch(/the method drops it at each ReLU/);
    expect(isBlank(await explain(model(0), { target }))).toBe(false);
  });

  it('comes from a saturated softmax, and the logit shows what it hides', async () => {
    const file = model(0, 1000);
    const result = await explain(file, { target: { kind: 'probability', index: 0 } });
    expect(isBlank(result)).toBe(true);
    expect(result).toMatchObject({
      notes: ['The gradient is zero: the class probability is saturated; explain the logit instead.'],
      wayOut: 'logit',
    });
    expect(distinct(await explain(file, { target: { kind: 'logit', index: 0 } }))).toBeGreaterThan(30);
  });

  it('comes from scores that are all negative where the method drops those, and keeping them shows them', async () => {
    // The second class has negative weights alone.
    const question = { method: 'grad-cam', layer: 'relu', target: { kind: 'logit', index: 1 } as const };
    const result = await explain(model(0), question);
    expect(isBlank(result)).toBe(true);
    expect(result).toMatchObject({ notes: [expect.stringMatching(/^Every score is negative/)], wayOut: 'negative' });
    const kept = await explain(model(0), { ...question, options: { relu: false } });
    expect(Math.max(...kept.map.data)).toBeLessThan(0);
    expect(kept.notes).toEqual([expect.stringMatching(/^No score is positive/)]);
  });

  it('of a method that drops negative scores comes from the gradient where there are none', async () => {
    const result = await explain(model(-10), { method: 'grad-cam', layer: 'relu' });
    expect(isBlank(result)).toBe(true);
    expect(result.notes[0]).toMatch(/^The gradient is zero everywhere/);
    expect(result.wayOut).toBeUndefined();
  });

  it('is the same at every place where the target does not depend on places', async () => {
    const result = await explain(model(0), { target: { kind: 'logit', index: 1 } });
    expect(isBlank(result)).toBe(false);
    expect(distinct(result)).toBe(1);
    expect(result.notes).toEqual([expect.stringMatching(/^Every position has the same score/)]);
  });
});

describe('a gap in a sum', () => {
  const map = float32([1, 1, 2], Float32Array.of(1, -1));
  const origin = { method: 'deep-lift', probabilities: Float32Array.of(1), replaces: false, undropped: null };
  const noteAt = (relative: number) => {
    const check = { claim: '', kind: 'exact', delta: relative, relative } as const;
    return diagnose([map], { check } as Explanation, { ...origin, target: { kind: 'logit', index: 0 } }).notes[0];
  };

  it.each([
    [0.0512, '5.1 %'],
    [0.999, '100 %'],
    [8.123, '810 %'],
    [81_234, '8100000 %'],
  ])('of %d is written as %s, never as a power of ten', (relative, share) => {
    expect(noteAt(relative)).toContain(`The scores miss their sum by ${share}: these rules`);
  });
});

describe('an error that was asked for', () => {
  const map = float32([1, 1, 2], Float32Array.of(1, -1));
  const origin = { method: '', probabilities: Float32Array.of(1), replaces: true, undropped: null };
  const notesAt = (error: number) => {
    const estimate = { error, target: 0.01, rule: 'gradients' };
    const check = { claim: '', kind: 'estimate', delta: 0, relative: 0, estimate } as const;
    return diagnose([map], { check, passes: 500 } as Explanation, { ...origin, target: { kind: 'logit', index: 0 } })
      .notes;
  };

  it('is spoken of where it was not reached', () => {
    expect(notesAt(0.0231)).toEqual([
      'The error is estimated at 2.3 % after 500 passes, 1 % was asked for. Allow more passes or a larger error.',
    ]);
    expect(notesAt(0.01)).toEqual([]);
    expect(notesAt(NaN)).toEqual([]);
  });
});
