/** A neuron in place of a class, through the lab, on WASM: what is explained is what Look inside shows. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { LabCore } from '../../src/lib/model/lab.ts';
import type { AttributionRequest, AttributionResult, ModelInfo, Neuron, Outcome } from '../../src/lib/model/types.ts';
import { createTfjsRuntime } from '../../src/lib/runtime/tfjs/runtime.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { requestOn } from './request.ts';

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
}

const rng = random(3);
const side = 32;
const pixels = {
  width: side,
  height: side,
  data: Uint8ClampedArray.from({ length: side * side * 4 }, (_, i) => ((i & 3) === 3 ? 255 : 256 * rng.uniform())),
};

let jobs = 0;

/** The model at `path` and a picture, open. */
async function open(path: string) {
  const lab = new LabCore({
    version: 'test',
    decode: async () => ({ pixels, width: side, height: side }),
    create: () => createTfjsRuntime({ backend: 'cpu' }),
  });
  value(await lab.start({ choice: 'wasm', ortBase: '' }));
  const bytes = new Uint8Array(readFileSync(new URL(`../${path}`, import.meta.url))).buffer;
  const info: ModelInfo = value(await lab.openModel(++jobs, [{ name: 'model.onnx', bytes }], () => undefined));
  value(await lab.openImage(1, { name: 'a.png', bytes: Uint8Array.of(1).buffer }));
  const request = (change: Partial<AttributionRequest> = {}): AttributionRequest => requestOn(info, change);
  const ask = (change: Partial<AttributionRequest>): Promise<Outcome<AttributionResult>> =>
    lab.attribute(++jobs, request(change), () => undefined);
  const said = async (change: Partial<AttributionRequest>): Promise<string> => {
    const outcome = await ask(change);
    return outcome.ok ? '' : outcome.message;
  };
  const choices = [{ image: 1, preprocessing: info.preprocessing }];
  return { lab, info, request, ask, said, choices };
}

type Visit = Awaited<ReturnType<typeof open>>;

describe('a neuron', () => {
  it.each(['fixtures/onnx/cnn_plain.onnx', 'goldens/data/vit_tiny/model.onnx', 'goldens/data/resnet_mix/model.onnx'])(
    'has the value that Look inside shows, in every layer of %s',
    async (path) => {
      const { lab, ask, choices } = await open(path);
      const layers = value(await lab.inside.layers(++jobs));
      const refused: string[] = [];
      for (const { id, channels, height, width, prefix } of layers) {
        const { data } = value(await lab.inside.maps(++jobs, choices, id));
        const [channel, y, x] = [channels >> 1, height >> 1, width >> 1];
        const position = height * width === 1 ? null : { y, x };
        const outcome = await ask({ neuron: { layer: id, channel, position } });
        if (!outcome.ok) {
          refused.push(id);
          expect(outcome.message).toMatch(/first axis must be that of the examples/);
          continue;
        }
        const size = data.length / channels;
        expect(outcome.value.value, id).toBeCloseTo(data[channel * size + prefix + y * width + x], 5);
      }
      expect(refused.length).toBeLessThan(layers.length / 4);
    },
    120_000,
  );
});

