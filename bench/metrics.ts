/**
 * @file Every metric of every method over held-out pictures whose objects are known: the table of docs/accuracy.md.
 *
 *     python3 scripts/train/dataset.py --cache DIR         draws the pictures and their masks, once
 *     node bench/metrics.ts --cache DIR [--images 200] [--methods grad-cam,lime,…] [--out DIR]
 *     node bench/metrics.ts --table [--out DIR]            prints the methods that are done
 *
 * The explained class is the model's first guess, the baseline black (for feature permutation the two pictures after it), the
 * layer the model's default. What is done is kept in the folder `out`, a line a picture, and not done again: the run may be
 * stopped and several may share the methods. Two maps are planted that know nothing of the model: noise drawn anew at each
 * request, and noise that never changes.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Engine, Explanation } from '../src/lib/attribution/types.ts';
import { findMethod, methods } from '../src/lib/attribution/index.ts';
import { metrics } from '../src/lib/metrics/registry.ts';
import type { Subject } from '../src/lib/metrics/types.ts';
import { subjectOf } from '../src/lib/model/judge.ts';
import { predict, type Setting } from '../src/lib/model/explain.ts';
import { openModel } from '../src/lib/model/open.ts';
import type { AttributionRequest } from '../src/lib/model/types.ts';
import { createOrtRuntime } from '../src/lib/runtime/ort.ts';
import type { Program, Runtime } from '../src/lib/runtime/runtime.ts';
import { readNpy } from '../src/lib/tensor/npy.ts';
import { random } from '../src/lib/tensor/random.ts';
import { float32 } from '../src/lib/tensor/tensor.ts';

const SIDE = 96;
const PLANTED = { 'random-anew': 'Random, drawn anew', 'random-fixed': 'Random, always the same' } as const;

/** Sampling that is cut so that all pictures can be had; everything else has the page's defaults. */
const METHOD_OPTIONS: Readonly<Record<string, Record<string, unknown>>> = {
  'integrated-gradients': { steps: 16 },
  'guided-integrated-gradients': { steps: 16 },
  'blur-integrated-gradients': { steps: 16 },
  xrai: { steps: 8 },
  'expected-gradients': { samples: 16 },
  'gradient-shap': { samples: 16 },
  smoothgrad: { samples: 10 },
  'noise-tunnel': { samples: 5 },
  occlusion: { stride: 16 },
  'feature-ablation': { cells: 6 },
  'feature-permutation': { cells: 6 },
  'neuron-conductance': { steps: 8 },
  'shapley-value-sampling': { cells: 4, samples: 2 },
  'shapley-values': { cells: 2 },
  'kernel-shap': { cells: 4, samples: 40 },
  lime: { cells: 6, samples: 40 },
  rise: { samples: 60 },
  'bounded-integrated-gradients': { error: 5 },
  'deeplift-shap': { baselines: 4 },
  'layer-conductance': { steps: 8 },
  'internal-influence': { steps: 8 },
};
const METRIC_OPTIONS: Readonly<Record<string, Record<string, unknown>>> = {
  deletion: { steps: 10 },
  insertion: { steps: 10 },
  road: { every: 20 },
  infidelity: { samples: 20 },
  'parameter-randomisation': { steps: 2 },
  'max-sensitivity': { samples: 2 },
};
/** They pass the model once for each of its 192 channels: explained once, and not again for what asks for more. */
const EXPLAINED_ONCE = ['scorecam', 'ablationcam'];

type Row = Readonly<Record<string, number | null>>;

const { values: args } = parseArgs({
  options: {
    cache: { type: 'string', default: 'cache' },
    out: { type: 'string', default: 'bench/metrics-rows' },
    images: { type: 'string', default: '200' },
    methods: { type: 'string', default: '' },
    table: { type: 'boolean', default: false },
  },
});

const rowsOf = (id: string): Row[] => {
  const path = `${args.out}/${id}.jsonl`;
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Row);
};

/** One program a key, kept for good: graphs of one name are the same graph here. */
function keepingEngine(runtime: Runtime): Engine {
  const programs = new Map<string, Promise<Program>>();
  return {
    preferredBatch: () => Promise.resolve(1),
    program(key, build, options) {
      const name = key.replaceAll(/#\d+/g, '');
      if (!programs.has(name)) programs.set(name, runtime.compile(build(), options));
      return programs.get(name)! as ReturnType<Engine['program']>;
    },
  };
}

async function open() {
  const runtime = await createOrtRuntime({ device: 'wasm', threads: 1 });
  const file = (name: string) => ({
    name,
    bytes: new Uint8Array(readFileSync(new URL(`../static/models/${name}`, import.meta.url))),
  });
  const signal = new AbortController().signal;
  const loaded = await openModel(runtime, [file('vitrine-16.onnx'), file('labels.txt')], {
    signal,
    onProgress: () => undefined,
  });
  const array = (name: string) => readNpy(readFileSync(`${args.cache}/test-${name}.npy`), name).data as Uint8Array;
  const [pictures, masks] = [array('images'), array('masks')];
  const pixels = (i: number) => {
    const rgb = pictures.subarray(i * SIDE * SIDE * 3, (i + 1) * SIDE * SIDE * 3);
    const data = new Uint8ClampedArray(SIDE * SIDE * 4).fill(255);
    rgb.forEach((v, k) => (data[4 * Math.floor(k / 3) + (k % 3)] = v));
    return { pixels: { width: SIDE, height: SIDE, data }, sha256: String(i) };
  };
  const setting: Setting = {
    loaded,
    device: runtime.device,
    version: '',
    image: pixels,
    signal,
    onProgress: () => undefined,
  };
  const engine = () => ({
    ...setting,
    loaded: { ...loaded, engine: { ...keepingEngine(runtime), dispose: async () => undefined } },
  });
  return { setting, fresh: engine, maskOf: (i: number) => masks.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE) };
}

