/** @file Explanations as files: run by a process that knows nothing of Vitrine, they give the numbers of the engine. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePng } from '../../scripts/explain/images.ts';
import { findMethod, methods } from '../../src/lib/attribution/index.ts';
import { upTo } from '../../src/lib/attribution/part.ts';
import type { Neuron, Question, Target } from '../../src/lib/attribution/types.ts';
import { decode } from '../../src/lib/formats/protobuf/wire.ts';
import * as proto from '../../src/lib/formats/onnx/proto.ts';
import { exportExplanation, type ExportRequest } from '../../src/lib/model/export.ts';
import { findNeuron } from '../../src/lib/model/neuron.ts';
import { openModel, type LoadedModel } from '../../src/lib/model/open.ts';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { concat0, full, type FloatTensor } from '../../src/lib/tensor/tensor.ts';
import { modelView, normalize } from '../../src/lib/vision/preprocess.ts';
import { gaussian } from '../attribution/models.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'vitrine-export-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Fewer steps and samples than usual, and maps that are not cut off at zero. */
const CHEAP: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'integrated-gradients': { steps: 5 },
  'blur-integrated-gradients': { steps: 4 },
  'expected-gradients': { samples: 4 },
  'gradient-shap': { samples: 4, noise: 0.1 },
  'deeplift-shap': { baselines: 3 },
  smoothgrad: { samples: 3, type: 'vargrad' },
  'noise-tunnel': { samples: 2, method: 'deeplift' },
  'layer-conductance': { steps: 4 },
  'neuron-conductance': { steps: 4 },
  'internal-influence': { steps: 4 },
  'grad-cam': { relu: false },
  'grad-cam-plus-plus': { relu: false },
  hirescam: { relu: false },
  layercam: { relu: false },
  'xgrad-cam': { relu: false },
};

interface Case {
  readonly name: string;
  readonly loaded: LoadedModel;
  readonly request: Pick<
    ExportRequest,
    'method' | 'options' | 'target' | 'neuron' | 'through' | 'layer' | 'baselines' | 'bounds'
  >;
  readonly xs: readonly FloatTensor[];
  readonly targets: readonly Target[];
}

interface PlainResult {
  readonly inputs: readonly string[];
  readonly runs: readonly Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>
  >[];
}

const baselineFor = (x: FloatTensor, i: number): FloatTensor =>
  i === 0 ? full(x.shape, -0.5) : gaussian(x.shape, 40 + i, 0.2);
const drawOf = (x: FloatTensor) => (k: number) => gaussian(x.shape, 70 + k, 0.3);

let runtime: Runtime;
const cases: Case[] = [];

async function open(path: string): Promise<LoadedModel> {
  const bytes = new Uint8Array(readFileSync(join(root, path)));
  const signal = new AbortController().signal;
  return openModel(runtime, [{ name: path.split('/').at(-1)!, bytes }], { signal, onProgress: () => undefined });
}

function casesOf(name: string, loaded: LoadedModel, xs: readonly FloatTensor[], classes: readonly number[]): Case[] {
  const targets = classes.map((index): Target => ({ kind: 'logit', index }));
  return methods
    .filter((method) => method.noGraph === null && method.unavailable(loaded.model) === null)
    .map((method) => ({
      name: `${name}-${method.id}`,
      loaded,
      request: {
        method: method.id,
        options: CHEAP[method.id] ?? {},
        target: 'logit',
        layer: method.needs.layer ? loaded.info.defaultLayer : null,
        ...(method.needs.neuron && { through: neuronOf(loaded) }),
        baselines: ['deeplift-shap', 'expected-gradients'].includes(method.id) ? drawOf(xs[0]) : null,
        bounds: null,
      },
      xs,
      targets,
    }));
}

/** One that answers on the way to every picture. */
const neuronOf = ({ info }: LoadedModel): Neuron => ({
  layer: info.defaultLayer!,
  channel: 14,
  position: { y: 1, x: 1 },
});

