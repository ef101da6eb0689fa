/** @file Who may import whom: the table of docs/architecture.md as data. Everything that is not listed is forbidden. */

export interface Row {
  /** Units and packages that may be imported. `pkg/*` stands for the package and everything in it. */
  imports?: string[];
  /** Those of which `import type` alone is allowed. */
  types?: string[];
}

/** The engine: it knows neither DOM nor framework, and also runs under plain Node. */
const ENGINE = ['formats', 'graph', 'ops', 'autodiff', 'runtime', 'attribution', 'vision', 'tensor'];

/** A unit is a folder of src/lib, one of the parts of worker/ and render/, or src/routes. */
export const IMPORT_TABLE: Record<string, Row> = {
  tensor: {},
  /** What a file is, by its first bytes: the page sorts what was dropped by it, the worker reads by it. */
  sniff: {},
  /** What is in a zip: a model's archive or a result bundle, neither of which is trusted. */
  zip: { imports: ['tensor', 'fflate'] },
  graph: { imports: ['tensor'] },
  ops: { imports: ['graph', 'tensor'], types: ['@tensorflow/tfjs-core'] },
  formats: { imports: ['graph', 'ops', 'tensor', 'sniff', 'zip', '@bufbuild/protobuf/*', 'flatbuffers', 'h5wasm'] },
  autodiff: { imports: ['graph', 'ops', 'tensor'] },
  runtime: { imports: ['graph', 'ops', 'formats', 'tensor', 'onnxruntime-web/*', '@tensorflow/*'] },
  vision: { imports: ['tensor'] },
  attribution: { imports: ['graph', 'ops', 'autodiff', 'tensor', 'vision', 'typebox/*'] },
  synthesis: { imports: ['graph', 'ops', 'autodiff', 'tensor', 'attribution'], types: ['vision'] },
  metrics: { imports: ['graph', 'tensor', 'attribution'], types: ['typebox'] },
  model: { imports: [...ENGINE, 'synthesis', 'metrics', 'sniff'] },
  /** The engine for programs: the package's entry. */
  library: { imports: ['model', 'runtime', 'attribution', 'synthesis', 'vision', 'graph', 'tensor'] },
  'worker/lab.worker': {
    imports: ['model', 'attribution', 'vision', 'tensor', 'comlink', 'worker/pulse'],
    types: ['worker/api'],
  },
  /** What both sides of the worker know of each other's life. */
  'worker/pulse': {},
  'worker/api': { types: ['model', 'synthesis', 'metrics', ...ENGINE] },
  'worker/client': { imports: ['comlink', 'worker/pulse'], types: ['worker/api'] },
  share: { imports: ['tensor', 'vision', 'zip', 'fflate'], types: ['attribution'] },
  /** Files from other sites: it knows the platform's fetch and caches, and nothing of the project. */
  sources: {},
  /** Of synthesis/ the recipes to begin with and what a neuron is called; what builds graphs stays in the worker. */
  state: {
    imports: ['worker/client', 'share', 'sources', 'sniff', 'tensor', 'synthesis', 'svelte/*'],
    types: ['worker/api', 'attribution'],
  },
  render: { imports: ['tensor', 'pixi.js/*'], types: ['graph', 'render/client'] },
  'render/client': { imports: ['render', 'comlink'], types: ['render/studio.worker'] },
  'render/studio.worker': { imports: ['render', 'comlink', 'pixi.js'] },
  /** Compares maps, in a worker of its own. */
  'agreement/client': { imports: ['comlink'], types: ['tensor', 'agreement/agreement.worker'] },
  'agreement/agreement.worker': { imports: ['tensor', 'comlink'] },
  ui: {
    imports: [
      'state',
      'agreement/client',
      'render',
      'render/client',
      'tensor',
      'svelte/*',
      'bits-ui',
      '@floating-ui/dom',
      'd3-scale',
      'd3-shape',
      '@fontsource-variable/*',
    ],
  },
  routes: { imports: ['ui', 'state', 'svelte/*', '$app/*'] },
};

/** The units that may name a worker's file in `new URL(…, import.meta.url)`. */
export const WORKER_STARTERS = ['worker/client', 'render/client', 'agreement/client'];

/** The two registries; every other index.ts, and every other file of mere re-exports, is a barrel. */
export const REGISTRIES = ['src/lib/ops/index.ts', 'src/lib/attribution/index.ts'];

export const MAX_LINES = 500;
