/** Attentions that put tokens or heads before the batch, as torch.nn.MultiheadAttention does: listed, read and walked back. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { activationsOf } from '../../src/lib/model/activations.ts';
import { Checkup } from '../../src/lib/model/health.ts';
import { lookInside } from '../../src/lib/model/inside.ts';
import { openModel } from '../../src/lib/model/open.ts';
import { weightsOf } from '../../src/lib/model/weights.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import { recipeFor } from '../../src/lib/synthesis/recipes.ts';
import { createSynthesis } from '../../src/lib/synthesis/synthesis.ts';
import { placeText, shapeText } from '../../src/lib/ui/maps-words.ts';
import { gap, gaussian } from '../attribution/models.ts';
import { evaluate } from '../reference/interpreter.ts';
import { ref } from '../reference/tensor.ts';

const runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
afterAll(() => runtime.dispose());

const bytes = new Uint8Array(readFileSync(new URL('../fixtures/onnx/vit_packed.onnx', import.meta.url)));
const loaded = await openModel(runtime, [{ name: 'vit_packed.onnx', bytes }], {
  signal: new AbortController().signal,
  onProgress: () => undefined,
});
const { model } = loaded;
const x = gaussian([1, 3, 32, 32], 3);
const activations = activationsOf(model);
const named = (part: RegExp) => activations.filter(({ info }) => part.test(info.id));
const attentions = named(/self_attention\/Softmax/);
const target = { kind: 'logit', index: 2 } as const;

/** Of the float64 interpreter; `given` stands in for activations. */
const truth = (value: typeof model.logits, given: ReadonlyMap<typeof model.logits, ArrayLike<number>> = new Map()) => {
  const fixed = [...given].map(([v, data]) => [v, ref('float32', v.shape.map(Number), data)] as const);
  const feeds = new Map([[model.input, ref('float32', x.shape, x.data)], ...fixed]);
  return Array.from(evaluate([value], feeds, 1)[0].data, Number);
};

describe('a vision transformer with packed attention', () => {
  it('lists the probabilities of each attention as a grid of heads', () => {
    expect(attentions).toHaveLength(2);
    for (const { info } of attentions)
      expect(info).toMatchObject({ op: 'Softmax', channels: 4, height: 17, width: 17, prefix: 0, attention: true });
    expect(shapeText(attentions[0].info)).toMatch(/^4 heads of 17 × 17 tokens/);
    expect(placeText(attentions[0].info, 17 * 3 + 5)).toBe('from token 3 to token 5');
  });

  it('lists what is computed tokens first, on the grid of the patches', () => {
    const [packed] = named(/encoder_layer_0\/self_attention\/Add/);
    expect(packed.info).toMatchObject({ channels: 48, height: 4, width: 4, prefix: 1 });
    const [joined] = named(/encoder_layer_0\/self_attention\/Gemm/);
    expect(joined.info).toMatchObject({ channels: 16, height: 4, width: 4, prefix: 1 });
  });

  it('lists the packed weight of query, key and value as a matrix that makes a listed layer', () => {
    const packed = weightsOf(model.graph).filter(({ info }) => info.shape.join() === '16,48');
    expect(packed).toHaveLength(2);
    for (const { info } of packed) {
      expect(info).toMatchObject({ role: 'matrix', matrix: [16, 48], channelAxis: 1 });
      expect(activations.some(({ info: { id } }) => info.makes.includes(id))).toBe(true);
    }
  });

  it('computes all of them as the slow interpreter does; a token takes shares that sum to 1', async () => {
    const inside = await lookInside(loaded, x);
    const folded = activations.filter((a) => a.folded);
    expect(folded.length).toBeGreaterThan(12);
    for (const { info, value } of folded) {
      const data = truth(value);
      // Tokens first: channels are the last axis.
      const size = info.prefix + info.height * info.width;
      const moved = Array.from(
        { length: data.length },
        (_, i) => data[(i % size) * info.channels + Math.floor(i / size)],
      );
      const expected = info.prefix ? moved : data;
      expect(gap((await inside.maps(info.id)).data, expected), info.id).toBeLessThan(1e-4);
    }
    const { data } = await inside.maps(attentions[1].info.id);
    for (let row = 0; row < 4 * 17; row++)
      expect(data.subarray(row * 17, (row + 1) * 17).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    inside.dispose();
  });

  it('says what a head adds to the score: by how much it moves as the head is scaled', async () => {
    const inside = await lookInside(loaded, x);
    for (const { info, value } of [...attentions, ...named(/encoder_layer_1\/self_attention\/Gemm/)]) {
      const found = await inside.contributions(info.id, target);
      const at = truth(value);
      const size = at.length / info.channels;
      const channelOf = (i: number) => (info.attention ? Math.floor(i / size) : i % info.channels);
      for (let c = 0; c < 4; c++) {
        const scaled = (by: number) => at.map((v, i) => (channelOf(i) === c ? v * by : v));
        const f = (by: number) => truth(model.logits, new Map([[value, scaled(by)]]))[target.index];
        expect(found[c], `${info.id} ${c}`).toBeCloseTo((f(1 + 1e-4) - f(1 - 1e-4)) / 2e-4, 3);
      }
    }
    inside.dispose();
  });

  it('has a gradient norm at each of them', async () => {
    const inside = await lookInside(loaded, x);
    const checkup = new Checkup(loaded, target);
    await checkup.add(inside, x);
    expect(checkup.withoutGradient).toBe('');
    for (const { layer, gradientNorm } of checkup.layers()) expect(gradientNorm, layer.id).toBeGreaterThan(0);
    inside.dispose();
  });

  it.each([
    ['a neuron', { kind: 'neuron', channel: 2, y: 5, x: 7 }],
    ['a whole layer', { kind: 'layer' }],
  ] as const)('maximises %s of an attention', async (_, term) => {
    const layer = attentions[1];
    const synthesis = await createSynthesis({
      model,
      engine: loaded.engine,
      preprocessing: loaded.info.preprocessing,
      sites: { layer: () => layer, logits: { value: model.logits, layout: null } },
      recipe: recipeFor('fourier', 2),
      objectives: [{ terms: [{ weight: 1, term: { ...term, layer: layer.info.id } }] }],
    });
    const before = (await synthesis.look()).objective[0];
    while (synthesis.step < 12) await synthesis.advance();
    expect((await synthesis.look()).objective[0]).toBeGreaterThan(before);
    synthesis.dispose();
  });
});
