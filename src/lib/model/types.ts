/** @file What is told about a model and its explanations: plain data that crosses the worker. */
import type { Needs } from '../attribution/method.ts';
import type { Neuron, SelfCheck, Target, Through } from '../attribution/types.ts';
import type { FormatId } from '../formats/model.ts';
import type { DeviceChoice } from '../runtime/device.ts';
import type { DeviceId } from '../runtime/devices.ts';
import type { DeviceInfo } from '../runtime/runtime.ts';
import type { MapStatistics } from '../tensor/map-statistics.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import type { Preprocessing, Rect } from '../vision/types.ts';

/** An expected outcome: the answer, or why there is none. Exceptions are for faults of our own. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  /** `cancelled`: the person or a newer request stopped it. `failed`: `message` says what, where and what to do. */
  | {
      readonly ok: false;
      readonly reason: 'cancelled' | 'failed';
      readonly message: string;
      /** What must be replaced before anything works again: the device is lost, or the worker's memory is used up. */
      readonly fault?: 'device' | 'memory';
      /** Too costly to be done unasked: asked again with `anyCost`, it is done. */
      readonly costly?: true;
    };

/** What a model is known by. */
export interface ModelIdentity {
  /** Of the model's own file, also where that lies in an archive. */
  readonly name: string;
  /** As in ModelInfo. */
  readonly sha256: string;
  readonly withWeights?: true;
}

/** A file as dropped. A `File` costs nothing to pass on; only the worker reads it. */
export interface DroppedFile {
  readonly name: string;
  readonly bytes: Blob | ArrayBuffer;
  /** Of a model with several outputs: the one that is explained; by default the first that holds scores. */
  readonly output?: string;
  /** Of a model: it is wanted, however long a pass takes. */
  readonly anyCost?: boolean;
  /** Where on another site it was fetched from. */
  readonly address?: string;
}

export type { DeviceChoice, DeviceId, Neuron, Through };

/** Milliseconds of one forward pass. */
export type PassTimes = Readonly<Partial<Record<DeviceId, number>>>;

/** The device that was measured to be the fastest for a model, by the model's SHA-256. */
export type Fastest = Readonly<Record<string, DeviceId>>;

/** A line of the device menu. */
export interface DeviceEntry {
  readonly id: DeviceId;
  readonly title: string;
  readonly runtime: DeviceInfo['runtime'];
  readonly kind: DeviceInfo['kind'];
  readonly available: boolean;
  /** Whether it may be chosen without being asked for. */
  readonly automatic: boolean;
}

export interface DeviceReport {
  readonly device: DeviceInfo;
  readonly id: DeviceId;
  /** All that are known, in the menu's order. */
  readonly devices: readonly DeviceEntry[];
  /** Why a better device is not used, one sentence each; empty when the best one is. */
  readonly notes: readonly string[];
}

export interface LayerInfo {
  /** Name of the activation: the tensor's name in the model file. */
  readonly id: string;
  readonly op: string;
  /** Without the batch axis: [channels, height, width] or [tokens, features]. */
  readonly shape: readonly number[];
  /** Names of the image inputs that it depends on, where it does not depend on all. */
  readonly inputs?: readonly string[];
}

/** An image input of the model. */
export interface InputInfo {
  readonly name: string;
  /** null for the batch axis. */
  readonly shape: readonly (number | null)[];
  /** What it expects, as the files say or let guess. */
  readonly preprocessing: Preprocessing;
  /** The words that follow "because"; '' where nothing in the files says what it expects. */
  readonly because: string;
}

/** The most probable class where an input is fed by a preset. */
export interface PresetAnswer {
  /** Its id. */
  readonly preset: string;
  readonly label: string;
  readonly probability: number;
}

export interface ModelInfo {
  readonly name: string;
  /** Lower-case hex, of the model's own file; in formats other than ONNX of that and its weights, in the model's order. */
  readonly sha256: string;
  /** Set where \`sha256\` is that of the model's own file and its weights together. */
  readonly withWeights?: true;
  readonly bytes: number;
  readonly format: FormatId;
  readonly producer: string;
  /** Version of the format or its operators, in its own words: "opset 17". */
  readonly version: string;
  /** Version of ONNX's operator set; null in other formats. */
  readonly opset: number | null;
  readonly parameters: number;
  readonly nodes: number;
  /** The first image input, whose guess is `preprocessing`. */
  readonly input: Omit<InputInfo, 'preprocessing'>;
  /** Of a model with several image inputs: those behind the first, in the file's order. */
  readonly others?: readonly InputInfo[];
  /** Outputs that hold class scores for the image, by name; `output` is the one that is explained. */
  readonly outputs: readonly string[];
  readonly output: string;
  readonly classes: number;
  readonly labels: readonly string[];
  readonly preprocessing: Preprocessing;
  /** Layers that Grad-CAM can use, in forward order. */
  readonly layers: readonly LayerInfo[];
  readonly defaultLayer: string | null;
  /** Methods that this model allows. */
  readonly methods: readonly MethodInfo[];
  /** Set where it runs on another device than the model before it: what there is to say of that. */
  readonly moved?: DeviceReport;
  /** Largest relative difference to onnxruntime, or TensorFlow.js for its own formats, running the file as dropped; null where none did. */
  readonly forwardDifference: number | null;
  /** What the person should know, one sentence each. */
  readonly notes: readonly string[];
}

