/** @file What a page may ask about the inside of a model: feature maps, weights, signals, pictures of units. */
import type { Target } from '../attribution/types.ts';
import type { ActivationInfo } from './activations.ts';
import { activationsOf } from './activations.ts';
import type { Setting } from './explain.ts';
import { feedsOf, inputOf } from './feed.ts';
import { Checkup } from './health.ts';
import { lookInside, type FeatureMaps, type Inside } from './inside.ts';
import { inspect, type InspectedModel } from './inspect.ts';
import type { LayerHealth } from './layer-record.ts';
import { Control, maximise, type SynthesisReport, type SynthesisRequest, type SynthesisResult } from './maximise.ts';
import type { LoadedModel } from './open.ts';
import type { InputChoice, JobId, Outcome, ProgressReport } from './types.ts';
import { pictureOf, type WeightPicture, type WeightView } from './weight-picture.ts';
import { summaryOf, weightsOf, windowOf, type Weight, type WeightInfo, type WeightSummary } from './weights.ts';

/** A check-up over many images goes image by image, so that no more than one need be open. */
export interface CheckupRequest {
  /** The same number goes on with the check-up before it; another begins anew. */
  readonly session: number;
  /** An image for each of the model's inputs. */
  readonly choices: readonly InputChoice[];
  readonly target: Target;
}

export interface HealthReport {
  readonly layers: readonly LayerHealth[];
  /** Those that were looked at in this session. */
  readonly images: number;
  readonly target: Target;
  /** Why there are no gradients; '' when there are. */
  readonly withoutGradient: string;
}

/** What the lab lends: jobs that can be cancelled, and the model and images that are open. */
export interface Host {
  run<T>(job: JobId, work: (signal: AbortSignal) => Promise<T>): Promise<Outcome<T>>;
  /** Throws an Error where no model is open. */
  setting(signal: AbortSignal, onProgress?: (p: ProgressReport) => void): Setting;
  /** Throws a RangeError where the images do not fit the model. */
  refuse(setting: Setting, choices: readonly InputChoice[]): void;
}

