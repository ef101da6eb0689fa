/** @file What the page may ask of the worker. Types only: plain data in, plain data out. */
import type { Target } from '../attribution/types.ts';
import type { CrossCheck } from '../model/check-lab.ts';
import type { ActivationInfo } from '../model/activations.ts';
import type { ExportedExplanation } from '../model/export.ts';
import type { FeatureMaps } from '../model/inside.ts';
import type { CheckupRequest, HealthReport } from '../model/inside-lab.ts';
import type { InspectedModel } from '../model/inspect.ts';
import type { Judgement, JudgeReport, JudgeRequest, MetricInfo } from '../model/judge.ts';
import type { SynthesisReport, SynthesisRequest, SynthesisResult } from '../model/maximise.ts';
import type { WeightPicture, WeightView } from '../model/weight-picture.ts';
import type { WeightInfo, WeightSummary } from '../model/weights.ts';
import type { Companion } from '../formats/model.ts';
import type {
  AttributionRequest,
  AttributionResult,
  DeviceChoice,
  DeviceId,
  DeviceReport,
  DroppedFile,
  Fastest,
  ImageId,
  ImageInfo,
  InputChoice,
  JobId,
  ModelIdentity,
  ModelInfo,
  Outcome,
  PassTimes,
  Prediction,
  PresetAnswer,
  ProgressReport,
} from '../model/types.ts';
import type { Fed, Preprocessing, PresetInfo } from '../vision/types.ts';

export type { Companion };
export type { Target } from '../attribution/types.ts';
export type { CrossCheck } from '../model/check-lab.ts';
export type { ExportedExplanation };
export type { ActivationInfo } from '../model/activations.ts';
export type { LayerHealth } from '../model/layer-record.ts';
export type { FeatureMaps, Statistics } from '../model/inside.ts';
export type { CheckupRequest, HealthReport } from '../model/inside-lab.ts';
export type { Judgement, JudgeReport, JudgeRequest, MetricChoice, MetricInfo } from '../model/judge.ts';
export type { InspectedLayer, InspectedModel, InspectedOperator, InspectedValue } from '../model/inspect.ts';
export type { SynthesisPicture, SynthesisReport, SynthesisRequest, SynthesisResult } from '../model/maximise.ts';
export type { WeightPicture, WeightView } from '../model/weight-picture.ts';
export type { WeightInfo, WeightRole, WeightSummary } from '../model/weights.ts';
export type * from '../synthesis/types.ts';
export type { Histogram } from '../tensor/histogram.ts';
export type * from '../model/types.ts';
export type { DeviceInfo, DeviceKind, RuntimeName } from '../runtime/runtime.ts';
export type { FloatTensor, Tensor } from '../tensor/tensor.ts';
export type * from '../vision/types.ts';

export interface StartOptions {
  readonly choice: DeviceChoice;
  /** Address of the folder with onnxruntime's files, ending in a slash. */
  readonly ortBase: string;
  /** As in \`prefer\`. */
  readonly fastest?: Fastest;
}

type OnProgress = (progress: ProgressReport) => void;

/**
 * Everything the worker does. One model is open at a time; images are kept until they are closed. Numbers of jobs and
 * images are given by the caller, so that a worker that had to be replaced can be told the same again.
 */
