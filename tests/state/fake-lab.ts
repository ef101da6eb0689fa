/** @file A lab that answers at once with numbers that are easy to check: for tests of the state and of components. */
import type {
  AttributionRequest,
  AttributionResult,
  DeviceReport,
  DroppedFile,
  Fastest,
  ImageInfo,
  MethodInfo,
  ModelIdentity,
  ModelInfo,
  Outcome,
  PassTimes,
  Prediction,
  Preprocessing,
  PresetAnswer,
  ProgressReport,
} from '../../src/lib/worker/api.ts';
import type { LabClient } from '../../src/lib/worker/client.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { mapStatistics } from '../../src/lib/tensor/map-statistics.ts';

export const SIZE = 24;

const ok = <T>(value: T): Outcome<T> => ({ ok: true, value });

export const device = { runtime: 'onnxruntime-web', version: '1.30.0', kind: 'wasm', threads: 2, adapter: '' } as const;

export const torchvision: Preprocessing = {
  preset: 'torchvision',
  layout: 'NCHW',
  order: 'RGB',
  width: SIZE,
  height: SIZE,
  resize: 'centre-crop',
  cropFraction: 0.875,
  scale: 1,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

export const method = (id: string, more: Partial<MethodInfo> = {}): MethodInfo => ({
  id,
  title: id,
  description: `What ${id} does.`,
  citation: { authors: 'Somebody', year: 2017, title: 'A paper', url: 'https://example.org' },
  options: {
    type: 'object',
    properties: {
      steps: { type: 'integer', title: 'Steps', default: 32, minimum: 1, maximum: 500 },
      rule: {
        type: 'string',
        title: 'Quadrature',
        enum: ['gauss', 'riemann'],
        enumTitles: ['Gauss', 'Riemann'],
        default: 'gauss',
      },
      absolute: { type: 'boolean', title: 'Absolute', default: false },
    },
  },
  needs: { baseline: false, layer: false, seed: false },
  family: 'Gradients',
  layers: false,
  signed: true,
  unavailable: null,
  noGraph: null,
  ...more,
});

export const methods = [
  method('saliency', { signed: false }),
  method('integrated-gradients', { needs: { baseline: true, layer: false, seed: false } }),
  method('grad-cam', { needs: { baseline: false, layer: true, seed: false } }),
  method('smoothgrad', { needs: { baseline: false, layer: false, seed: true } }),
  method('deeplift', { unavailable: 'The model uses GridSample, which has no DeepLIFT rule.' }),
];

export const modelInfo = (name: string, more: Partial<ModelInfo> = {}): ModelInfo => ({
  name,
  sha256: `sha of ${name}`,
  bytes: 1_234_567,
  format: 'onnx',
  producer: 'pytorch 1.13',
  version: 'opset 17',
  opset: 17,
  parameters: 300_000,
  nodes: 40,
  input: { name: 'image', shape: [null, 3, SIZE, SIZE], because: '' },
  outputs: ['scores'],
  output: 'scores',
  classes: 4,
  labels: ['cat', 'dog', 'tench', 'robin'],
  preprocessing: torchvision,
  layers: [
    { id: 'conv1', op: 'Relu', shape: [8, 12, 12] },
    { id: 'conv2', op: 'Relu', shape: [16, 6, 6] },
  ],
  defaultLayer: 'conv2',
  methods,
  forwardDifference: 2e-7,
  notes: [],
  ...more,
});

/** Mirrors LabClient; what it was asked is in `asked`. */
export class FakeLab {
  readonly asked: string[] = [];
  readonly requests: AttributionRequest[] = [];
  /** Milliseconds that an explanation takes. */
  delay = 0;
  #latest = 0;
  #images = 0;
  #model = '';

  start = async (choice: string): Promise<Outcome<DeviceReport>> => {
    this.asked.push(`start ${choice}`);
    return ok({
      device,
      id: 'ort-wasm',
      devices: [
        {
          id: 'ort-webgpu',
          runtime: 'onnxruntime-web',
          kind: 'webgpu',
          title: 'WebGPU',
          available: false,
          automatic: false,
        },
        { id: 'ort-wasm', runtime: 'onnxruntime-web', kind: 'wasm', title: 'WASM', available: true, automatic: true },
      ],
      notes: ['This browser offers no WebGPU.'],
    });
  };

  presets = async () => [
    { id: 'torchvision', title: 'torchvision', description: 'ImageNet mean and deviation' },
    { id: 'caffe', title: 'Caffe', description: 'BGR, mean subtracted' },
  ];

  /** The devices that were preferred last. */
  preferred: Fastest = {};
  times: PassTimes = {};

  prefer = (fastest: Fastest) => void (this.preferred = fastest);
  measure = async (): Promise<Outcome<PassTimes>> => ok(this.times);
  cancelMeasuring = () => undefined;

  identify = async ([{ name }]: readonly DroppedFile[]): Promise<Outcome<ModelIdentity>> =>
    ok({ name, sha256: `sha of ${name}` });

  openModel = async (files: readonly DroppedFile[]): Promise<Outcome<ModelInfo>> => {
    const { name } = files[0];
    this.asked.push(`open ${name}`);
    if (name.includes('broken')) return { ok: false, reason: 'failed', message: `${name}: not an ONNX model.` };
    if (name.includes('slow') && !files[0].anyCost)
      return { ok: false, reason: 'failed', costly: true, message: `${name}: one pass takes minutes.` };
    this.#model = name;
    return ok(modelInfo(name));
  };

  setLabels = async (): Promise<Outcome<readonly string[]>> => ok(['a', 'b', 'c', 'd']);

  preprocessing = async (preset: string): Promise<Outcome<Preprocessing>> => ok({ ...torchvision, preset });

  openImage = async (file: DroppedFile): Promise<Outcome<ImageInfo>> => {
    if (file.name.includes('broken')) return { ok: false, reason: 'failed', message: `${file.name}: not an image.` };
    return ok({ id: ++this.#images, name: file.name, sha256: `sha of ${file.name}`, width: 384, height: 384 });
  };

  closeImage = async (image: number): Promise<void> => void this.asked.push(`close ${image}`);

  predict = async (image: number): Promise<Outcome<Prediction>> => {
    this.asked.push(`predict ${image}`);
    const order = image % 2 ? [0, 3, 1, 2] : [2, 1, 0, 3];
    const labels = ['cat', 'dog', 'tench', 'robin'];
    return ok({
      top: order.map((index, i) => ({
        index,
        label: labels[index],
        logit: 8 - 3 * i,
        probability: [0.95, 0.04, 0.009, 0.001][i],
      })),
      classes: 4,
      input: { shape: [1, 3, SIZE, SIZE], min: -2.1, max: 2.6, mean: 0.1 },
      crop: { x: 24, y: 24, width: 336, height: 336 },
      milliseconds: 5,
      device,
    });
  };

  tryPresets = async (): Promise<Outcome<readonly PresetAnswer[]>> => {
    this.asked.push('try presets');
    return ok([
      { preset: 'torchvision', label: 'cat', probability: 0.9 },
      { preset: 'caffe', label: 'dog', probability: 0.4 },
    ]);
  };

  attribute = async (
    request: AttributionRequest,
    onProgress: (p: ProgressReport) => void,
  ): Promise<Outcome<AttributionResult>> => {
    const job = ++this.#latest;
    this.requests.push(request);
    onProgress({ doing: 'pass 1 of 2', fraction: 0.5, secondsLeft: this.delay / 2000 });
    if (this.delay) await new Promise((resolve) => setTimeout(resolve, this.delay));
    if (job !== this.#latest) return { ok: false, reason: 'cancelled', message: 'A newer request took its place.' };
    return ok(resultFor(request, this.#model));
  };

  cancel = (): void => void ++this.#latest;

  cancelOpening = (): void => void this.asked.push('cancel opening');

  dispose = (): void => undefined;

  asClient = (): LabClient => this as unknown as LabClient;
}

export function resultFor(request: AttributionRequest, model: string): AttributionResult {
  const scores = float32(
    [3, SIZE, SIZE],
    Float32Array.from({ length: 3 * SIZE * SIZE }, (_, i) => score(i % (SIZE * SIZE), i)),
  );
  const map = float32(
    [SIZE, SIZE],
    Float32Array.from({ length: SIZE * SIZE }, (_, i) =>
      [0, 1, 2].reduce((sum, c) => sum + scores.data[c * SIZE * SIZE + i], 0),
    ),
  );
  return {
    request,
    scores,
    map,
    statistics: mapStatistics([map]),
    crop: { x: 24, y: 24, width: 336, height: 336 },
    label: 'cat',
    value: 8.25,
    probability: 0.95,
    baselineValue: -1.5,
    check: { claim: 'Σ scores = F(x) − F(x′)', delta: 0.04, relative: 0.0041 },
    passes: 32,
    milliseconds: 812,
    device,
    modelSha256: `sha of ${model}`,
    imageSha256: 'sha of image',
    version: '0.1.0',
    notes: [],
  };
}

/** Positive about the middle, negative about the upper left, a little noise everywhere. */
function score(cell: number, i: number): number {
  const [x, y] = [(cell % SIZE) / SIZE, Math.floor(cell / SIZE) / SIZE];
  const bump = (cx: number, cy: number) => Math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 0.02);
  const noise = Math.sin(i * 12.9898) * 43758.5453;
  return 0.02 * bump(0.55, 0.5) - 0.012 * bump(0.25, 0.25) + 0.006 * (noise - Math.floor(noise) - 0.5);
}
