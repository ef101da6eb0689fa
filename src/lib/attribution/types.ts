/** @file What a method sees and what it returns. Methods know no runtime, no page and no file format. */
import type { Graph, Value } from '../graph/graph.ts';
import type { FloatTensor, Tensor } from '../tensor/tensor.ts';

/** What F is: the number that an explanation explains. `index` runs over the output's elements after the batch axis. */
export type Target =
  | { readonly kind: 'logit'; readonly index: number }
  | { readonly kind: 'probability'; readonly index: number }
  /** z_t − mean(z): what sets this class apart from the rest. */
  | { readonly kind: 'logit-minus-mean'; readonly index: number }
  /** z_a − z_b: why this class and not that one. */
  | { readonly kind: 'difference'; readonly index: number; readonly other: number };

/** An element of a layer's activation, in place of a class. */
export interface Neuron {
  /** Name of the activation: the tensor's name in the model file. */
  readonly layer: string;
  readonly channel: number;
  /** Row and column, from 0, as feature maps show them; null in a layer that has a single place. */
  readonly position: { readonly y: number; readonly x: number } | null;
}

/** A neuron on the way to the class; what is null, the image decides. */
export interface Through {
  readonly layer: string;
  readonly channel: number | null;
  readonly position: Neuron['position'];
}

/** A neuron as a method sees it: an element of an activation, counted after the batch axis. */
export interface FoundNeuron {
  readonly layer: Value;
  readonly index: number;
}

/** A classifier as a graph: one input, one output of scores. */
export interface ModelGraph {
  /** Graph with exactly `input` as input and the logits as output. */
  readonly graph: Graph;
  /** [N or 1, …]: the preprocessed image; of a model with several images, a vector that holds them one after another. */
  readonly input: Value;
  /** The images in `input`, in the file's order: `input` itself where there is one. */
  readonly images: readonly Value[];
  /** [N or 1, …]: scores before a final softmax. */
  readonly logits: Value;
  /** Softmax (or sigmoid, for one unit) of the logits. */
  readonly probabilities: Value;
  /** Whether the first axis may hold several examples. */
  readonly batched: boolean;
}

/** A result that stays on the device between runs. */
export interface Resident {
  readonly shape: readonly number[];
  read(): Promise<Tensor>;
  dispose(): void;
}

/** A compiled graph: feeds in the order of the graph's inputs, results in the order of its outputs. */
export interface Compiled {
  readonly batch: number;
  run(feeds: readonly (Tensor | Resident)[]): Promise<Resident[]>;
}

/** Compiles graphs and remembers them; implemented over a Runtime by `model/`. */
export interface Engine {
  /** Examples worth running at once, where `total` are to come; may first time some passes. */
  preferredBatch(total: number): Promise<number>;
  /**
   * The program for `key`, built and compiled on first use. The key names everything that `build` depends on: method,
   * rule, layer, what F is taken from. Weights and shapes are the model's own and need no mention.
   */
  program(key: string, build: () => Graph, options: { batch: number; keep?: readonly number[] }): Promise<Compiled>;
}

export interface Progress {
  /** Units of work done and to do; a unit is one pass of the model over one example. */
  readonly done: number;
  readonly total: number;
}

/** Everything a method works on: one example at a time. */
export interface Question {
  readonly model: ModelGraph;
  readonly engine: Engine;
  /** The preprocessed input in the shape of the model's, [1, …]. */
  readonly x: FloatTensor;
  readonly target: Target;
  /** Set where `target` is an element of a layer and no class: there is no probability of it, and no other class. */
  readonly ofNeuron?: true;
  /** x′ in model space, [1, …]; for methods that have one. */
  readonly baseline?: FloatTensor;
  /** The k-th draw from a distribution of baselines, of which `baseline` is one; missing where there is but the one. */
  readonly baselines?: (k: number) => FloatTensor;
  /** How many of `baselines` there are, where they are no endless draws but given, such as other images: from there on they begin anew. */
  readonly baselineCount?: number;
  /** The lowest and the highest that each element of x can be, [1, …] each, where x is a picture. */
  readonly bounds?: () => readonly [FloatTensor, FloatTensor];
  /** The layer's activation, for methods that need one; of others that explain layers, what is explained in place of the image. */
  readonly layer?: Value;
  /** The neuron through which F is followed back, for methods that need one; beside the target, not in place of it. */
  readonly through?: FoundNeuron;
  /** Seeds every random draw. */
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** What a method's theory promises and by how much the numbers miss it. */
export interface SelfCheck {
  /**
   * What a gap means. `exact`: rounding, or a rule that does not keep the sum. `quadrature`: too few steps. `first-order`:
   * F is not linear, which the method ignores. `conservation`: what biases and stabilisers absorbed. `sampling`: the standard error of a mean over samples.
   * `estimate`: as `quadrature`, of scores whose own error is estimated beside it.
   */
  readonly kind: 'exact' | 'quadrature' | 'first-order' | 'conservation' | 'sampling' | 'estimate';
  /** Such as "Σ scores = F(x) − F(x′)". */
  readonly claim: string;
  /** Left side minus right side; the standard error itself under `sampling`. */
  readonly delta: number;
  /** |delta| over the size of the right side; over the root mean square of the scores under `sampling`. */
  readonly relative: number;
  /** Where the method was asked for an error. */
  readonly estimate?: ErrorEstimate | undefined;
}

/** How far scores are from what they approximate: Σ|error| over Σ|score|. An estimate and no bound. */
export interface ErrorEstimate {
  readonly error: number;
  /** What was asked for. */
  readonly target: number;
  /** What the scores were summed from, such as "gradients". */
  readonly rule: string;
}

export interface Explanation {
  /** One score per element of the input, or of the layer that was explained, in its shape and the model's own layout; of class activation maps one per position. */
  readonly scores: FloatTensor;
  /** F(x). */
  readonly value: number;
  /** F(x′), where the method has a baseline. */
  readonly baselineValue?: number;
  readonly check?: SelfCheck;
  /** Model passes made: forward and backward count as one. */
  readonly passes: number;
}
