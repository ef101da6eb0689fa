/** @file An explanation as an ONNX file: one model from images to logits and attribution, for whatever runs ONNX. */
import { findMethod } from '../attribution/index.ts';
import { joinGraph, partOf } from '../attribution/inputs.ts';
import { readOptions } from '../attribution/options.ts';
import { modelOn } from '../attribution/program.ts';
import type { WholeSite } from '../attribution/site.ts';
import { outputOf } from '../attribution/target.ts';
import type { FoundNeuron, ModelGraph, Neuron, Target } from '../attribution/types.ts';
import { writeModel } from '../formats/onnx/write.ts';
import { topologicalOrder, Value, type Graph } from '../graph/graph.ts';
import { sameShape, type Shape } from '../graph/dim.ts';
import { Builder } from '../ops/builder.ts';
import { lowerForFile } from '../runtime/lower/lower.ts';
import { decidedNeuron, neuronTitle } from '../synthesis/neuron.ts';
import { int64, type FloatTensor, type Tensor } from '../tensor/tensor.ts';
import type { Preprocessing } from '../vision/types.ts';
import { baselinesOf, layerOf, type Setting } from './explain.ts';
import { boundsOf, choicesOf, feedsOf } from './feed.ts';
import { classesOf } from './heads.ts';
import { findNeuron, modelOfNeuron, refuseThrough } from './neuron.ts';
import type { LoadedModel } from './open.ts';
import type { AttributionRequest } from './types.ts';

/** What the file is to compute. Which class and which baseline is not said here: they are inputs of the file. */
export interface ExportRequest {
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly target: Target['kind'];
  /** Of whose layer the file explains an element, in place of a class; which one, it is fed. `target` is 'logit' then. */
  readonly neuron?: Neuron | null;
  /** Of methods that need one: the neuron through which the target is followed. It is part of the file. */
  readonly through?: Neuron | null;
  /** A layer's name; null where the image is explained. */
  readonly layer: string | null;
  /** Of the draws that lie in the file. */
  readonly seed: number;
  /** The k-th draw from a distribution of baselines, [1, …] as the model's one vector; null where a baseline is fed. */
  readonly baselines: ((k: number) => FloatTensor) | null;
  /** How many of `baselines` there are, where they are no endless draws. */
  readonly baselineCount?: number;
  /** The lowest and the highest input, [1, …] as the model's one vector; null where the input is no image. */
  readonly bounds: (() => readonly [FloatTensor, FloatTensor]) | null;
  /** How each image becomes an input: written into the file for people. */
  readonly preprocessing: readonly Preprocessing[];
  /** Of Vitrine. */
  readonly version: string;
}

/** An input or output of a file. */
export interface Port {
  readonly name: string;
  readonly dtype: 'float32' | 'int64';
  /** null is the batch axis, the same N everywhere. */
  readonly shape: readonly (number | null)[];
  readonly doc: string;
  /** It lies in the file and need not be fed. */
  readonly optional?: true;
}