describe('an explanation of a neuron', () => {
  let visit: Visit;
  const neuron: Neuron = { layer: '/conv2/Conv_output_0', channel: 4, position: { y: 3, x: 6 } };
  beforeAll(async () => {
    visit = await open('fixtures/onnx/cnn_plain.onnx');
  });

  it('sums to the difference of its activation by Integrated Gradients and DeepLIFT, and says whose it is', async () => {
    const { lab, ask, choices } = visit;
    // Before the first ReLU a neuron is affine in the image, so that few steps are exact.
    const first: Neuron = { layer: '/conv1/Conv_output_0', channel: 2, position: { y: 9, x: 30 } };
    const affine = value(await ask({ method: 'integrated-gradients', options: { steps: 2 }, neuron: first }));
    const found = value(await ask({ method: 'deeplift', neuron, baseline: { kind: 'white' } }));
    for (const { value: at, baselineValue, map } of [affine, found]) {
      const total = map.data.reduce((a, b) => a + b, 0);
      expect(Math.abs(total - (at - baselineValue!))).toBeLessThan(1e-5 * Math.abs(at - baselineValue!));
    }
    const { data } = value(await lab.inside.maps(++jobs, choices, neuron.layer));
    expect(found.value).toBeCloseTo(data[4 * 256 + 3 * 16 + 6], 5);
    expect(found.label).toBe(`channel 4 at row 3, column 6 of ${neuron.layer}`);
    expect([found.probability, found.request.neuron]).toEqual([null, neuron]);
    // Two convolutions and a pooling by 2 see a few places around row 6, column 12.
    const far = found.map.data.filter((v, i) => (Math.abs((i % side) - 12) > 9 || i / side > 20) && v !== 0);
    expect(far).toHaveLength(0);
  });

  it('is the class’s own where the neuron is a logit', async () => {
    const { info, ask } = visit;
    const own = value(await ask({ method: 'deeplift' }));
    const logit = { layer: info.output, channel: 3, position: null };
    const found = value(await ask({ method: 'deeplift', neuron: logit, target: { kind: 'probability', index: 0 } }));
    expect(found.label).toBe(`unit 3 of ${info.output}`);
    expect(found.value).toBeCloseTo(own.value, 6);
    expect(Array.from(found.map.data)).toEqual(Array.from(own.map.data));
  });

  it('looks at a layer before it, and at no other', async () => {
    const { ask, said } = visit;
    const before = '/relu1/Relu_output_0';
    const cam = value(await ask({ method: 'grad-cam', layer: before, neuron }));
    expect(cam.map.shape).toEqual([1, side, side]);
    const conductance = value(
      await ask({ method: 'layer-conductance', options: { steps: 300 }, layer: before, neuron }),
    );
    expect(conductance.check!.relative).toBeLessThan(1e-2);
    expect(await said({ method: 'grad-cam', layer: '/relu2/Relu_output_0', neuron })).toMatch(
      /Layer "\/relu2.*": the neuron of layer "\/conv2.*" does not depend on it\. Choose a layer before/,
    );
    expect(await said({ method: 'grad-cam', layer: neuron.layer, neuron })).toMatch(/the neuron lies in it/);
  });

  it('is refused where there is none, with both numbers', async () => {
    const { said } = visit;
    const asking = (change: Partial<Neuron>) => said({ neuron: { ...neuron, ...change } });
    expect(await asking({ layer: 'conv99' })).toMatch(/has no layer "conv99" among its \d+ activations/);
    expect(await asking({ channel: 10 })).toMatch(/channel 10 is asked for, it has 10\. Choose one from 0 to 9/);
    expect(await asking({ channel: 0.5 })).toMatch(/channel 0\.5 is asked for/);
    expect(await asking({ position: { y: 3, x: 16 } })).toMatch(
      /row 3, column 16 is asked for, it has 16 rows and 16 columns/,
    );
    expect(await asking({ position: null })).toMatch(/16 rows and 16 columns, and no place is named/);
    expect(await asking({ layer: 7 as unknown as string })).toMatch(/its layer is 7/);
    const first = { layer: '/conv1/Conv_output_0', channel: 0, position: { y: 0, x: 0 } };
    expect(await said({ method: 'guided-backpropagation', neuron: first })).toMatch(/up to layer "\/conv1.*": .*ReLU/i);
  });

  it('is told why its map is blank where the neuron is silent', async () => {
    const { lab, ask, choices } = visit;
    const layer = '/relu2/Relu_output_0';
    const { data } = value(await lab.inside.maps(++jobs, choices, layer));
    const silent = data.indexOf(0);
    expect(silent).toBeGreaterThanOrEqual(0);
    const position = { y: Math.floor((silent % 256) / 16), x: silent % 16 };
    const found = value(await ask({ neuron: { layer, channel: Math.floor(silent / 256), position } }));
    expect(found.notes.join(' ')).toMatch(/activation is 0 on this picture.*Occlusion/);
    expect(found.wayOut).toBeUndefined();
  });

  it('is judged by its own activation, and not compared with classes', async () => {
    const { lab, request } = visit;
    const choices = ['deletion', 'random-logit', 'completeness'].map((metric) => ({ metric, options: {} }));
    const judged = { request: request({ method: 'deeplift', neuron }), choices, mask: null };
    const [deletion, other, complete] = value(await lab.judge(++jobs, judged, () => undefined));
    expect(deletion.axes!.y).toBe('What is explained');
    const found = value(await lab.attribute(++jobs, judged.request, () => undefined));
    expect(deletion.curves![0].y[0]).toBeCloseTo(found.value, 5);
    expect([other.value, other.why]).toEqual([null, expect.stringMatching(/another class.*neuron/)]);
    expect(complete.value).not.toBeNull();
    const infos = await lab.metrics();
    expect(infos.filter(({ needsClass }) => needsClass).map(({ id }) => id)).toEqual(['random-logit']);
  });

  it('agrees on another device, and goes into a file', async () => {
    const { lab, request } = visit;
    const checked = value(await lab.crossCheck(++jobs, request({ neuron }), 'tfjs-cpu', () => undefined));
    expect(checked.agrees).toBe(true);
    const file = value(await lab.explanationFile(request({ neuron })));
    expect(file.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['activation', [null, 10, 16, 16]],
      ['attribution', [null, 3, side, side]],
    ]);
  });
});