beforeAll(async () => {
  runtime = await createOrtRuntime({ device: 'wasm' });
  const bundled = await open('static/models/vitrine-16.onnx');
  const { preprocessing, labels } = bundled.info;
  const names = ['cat', 'fish', 'lighthouse'];
  const pictures = ['cat-0', 'fish-9', 'lighthouse-1'].map((id) => {
    const bytes = new Uint8Array(readFileSync(join(root, `static/gallery/${id}.png`)));
    return normalize(modelView(decodePng(bytes, id), preprocessing), preprocessing);
  });
  // The labels lie in a file of their own.
  const listed = readFileSync(join(root, 'static/models/labels.txt'), 'utf8').trim().split('\n');
  expect(labels).toEqual([]);
  cases.push(
    ...casesOf(
      'vitrine-16',
      bundled,
      pictures,
      names.map((label) => listed.indexOf(label)),
    ),
  );

  const resnet = await open('tests/goldens/data/resnet_mix/model.onnx');
  const xs = [0, 1, 2].map((i) => gaussian([1, 3, 32, 32], 11 + i));
  cases.push(...casesOf('resnet', resnet, xs, [1, 0, 2]));
  const layer = resnet.info.layers.find(({ op }) => op === 'Relu')!.id;
  const plain = { options: {}, target: 'logit', layer: null, baselines: null, bounds: null } as const;
  const logits = [1, 0, 2].map((index): Target => ({ kind: 'logit', index }));
  const add = (
    name: string,
    request: Partial<Case['request']> & { method: string },
    targets: readonly Target[] = logits,
  ) => cases.push({ name: `resnet-${name}`, loaded: resnet, request: { ...plain, ...request }, xs, targets });
  add('layer-ig', { method: 'integrated-gradients', options: { steps: 3 }, layer });
  add('layer-deeplift', { method: 'deeplift', layer });
  add('layer-gradshap', { method: 'gradient-shap', options: { samples: 3 }, layer });
  add('lrp-box', {
    method: 'lrp',
    options: { composite: 'epsilon-gamma-box' },
    bounds: () => [full(xs[0].shape, -4), full(xs[0].shape, 4)],
  });
  add('layer-lrp', { method: 'lrp', layer });
  const { id: later, shape } = resnet.info.layers.filter(({ op }) => op === 'Relu')[2];
  const neurons = [0, 1, 2].map((i): Neuron => ({ layer: later, channel: i, position: { y: i + 1, x: 2 } }));
  const elements = neurons.map((neuron): Target => ({ kind: 'logit', index: findNeuron(resnet, neuron).index }));
  expect(elements[1].index).toBe(shape[1] * shape[2] + 2 * shape[2] + 2);
  add('neuron-deeplift', { method: 'deeplift', neuron: neurons[0] }, elements);
  add(
    'neuron-layer-conductance',
    { method: 'layer-conductance', options: { steps: 4 }, neuron: neurons[0], layer },
    elements,
  );
  const through: Neuron = { layer, channel: 3, position: { y: 5, x: 5 } };
  add('neuron-through', { method: 'neuron-conductance', options: { steps: 4 }, neuron: neurons[0], through }, elements);
  add('tunnel-of-ig', { method: 'noise-tunnel', options: { samples: 2, method: 'integrated-gradients' } });
  add(
    'probability',
    { method: 'saliency', target: 'probability' },
    [1, 0, 2].map((index) => ({ kind: 'probability', index })),
  );
  add(
    'mean',
    { method: 'saliency', target: 'logit-minus-mean' },
    [1, 0, 2].map((index) => ({ kind: 'logit-minus-mean', index })),
  );
  add(
    'difference',
    { method: 'saliency', target: 'difference' },
    [1, 0, 2].map((index) => ({ kind: 'difference', index, other: 3 })),
  );
  const vit = await open('tests/goldens/data/vit_tiny/model.onnx');
  cases.push(
    ...casesOf('vit', vit, xs, [1, 0, 2]).filter(({ request }) => ['deeplift', 'grad-cam'].includes(request.method)),
  );

  for (const one of cases) write(one);
  const plainly = spawnSync(process.execPath, [join(import.meta.dirname, 'plain.mjs'), folder], { encoding: 'utf8' });
  expect(plainly.stderr).toBe('');
  expect(plainly.status).toBe(0);
}, 120_000);

