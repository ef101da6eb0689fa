/** @file The page's way to what `InsideApi` offers: jobs of which only the newest of a kind matters. */
import type * as Comlink from 'comlink';
import type {
  ActivationInfo,
  CheckupRequest,
  FeatureMaps,
  HealthReport,
  InputChoice,
  InsideApi,
  InspectedModel,
  JobId,
  Outcome,
  SynthesisReport,
  SynthesisRequest,
  SynthesisResult,
  Target,
  WeightInfo,
  WeightPicture,
  WeightSummary,
  WeightView,
} from './api.ts';

export type InsideChannel =
  | 'layers'
  | 'inspect'
  | 'maps'
  | 'contributions'
  | 'weights'
  | 'weight'
  | 'window'
  | 'picture'
  | 'numbers'
  | 'checkup'
  | 'weight signals'
  | 'synthesis';

type Remote = Comlink.Remote<InsideApi>;

/**
 * Passes a listener to the worker. Reports and the answer come by ways of their own, so a report may be late: nothing is heard
 * once the job is answered, cancelled or overtaken.
 */
export type Hear = <R>(listener: (report: R) => void) => ((report: R) => void) & Comlink.ProxyMarked;

/** Runs a call; an older one on the same channel then returns `cancelled`. */
type Run = <T>(
  channel: InsideChannel,
  call: (inside: Remote, job: JobId, hear: Hear) => Promise<Outcome<T>>,
) => Promise<Outcome<T>>;

interface Options {
  readonly run: Run;
  /** Stops what is running on the channels. */
  readonly stop: (channels: readonly InsideChannel[]) => void;
  /** Runs a call of which no answer is waited for, where a worker lives. */
  readonly tell: (call: (inside: Remote) => Promise<void>) => void;
}

export class InsideClient {
  readonly #options: Options;
  #synthesis: JobId | null = null;

  constructor(options: Options) {
    this.#options = options;
  }

  layers(): Promise<Outcome<readonly ActivationInfo[]>> {
    return this.#options.run('layers', (inside, job) => inside.layers(job));
  }

  inspect(): Promise<Outcome<InspectedModel>> {
    return this.#options.run('inspect', (inside, job) => inside.inspect(job));
  }

  maps(choices: readonly InputChoice[], layer: string): Promise<Outcome<FeatureMaps>> {
    return this.#options.run('maps', (inside, job) => inside.maps(job, choices, layer));
  }

  contributions(choices: readonly InputChoice[], layer: string, target: Target): Promise<Outcome<Float32Array>> {
    return this.#options.run('contributions', (inside, job) => inside.contributions(job, choices, layer, target));
  }

  weights(): Promise<Outcome<readonly WeightInfo[]>> {
    return this.#options.run('weights', (inside, job) => inside.weights(job));
  }

  weight(id: string): Promise<Outcome<WeightSummary>> {
    return this.#options.run('weight', (inside, job) => inside.weight(job, id));
  }

  /** `count` elements from `start` on, in row-major order. */
  weightWindow(id: string, start: number, count: number): Promise<Outcome<Float32Array>> {
    return this.#options.run('window', (inside, job) => inside.weightWindow(job, id, start, count));
  }

  /** `as`: what is shown as a picture and what is read as numbers are asked for side by side. */
  weightPicture(id: string, view: WeightView, as: 'picture' | 'numbers' = 'picture'): Promise<Outcome<WeightPicture>> {
    return this.#options.run(as, (inside, job) => inside.weightPicture(job, id, view));
  }

  checkup(request: CheckupRequest): Promise<Outcome<HealthReport>> {
    return this.#options.run('checkup', (inside, job) => inside.checkup(job, request));
  }

  /** As `weight`, which it does not get in the way of. */
  weightSignals(id: string): Promise<Outcome<WeightSummary>> {
    return this.#options.run('weight signals', (inside, job) => inside.weight(job, id));
  }

  synthesize(
    request: SynthesisRequest,
    onReport: (report: SynthesisReport) => void,
  ): Promise<Outcome<SynthesisResult>> {
    return this.#options.run('synthesis', (inside, job, hear) => {
      this.#synthesis = job;
      return inside.synthesize(job, request, hear(onReport));
    });
  }

  /** Of the synthesis that is running: wait, go on, or end with the pictures as they are. */
  control(what: 'pause' | 'resume' | 'stop'): void {
    const job = this.#synthesis;
    if (job !== null) this.#options.tell((inside) => inside.control(job, what));
  }

  cancel(channels: readonly InsideChannel[]): void {
    this.#options.stop(channels);
  }
}
