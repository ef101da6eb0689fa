/** @file What the worker does, without the worker: also the command line's and the tests' way to the whole engine. */
import { findMethod } from '../attribution/index.ts';
import { chooseRuntime, createRuntime } from '../runtime/device.ts';
import { deviceOf, devices, idOf, isGpu, type DeviceId } from '../runtime/devices.ts';
import type { Companion } from '../formats/model.ts';
import { companionsOf } from '../formats/companions.ts';
import type { Graph } from '../graph/graph.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { decodeImage } from '../vision/decode.ts';
import { announcedSize, imageNotes, refuseSize } from '../vision/header.ts';
import { fedView } from '../vision/fed.ts';
import { modelView, normalize, preprocessingFor, presets, type ImageInput } from '../vision/preprocess.ts';
import type { Fed, Pixels, Preprocessing } from '../vision/types.ts';
import { chooseFor, nextOf, type Automatic } from './automatic.ts';
import { crossCheck, type CrossCheck } from './check-lab.ts';
import { explain, predict, type Setting } from './explain.ts';
import type { ExportedExplanation } from './export.ts';
import { choicesOf, inputNames, type OpenImage } from './feed.ts';
import { LongPass } from './cost.ts';
import { digestOf } from './digest.ts';
import { Elsewhere } from './elsewhere.ts';
import { InsideLab } from './inside-lab.ts';
import { judge, metricInfos, type Judgement, type JudgeReport, type JudgeRequest } from './judge.ts';
import { parseLabels, refuseLargeLabels } from './labels.ts';
import { modelAmong, openModel, type LoadedModel } from './open.ts';
import { readFile, readNeeded } from './reading.ts';
import { tryPresets } from './preset-trial.ts';
import { refuseChoices, refusePreprocessing, refuseRequest } from './requests.ts';
import { Runtimes } from './runtimes.ts';
import { isOutOfMemory, say } from './say.ts';
import { sha256 } from './sha256.ts';
import { passMilliseconds } from './speed.ts';
import type {
  AttributionRequest,
  AttributionResult,
  DeviceChoice,
  DeviceEntry,
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
} from './types.ts';

export interface LabOptions {
  /** Written into every result. */
  readonly version: string;
  /** Bytes to pixels; by default the browser's decoders. */
  readonly decode?: (name: string, bytes: ArrayBuffer) => Promise<{ pixels: Pixels; width: number; height: number }>;
  /** What executes graphs; by default the best that this device offers. */
  readonly choose?: typeof chooseRuntime;
  /** A second runtime beside it; by default one of this device's. */
  readonly create?: typeof createRuntime;
}

export class LabCore {
  readonly #version: string;
  readonly #decode: NonNullable<LabOptions['decode']>;
  readonly #choose: typeof chooseRuntime;
  readonly #create: typeof createRuntime;
  readonly #jobs = new Map<JobId, AbortController>();
  readonly #images = new Map<ImageId, OpenImage>();
  /** What may be asked about the inside of the open model. */
  readonly inside = new InsideLab({
    run: (job, work) => this.#run(job, this.#name(), work),
    setting: (signal, onProgress) => this.#setting(signal, onProgress),
    refuse: ({ loaded }, choices) => refuseChoices(choices, loaded.images, inputNames(loaded.info)),
  });
  #runtime: Runtime | null = null;
  readonly #others = new Runtimes((id) => this.#create(id, { wasmPaths: this.#ortBase }));
  readonly #elsewhere = new Elsewhere((id) => this.#runtimeOn(id));
  #ortBase = '';
  /** Set while the page chooses the device. */
  #automatic: Automatic | null = null;
  #fastest: Fastest = {};
  #devices: readonly DeviceEntry[] = [];
  #notes: readonly string[] = [];
  /** Why the open model does not run on the usual device; '' where it does. */
  #lacks = '';
  #loaded: LoadedModel | null = null;
  /** Rejects when the runtime's device is lost; never resolves. */
  #loss: Promise<never> = new Promise(() => undefined);