export interface ExportedExplanation {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** Protobuf's limit, less what names and shapes take. */
const MOST_BYTES = 2 ** 31 - 2 ** 24;

/**
 * The file: opset 17, standard operators, the model's weights within. Its inputs are `image`, and `baseline`, `target` and
 * `other` where the scores depend on them; its outputs are `logits` and `attribution`, the method's scores in the model's own
 * layout. Models with several images have one input and one attribution for each, with its name behind an underscore.
 *
 * Of a neuron, `target` is its number in the layer, and `activation`, that of the layer, stands in place of `logits`.
 *
 * Throws an Error where the method is no graph, an option, layer or operator does not fit, or the file would be too large.
 */
export function exportExplanation(
  loaded: Pick<LoadedModel, 'model' | 'layers'> & { info: Pick<LoadedModel['info'], 'name' | 'sha256'> },
  request: ExportRequest,
): ExportedExplanation {
  const { info, layers } = loaded;
  const method = findMethod(request.method);
  const reason = method.unavailable(loaded.model) ?? method.noGraph;
  if (reason !== null) throw new RangeError(`${method.title}: ${reason}`);
  const options = readOptions(method.options, request.options, `Options of ${method.title}`);
  const layer = layers.find(({ info: { id } }) => id === request.layer)?.value;
  if (request.layer !== null && !layer)
    throw new RangeError(
      `Layer "${request.layer}": ${info.name} has no such layer with positions. Pick one from the list.`,
    );
  const found = request.neuron && findNeuron(loaded, request.neuron);
  const model = found ? modelOfNeuron(loaded, method, found, layer) : loaded.model;
  const through = method.needs.neuron && request.through ? findNeuron(loaded, request.through) : undefined;
  if (through) refuseThrough(model, through, Boolean(found));

  const g = new Builder();
  const ends = new Ends(model, wordsFor(request.neuron ?? null, found ?? null));
  const x = joinGraph(g, ends.images);
  const site: WholeSite = {
    model,
    target: { kind: request.target, index: 0, other: 0 } as Target,
    x,
    baseline: joinGraph(g, ends.baselines),
    seed: ends.seed(g, request.target),
    layer,
    through,
    randomSeed: request.seed,
    baselines: request.baselines ?? undefined,
    baselineCount: request.baselineCount,
    bounds: request.bounds ?? undefined,
    table: ends.table,
  };
  const scores = method.graph(g, site, options);
  const graph = ends.graph(g, `${method.id} of ${model.graph.name}`, modelOn(model, x)(model.logits), scores);
  refuseLarge(graph, ends.defaults, method.title);
  const lowered = lowerForFile(graph);
  const metadata = {
    'vitrine.method': method.id,
    'vitrine.options': JSON.stringify(options),
    'vitrine.target': request.target,
    ...(request.neuron && { 'vitrine.neuron': JSON.stringify(request.neuron) }),
    ...(through && { 'vitrine.through': JSON.stringify(request.through) }),
    'vitrine.layer': request.layer ?? '',
    'vitrine.seed': String(request.seed),
    'vitrine.model': info.name,
    'vitrine.model_sha256': info.sha256,
    'vitrine.preprocessing': JSON.stringify(request.preprocessing),
    'vitrine.version': request.version,
  };
  const { bytes } = writeModel(lowered, {
    batch: 'any',
    opset: 17,
    weights: 'embedded',
    metadata,
    producerVersion: request.version,
    doc: `${method.title} of ${info.name}: prediction and attribution in one model. ${method.description} ${method.citation.authors} ${method.citation.year}: ${method.citation.url}`,
    docs: new Map([
      ...ends.docs,
      ...lowered.outputs.map((v, i) => [v, ends.docs.get(graph.outputs[i]) ?? ''] as const),
    ]),
    outputNames: ends.outputs.map(({ name }) => name),
    defaults: ends.defaults,
  });
  return { bytes, inputs: graph.inputs.map(ends.portOf), outputs: ends.outputs };
}

/** The file of what the page asked. Throws as `exportExplanation`. */
export function explanationFile(
  { loaded, version, image }: Pick<Setting, 'loaded' | 'version' | 'image'>,
  request: AttributionRequest,
): ExportedExplanation {
  const choices = choicesOf(request);
  const feeds = feedsOf(choices, image);
  const { baselines = null, ...counted } = baselinesOf(feeds, request, image);
  return exportExplanation(loaded, {
    method: request.method,
    options: request.options,
    target: request.neuron ? 'logit' : request.target.kind,
    neuron: request.neuron ?? null,
    through: decidedNeuron(request.through),
    layer: layerOf(loaded, request)?.info.id ?? null,
    seed: request.seed,
    baselines,
    ...counted,
    bounds: () => boundsOf(feeds, image),
    preprocessing: choices.map(({ preprocessing }) => preprocessing),
    version,
  });
}

/** What is explained, and what the model says, as the file's ports have it. */
interface Words {
  readonly target: string;
  /** Behind the numbers that there are. */
  readonly example: string;
  readonly output: string;
  readonly outputDoc: string;
}

const OF_CLASSES: Words = {
  target: 'number of the class that is explained, for each image',
  example: '',
  output: 'logits',
  outputDoc: 'what the model says of each image, before softmax or sigmoid',
};

const wordsFor = (neuron: Neuron | null, found: FoundNeuron | null): Words =>
  neuron && found
    ? {
        target: `number of the neuron that is explained among the elements of layer ${neuron.layer}, for each image`,
        example: `; ${neuronTitle(neuron, neuron.layer)} is ${found.index}`,
        output: 'activation',
        outputDoc: `the activation of layer ${neuron.layer}`,
      }
    : OF_CLASSES;

/** What goes into the file and comes out of it. */
class Ends {
  readonly images: readonly Value[];
  readonly baselines: readonly Value[];
  readonly docs = new Map<Value, string>();
  readonly defaults = new Map<Value, Tensor>();
  readonly outputs: Port[] = [];
  readonly #model: ModelGraph;
  readonly #words: Words;
  readonly #numbers: Value[] = [];
  readonly #drawn: Value[] = [];

