/** @file The page's side of the worker: wraps it, lets the newest request win, and replaces it when it dies, hangs or has grown. */
import * as Comlink from 'comlink';
import type {
  AttributionRequest,
  AttributionResult,
  Companion,
  CrossCheck,
  DeviceChoice,
  DeviceId,
  DeviceReport,
  DroppedFile,
  Fastest,
  Fed,
  ImageId,
  ImageInfo,
  InputChoice,
  InsideApi,
  JobId,
  Judgement,
  JudgeReport,
  JudgeRequest,
  Lab,
  MetricInfo,
  ModelIdentity,
  ModelInfo,
  Outcome,
  PassTimes,
  Prediction,
  PresetAnswer,
  Preprocessing,
  PresetInfo,
  ProgressReport,
} from './api.ts';
import { InsideClient, type Hear, type InsideChannel } from './inside-client.ts';
import { Patience, watchPulse } from './pulse.ts';

/**
 * Bytes of model files after which the next model gets a fresh worker: a WebAssembly heap never shrinks, and the end of
 * its worker is the only thing that gives its memory back.
 */
const WORKER_LIFETIME_BYTES = 256 * 2 ** 20;

type Failure = Extract<Outcome<never>, { ok: false }>;

type Channel = 'open' | 'predict' | 'presets' | 'attribute' | 'cross-check' | 'judge' | 'measure' | InsideChannel;

interface Connection {
  readonly worker: Worker;
  readonly lab: Comlink.Remote<Lab>;
  /** Rejects when the worker dies or is ended; never resolves. */
  readonly death: Promise<never>;
  readonly end: (reason: Error) => void;
  /** Settles when the engine runs and everything that was open is open again. */
  readonly ready: Promise<Outcome<DeviceReport>>;
}

/** Why calls to a worker that was ended on purpose do not return. */
class Ended extends Error {
  override name = 'Ended';
}

/** Why calls to a worker that had to be replaced do not return: they are made again on the next one. */
class Replaced extends Error {
  override name = 'Replaced';
}

/** The engine owes an answer and says nothing; only a person can tell whether that is wrong. */
export interface Silence {
  readonly seconds: number;
  /** Goes on waiting. */
  readonly wait: () => void;
  /** Gives the engine up: what runs fails, a new one opens again what was open. */
  readonly restart: () => void;
}

/** Why calls do not return to a worker that a person gave up. */
class GivenUp extends Error {
  override name = 'GivenUp';
}

/** Seconds without a word, while somebody waits, after which the person is asked. */
const PATIENCE_SECONDS = 60;