  constructor({ version, decode = decodeImage, choose = chooseRuntime, create = createRuntime }: LabOptions) {
    this.#version = version;
    this.#decode = decode;
    this.#choose = choose;
    this.#create = create;
  }

  start({
    choice,
    ortBase,
    fastest = {},
  }: {
    choice: DeviceChoice;
    ortBase: string;
    fastest?: Fastest;
  }): Promise<Outcome<DeviceReport>> {
    return outcome('Vitrine', async () => {
      await this.#close();
      await this.#runtime?.dispose();
      await this.#others.forget();
      const { runtime, available, candidates, notes } = await this.#choose({ choice, wasmPaths: ortBase });
      this.#ortBase = ortBase;
      this.#fastest = fastest;
      this.#notes = notes;
      this.#automatic = choice === 'auto' ? { home: idOf(runtime.device), candidates, available } : null;
      this.#devices = devices.map(({ id, title, runtime, kind }) => ({
        id,
        title,
        runtime,
        kind,
        available: available.includes(id),
        automatic: candidates.includes(id),
      }));
      this.#work(runtime);
      return this.#report(notes);
    });
  }

  presets = async () => presets;

  openModel(
    job: JobId,
    files: readonly DroppedFile[],
    onProgress: (p: ProgressReport) => void,
  ): Promise<Outcome<ModelInfo>> {
    const subject = files[0]?.name ?? 'Nothing';
    return this.#run(job, subject, async (signal) => {
      const runtime = this.#require(this.#runtime, 'the engine has not been started');
      let [note, lacking] = ['', false];
      const choose = async (graph: Graph, sha256: string) => {
        if (!this.#automatic) return runtime;
        const chosen = await chooseFor(graph, this.#automatic, this.#fastest[sha256], (id) => this.#runtimeOn(id));
        ({ note, lacking } = chosen);
        return chosen.runtime;
      };
      const loaded = await openModel(runtime, await readNeeded(files), { signal, onProgress, choose });
      await this.#close();
      this.#loaded = loaded;
      this.#lacks = lacking ? note : '';
      return this.#adopt(loaded.runtime)
        ? { ...loaded.info, moved: this.#report(note ? [note] : this.#notes) }
        : loaded.info;
    });
  }

  companions(file: DroppedFile): Promise<Outcome<readonly Companion[]>> {
    return outcome(file.name, async () => companionsOf((await readFile(file)).bytes, file.name));
  }

  identify(files: readonly DroppedFile[]): Promise<Outcome<ModelIdentity>> {
    return outcome(files[0]?.name ?? 'Nothing', async () => {
      const read = await readNeeded(files);
      const main = modelAmong(read);
      const beside = read.filter((file) => file !== main);
      return { name: main.name, ...(await digestOf(main, beside)) };
    });
  }

  setLabels(file: DroppedFile): Promise<Outcome<readonly string[]>> {
    return outcome(file.name, async () => {
      const loaded = this.#open();
      refuseLargeLabels(file);
      const { name, bytes } = await readFile(file);
      const labels = parseLabels(name, new TextDecoder().decode(bytes));
      this.#loaded = { ...loaded, labels };
      return labels;
    });
  }

  preprocessing(preset: string, input = 0): Promise<Outcome<Preprocessing>> {
    return outcome(this.#name(), async () => preprocessingFor(preset, this.#input(input)));
  }

  openImage(image: ImageId, file: DroppedFile): Promise<Outcome<ImageInfo>> {
    return outcome(file.name, async () => {
      const { name, bytes } = await readFile(file);
      const announced = announcedSize(bytes.buffer);
      if (announced) refuseSize(name, announced);
      const digest = await sha256(bytes);
      const { pixels, width, height } = await this.#decode(name, bytes.buffer);
      this.#images.set(image, { pixels, sha256: digest });
      return { id: image, name, sha256: digest, width, height, notes: imageNotes(bytes.buffer) };
    });
  }

  async closeImage(image: ImageId): Promise<void> {
    this.#images.delete(image);
  }

  fed(image: ImageId, preprocessing: Preprocessing, input = 0): Promise<Outcome<Fed>> {
    return outcome(this.#name(), async () => {
      const setting = this.#setting(new AbortController().signal);
      refusePreprocessing(preprocessing, this.#input(input));
      return fedView(normalize(modelView(setting.image(image).pixels, preprocessing), preprocessing), preprocessing);
    });
  }

  predict(
    job: JobId,
    image: ImageId,
    preprocessing: Preprocessing,
    others: readonly InputChoice[] = [],
  ): Promise<Outcome<Prediction>> {
    return this.#run(job, this.#name(), (signal) => {
      const setting = this.#setting(signal);
      const choices = choicesOf({ image, preprocessing, others });
      refuseChoices(choices, setting.loaded.images, inputNames(setting.loaded.info));
      return predict(setting, choices);
    });
  }

  tryPresets(job: JobId, choices: readonly InputChoice[], input: number): Promise<Outcome<readonly PresetAnswer[]>> {
    return this.#run(job, this.#name(), (signal) => {
      const setting = this.#setting(signal);
      this.#input(input);
      refuseChoices(choices, setting.loaded.images, inputNames(setting.loaded.info));
      return tryPresets(setting, choices, input);
    });
  }

  attribute(
    job: JobId,
    request: AttributionRequest,
    onProgress: (p: ProgressReport) => void,
  ): Promise<Outcome<AttributionResult>> {
    return this.#run(job, this.#name(), async (signal) => {
      const setting = this.#asking(request, signal, onProgress);
      const inquiry = {
        key: keyOf(request),
        title: findMethod(request.method).title,
        next: this.#automatic ? nextOf({ ...this.#automatic, home: idOf(setting.device) }) : [],
      };
      const explained = (on: Setting) => this.#onDevice(() => explain(on, request));
      const { value, note } = await this.#elsewhere.ask(setting, inquiry, explained);
      return { ...value, notes: [...value.notes, ...[this.#lacks, note].filter((text) => text !== '')] };
    });
  }

  explanationFile(request: AttributionRequest): Promise<Outcome<ExportedExplanation>> {
    return outcome(this.#name(), async () => {
      const setting = this.#asking(request, new AbortController().signal, () => undefined);
      const { explanationFile } = await import('./export.ts');
      return explanationFile(setting, request);
    });
  }

  crossCheck(
    job: JobId,
    request: AttributionRequest,
    on: DeviceId,
    onProgress: (p: ProgressReport) => void,
  ): Promise<Outcome<CrossCheck>> {
    return this.#run(job, this.#name(), async (signal) => {
      const setting = await this.#elsewhere.settingOf(this.#asking(request, signal, onProgress), keyOf(request));
      const second = await this.#runtimeOn(deviceOf(on).id);
      signal.throwIfAborted();
      return crossCheck(setting, request, { on: deviceOf(on).id, second });
    });
  }

  metrics = async () => metricInfos();

  judge(
    job: JobId,
    judged: JudgeRequest,
    onReport: (report: JudgeReport) => void,
  ): Promise<Outcome<readonly Judgement[]>> {
    const { request } = judged;
    return this.#run(job, this.#name(), async (signal) =>
      judge(await this.#elsewhere.settingOf(this.#asking(request, signal), keyOf(request)), judged, onReport),
    );
  }

  measure(job: JobId): Promise<Outcome<PassTimes>> {
    return this.#run(job, this.#name(), async (signal) => {
      const { graph } = this.#open().imported;
      const times: Partial<Record<DeviceId, number>> = {};
      for (const { id, automatic } of this.#devices) {
        if (!automatic) continue;
        const runtime = await this.#runtimeOn(id);
        if (runtime.unsupported(graph).length === 0) times[id] = await passMilliseconds(runtime, graph, signal);
      }
      return times;
    });
  }

  async prefer(fastest: Fastest): Promise<void> {
    this.#fastest = fastest;
  }

  async cancel(job: JobId): Promise<void> {
    this.#jobs.get(job)?.abort();
  }

  #setting(signal: AbortSignal, onProgress: (p: ProgressReport) => void = () => undefined): Setting {
    const { device } = this.#require(this.#runtime, 'the engine has not been started');
    const image = (id: ImageId) => this.#require(this.#images.get(id), 'the image is no longer open; choose it again');
    return { loaded: this.#open(), device, version: this.#version, image, signal, onProgress };
  }

  /** Throws a RangeError where the request does not fit the open model. */
  #asking(request: AttributionRequest, signal: AbortSignal, onProgress?: (p: ProgressReport) => void): Setting {
    const setting = this.#setting(signal, onProgress);
    refuseChoices(choicesOf(request), setting.loaded.images, inputNames(setting.loaded.info));
    refuseRequest(request);
    return setting;
  }

  #input(i: number): ImageInput {
    const { images, info } = this.#open();
    return this.#require(images[i], `${info.name} has ${images.length} inputs, number ${i + 1} is asked for`);
  }

  #open = (): LoadedModel => this.#require(this.#loaded, 'no model is open; drop one first');

  #require<T>(value: T | null | undefined, what: string): T {
    if (value === null || value === undefined) throw new Error(`Vitrine: ${what}.`);
    return value;
  }

  #work(runtime: Runtime): void {
    this.#runtime = runtime;
    this.#loss = runtime.lost.then((reason) => Promise.reject(new DeviceLost(runtime, reason)));
    this.#loss.catch(() => undefined);
  }

  /** Whether the work moves to another runtime; the one before it stays for the next time. */
  #adopt(runtime: Runtime): boolean {
    const before = this.#runtime;
    if (!before || runtime === before) return false;
    this.#others.add(before);
    this.#work(runtime);
    return true;
  }

  #report(notes: readonly string[]): DeviceReport {
    const { device } = this.#require(this.#runtime, 'the engine has not been started');
    return { device, id: idOf(device), devices: this.#devices, notes };
  }

  async #runtimeOn(id: DeviceId): Promise<Runtime> {
    const runtime = this.#require(this.#runtime, 'the engine has not been started');
    return id === idOf(runtime.device) ? runtime : this.#others.on(id);
  }

  /** How errors name what is being explained. */
  #name = (): string => this.#loaded?.info.name ?? 'Vitrine';

  async #run<T>(job: JobId, subject: string, work: (signal: AbortSignal) => Promise<T>): Promise<Outcome<T>> {
    const controller = new AbortController();
    this.#jobs.set(job, controller);
    const result = await outcome(subject, () => this.#onDevice(() => work(controller.signal)));
    this.#jobs.delete(job);
    return controller.signal.aborted ? { ok: false, reason: 'cancelled', message: 'Cancelled.' } : result;
  }

  /** Work on a lost device may fail in its own words, or never end: the loss comes first. */
  async #onDevice<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await Promise.race([this.#loss, (async () => work())()]);
    } catch (error) {
      const news = new Promise((resolve) => setTimeout(resolve, LOSS_IS_TOLD_MS));
      if (this.#runtime && isGpu(this.#runtime.device)) await Promise.race([this.#loss, news]);
      throw error;
    }
  }

  async #close(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = null;
    this.inside.forget();
    await this.#elsewhere.forget();
    await loaded?.engine.dispose();
  }
}

/** How long after a failure on a GPU the browser may tell that the device is gone. */
const LOSS_IS_TOLD_MS = 100;

/** All that the graphs of an explanation depend on; what only feeds them, such as the class, is left out. */
const keyOf = ({ method, layer, options, target, neuron }: AttributionRequest): string =>
  JSON.stringify([method, layer, options, neuron ? `up to ${neuron.layer}` : target.kind]);

class DeviceLost extends Error {
  override name = 'DeviceLost';

  constructor({ device }: Runtime, reason: string) {
    super(`Vitrine: ${deviceOf(idOf(device)).title} stopped in the middle of the work (${reason.replace(/\.$/, '')}).`);
  }
}

async function outcome<T>(subject: string, work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const fault = error instanceof DeviceLost ? 'device' : isOutOfMemory(error) ? 'memory' : undefined;
    const costly = error instanceof LongPass ? ({ costly: true } as const) : {};
    return { ok: false, reason: 'failed', message: say(error, subject), ...(fault && { fault }), ...costly };
  }
}