export interface Lab {
  start(options: StartOptions): Promise<Outcome<DeviceReport>>;
  presets(): Promise<readonly PresetInfo[]>;
  /** The files of one model, its own first, with labels (.txt, .json, .csv) and weights among them; or an archive of these. */
  openModel(job: JobId, files: readonly DroppedFile[], onProgress: OnProgress): Promise<Outcome<ModelInfo>>;
  /** The files beside a model that hold its weights, whether they are at hand or not. */
  companions(file: DroppedFile): Promise<Outcome<readonly Companion[]>>;
  /** What the model among `files` is known by, without opening it. */
  identify(files: readonly DroppedFile[]): Promise<Outcome<ModelIdentity>>;
  setLabels(file: DroppedFile): Promise<Outcome<readonly string[]>>;
  /** What `preset` means for an image input of the open model; the first by default. */
  preprocessing(preset: string, input?: number): Promise<Outcome<Preprocessing>>;
  openImage(image: ImageId, file: DroppedFile): Promise<Outcome<ImageInfo>>;
  closeImage(image: ImageId): Promise<void>;
  /** What an image input of the open model is fed of an image. */
  fed(image: ImageId, preprocessing: Preprocessing, input?: number): Promise<Outcome<Fed>>;
  /** `others`: for the inputs behind the first. */
  predict(
    job: JobId,
    image: ImageId,
    preprocessing: Preprocessing,
    others?: readonly InputChoice[],
  ): Promise<Outcome<Prediction>>;
  /** The best class by each preset at image input `input` of the open model. */
  tryPresets(job: JobId, choices: readonly InputChoice[], input: number): Promise<Outcome<readonly PresetAnswer[]>>;
  attribute(job: JobId, request: AttributionRequest, onProgress: OnProgress): Promise<Outcome<AttributionResult>>;
  /** The explanation as an ONNX file: from images to logits and attribution. */
  explanationFile(request: AttributionRequest): Promise<Outcome<ExportedExplanation>>;
  /** The same explanation on another device: how far the two are apart, and where they part. */
  crossCheck(
    job: JobId,
    request: AttributionRequest,
    on: DeviceId,
    onProgress: OnProgress,
  ): Promise<Outcome<CrossCheck>>;
  /** Every metric, the cheap ones first. */
  metrics(): Promise<readonly MetricInfo[]>;
  /** How good an explanation is, by each of the metrics that are asked for. */
  judge(
    job: JobId,
    request: JudgeRequest,
    onReport: (report: JudgeReport) => void,
  ): Promise<Outcome<readonly Judgement[]>>;
  /** How long a pass of the open model takes on each device that may be chosen unasked. */
  measure(job: JobId): Promise<Outcome<PassTimes>>;
  /** Which device is the fastest for which model: from the next model on, where the device is chosen by the page. */
  prefer(fastest: Fastest): Promise<void>;
  /** Addresses of the parts that this worker has loaded late, because few people need them (vite.config.ts). */
  lateParts(): Promise<readonly string[]>;
  /** Stops a job at its next pass. */
  cancel(job: JobId): Promise<void>;
  /** Reached as `lab.inside.maps(…)`. */
  readonly inside: InsideApi;
}

/** What may be asked about the inside of the open model. `choices`: an image for each of the model's inputs. */
export interface InsideApi {
  layers(job: JobId): Promise<Outcome<readonly ActivationInfo[]>>;
  /** What the model is made of: files, inputs, operators, and every node with its parameters and multiply-adds. */
  inspect(job: JobId): Promise<Outcome<InspectedModel>>;
  maps(job: JobId, choices: readonly InputChoice[], layer: string): Promise<Outcome<FeatureMaps>>;
  contributions(
    job: JobId,
    choices: readonly InputChoice[],
    layer: string,
    target: Target,
  ): Promise<Outcome<Float32Array>>;
  weights(job: JobId): Promise<Outcome<readonly WeightInfo[]>>;
  weight(job: JobId, id: string): Promise<Outcome<WeightSummary>>;
  /** `count` elements from `start` on, in row-major order. */
  weightWindow(job: JobId, id: string, start: number, count: number): Promise<Outcome<Float32Array>>;
  weightPicture(job: JobId, id: string, view: WeightView): Promise<Outcome<WeightPicture>>;
  /** Takes in one more image; reports on all of the session so far. */
  checkup(job: JobId, request: CheckupRequest): Promise<Outcome<HealthReport>>;
  synthesize(
    job: JobId,
    request: SynthesisRequest,
    onReport: (report: SynthesisReport) => void,
  ): Promise<Outcome<SynthesisResult>>;
  control(job: JobId, what: 'pause' | 'resume' | 'stop'): Promise<void>;
}
