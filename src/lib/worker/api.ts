/** @file What the page may ask of the worker. Types only: plain data in, plain data out. */
import type {
  AttributionRequest,
  AttributionResult,
  DeviceChoice,
  DeviceReport,
  DroppedFile,
  ImageId,
  ImageInfo,
  JobId,
  ModelInfo,
  Outcome,
  Prediction,
  ProgressReport,
} from '../model/types.ts';
import type { Fed, Preprocessing, PresetInfo } from '../vision/types.ts';

export type { Target } from '../attribution/types.ts';
export type * from '../model/types.ts';
export type { DeviceInfo, DeviceKind } from '../runtime/runtime.ts';
export type { FloatTensor, Tensor } from '../tensor/tensor.ts';
export type * from '../vision/types.ts';

export interface StartOptions {
  readonly choice: DeviceChoice;
  /** Address of the folder with onnxruntime's files, ending in a slash. */
  readonly ortBase: string;
}

type OnProgress = (progress: ProgressReport) => void;

/**
 * Everything the worker does. One model is open at a time; images are kept until they are closed. Numbers of jobs and
 * images are given by the caller, so that a worker that had to be replaced can be told the same again.
 */
export interface Lab {
  start(options: StartOptions): Promise<Outcome<DeviceReport>>;
  presets(): Promise<readonly PresetInfo[]>;
  /** The files of one model, with labels (.txt, .json, .csv) and external data among them. */
  openModel(job: JobId, files: readonly DroppedFile[], onProgress: OnProgress): Promise<Outcome<ModelInfo>>;
  setLabels(file: DroppedFile): Promise<Outcome<readonly string[]>>;
  /** What `preset` means for the open model. */
  preprocessing(preset: string): Promise<Outcome<Preprocessing>>;
  openImage(image: ImageId, file: DroppedFile): Promise<Outcome<ImageInfo>>;
  closeImage(image: ImageId): Promise<void>;
  /** What the open model is fed of an image. */
  fed(image: ImageId, preprocessing: Preprocessing): Promise<Outcome<Fed>>;
  predict(job: JobId, image: ImageId, preprocessing: Preprocessing): Promise<Outcome<Prediction>>;
  attribute(job: JobId, request: AttributionRequest, onProgress: OnProgress): Promise<Outcome<AttributionResult>>;
  /** Stops a job at its next pass. */
  cancel(job: JobId): Promise<void>;
}