/** The file, and what it is fed: all three examples at once, then the first alone. */
function write({ name, loaded, request, xs, targets }: Case): void {
  const { bytes } = exportExplanation(loaded, {
    ...request,
    seed: 5,
    preprocessing: [loaded.info.preprocessing],
    version: 'test',
  });
  writeFileSync(join(folder, `${name}.onnx`), bytes);
  const numbers = (of: (target: Target) => number) => ({
    dtype: 'int64',
    shape: [3],
    data: targets.map(of),
  });
  const all = {
    image: plainTensor(concat0(xs)),
    baseline: plainTensor(concat0(xs.map(baselineFor))),
    target: numbers(({ index }) => index),
    other: numbers((target) => (target.kind === 'difference' ? target.other : 0)),
  };
  const declared = new Set(decode(proto.Model, bytes).graph!.input.map((input) => input.name));
  const feeds = Object.fromEntries(Object.entries(all).filter(([input]) => declared.has(input)));
  const first = Object.entries(feeds).map(([input, { dtype, shape, data }]) => {
    return [input, { dtype, shape: [1, ...shape.slice(1)], data: data.slice(0, data.length / 3) }];
  });
  writeFileSync(join(folder, `${name}.json`), JSON.stringify([feeds, Object.fromEntries(first)]));
}

const plainTensor = ({ dtype, shape, data }: FloatTensor) => ({ dtype, shape, data: Array.from(data) });