export class LabClient {
  /**
   * Called when the work has moved to another device or worker by itself, or something could not be opened again.
   */
  onFault: (why: string, report: DeviceReport | null) => void = () => undefined;
  /** Called when the engine has not answered for long, and with null once it does. */
  onSilence: (silence: Silence | null) => void = () => undefined;
  /** Feature maps, weights, signals and pictures of units. */
  readonly inside = new InsideClient({
    run: (channel, call) => this.#run(channel, (lab, job, hear) => call(insideOf(lab), job, hear)),
    stop: (channels) => this.#stop(channels),
    tell: (call) => void (this.#connection && call(insideOf(this.#connection.lab))),
  });
  readonly #ortBase: string;
  readonly #createWorker: () => Worker;
  readonly #patienceSeconds: number;
  #connection: Connection | null = null;
  #choice: DeviceChoice = 'auto';
  #openedBytes = 0;
  #fastest: Fastest = {};
  #model: readonly DroppedFile[] | null = null;
  #labels: DroppedFile | null = null;
  /** Why the chosen device is not used any more; '' while it is. */
  #fallenBack = '';
  #lastId = 0;
  /** Calls that wait for an answer. */
  #awaited = 0;
  /** Whether the present worker has answered a call: one that dies before it does is not replaced by itself. */
  #proven = false;
  readonly #images = new Map<ImageId, DroppedFile>();
  readonly #latest = new Map<Channel, JobId>();
  /** Each ends when the worker has answered, also the job that is no longer wanted. */
  readonly #answers = new Map<JobId, Promise<unknown>>();

  constructor(ortBase: string, createWorker: () => Worker = startWorker, patienceSeconds = PATIENCE_SECONDS) {
    this.#ortBase = ortBase;
    this.#createWorker = createWorker;
    this.#patienceSeconds = patienceSeconds;
  }

  /** Chooses the device and starts the engine. The open model and images are opened again on the new device. */
  async start(choice: DeviceChoice): Promise<Outcome<DeviceReport>> {
    this.#choice = choice;
    this.#fallenBack = '';
    this.#end(new Ended());
    this.#awaited++;
    try {
      return await this.#connect().ready;
    } catch (error) {
      return this.#failed(error);
    } finally {
      this.#awaited--;
    }
  }

  presets(): Promise<readonly PresetInfo[]> {
    return this.#require().lab.presets();
  }

  /** Opens a model; the one before it is closed. A later call wins over one that is still running. */
  async openModel(
    files: readonly DroppedFile[],
    onProgress: (p: ProgressReport) => void = () => undefined,
  ): Promise<Outcome<ModelInfo>> {
    const bytes = files.reduce((n, f) => n + sizeOf(f), 0);
    if (this.#openedBytes > 0 && this.#openedBytes + bytes > WORKER_LIFETIME_BYTES) this.#end(new Ended());
    const outcome = await this.#run('open', (lab, job, hear) => lab.openModel(job, files, hear(onProgress)));
    if (outcome.ok) {
      this.#model = files;
      this.#labels = null;
      this.#openedBytes += bytes;
    }
    return outcome;
  }

  companions(file: DroppedFile): Promise<Outcome<readonly Companion[]>> {
    return this.ask((lab) => lab.companions(file));
  }

  identify(files: readonly DroppedFile[]): Promise<Outcome<ModelIdentity>> {
    return this.ask((lab) => lab.identify(files));
  }

  async setLabels(file: DroppedFile): Promise<Outcome<readonly string[]>> {
    const outcome = await this.ask((lab) => lab.setLabels(file));
    if (outcome.ok) this.#labels = file;
    return outcome;
  }

  preprocessing(preset: string, input = 0): Promise<Outcome<Preprocessing>> {
    return this.ask((lab) => lab.preprocessing(preset, input));
  }

  async openImage(file: DroppedFile): Promise<Outcome<ImageInfo>> {
    const id = ++this.#lastId;
    const outcome = await this.ask((lab) => lab.openImage(id, file));
    if (outcome.ok) this.#images.set(id, file);
    return outcome;
  }

  async closeImage(image: ImageId): Promise<void> {
    this.#images.delete(image);
    await this.#connection?.lab.closeImage(image);
  }

  fed(image: ImageId, preprocessing: Preprocessing, input = 0): Promise<Outcome<Fed>> {
    return this.ask((lab) => lab.fed(image, preprocessing, input));
  }

  /** `others`: for the image inputs behind the first. */
  predict(image: ImageId, preprocessing: Preprocessing, others?: readonly InputChoice[]): Promise<Outcome<Prediction>> {
    return this.#run('predict', (lab, job) => lab.predict(job, image, preprocessing, others));
  }

  /** The best class by each preset at image input `input`; a later call wins over one that is still running. */
  tryPresets(choices: readonly InputChoice[], input: number): Promise<Outcome<readonly PresetAnswer[]>> {
    return this.#run('presets', (lab, job) => lab.tryPresets(job, choices, input));
  }

  /** Explains; a later call wins over one that is still running, which then returns `cancelled`. */
  attribute(request: AttributionRequest, onProgress: (p: ProgressReport) => void): Promise<Outcome<AttributionResult>> {
    return this.#run('attribute', (lab, job, hear) => lab.attribute(job, request, hear(onProgress)));
  }

  /** The same explanation on another device; a later check wins over one that is still running. */
  crossCheck(
    request: AttributionRequest,
    on: DeviceId,
    onProgress: (p: ProgressReport) => void,
  ): Promise<Outcome<CrossCheck>> {
    return this.#run('cross-check', (lab, job, hear) => lab.crossCheck(job, request, on, hear(onProgress)));
  }

  /** Paths on this site of what the engine has loaded late; none before it has started. */
  async lateParts(): Promise<readonly string[]> {
    return (await this.#connection?.lab.lateParts()) ?? [];
  }

  metrics(): Promise<readonly MetricInfo[]> {
    return this.#require().lab.metrics();
  }

  /** How good an explanation is; a later call wins over one that is still running. */
  judge(request: JudgeRequest, onReport: (report: JudgeReport) => void): Promise<Outcome<readonly Judgement[]>> {
    return this.#run('judge', (lab, job, hear) => lab.judge(job, request, hear(onReport)));
  }

  /** Stops the metrics that are being computed, if any. */
  cancelJudging(): void {
    this.#stop(['judge']);
  }

  /** How long a pass takes on each device that may be chosen unasked. */
  measure(): Promise<Outcome<PassTimes>> {
    return this.#run('measure', (lab, job) => lab.measure(job));
  }

  /** Stops the measurement that is running, if any. */
  cancelMeasuring(): void {
    this.#stop(['measure']);
  }

  /** From the next model on. */
  prefer(fastest: Fastest): void {
    this.#fastest = fastest;
    void this.#connection?.lab.prefer(fastest);
  }

  /** Stops the check on another device that is running, if any. */
  cancelCrossCheck(): void {
    this.#stop(['cross-check']);
  }

  /** Stops the predictions and the explanation that are running, if any. */
  cancel(): void {
    this.#stop(['predict', 'presets', 'attribute']);
  }

  /** Stops the model that is being opened, if any. */
  cancelOpening(): void {
    this.#stop(['open']);
  }

  /** A client of the same engine with a worker of its own, not yet started: for a second model beside the open one. */
  spare(): LabClient {
    const other = new LabClient(this.#ortBase, this.#createWorker, this.#patienceSeconds);
    other.onSilence = (silence) => this.onSilence(silence);
    return other;
  }

  /** Ends the worker. The client can be started again. */
  dispose(): void {
    this.#end(new Ended());
  }

  /** An engine in the middle of a long pass does not hear that it is to stop; it is replaced after a while. */
  #stop(channels: readonly Channel[]): void {
    const connection = this.#connection;
    const running = channels.filter((channel) => this.#latest.has(channel));
    const answers = running.flatMap((channel) => this.#answers.get(this.#latest.get(channel)!) ?? []);
    running.forEach((channel) => this.#cancelLatest(channel));
    if (!connection || running.length === 0) return;
    const late = setTimeout(() => {
      if (this.#connection !== connection) return;
      this.#end(new Replaced());
      this.#connectAgain(() => undefined);
    }, DEAF_MS);
    void Promise.allSettled(answers).then(() => clearTimeout(late));
  }

  /** Runs a job of which only the newest matters. */
  async #run<T>(
    channel: Channel,
    call: (lab: Comlink.Remote<Lab>, job: JobId, hear: Hear) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    this.#cancelLatest(channel);
    const job = ++this.#lastId;
    this.#latest.set(channel, job);
    const isLatest = () => this.#latest.get(channel) === job;
    const hear: Hear = (listener) => Comlink.proxy((report) => void (isLatest() && listener(report)));
    const answer = this.ask((lab) => (isLatest() ? call(lab, job, hear) : Promise.resolve(cancelled)));
    this.#answers.set(job, answer);
    const outcome = await answer;
    this.#answers.delete(job);
    if (!isLatest()) return cancelled;
    this.#latest.delete(channel);
    return outcome;
  }

  #cancelLatest(channel: Channel): void {
    const job = this.#latest.get(channel);
    this.#latest.delete(channel);
    if (job !== undefined) void this.#connection?.lab.cancel(job);
  }

  /**
   * Runs a call on a living worker, starting one if need be; its death becomes a failed outcome. For what the first visit
   * needs not know of, so that its words come with whoever asks.
   */
  async ask<T>(call: (lab: Comlink.Remote<Lab>) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    this.#awaited++;
    try {
      const outcome = await this.#attempt(call, true);
      this.#proven ||= outcome.ok;
      return outcome;
    } finally {
      this.#awaited--;
    }
  }

  async #attempt<T>(call: (lab: Comlink.Remote<Lab>) => Promise<Outcome<T>>, again: boolean): Promise<Outcome<T>> {
    let connection: Connection | null = null;
    try {
      connection = this.#connection ?? this.#connect();
      const started = await connection.ready;
      if (!started.ok) {
        this.#endIfCurrent(connection, new Ended());
        return started;
      }
      const outcome = await Promise.race([call(connection.lab), connection.death]);
      if (outcome.ok || !outcome.fault) return outcome;
      if (outcome.fault === 'memory') return this.#giveMemoryBack(connection, outcome);
      this.#fallBack(connection, outcome.message);
      return again ? await this.#attempt(call, false) : outcome;
    } catch (error) {
      if (error instanceof Replaced && again) return this.#attempt(call, false);
      if (connection) this.#endIfCurrent(connection, new Replaced());
      return this.#failed(error);
    }
  }

  /** Goes on with WASM after the loss of a GPU. Several calls may bring the news. */
  #fallBack(connection: Connection, why: string): void {
    if (this.#connection !== connection) return;
    this.#choice = 'ort-wasm';
    this.#fallenBack = `${why} WASM does the work now; choose the other again under Device.`;
    this.#end(new Replaced());
    this.#connectAgain((report) => this.onFault(this.#fallenBack, report));
  }

  /** A worker that died is replaced at once; while nothing was asked of it, nobody else would tell. */
  #died(connection: Connection, error: Error): void {
    if (this.#connection !== connection) return;
    const [proven, noticed] = [this.#proven, this.#awaited > 0];
    this.#end(new Replaced());
    if (!proven) return;
    const told = `The engine stopped: ${error.message}. It was started again, with your model and image.`;
    this.#connectAgain((report) => noticed || this.onFault(told, report));
  }

  #connectAgain(then: (report: DeviceReport | null) => void): void {
    void this.#connect().ready.then(
      (started) => then(started.ok ? started.value : null),
      () => undefined, // told by the call that waits for it
    );
  }

  /** The heap is full and never shrinks: the next call gets a new one. */
  #giveMemoryBack(connection: Connection, outcome: Failure): Failure {
    this.#endIfCurrent(connection, new Replaced());
    return { ...outcome, message: `${outcome.message} The engine starts afresh; what was open stays open.` };
  }

  #failed(error: unknown): Outcome<never> {
    if (error instanceof Ended) return cancelled;
    if (error instanceof GivenUp) return { ok: false, reason: 'failed', message: GIVEN_UP };
    const what = error instanceof Error ? error.message : String(error);
    return {
      ok: false,
      reason: 'failed',
      message: `The engine stopped: ${what}. It starts again, with your model and image; what was running is lost.`,
    };
  }

  #connect(): Connection {
    const worker = this.#createWorker();
    const over = new AbortController();
    let end: Connection['end'] = () => undefined;
    const death = new Promise<never>((_, reject) => {
      end = reject;
      const died = (why: string) => reject(new Error(why));
      worker.addEventListener('error', (event) => died(event.message || 'its script could not be loaded'));
      worker.addEventListener('messageerror', () => died('a message could not be read'));
      watchPulse(worker, over.signal, () => died('the browser closed its worker, perhaps for lack of memory'));
    });
    const patience = new Patience(worker, over.signal, {
      isAwaited: () => this.#awaited > 0,
      limit: this.#patienceSeconds,
      onSilence: (seconds) => this.onSilence(seconds ? { seconds, wait: () => patience.wait(), restart } : null),
    });
    const restart = () => {
      this.#end(new GivenUp());
      this.#connectAgain(() => undefined);
    };
    const lab = Comlink.wrap<Lab>(worker);
    const ready = Promise.race([this.#prepare(lab), death]);
    ready.catch(() => undefined);
    const connection: Connection = { worker, lab, death, end, ready };
    death.catch((error: Error) => {
      this.#died(connection, error);
      over.abort();
    });
    this.#proven = false;
    this.#connection = connection;
    return connection;
  }

  /** Starts the engine and opens everything again that was open. */
  async #prepare(lab: Comlink.Remote<Lab>): Promise<Outcome<DeviceReport>> {
    const started = await lab.start({ choice: this.#choice, ortBase: this.#ortBase, fastest: this.#fastest });
    if (!started.ok) return started;
    for (const [id, file] of this.#images) await lab.openImage(id, file);
    let moved: DeviceReport | undefined;
    if (this.#model) {
      const silent = Comlink.proxy(() => undefined);
      const wanted = this.#model.map((file) => ({ ...file, anyCost: true }));
      const opened = await lab.openModel(++this.#lastId, wanted, silent);
      if (opened.ok) moved = opened.value.moved;
      if (opened.ok && this.#labels) await lab.setLabels(this.#labels);
      if (!opened.ok) this.onFault(`The model could not be opened again. ${opened.message}`, null);
    }
    if (!this.#fallenBack) return { ok: true, value: moved ?? started.value };
    return { ok: true, value: { ...started.value, notes: [this.#fallenBack, ...started.value.notes] } };
  }

  #require(): Connection {
    if (!this.#connection) throw new Error('internal: the engine has not been started.');
    return this.#connection;
  }

  #endIfCurrent(connection: Connection, reason: Error): void {
    if (this.#connection === connection) this.#end(reason);
  }

  #end(reason: Error): void {
    const connection = this.#connection;
    this.#connection = null;
    this.#openedBytes = 0;
    connection?.worker.terminate();
    connection?.end(reason);
  }
}

/** comlink follows paths of properties, which its types do not know. */
const insideOf = (lab: Comlink.Remote<Lab>): Comlink.Remote<InsideApi> =>
  lab.inside as unknown as Comlink.Remote<InsideApi>;

/** The engine in a worker of its own. `ortBase` is the address of the folder with onnxruntime's files. */
export const createLab = (ortBase: string): LabClient => new LabClient(ortBase);

/** How long an engine that is told to stop may go on with its pass: a new one has the model open again as soon. */
const DEAF_MS = 3000;

const GIVEN_UP =
  'The engine did not answer. It was started again, with your model and image; try again, or choose a quicker method or fewer steps.';

const cancelled = { ok: false, reason: 'cancelled', message: 'A newer request took its place.' } as const;

const startWorker = () => new Worker(new URL('./lab.worker.ts', import.meta.url), { type: 'module', name: 'vitrine' });

const sizeOf = ({ bytes }: DroppedFile): number => (bytes instanceof Blob ? bytes.size : bytes.byteLength);
