import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { LabCore } from '../../src/lib/model/lab.ts';
import type { SynthesisReport, SynthesisRequest } from '../../src/lib/model/maximise.ts';
import type { InputChoice, ModelInfo, Outcome } from '../../src/lib/model/types.ts';
import { NO_REGULARISERS, NO_TRANSFORM } from '../../src/lib/synthesis/recipes.ts';
import type { ParametrisationKind, Recipe, Term } from '../../src/lib/synthesis/types.ts';
import { random } from '../../src/lib/tensor/random.ts';
import type { Pixels } from '../../src/lib/vision/types.ts';

async function decode(): Promise<{ pixels: Pixels; width: number; height: number }> {
  const { uniform } = random(1);
  const [width, height] = [40, 40];
  const data = Uint8ClampedArray.from({ length: 4 * width * height }, () => 256 * uniform());
  return { pixels: { width, height, data }, width, height };
}

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
}

const silent = () => undefined;
const recipe = (steps: number, parametrisation: ParametrisationKind = 'fourier'): Recipe => ({
  parametrisation,
  transform: NO_TRANSFORM,
  optimiser: parametrisation === 'maco' ? 'nadam' : 'adam',
  learningRate: parametrisation === 'maco' ? 1 : 0.05,
  regularisers: NO_REGULARISERS,
  steps,
  seed: 1,
});

describe('the inside of a model, on WASM in Node', () => {
  const lab = new LabCore({ version: 'test', decode });
  let info: ModelInfo;
  let choice: InputChoice;
  let job = 10;
  beforeAll(async () => {
    value(await lab.start({ choice: 'wasm', ortBase: '' }));
    const bytes = new Uint8Array(readFileSync(new URL('../fixtures/onnx/cnn_plain.onnx', import.meta.url))).buffer;
    info = value(await lab.openModel(1, [{ name: 'cnn_plain.onnx', bytes }], silent));
    value(await lab.openImage(1, { name: 'a.png', bytes: Uint8Array.of(1).buffer }));
    choice = { image: 1, preprocessing: info.preprocessing };
  });

  const request = (term: Term, steps: number, parametrisation?: ParametrisationKind): SynthesisRequest => ({
    objectives: [{ terms: [{ weight: 1, term }] }],
    recipe: recipe(steps, parametrisation),
    preprocessing: info.preprocessing,
    image: choice,
  });

  it('ends with the logits that the prediction shows', async () => {
    const layers = value(await lab.inside.layers(++job));
    const last = layers.at(-1)!;
    const { data } = value(await lab.inside.maps(++job, [choice], last.id));
    const { top } = value(await lab.predict(++job, 1, info.preprocessing));
    for (const { index, logit } of top) expect(data[index]).toBeCloseTo(logit, 4);
  });

  it('adds up: the contributions of the last layer’s channels are the logit but for what is constant', async () => {
    const layers = value(await lab.inside.layers(++job));
    const layer = layers.at(-1)!;
    const own = value(await lab.inside.contributions(++job, [choice], layer.id, { kind: 'logit', index: 3 }));
    const { data } = value(await lab.inside.maps(++job, [choice], layer.id));
    own.forEach((v, i) => expect(v).toBeCloseTo(i === 3 ? data[3] : 0, 5));
  });

  it.each(['pixels', 'fourier', 'maco'] as const)('makes a class’s picture that the class likes (%s)', async (kind) => {
    const reports: SynthesisReport[] = [];
    const made = value(
      await lab.inside.synthesize(++job, request({ kind: 'logit', index: 4 }, 60, kind), (r) => reports.push(r)),
    );
    const [before, after] = [reports[0].pictures[0], made.pictures[0]];
    expect(made).toMatchObject({ state: 'done', step: 60, problem: '' });
    // A spectrum of fixed strength leaves little room on an untrained network.
    expect(after.objective).toBeGreaterThan(before.objective + (kind === 'maco' ? 0.25 : 1));
    if (kind !== 'maco') expect(after.top[0].index).toBe(4);
    expect(after.pixels).toMatchObject({ width: 32, height: 32 });
  });

  it('compares the unit’s activation on the picture with that on the image', async () => {
    const [layer] = info.layers;
    const term: Term = { kind: 'channel', layer: layer.id, channel: 2 };
    const reports: SynthesisReport[] = [];
    const made = value(await lab.inside.synthesize(++job, request(term, 20), (report) => reports.push(report)));
    const { channels } = value(await lab.inside.maps(++job, [choice], layer.id));
    expect(made.pictures[0].onImage).toBeCloseTo(channels[2].mean, 5);
    expect(made.pictures[0].objective).toBeGreaterThan(reports[0].pictures[0].objective + 0.1);
  });

  it('keeps the picture when it is stopped, and waits while it is paused', async () => {
    const own = ++job;
    const states: string[] = [];
    const made = value(
      await lab.inside.synthesize(own, request({ kind: 'logit', index: 0 }, 100_000), (report) => {
        states.push(report.state);
        if (states.length === 1) void lab.inside.control(own, 'pause');
        if (report.state === 'paused') {
          void lab.inside.control(own, 'resume');
          void lab.inside.control(own, 'stop');
        }
      }),
    );
    expect(states.slice(0, 2)).toEqual(['running', 'paused']);
    expect(made.state).toBe('stopped');
    expect(made.step).toBeGreaterThan(0);
    expect(made.step).toBeLessThan(1000);
  });

  it('gives up at once when it is cancelled', async () => {
    const own = ++job;
    const outcome = await lab.inside.synthesize(own, request({ kind: 'logit', index: 0 }, 100_000), () => {
      void lab.cancel(own);
    });
    expect(outcome).toMatchObject({ ok: false, reason: 'cancelled' });
  });

  it('checks signals image by image; another session begins anew', async () => {
    value(await lab.openImage(2, { name: 'b.png', bytes: Uint8Array.of(2).buffer }));
    const other = { image: 2, preprocessing: info.preprocessing };
    const check = async (session: number, choices: InputChoice[]) =>
      value(await lab.inside.checkup(++job, { session, choices, target: { kind: 'logit', index: 1 } }));
    const first = await check(1, [choice]);
    const report = await check(1, [other]);
    expect([first.images, report.images, (await check(2, [other])).images]).toEqual([1, 2, 1]);
    expect(report.withoutGradient).toBe('');
    const last = report.layers.at(-1)!;
    expect(last.gradientNorm).toBeCloseTo(1, 5);
    expect(last.histogram.counts.reduce((a, b) => a + b)).toBe(20);
  });

  it('names what is not there', async () => {
    const messages = [
      await lab.inside.maps(++job, [choice], 'nothing'),
      await lab.inside.weight(++job, 'nothing'),
      await lab.inside.synthesize(++job, request({ kind: 'layer', layer: 'nothing' }, 1), silent),
      await lab.inside.synthesize(++job, request({ kind: 'logit', index: 10 }, 1), silent),
      await lab.inside.synthesize(++job, { ...request({ kind: 'logit', index: 0 }, 1), objectives: [] }, silent),
    ].map((outcome) => (outcome.ok ? '' : outcome.message));
    expect(messages[0]).toMatch(/has no layer "nothing" among its \d+ activations/);
    expect(messages[1]).toMatch(/has no weight "nothing"/);
    expect(messages[2]).toMatch(/has no layer "nothing"/);
    expect(messages[3]).toMatch(/channel 10 is asked for, there are 10/);
    expect(messages[4]).toMatch(/has no term/);
  });
});