  constructor(model: ModelGraph, words: Words) {
    this.#model = model;
    this.#words = words;
    this.images = this.#imagesAs('image', 'the image as the model is fed, after its preprocessing');
    this.baselines = this.#imagesAs('baseline', 'what each image is compared with, after the same preprocessing');
  }

  #imagesAs(name: string, doc: string): Value[] {
    const { images } = this.#model;
    return images.map((image) => this.#input(this.#nameOf(name, image), image.shape, doc));
  }

  #nameOf = (name: string, image: Value): string => (this.#model.images.length === 1 ? name : `${name}_${image.name}`);

  #input(name: string, shape: Shape, doc: string, dtype: 'float32' | 'int64' = 'float32'): Value {
    const value = new Value(dtype, shape, { name });
    this.docs.set(value, doc);
    return value;
  }

  /** The weights w in F = Σ w y, in the output's shape; which class is fed. */
  seed(g: Builder, kind: Target['kind']): Value {
    const { logits } = this.#model;
    const y = outputOf(this.#model, { kind, index: 0, other: 0 } as Target);
    const classes = classesOf(logits);
    const numbers = g.constant(
      int64(
        [1, classes],
        Array.from({ length: classes }, (_, i) => i),
      ),
    );
    const only = (name: string, doc: string, example = '') => {
      const target = this.#input(name, [y.shape[0]], `${doc}, 0 to ${classes - 1}${example}`, 'int64');
      this.#numbers.push(target);
      return g.cast(g.equal(numbers, g.reshape(target, [y.shape[0], 1])), 'float32');
    };
    const one = only('target', this.#words.target, this.#words.example);
    const seed =
      kind === 'difference'
        ? g.sub(one, only('other', 'number of the class that it is set against, for each image'))
        : kind === 'logit-minus-mean'
          ? g.sub(one, 1 / classes)
          : one;
    return g.reshape(seed, y.shape);
  }

  table = (name: string, doc: string, content: FloatTensor): Value => {
    const value = this.#input(name, content.shape, `${doc}; need not be fed, what was drawn lies in the file`);
    this.#drawn.push(value);
    this.defaults.set(value, content);
    return value;
  };

  graph(g: Builder, name: string, logits: Value, scores: Value): Graph {
    const { images, input } = this.#model;
    const split = images.length > 1 && sameShape(scores.shape, input.shape);
    const parts = split ? images.map((_, i) => partOf(g, images, scores, i)) : [scores];
    const out = (value: Value, port: string, doc: string) => {
      this.docs.set(value, doc);
      this.outputs.push({ name: port, dtype: 'float32', shape: shapeOf(value), doc });
      return value;
    };
    const outputs = [
      out(logits, this.#words.output, this.#words.outputDoc),
      ...parts.map((part, i) =>
        out(part, split ? this.#nameOf('attribution', images[i]) : 'attribution', 'a score for each element'),
      ),
    ];
    const read = readBy(outputs);
    const inputs = [...this.images, ...this.baselines, ...this.#numbers, ...this.#drawn].filter(
      (v) => this.images.includes(v) || read.has(v),
    );
    return { name, inputs, outputs };
  }

  portOf = (value: Value): Port => ({
    name: value.name,
    dtype: value.dtype as Port['dtype'],
    shape: shapeOf(value),
    doc: this.docs.get(value)!,
    ...(this.defaults.has(value) && { optional: true }),
  });
}

const shapeOf = ({ shape }: Value): (number | null)[] => shape.map((d) => (typeof d === 'number' ? d : null));

/** The inputs that outputs depend on. */
function readBy(outputs: readonly Value[]): Set<Value> {
  const found = new Set(outputs);
  for (const node of topologicalOrder(outputs)) node.inputs.forEach((v) => v && found.add(v));
  return found;
}

function refuseLarge(graph: Graph, defaults: ReadonlyMap<Value, Tensor>, title: string): void {
  const constants = new Set<Tensor>();
  const collect = ({ outputs }: Graph): void => {
    for (const node of topologicalOrder(outputs)) {
      if (node.body) collect(node.body);
      node.inputs.forEach((v) => v?.constant && constants.add(v.constant));
    }
  };
  collect(graph);
  const weights = [...constants].reduce((n, { data }) => n + data.byteLength, 0);
  const drawn = [...defaults.values()].reduce((n, { data }) => n + data.byteLength, 0);
  if (weights + drawn > MOST_BYTES)
    throw new RangeError(
      `${title}: the file would have ${megabytes(weights + drawn)}, an ONNX file holds at most ${megabytes(MOST_BYTES)} with its weights. Use a smaller model.`,
    );
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