const readResult = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.out.json`), 'utf8')) as PlainResult;

async function engineScores({ loaded, request, xs, targets }: Case, i: number): Promise<FloatTensor> {
  const layer = loaded.layers.find(({ info }) => info.id === request.layer)?.value;
  const question: Question = {
    model: loaded.model,
    engine: loaded.engine,
    x: xs[i],
    target: targets[i],
    baseline: baselineFor(xs[i], i),
    ...(request.baselines && { baselines: request.baselines }),
    ...(request.bounds && { bounds: request.bounds }),
    ...(layer && { layer }),
    ...(request.through && { through: findNeuron(loaded, request.through) }),
    seed: 5,
  };
  const method = findMethod(request.method);
  if (!request.neuron) return (await method.explain(question, request.options)).scores;
  const head = upTo(question, findNeuron(loaded, request.neuron).layer, targets[i].index);
  return (await method.explain(head, request.options)).scores;
}

/** Largest difference over the largest size. */
function miss(got: readonly number[], want: Float32Array): number {
  const size = want.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
  expect(got.length).toBe(want.length);
  expect(size).toBeGreaterThan(0);
  return want.reduce((a, v, i) => Math.max(a, Math.abs(v - got[i])), 0) / size;
}

describe('a file of an explanation, on plain onnxruntime-web in a process of its own', () => {
  it('is made of every method that is a graph, and every other says why not', () => {
    const made = new Set(cases.map(({ request }) => request.method));
    const without = methods.filter(({ id }) => !made.has(id));
    expect(made.size).toBe(24);
    expect(without.every(({ noGraph }) => noGraph !== null && noGraph.endsWith('.'))).toBe(true);
  });

  it('gives the scores of the engine, for three examples at once and for one', async () => {
    const misses: [string, number][] = [];
    for (const one of cases) {
      const { runs } = readResult(one.name);
      // The one in the middle costs as much and tells no more.
      const wanted = [await engineScores(one, 0), null, await engineScores(one, 2)];
      const { shape, data } = runs[0].attribution;
      expect(shape, one.name).toEqual([3, ...wanted[0]!.shape.slice(1)]);
      expect(runs[1].attribution.shape).toEqual([1, ...shape.slice(1)]);
      const size = data.length / 3;
      wanted.forEach((scores, i) => {
        if (scores) misses.push([`${one.name} ${i}`, miss(data.slice(i * size, (i + 1) * size), scores.data)]);
      });
      misses.push([`${one.name} alone`, miss(runs[1].attribution.data, wanted[0]!.data)]);
    }
    expect(misses.filter(([, by]) => !(by <= 1e-5))).toEqual([]);
  }, 120_000);

  it('gives the logits of the model as it was dropped', async () => {
    const [one] = cases;
    const session = await runtime.openFile({
      bytes: new Uint8Array(readFileSync(join(root, 'static/models/vitrine-16.onnx'))),
    });
    const [want] = await Promise.all((await session.run([one.xs[0]])).map((result) => result.read()));
    for (const { name, loaded } of cases.filter(({ loaded }) => loaded === one.loaded)) {
      const { runs } = readResult(name);
      expect(runs[0].logits.shape).toEqual([3, loaded.info.classes]);
      expect(miss(runs[1].logits.data, want.data as Float32Array), name).toBeLessThan(1e-5);
    }
  });
});

describe('what is written', () => {
  const files = () => readdirSync(folder).filter((name) => name.endsWith('.onnx'));
  const modelIn = (name: string) => decode(proto.Model, new Uint8Array(readFileSync(join(folder, name))));

  it('is ONNX of opset 17 and nothing else, with a batch axis and words for people', () => {
    for (const name of files()) {
      const model = modelIn(name);
      expect(model.opsetImport, name).toEqual([{ domain: '', version: 17 }]);
      const domains = (graph: proto.GraphProto): string[] =>
        graph.node.flatMap((node) => [node.domain, ...node.attribute.flatMap(({ g }) => (g ? domains(g) : []))]);
      expect(new Set(domains(model.graph!)), name).toEqual(new Set(['']));
      for (const { docString, type } of [...model.graph!.input, ...model.graph!.output]) {
        expect(docString).not.toBe('');
        const [first] = type!.tensorType!.shape!.dim;
        expect(first.dimParam === 'N' || docString.includes('lies in the file')).toBe(true);
      }
      expect(model.docString).toContain('prediction and attribution');
    }
  });

  it('says which model, method and options it is of', () => {
    const { metadataProps, producerName } = modelIn('vitrine-16-integrated-gradients.onnx');
    const said = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
    expect(producerName).toBe('Vitrine');
    expect(said).toMatchObject({
      'vitrine.method': 'integrated-gradients',
      'vitrine.target': 'logit',
      'vitrine.model': 'vitrine-16.onnx',
      'vitrine.model_sha256': '10b0398e0872cb878ff7bebdd528379e5a5db6dd3f6cb9efc3a2506a20047254',
    });
    expect(JSON.parse(said['vitrine.options'])).toEqual({
      steps: 5,
      quadrature: 'gauss-legendre',
      multiplyByInputs: true,
    });
    expect(JSON.parse(said['vitrine.preprocessing'])).toMatchObject([{ width: 96, height: 96 }]);
  });

  it('names the neuron that it explains, and its layer in place of the logits', () => {
    const { metadataProps, graph } = modelIn('resnet-neuron-deeplift.onnx');
    const said = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
    expect(JSON.parse(said['vitrine.neuron'])).toMatchObject({ channel: 0, position: { y: 1, x: 2 } });
    expect(graph!.output.map(({ name }) => name)).toEqual(['activation', 'attribution']);
    expect(graph!.input.find(({ name }) => name === 'target')!.docString).toMatch(
      /^number of the neuron .*; channel 0 at row 1, column 2 of .* is \d+$/,
    );
  });

  it('asks for what the scores depend on, and for no more', () => {
    expect(readResult('vitrine-16-integrated-gradients').inputs).toEqual(['image', 'baseline', 'target']);
    expect(readResult('vitrine-16-deeplift-shap').inputs).toEqual(['image', 'target']);
    expect(readResult('vitrine-16-saliency').inputs).toEqual(['image', 'target']);
    expect(readResult('vitrine-16-layer-activation').inputs).toEqual(['image']);
    expect(readResult('resnet-neuron-deeplift').inputs).toEqual(['image', 'baseline', 'target']);
    expect(readResult('resnet-difference').inputs).toEqual(['image', 'target', 'other']);
  });

  it('passes onnx.checker, where Python has it', ({ skip }) => {
    const script = `import onnx, sys