/** A JSON Schema object; fills the form, validates the request. */
export interface OptionSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, OptionField>>;
}

export interface OptionField {
  readonly type?: 'number' | 'integer' | 'boolean' | 'string';
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly multipleOf?: number;
  readonly enum?: readonly string[];
  /** Titles of the `enum` entries, in order. */
  readonly enumTitles?: readonly string[];
}

export interface MethodInfo {
  readonly id: string;
  readonly title: string;
  /** One sentence for the form. */
  readonly description: string;
  readonly citation: { readonly authors: string; readonly year: number; readonly title: string; readonly url: string };
  readonly options: OptionSchema;
  readonly needs: Needs;
  /** Whether scores have a meaningful sign. */
  readonly signed: boolean;
  /** The heading that lists show it under. */
  readonly family: string;
  /** Whether it can explain a layer in place of the image. */
  readonly layers: boolean;
  /** Why it cannot be used with this model; null when it can. */
  readonly unavailable: string | null;
  /** Why its explanation is no ONNX file; null where it is one. */
  readonly noGraph: string | null;
}

export type BaselineChoice =
  | { readonly kind: 'black' | 'white' | 'mean' | 'blur' | 'noise' }
  /** A number in model space for every element. */
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'image'; readonly image: ImageId }
  /** A distribution: of these, those that are not explained. */
  | { readonly kind: 'images'; readonly images: readonly ImageId[] };

export type ImageId = number;

export interface ImageInfo {
  readonly id: ImageId;
  readonly name: string;
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
  /** What of the file is not used, a sentence each. */
  readonly notes?: readonly string[];
}

/** What an image input is fed. */
export interface InputChoice {
  readonly image: ImageId;
  readonly preprocessing: Preprocessing;
}

/** What was fed to an image input. */
export interface FedInput {
  readonly input: {
    readonly shape: readonly number[];
    readonly min: number;
    readonly max: number;
    readonly mean: number;
  };
  /** The part of the image that the model sees, in image pixels. */
  readonly crop: Rect;
}

/** What it says of the image is of the first one; `others` are those of the further inputs, where there are any. */
export interface Prediction extends FedInput {
  /** Most probable first. */
  readonly top: readonly {
    readonly index: number;
    readonly label: string;
    readonly logit: number;
    readonly probability: number;
  }[];
  readonly classes: number;
  readonly others?: readonly FedInput[];
  readonly milliseconds: number;
  readonly device: DeviceInfo;
}

export interface AttributionRequest extends InputChoice {
  /** Of a model with several image inputs: those behind the first, in its order. */
  readonly others?: readonly InputChoice[];
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly target: Target;
  /** What is explained in place of the target, whose class is then of no account. */
  readonly neuron?: Neuron | null;
  /**
   * Of methods that need one: the neuron through which the target is followed. What is open the image decides; in the request of
   * a result all of it is named.
   */
  readonly through?: Through | null | undefined;
  readonly baseline: BaselineChoice;
  /** The layer that the method looks at; null where it explains the image alone. */
  readonly layer: string | null;
  readonly seed: number;
}

/** The explanation of one image input. */
export interface InputResult {
  /** One score per input element, [channels, height, width]; of a layer at its own size, [1, height, width] of class activation maps. */
  readonly scores: FloatTensor;
  /** Summed over channels, at `scores`' height and width: what is drawn. */
  readonly map: FloatTensor;
  /** Where the map lies on the image, in image pixels. */
  readonly crop: Rect;
  readonly imageSha256: string;
}

/** What it says of the image is of the first one; `others` are those of the further inputs, where there are any. */
export interface AttributionResult extends InputResult {
  readonly request: AttributionRequest;
  readonly others?: readonly InputResult[];
  /** Of the scores on all maps: images that are explained together are drawn on one scale. */
  readonly statistics: MapStatistics;
  /** Of the class, or of the neuron, that is explained. */
  readonly label: string;
  /** F(x). */
  readonly value: number;
  /** Of the class; null of a neuron. */
  readonly probability: number | null;
  readonly baselineValue: number | null;
  readonly check: Omit<SelfCheck, 'kind'> | null;
  readonly passes: number;
  readonly milliseconds: number;
  readonly device: DeviceInfo;
  readonly modelSha256: string;
  readonly version: string;
  /** Why the map is blank or suspicious, one sentence each. */
  readonly notes: readonly string[];
  /** Where the map is blank: what would show something. */
  readonly wayOut?: WayOut;
}

/** `logit`: explain the logit in place of the probability. `negative`: keep the scores that the method drops. */
export type WayOut = 'logit' | 'negative';

export interface ProgressReport {
  /** What is being done, such as "pass 12 of 32". */
  readonly doing: string;
  /** 0…1. */
  readonly fraction: number;
  /** Estimated time to the end; null while there is nothing to go by. */
  readonly secondsLeft: number | null;
}

export type JobId = number;
