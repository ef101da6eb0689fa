/**
 * @file Vitrine as a library: the engine without the page. It runs in a browser's page or worker and in Node, and knows
 * neither files nor the screen: bytes in, numbers out.
 */
import { findMethod, methods } from '../attribution/index.ts';
import { readOptions } from '../attribution/options.ts';
import type { Neuron, Progress, Question, SelfCheck, Target, Through } from '../attribution/types.ts';
import { evaluate, layerOf } from '../model/explain.ts';
import { exportExplanation as exported, type ExportedExplanation, type Port } from '../model/export.ts';
import { scoresOfInputs, spanOf } from '../model/feed.ts';
import { askNeuron, askThrough, neuronThrough } from '../model/neuron.ts';
import { openModel as opened, type LoadedModel, type NamedBytes } from '../model/open.ts';
import type { DeviceChoice, ModelInfo } from '../model/types.ts';
import { VERSION } from '../model/version.ts';
import { chooseRuntime } from '../runtime/device.ts';
import type { DeviceInfo, Runtime } from '../runtime/runtime.ts';
import { neuronTitle } from '../synthesis/neuron.ts';
import type { FloatTensor, Tensor } from '../tensor/tensor.ts';
import type { Pixels, Preprocessing } from '../vision/types.ts';
import { areSeveral, baselineOf, fedImages, inputOf, type Baseline, type FedImage, type ModelInput } from './input.ts';

export type { Baseline, ExportedExplanation, FloatTensor, ModelInfo, ModelInput, NamedBytes, Pixels, Port };
export type { DeviceInfo, Neuron, Preprocessing, SelfCheck, Target, Tensor, Through };

export interface OpenOptions {
  /** What executes the graphs; by default the best that there is. Node has WASM only. */
  readonly device?: DeviceChoice;
  /** Browsers: address of the folder with onnxruntime's WebAssembly, ending in a slash. Node finds it by itself. */
  readonly wasmPaths?: string;
  /** Of a model with several outputs: the one that is explained. */
  readonly output?: string;
  readonly signal?: AbortSignal;
}

/** An open model. `dispose` it in the end: its programs hold its weights. */
export interface OpenModel {
  /** What is known of it: input, classes, labels, layers, methods with their options, how it wants its images. */
  readonly info: ModelInfo;
  /** What it says of one input. */
  predict(input: ModelInput | readonly ModelInput[], preprocessing?: Preprocessing): Promise<Scores>;
  dispose(): Promise<void>;
}

/** One number for each class. */
export interface Scores {
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
}

/** What is to be computed, whatever the input. */
export interface ExplanationRequest {
  /** Id of a method, such as "integrated-gradients". */
  readonly method: string;
  /** By default the method's own. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Name of a layer; methods that need one take `info.defaultLayer` where it is left out. */
  readonly layer?: string;
  /** A neuron that is explained in place of a class. */
  readonly neuron?: Neuron;
  /** Of everything that is drawn. Default 0. */
  readonly seed?: number;
}