/** One model's and one image's activations are kept, those that were asked for last. */
export class InsideLab {
  readonly #host: Host;
  readonly #controls = new Map<JobId, Control>();
  #weights: { of: LoadedModel['model']; list: readonly Weight[] } | null = null;
  #kept: { of: LoadedModel['model']; key: string; inside: Inside } | null = null;
  #checkup: { session: number; of: LoadedModel['model']; checkup: Checkup } | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(host: Host) {
    this.#host = host;
  }

  /** The activations of the open model, without running it. */
  layers(job: JobId): Promise<Outcome<readonly ActivationInfo[]>> {
    return this.#host.run(job, async (signal) =>
      activationsOf(this.#host.setting(signal).loaded.model).map(({ info }) => info),
    );
  }

  /** What the open model is made of, without running it. */
  inspect(job: JobId): Promise<Outcome<InspectedModel>> {
    return this.#host.run(job, async (signal) => {
      const { imported, files } = this.#host.setting(signal).loaded;
      return { ...inspect(imported), files };
    });
  }

  maps(job: JobId, choices: readonly InputChoice[], layer: string): Promise<Outcome<FeatureMaps>> {
    return this.#host.run(job, (signal) =>
      this.#within(this.#host.setting(signal), choices, (inside) => inside.maps(layer)),
    );
  }

  contributions(
    job: JobId,
    choices: readonly InputChoice[],
    layer: string,
    target: Target,
  ): Promise<Outcome<Float32Array>> {
    return this.#host.run(job, (signal) =>
      this.#within(this.#host.setting(signal), choices, (inside) => inside.contributions(layer, target)),
    );
  }

  weights(job: JobId): Promise<Outcome<readonly WeightInfo[]>> {
    return this.#host.run(job, async (signal) => this.#list(this.#host.setting(signal)).map(({ info }) => info));
  }

  weight(job: JobId, id: string): Promise<Outcome<WeightSummary>> {
    return this.#host.run(job, async (signal) => summaryOf(this.#weight(this.#host.setting(signal), id)));
  }

  /** `count` elements from `start` on, in row-major order. */
  weightWindow(job: JobId, id: string, start: number, count: number): Promise<Outcome<Float32Array>> {
    return this.#host.run(job, async (signal) => windowOf(this.#weight(this.#host.setting(signal), id), start, count));
  }

  weightPicture(job: JobId, id: string, view: WeightView): Promise<Outcome<WeightPicture>> {
    return this.#host.run(job, async (signal) => pictureOf(this.#weight(this.#host.setting(signal), id), view));
  }

  /** Takes in one more image, or one more set of images where the model has several inputs; reports on all so far. */
  checkup(job: JobId, { session, choices, target }: CheckupRequest): Promise<Outcome<HealthReport>> {
    return this.#host.run(job, async (signal) => {
      const setting = this.#host.setting(signal);
      const { model } = setting.loaded;
      if (this.#checkup?.session !== session || this.#checkup.of !== model)
        this.#checkup = { session, of: model, checkup: new Checkup(setting.loaded, target) };
      const { checkup } = this.#checkup;
      const x = inputOf(feedsOf(choices, setting.image));
      await this.#within(setting, choices, (inside) => checkup.add(inside, x));
      const { images, withoutGradient } = checkup;
      return { layers: checkup.layers(), images, target, withoutGradient };
    });
  }

  synthesize(
    job: JobId,
    request: SynthesisRequest,
    onReport: (report: SynthesisReport) => void,
  ): Promise<Outcome<SynthesisResult>> {
    const control = new Control();
    this.#controls.set(job, control);
    const made = this.#host.run(job, async (signal) => {
      const setting = this.#host.setting(signal);
      // A model of several images is refused by `maximise`, in its own words.
      if (setting.loaded.model.images.length === 1)
        this.#host.refuse(setting, [request.image ?? { image: -1, preprocessing: request.preprocessing }]);
      return maximise(setting, request, control, onReport);
    });
    return made.finally(() => this.#controls.delete(job));
  }

  /** Of a synthesis: wait after the step that is being made, go on, or end with the pictures as they are. */
  async control(job: JobId, what: 'pause' | 'resume' | 'stop'): Promise<void> {
    this.#controls.get(job)?.[what]();
  }

  /** Call when the model is closed. */
  forget(): void {
    this.#kept?.inside.dispose();
    this.#kept = null;
    this.#weights = null;
    this.#checkup = null;
  }

  /** One caller at a time: the next may ask about another image, whose activations take the place of these. */
  #within<T>(setting: Setting, choices: readonly InputChoice[], work: (inside: Inside) => Promise<T>): Promise<T> {
    const done = this.#last.then(async () => {
      setting.signal.throwIfAborted();
      return work(await this.#inside(setting, choices));
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #inside(setting: Setting, choices: readonly InputChoice[]): Promise<Inside> {
    const { loaded } = setting;
    const key = JSON.stringify(choices);
    if (this.#kept?.of === loaded.model && this.#kept.key === key) return this.#kept.inside;
    this.#host.refuse(setting, choices);
    this.#kept?.inside.dispose();
    this.#kept = null;
    const inside = await lookInside(loaded, inputOf(feedsOf(choices, setting.image)));
    this.#kept = { of: loaded.model, key, inside };
    return inside;
  }

  #list({ loaded: { model } }: Setting): readonly Weight[] {
    if (this.#weights?.of !== model) this.#weights = { of: model, list: weightsOf(model.graph) };
    return this.#weights.list;
  }

  #weight(setting: Setting, id: string): Weight {
    const list = this.#list(setting);
    const found = list.find(({ info }) => info.id === id);
    if (!found)
      throw new RangeError(`${setting.loaded.info.name}: has no weight "${id}" among its ${list.length}. Pick one.`);
    return found;
  }
}
