/** Judging through the lab, on WASM: what is judged is what is shown. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JudgeReport, JudgeRequest } from '../../src/lib/model/judge.ts';
import { LabCore } from '../../src/lib/model/lab.ts';
import type { AttributionRequest, ModelInfo, Outcome } from '../../src/lib/model/types.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { requestOn } from './request.ts';

const SIDE = 32;

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
}

const rng = random(3);
const pixels = {
  width: SIDE,
  height: SIDE,
  data: Uint8ClampedArray.from({ length: SIDE * SIDE * 4 }, (_, i) => ((i & 3) === 3 ? 255 : 256 * rng.uniform())),
};

describe('judging', () => {
  const lab = new LabCore({ version: 'test', decode: async () => ({ pixels, width: SIDE, height: SIDE }) });
  let info: ModelInfo;
  beforeAll(async () => {
    value(await lab.start({ choice: 'wasm', ortBase: '' }));
    const bytes = new Uint8Array(readFileSync(new URL('../fixtures/onnx/cnn_plain.onnx', import.meta.url))).buffer;
    info = value(await lab.openModel(1, [{ name: 'cnn_plain.onnx', bytes }], () => undefined));
    value(await lab.openImage(1, { name: 'a.png', bytes: Uint8Array.of(1).buffer }));
  });

  const request = (change: Partial<AttributionRequest> = {}): AttributionRequest => requestOn(info, change);
  const ask = (change: Partial<JudgeRequest> = {}): JudgeRequest => ({
    request: request(),
    choices: [{ metric: 'sparseness', options: {} }],
    mask: null,
    ...change,
  });
  const left = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => Number(i % SIDE < 20));

  it('by every metric at once: a number or a reason, told one by one', async () => {
    const choices = (await lab.metrics()).map(({ id }) => ({ metric: id, options: {} }));
    const reports: JudgeReport[] = [];
    const all = value(await lab.judge(2, ask({ choices, mask: left }), (report) => reports.push(report)));
    expect(all.map(({ metric }) => metric)).toEqual(choices.map(({ metric }) => metric));
    expect(reports.flatMap(({ judgement }) => judgement?.metric ?? [])).toEqual(choices.map(({ metric }) => metric));
    const fractions = reports.map(({ progress }) => progress.fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    for (const { metric, value: number, why } of all) {
      expect(Number.isFinite(number), metric).toBe(metric !== 'completeness');
      expect(why !== '').toBe(metric === 'completeness');
    }
  });

  it('weighs the map that is drawn', async () => {
    for (const method of ['saliency', 'integrated-gradients']) {
      const asked = request({ method });
      const { map } = value(await lab.attribute(3, asked, () => undefined));
      const positive = map.data.map((v) => Math.max(0, v));
      const inside = positive.reduce((sum, v, i) => sum + v * left[i], 0);
      const choices = [{ metric: 'relevance-mass', options: {} }];
      const [mass] = value(await lab.judge(4, ask({ request: asked, choices, mask: left }), () => undefined));
      expect(mass.value).toBeCloseTo(inside / positive.reduce((a, b) => a + b), 4);
    }
  });

  it('is stopped, and says what does not fit', async () => {
    const running = lab.judge(
      5,
      ask({ choices: [{ metric: 'max-sensitivity', options: { samples: 1000 } }] }),
      () => undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    await lab.cancel(5);
    expect(await running).toMatchObject({ ok: false, reason: 'cancelled' });
    const wrong = async (change: Partial<JudgeRequest>) => {
      const outcome = await lab.judge(6, ask(change), () => undefined);
      return outcome.ok ? '' : outcome.message;
    };
    expect(await wrong({ mask: new Uint8Array(9) })).toMatch(/Mask: it has 9 places, the model sees 32 × 32/);
    expect(await wrong({ choices: [{ metric: 'auc', options: {} }] })).toMatch(/Unknown metric "auc"/);
    expect(await wrong({ choices: [{ metric: 'deletion', options: { steps: 0 } }] })).toMatch(/steps is 0/);
  });
});