export interface AttributionRequest extends ExplanationRequest {
  /** What is explained: a class's logit by its number, or a Target. By default the most probable class's logit. Not with a neuron. */
  readonly target?: number | Target;
  /** By default black where pixels are given, and 0 in model space where a tensor is. */
  readonly baseline?: Baseline;
  /** How pixels become an input; by default as the model's files say or let guess. One for each image input. */
  readonly preprocessing?: Preprocessing | readonly Preprocessing[];
  /**
   * Of methods that need one (`needs.neuron`): the neuron through which the target is followed. What is null the input decides, by
   * the largest activation; without a layer that is `info.defaultLayer`.
   */
  readonly through?: Through;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Attribution {
  /** One score for each element of the input or layer, [1, …] in the model's own layout; of class activation maps [1, 1, h, w]. */
  readonly scores: FloatTensor;
  /** For each image input, the scores summed over channels: [1, height, width]. */
  readonly maps: readonly FloatTensor[];
  /** Of a neuron: its number among the layer's elements after the batch axis. */
  readonly target: Target;
  /** The neuron through which it was followed, of methods that need one. */
  readonly through?: Neuron;
  /** F(x), the number that is explained. */
  readonly value: number;
  /** F(x′), where the method has a baseline. */
  readonly baselineValue?: number | undefined;
  /** What the method's theory promises of the scores, and by how much they miss it. */
  readonly check?: SelfCheck | undefined;
  /** Passes of the model that it took. */
  readonly passes: number;
  /** What it was computed on. */
  readonly device: DeviceInfo;
}

const engines = new WeakMap<OpenModel, { readonly loaded: LoadedModel; readonly runtime: Runtime }>();

/**
 * Opens a model: ONNX, TensorFlow.js, Keras, TensorFlow or TensorFlow Lite, as bytes. Several files: the model's own with
 * those that hold its weights and labels, found by their names. Throws an Error that names the file and says what to do where
 * there is no model, or one that is no image classifier.
 */
export async function openModel(
  files: Uint8Array<ArrayBuffer> | readonly NamedBytes[],
  { device = 'auto', wasmPaths, output, signal = new AbortController().signal }: OpenOptions = {},
): Promise<OpenModel> {
  const named = files instanceof Uint8Array ? [{ name: 'model', bytes: files }] : files;
  const { runtime } = await chooseRuntime({ choice: device, ...(wasmPaths !== undefined && { wasmPaths }) });
  let loaded: LoadedModel;
  try {
    const chosen = named.map((file) => ({ ...file, output: file.output ?? output, anyCost: true }));
    loaded = await opened(runtime, chosen, { signal, onProgress: () => undefined });
  } catch (error) {
    await runtime.dispose();
    throw error;
  }
  const model: OpenModel = {
    info: loaded.info,
    predict: (input, preprocessing) => evaluate(loaded, inputOf(fedImages(loaded, input, preprocessing)), signal),
    dispose: async () => {
      await loaded.engine.dispose();
      await runtime.dispose();
    },
  };
  engines.set(model, { loaded, runtime });
  return model;
}

/**
 * Explains one input. A model of several images takes a list of inputs in its order. Throws a RangeError where the method,
 * an option, the target, a neuron, the layer, the baseline or the input does not fit, and the signal's reason when it is cancelled.
 */
export async function attribute(
  model: OpenModel,
  input: ModelInput | readonly ModelInput[],
  request: AttributionRequest,
): Promise<Attribution> {
  const { loaded, runtime } = engineOf(model);
  const { baseline, seed = 0, signal, onProgress } = request;
  const { method, options, layer } = asked(loaded, request);
  const fed = fedImages(loaded, input, request.preprocessing);
  const x = inputOf(fed);
  const target = request.neuron ? NO_CLASS : await targetOf(loaded, x, request.target);
  const pictures = fed.every(({ view }) => view);
  const wanted = baseline ?? (pictures ? 'black' : 0);
  const ofClass: Question = {
    model: loaded.model,
    engine: loaded.engine,
    x,
    target,
    ...(method.needs.baseline && { baseline: baselineOf(fed, wanted, seed) }),
    ...(method.needs.baseline && distributionOf(fed, wanted, seed)),
    ...(pictures && { bounds: () => spanOf(baselineOf(fed, 'black', seed), baselineOf(fed, 'white', seed)) }),
    ...(layer && { layer: layer.value }),
    seed,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };
  const whole = request.neuron ? askNeuron(loaded, method, ofClass, request.neuron) : ofClass;
  const through = method.needs.neuron && (await neuronThrough(loaded, ofClass, request.through ?? null));
  const question = through ? askThrough(loaded, whole, through) : whole;
  const explanation = await method.explain(question, options);
  const { scores, value, baselineValue, check, passes } = explanation;
  const maps = scoresOfInputs(loaded.model, fed, scores, layer?.value).map(({ map }) => map);
  return {
    scores,
    maps,
    target: question.target,
    ...(through && { through }),
    value,
    baselineValue,
    check,
    passes,
    device: runtime.device,
  };
}

/** Draws of noise, or several inputs; nothing where there is but one baseline. */
function distributionOf(
  fed: readonly FedImage[],
  wanted: Baseline,
  seed: number,
): Pick<Question, 'baselines' | 'baselineCount'> {
  if (wanted === 'noise') return { baselines: (k) => baselineOf(fed, wanted, seed + k * fed.length) };
  if (!areSeveral(wanted)) return {};
  const made = wanted.map((one) => baselineOf(fed, one, seed));
  return { baselines: (k) => made[k % made.length], baselineCount: made.length };
}

/** What a file of an explanation is fed besides its images: tensors of N examples. */
export interface ExplanationRequestOfFile extends ExplanationRequest {
  /** What is explained of the class that is fed. Default: its logit. */
  readonly target?: Target['kind'];
  /** Written into the file, for people: how pictures become its images. By default as the model's files say or let guess. */
  readonly preprocessing?: Preprocessing | readonly Preprocessing[];
  /** Draws of baselines that are to lie in the file, [1, …] each, for methods that average over some; else one is fed. */
  readonly baselines?: (k: number) => FloatTensor;
  /** The lowest and the highest input, [1, …] each, for rules that ask for them. */
  readonly bounds?: readonly [FloatTensor, FloatTensor];
  /** The neuron through which the target is followed, of methods that need one. It lies in the file. */
  readonly through?: Neuron;
}

/**
 * The explanation as one ONNX file, opset 17, with the model's weights: `image` (and `baseline`, `target`, `other` where the
 * scores depend on them) → `logits` and `attribution`, for any number of examples where the model allows it.
 * docs/deploy.md says how to run it. Throws a RangeError that says why where the method is no graph or something does not fit,
 * and an Error that names the operator where opset 17 cannot say what the model does.
 */
export function exportExplanation(model: OpenModel, request: ExplanationRequestOfFile): ExportedExplanation {
  const { loaded } = engineOf(model);
  const { method, options, layer } = asked(loaded, request);
  const usual = [loaded.info, ...(loaded.info.others ?? [])].map(({ preprocessing }) => preprocessing);
  return exported(loaded, {
    method: method.id,
    options,
    target: request.target ?? 'logit',
    neuron: request.neuron ?? null,
    through: request.through ?? null,
    layer: layer?.info.id ?? null,
    seed: request.seed ?? 0,
    baselines: request.baselines ?? null,
    bounds: request.bounds ? () => request.bounds! : null,
    preprocessing: request.preprocessing === undefined ? usual : [request.preprocessing].flat(),
    version: VERSION,
  });
}

/** An explanation made ready: prediction and attribution in one run. */
export interface CompiledExplanation {
  /** What `run` is fed, in this order. */
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Tensors by the names of `inputs` → tensors by the names of `outputs`. Throws a RangeError that names what is missing. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, FloatTensor>>;
  dispose(): Promise<void>;
}

/**
 * As `exportExplanation`, ready to run here, on WASM: for many inputs, several at once. `attribute` can be stopped and shows
 * its progress; this cannot. Throws as `exportExplanation`.
 */
export async function compile(model: OpenModel, request: ExplanationRequestOfFile): Promise<CompiledExplanation> {
  const { runtime } = engineOf(model);
  const { bytes, inputs: all, outputs } = exportExplanation(model, request);
  const inputs = all.filter(({ optional }) => !optional);
  const program = await runtime.openFile({ bytes });
  return {
    inputs,
    outputs,
    async run(feeds) {
      const missing = inputs.filter(({ name }) => !feeds[name]).map(({ name }) => name);
      if (missing.length > 0)
        throw new RangeError(
          `run: ${missing.join(', ')} is missing. It takes ${inputs.map(({ name }) => name).join(', ')}.`,
        );
      const results = await program.run(inputs.map(({ name }) => feeds[name]));
      const read = await Promise.all(results.map((result) => result.read()));
      return Object.fromEntries(outputs.map(({ name }, i) => [name, read[i] as FloatTensor]));
    },
    dispose: () => program.dispose(),
  };
}

/** Ids and titles of all methods, in the order in which the page lists them. Which ones a model allows, `info.methods` says. */
export const methodNames = (): { readonly id: string; readonly title: string }[] =>
  methods.map(({ id, title }) => ({ id, title }));

function engineOf(model: OpenModel): { readonly loaded: LoadedModel; readonly runtime: Runtime } {
  const found = engines.get(model);
  if (!found) throw new TypeError('The model is none that openModel gave.');
  return found;
}

/** The method, its options with defaults, and the layer. Throws a RangeError where one does not fit the model. */
function asked(
  loaded: LoadedModel,
  { method: id, options = {}, layer, neuron, target }: ExplanationRequest & { readonly target?: unknown },
) {
  const method = findMethod(id);
  const reason = method.unavailable(loaded.model);
  if (reason !== null) throw new RangeError(`${method.title}: ${reason}`);
  if (neuron && target !== undefined)
    throw new RangeError(
      `Neuron: what is explained is ${neuronTitle(neuron, neuron.layer)}, and a target is given, too: ${JSON.stringify(target)}. Leave one of them out.`,
    );
  if (layer !== undefined && !method.needs.layer && !method.layers)
    throw new RangeError(`${method.title}: it explains the image and no layer. Leave "${layer}" out.`);
  return {
    method,
    options: readOptions(method.options, options, `Options of ${method.title}`),
    layer: layerOf(loaded, { method: id, layer: layer ?? null }),
  };
}

/** Of a neuron no class is asked about. */
const NO_CLASS: Target = { kind: 'logit', index: 0 };

async function targetOf(loaded: LoadedModel, x: FloatTensor, target: number | Target | undefined): Promise<Target> {
  if (typeof target === 'object') return target;
  if (target !== undefined) return { kind: 'logit', index: target };
  const { probabilities } = await evaluate(loaded, x);
  return { kind: 'logit', index: probabilities.indexOf(probabilities.reduce((a, b) => Math.max(a, b))) };
}
