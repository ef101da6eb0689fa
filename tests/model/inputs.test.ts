import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { LabCore } from '../../src/lib/model/lab.ts';
import type {
  AttributionRequest,
  AttributionResult,
  InputChoice,
  ModelInfo,
  Outcome,
} from '../../src/lib/model/types.ts';
import { onnxFile } from '../formats/build-file.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';

/** What PyTorch's autograd says in float64; scripts/fixtures/inputs.py writes it. */
interface Truth {
  readonly target: number;
  readonly inputs: readonly { name: string; shape: readonly [number, number, number]; pixels: readonly number[] }[];
  readonly logits: readonly number[];
  readonly logitsOfBlack: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly integratedGradients: readonly (readonly number[])[];
}

const fixture = (name: string) => readFileSync(new URL(`../fixtures/inputs/${name}`, import.meta.url));
const silent = () => undefined;
const target = (index: number) => ({ kind: 'logit', index }) as const;

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
}

/** An image "file" of this test: width, height, then planes of 8 bits, one or three. */
const encode = ([channels, height, width]: readonly number[], pixels: readonly number[]) =>
  Uint8Array.of(width, height, channels, ...pixels).buffer;

async function decode(_: string, bytes: ArrayBuffer) {
  const [width, height, channels, ...planes] = new Uint8Array(bytes);
  const area = width * height;
  const at = (i: number) => {
    const [pixel, c] = [i >> 2, i & 3];
    return c === 3 ? 255 : planes[(channels === 1 ? 0 : c) * area + pixel];
  };
  return {
    pixels: { width, height, data: Uint8ClampedArray.from({ length: 4 * area }, (_x, i) => at(i)) },
    width,
    height,
  };
}

const worst = (found: ArrayLike<number>, truth: readonly number[]): number => {
  expect(found).toHaveLength(truth.length);
  const size = Math.max(...truth.map(Math.abs));
  return Math.max(...truth.map((v, i) => Math.abs(found[i] - v))) / size;
};

/** One entry for each input of the model. */
const inputsOf = (result: AttributionResult) => [result, ...(result.others ?? [])];
const total = (result: AttributionResult) =>
  inputsOf(result).reduce((sum, { scores }) => scores.data.reduce((a, b) => a + b, sum), 0);

describe.each(['same-person', 'two-views'])('%s: a PyTorch model of two images', (name) => {
  const truth = JSON.parse(fixture(`${name}.json`).toString()) as Truth;
  const lab = new LabCore({ version: 'test', decode });
  let info: ModelInfo;
  let choices: readonly InputChoice[];

  beforeAll(async () => {
    value(await lab.start({ choice: 'wasm', ortBase: '' }));
    const file = { name: `${name}.onnx`, bytes: new Uint8Array(fixture(`${name}.onnx`)).buffer };
    info = value(await lab.openModel(1, [file], silent));
    const opened = truth.inputs.map(async ({ shape, pixels }, i) => {
      value(await lab.openImage(i, { name: 'x', bytes: encode(shape, pixels) }));
      const preprocessing = value(await lab.preprocessing('zero-to-one', i));
      return { image: i, preprocessing: { ...preprocessing, resize: 'stretch' as const } };
    });
    choices = await Promise.all(opened);
  });

  const request = (method: string, change: Partial<AttributionRequest> = {}): AttributionRequest => ({
    ...choices[0],
    others: choices.slice(1),
    method,
    options: {},
    target: target(truth.target),
    baseline: { kind: 'black' },
    layer: null,
    seed: 1,
    ...change,
  });
  const explained = async (method: string, change: Partial<AttributionRequest> = {}) =>
    value(await lab.attribute(2, request(method, change), silent));

  it('names its inputs, guesses the preprocessing of each, and agrees with onnxruntime', () => {
    const inputs = [{ ...info.input, preprocessing: info.preprocessing }, ...(info.others ?? [])];
    expect(inputs.map((input) => input.name)).toEqual(truth.inputs.map((input) => input.name));
    inputs.forEach(({ preprocessing }, i) => {
      const [channels, height, width] = truth.inputs[i].shape;
      expect(preprocessing).toMatchObject({ width, height, order: channels === 1 ? 'grey' : 'RGB' });
    });
    expect(info.forwardDifference).toBeLessThan(1e-5);
  });

  it('predicts what PyTorch predicts, and says what each input was fed', async () => {
    const [first, ...others] = choices;
    const prediction = value(await lab.predict(3, first.image, first.preprocessing, others));
    prediction.top.forEach(({ index, logit }) => expect(logit).toBeCloseTo(truth.logits[index], 5));
    expect(prediction.others?.[0].input.shape).toEqual([1, ...truth.inputs[1].shape]);
  });

  it('has the gradient of PyTorch over each image', async () => {
    const result = await explained('saliency', { options: { absolute: false } });
    inputsOf(result).forEach(({ scores }, i) => {
      expect(scores.shape).toEqual(truth.inputs[i].shape);
      expect(worst(scores.data, truth.gradients[i])).toBeLessThan(1e-4);
    });
  });

  it('has the Integrated Gradients of PyTorch over each image, which sum to F(x) − F(x′) together', async () => {
    const result = await explained('integrated-gradients', { options: { steps: 500, quadrature: 'riemann-middle' } });
    inputsOf(result).forEach(({ scores }, i) =>
      expect(worst(scores.data, truth.integratedGradients[i])).toBeLessThan(5e-3),
    );
    const change = truth.logits[truth.target] - truth.logitsOfBlack[truth.target];
    expect(total(result)).toBeCloseTo(change, 3);
    expect(result.check!.relative).toBeLessThan(1e-2);
    const values = inputsOf(result).flatMap(({ map }) => [...map.data]);
    expect(result.statistics.magnitudes).toHaveLength(values.length);
    expect(result.statistics.max).toBe(Math.max(...values));
    expect(result.statistics.sum).toBeCloseTo(total(result), 4);
  });

  it('has a DeepLIFT that sums to F(x) − F(x′) over both images', async () => {
    const result = await explained('deeplift');
    expect(total(result)).toBeCloseTo(truth.logits[truth.target] - truth.logitsOfBlack[truth.target], 5);
    expect(result.check!.relative).toBeLessThan(1e-4);
  });

  it('is explained by every method that it allows, over each image', async () => {
    for (const { id } of info.methods.filter(({ unavailable, needs }) => unavailable === null && !needs.images)) {
      const result = await explained(id, id === 'occlusion' ? { options: { window: 4, stride: 4 } } : {});
      const inputs = inputsOf(result);
      expect(inputs, id).toHaveLength(2);
      expect(
        inputs.some(({ map }) => map.data.some((v) => v !== 0)),
        id,
      ).toBe(true);
      inputs.forEach(({ map }) => expect(map.data.every(Number.isFinite), id).toBe(true));
    }
  });

  it('says which images a layer depends on, and draws nothing over the others', async () => {
    const layer = info.layers.find(({ inputs }) => inputs?.length === 1 && inputs[0] === truth.inputs[1].name)!;
    const result = await explained('grad-cam', { layer: layer.id, options: { relu: false } });
    const [first, second] = inputsOf(result);
    expect(first.map.data.every((v) => v === 0)).toBe(true);
    expect(second.map.data.some((v) => v !== 0)).toBe(true);
    expect(result.notes.join()).toContain(`depends on “${truth.inputs[1].name}” alone`);
  });

  it('asks for an image that is missing', async () => {
    const outcome = await lab.attribute(4, { ...request('saliency'), others: [] }, silent);
    expect(outcome).toMatchObject({ ok: false, message: expect.stringMatching(/takes 2 \(.*\), 1 came/) });
    expect((await lab.predict(5, 0, choices[0].preprocessing)).ok).toBe(false);
  });
});