/** The manifest's own: what the model was trained on. */
const preprocessing = (
  JSON.parse(readFileSync(new URL('../static/models/manifest.json', import.meta.url), 'utf8')) as {
    models: { preprocessing: AttributionRequest['preprocessing'] }[];
  }
).models[0].preprocessing;

/** The subject with a map of noise, [1, 3, side, side], in place of the method's. */
function planted(subject: Subject, id: string, picture: number): Subject {
  let draws = 0;
  const explain = async (): Promise<Explanation> => {
    const { normal } = random(id === 'random-fixed' ? picture : 1e6 + 1000 * picture + draws++);
    const scores = float32([1, 3, SIDE, SIDE], Float32Array.from({ length: 3 * SIDE * SIDE }, normal));
    return { scores, value: 0, passes: 0 };
  };
  return { ...subject, explain, explanation: subject.explanation };
}

async function measure(
  id: string,
  { setting, maskOf }: { setting: Setting; maskOf: (i: number) => Uint8Array },
): Promise<void> {
  const isPlanted = id in PLANTED;
  const method = findMethod(isPlanted ? 'saliency' : id);
  for (let i = rowsOf(id).length; i < Number(args.images); i++) {
    const { top } = await predict(setting, [{ image: i, preprocessing }]);
    const request: AttributionRequest = {
      image: i,
      preprocessing,
      method: method.id,
      options: METHOD_OPTIONS[method.id] ?? {},
      target: { kind: 'logit', index: top[0].index },
      baseline: method.needs.images ? { kind: 'images', images: [i + 1, i + 2] } : { kind: 'black' },
      layer: method.needs.layer ? setting.loaded.info.defaultLayer : null,
      seed: 0,
    };
    let subject = await subjectOf(setting, request, maskOf(i));
    if (isPlanted) {
      subject = planted(subject, id, i);
      subject = { ...subject, explanation: await subject.explain(subject.question) };
    }
    const row: Record<string, number | null> = {};
    for (const metric of metrics) {
      const left = EXPLAINED_ONCE.includes(id) && metric.cost === 'explanations';
      row[metric.id] = left ? null : (await metric.measure(subject, METRIC_OPTIONS[metric.id])).value;
    }
    appendFileSync(`${args.out}/${id}.jsonl`, `${JSON.stringify(row)}\n`);
  }
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Methods of which all pictures are there down, metrics across: means over the pictures where the metric is defined; the best of each column in bold. */
function table(ids: readonly string[]): string {
  const found = ids.map((id) => ({ id, rows: rowsOf(id) })).filter(({ rows }) => rows.length >= Number(args.images));
  const cells = metrics.map((metric) => {
    const means = found.map(({ rows }) => {
      const values = rows.map((row) => row[metric.id]).filter((v) => v !== null && v !== undefined);
      return values.length >= rows.length / 2 ? mean(values) : null;
    });
    const real = means.filter((v, i): v is number => v !== null && !(found[i].id in PLANTED));
    const best = metric.better === 'higher' ? Math.max(...real) : Math.min(...real);
    return means.map((v, i) => {
      if (v === null) return '–';
      const text = Math.abs(v) >= 0.0095 || v === 0 ? v.toFixed(2) : v.toExponential(0);
      return v === best && !(found[i].id in PLANTED) ? `**${text}**` : text;
    });
  });
  const titleOf = (id: string) => (id in PLANTED ? `*${PLANTED[id as keyof typeof PLANTED]}*` : findMethod(id).title);
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  return [
    line(['method', ...metrics.map(({ title, better }) => `${title} ${better === 'higher' ? '↑' : '↓'}`)]),
    line(['---', ...metrics.map(() => '--:')]),
    ...found.map(({ id }, i) => line([titleOf(id), ...cells.map((column) => column[i])])),
  ].join('\n');
}

const all = [...methods.map(({ id }) => id), ...Object.keys(PLANTED)];
const wanted = args.methods ? args.methods.split(',') : all;
if (args.table) console.log(table(wanted));
else {
  mkdirSync(args.out, { recursive: true });
  const site = await open();
  for (const id of wanted) {
    const start = performance.now();
    const before = rowsOf(id).length;
    // Programs of one method make room for those of the next.
    await measure(id, { ...site, setting: site.fresh() });
    const done = rowsOf(id).length - before;
    console.log(`${id}: ${done} pictures, ${((performance.now() - start) / Math.max(1, done)).toFixed(0)} ms each`);
  }
  process.exit(0);
}