describe('a class through a neuron', () => {
  const method = 'neuron-conductance';
  const options = { steps: 4 };
  let visit: Visit;
  beforeAll(async () => {
    visit = await open('fixtures/onnx/cnn_plain.onnx');
  });

  it('goes through the neuron that answers most, where none is named, and says through which', async () => {
    const { lab, info, ask, choices } = visit;
    const found = value(await ask({ method, options }));
    const { data, layer } = value(await lab.inside.maps(++jobs, choices, info.defaultLayer!));
    const best = data.indexOf(data.reduce((a, b) => Math.max(a, b)));
    const [size, { channel, position }] = [layer.height * layer.width, found.request.through!];
    expect(channel! * size + position!.y * layer.width + position!.x).toBe(best);
    const title = `channel ${channel} at row ${position!.y}, column ${position!.x} of ${info.defaultLayer}`;
    expect(found.label).toBe(`class 3 through ${title}`);
    expect([found.request.neuron, found.probability === null]).toEqual([undefined, false]);
    const again = value(await ask({ method, options, through: found.request.through! }));
    expect(again.scores.data).toEqual(found.scores.data);
  });

  it('leaves to the image what is open, and no more', async () => {
    const { ask } = visit;
    const layer = '/conv2/Conv_output_0';
    const through = async (channel: number | null, position: Neuron['position']) =>
      value(await ask({ method, options, through: { layer, channel, position } })).request.through!;
    expect(await through(4, { y: 3, x: 6 })).toEqual({ layer, channel: 4, position: { y: 3, x: 6 } });
    expect(await through(4, null)).toMatchObject({ layer, channel: 4, position: { y: expect.any(Number) as number } });
    expect(await through(null, { y: 3, x: 6 })).toMatchObject({ position: { y: 3, x: 6 } });
    expect((await through(null, null)).channel).toBeGreaterThanOrEqual(0);
  });

  it('is nothing where the way on to another neuron does not lead through it', async () => {
    const { ask, said } = visit;
    const [early, late] = ['/conv1/Conv_output_0', '/conv2/Conv_output_0'];
    const neuron: Neuron = { layer: late, channel: 4, position: { y: 3, x: 6 } };
    const far = value(
      await ask({ method, options, neuron, through: { ...neuron, layer: early, position: { y: 30, x: 30 } } }),
    );
    expect(far.map.data.every((v) => v === 0)).toBe(true);
    expect(far.label).toContain(`of ${late} through channel 4 at row 30, column 30 of ${early}`);
    expect(await said({ method, neuron, through: neuron })).toMatch(/the neuron lies in it/);
    expect(await said({ method, through: { ...neuron, channel: 99 } })).toMatch(/channel 99 is asked for, it has \d+/);
    expect(await said({ method, through: { ...neuron, layer: 'none' } })).toMatch(/has no layer "none"/);
  });
});