describe('inputs that are not all images', () => {
  const lab = new LabCore({ version: 'test', decode });
  beforeAll(async () => void value(await lab.start({ choice: 'wasm', ortBase: '' })));

  const open = (inputs: Record<string, readonly (number | string)[]>, scale?: number) => {
    const file = onnxFile({
      inputs,
      nodes: [
        { op: 'Mul', in: ['image', 'scale'], out: ['scaled'] },
        { op: 'GlobalAveragePool', in: ['scaled'], out: ['pooled'] },
        { op: 'Flatten', in: ['pooled'], out: ['scores'] },
      ],
      weights: scale === undefined ? {} : { scale: float32([1], [scale]) },
      outputs: ['scores'],
    });
    return lab.openModel(1, [{ name: 'm.onnx', bytes: file.slice().buffer }], silent);
  };

  it('are named with their shapes', async () => {
    const outcome = await open({ image: ['N', 3, 8, 8], scale: [1] });
    expect(outcome).toMatchObject({
      ok: false,
      message: expect.stringMatching(/m\.onnx: input "scale" .* is no image.*2 inputs.*fixed value/),
    });
  });

  it('are no inputs where the file gives them a value', async () => {
    expect(value(await open({ image: ['N', 3, 8, 8], scale: [1] }, 2))).toMatchObject({ input: { name: 'image' } });
  });

  it('must take as many examples as each other', async () => {
    const file = onnxFile({
      inputs: { left: ['N', 3, 8, 8], right: [2, 3, 8, 8] },
      nodes: [
        { op: 'Add', in: ['left', 'right'], out: ['both'] },
        { op: 'GlobalAveragePool', in: ['both'], out: ['pooled'] },
        { op: 'Flatten', in: ['pooled'], out: ['scores'] },
      ],
      outputs: ['scores'],
    });
    const outcome = await lab.openModel(1, [{ name: 'm.onnx', bytes: file.slice().buffer }], silent);
    expect(outcome).toMatchObject({ ok: false, message: expect.stringContaining('m.onnx') });
  });
});

describe('a grey image without an axis of channels', () => {
  const file = onnxFile({
    inputs: { image: ['N', 8, 10] },
    nodes: [
      { op: 'Flatten', in: ['image'], out: ['pixels'] },
      { op: 'MatMul', in: ['pixels', 'weight'], out: ['scores'] },
    ],
    weights: {
      weight: float32(
        [80, 2],
        Float32Array.from({ length: 160 }, (_, i) => Math.sin(i)),
      ),
    },
    outputs: ['scores'],
  });

  it('is fed as one, and its gradient is the weight of each pixel', async () => {
    const lab = new LabCore({ version: 'test', decode });
    value(await lab.start({ choice: 'wasm', ortBase: '' }));
    const info = value(await lab.openModel(1, [{ name: 'm.onnx', bytes: file.slice().buffer }], silent));
    expect(info).toMatchObject({ preprocessing: { order: 'grey', layout: 'NCHW', width: 10, height: 8 } });
    expect(info.forwardDifference).toBeLessThan(1e-5);
    value(await lab.openImage(1, { name: 'x', bytes: encode([1, 8, 10], Array<number>(80).fill(128)) }));
    const asked = { image: 1, preprocessing: info.preprocessing, target: target(1), layer: null, seed: 1 };
    const options = { method: 'saliency', options: { absolute: false }, baseline: { kind: 'black' } } as const;
    const { scores } = value(await lab.attribute(2, { ...asked, ...options }, silent));
    expect(scores.shape).toEqual([1, 8, 10]);
    scores.data.forEach((v, i) => expect(v).toBeCloseTo(Math.sin(2 * i + 1), 5));
  });
});