for path in sys.argv[1:]: onnx.checker.check_model(onnx.load(path), full_check=True)
print(len(sys.argv) - 1)`;
    const python = ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['-c', 'import onnx']).status === 0);
    if (!python) {
      console.log('onnx.checker: skipped, no python3 here has the package onnx.');
      return skip();
    }
    const paths = files().map((name) => join(folder, name));
    const checked = spawnSync(python, ['-c', script, ...paths], { encoding: 'utf8' });
    expect(checked.stderr).toBe('');
    expect(checked.stdout.trim()).toBe(String(paths.length));
  }, 60_000);
});

describe('what cannot be a file', () => {
  const asking = (change: Partial<ExportRequest>) => () =>
    exportExplanation(cases[0].loaded, {
      ...{ method: 'saliency', options: {}, target: 'logit', layer: null, seed: 0, baselines: null, bounds: null },
      ...{ preprocessing: [], version: 'test' },
      ...change,
    });

  it('is refused with the reason', () => {
    expect(asking({ method: 'lime' })).toThrow(/^LIME: It asks the model about many changed images/);
    expect(asking({ method: 'eigencam' })).toThrow(/principal direction/);
    expect(asking({ method: 'magic' })).toThrow(/Unknown method "magic"\. Known: integrated-gradients/);
    expect(asking({ options: { sign: 1 } })).toThrow(/no option "sign"\. Known: absolute/);
    expect(asking({ layer: 'relu99' })).toThrow(/"relu99": vitrine-16\.onnx has no such layer/);
    expect(asking({ method: 'smoothgrad', layer: 'relu7' })).toThrow(/explains the image and no layer/);
    expect(asking({ method: 'grad-cam' })).toThrow(/there is no layer/);
    const neuron = { layer: 'relu3', channel: 1, position: { y: 0, x: 30 } };
    expect(asking({ neuron })).toThrow(/"relu3": row 0, column 30 is asked for, it has 24 rows and 24 columns/);
    expect(asking({ method: 'grad-cam', layer: 'relu7', neuron: { ...neuron, position: { y: 0, x: 3 } } })).toThrow(
      /"relu7": the neuron of layer "relu3" does not depend on it/,
    );
  });

  it('is refused before anything is drawn, where the draws would not fit', async () => {
    const { loaded } = cases[0];
    const [batch, ...shape] = loaded.model.input.shape;
    const input = { ...loaded.model.input, shape: [batch, shape[0], 640, 640] };
    const large = { ...loaded, model: { ...loaded.model, input, images: [input] } } as unknown as LoadedModel;
    const request = { method: 'smoothgrad', options: { samples: 1000 }, target: 'logit', layer: null } as const;
    expect(() =>
      exportExplanation(large, { ...request, seed: 0, baselines: null, bounds: null, preprocessing: [], version: '' }),
    ).toThrow(
      /1000 draws of the shape \[1,3,640,640\] take 4688 MB in the file, at most 512 MB fit\. Take fewer samples\./,
    );
  });
});
