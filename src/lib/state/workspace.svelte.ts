/** @file The state of the page: model, image, question, result, and what is being done. */
import { type LabClient, createLab } from '../worker/client.ts';
import type {
  AttributionRequest,
  AttributionResult,
  DeviceChoice,
  DeviceReport,
  DroppedFile,
  Fed,
  ImageInfo,
  MethodInfo,
  ModelInfo,
  Outcome,
  Prediction,
  Preprocessing,
  PresetInfo,
  ProgressReport,
} from '../worker/api.ts';
import { Comparison } from './compare.svelte.ts';
import { sortFiles, unknownFiles } from './files.ts';
import { type Library, type LibraryImage, type LibraryModel, type PublicModel, fetchFile, firstOf } from './library.ts';
import { Overlay } from './overlay.svelte.ts';
import { Picture, type Source } from './picture.svelte.ts';
import { Question } from './question.svelte.ts';
import { IMAGE_LIMIT, MODEL_LIMIT, Remote } from './remote.svelte.ts';
import { Strip, type StripEntry } from './strip.svelte.ts';

export type {
  AttributionResult,
  DeviceChoice,
  DeviceReport,
  Fed,
  ModelInfo,
  Prediction,
  Preprocessing,
  PresetInfo,
  ProgressReport,
};

/** How long a request must stand before it is sent, so that a dragged slider asks once. */
const SETTLE_MS = 120;

export type Status = 'idle' | 'running' | 'done' | 'error';

/** What is asked of the model's forward pass. */
interface Feed {
  readonly model: ModelInfo;
  readonly image: number;
  readonly preprocessing: Preprocessing;
  /** Grows when the same question must be asked again: another device, a retry. */
  readonly turn: number;
}

interface Answer<K, T> {
  readonly to: K;
  readonly outcome: Outcome<T>;
}

export class Workspace {
  readonly question = new Question();
  readonly overlay = new Overlay();
  readonly strip = new Strip();
  readonly remote = new Remote();
  readonly imageRemote = new Remote();
  readonly picture: Picture;
  readonly comparison: Comparison;
  device = $state<DeviceChoice>('auto');
  report = $state.raw<DeviceReport | null>(null);
  presets = $state.raw<readonly PresetInfo[]>([]);
  model = $state.raw<ModelInfo | null>(null);
  preprocessing = $state.raw<Preprocessing | null>(null);
  /** What is being opened or started; null when nothing is. */
  opening = $state.raw<ProgressReport | null>(null);
  progress = $state.raw<ProgressReport | null>(null);
  /** Name of the image that serves as baseline; '' when none does. */
  baselineName = $state('');
  /** The image that served last as baseline. */
  baselineImage = $state.raw<{ readonly info: ImageInfo; readonly source: Source } | null>(null);
  /** While a link's files are being gathered, nothing is computed. */
  held = $state(false);
  /** What went wrong outside of an explanation, until it is dismissed or followed by a success. */
  problem = $state('');

  #turn = $state(0);
  /** Of the open model. */
  #files: readonly DroppedFile[] = [];
  #predicted = $state.raw<Answer<Feed, Prediction> | null>(null);
  #explained = $state.raw<Answer<string, AttributionResult> | null>(null);
  /** The newest picture that was made; it stays on show while the next is in the making. */
  #shown = $state.raw<AttributionResult | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #openings = 0;
  readonly #lab: LabClient;

  constructor(lab: LabClient) {
    this.#lab = lab;
    lab.onFault = (why, report) => {
      this.problem = why;
      if (report) this.report = report;
    };
    this.comparison = new Comparison(lab, this);
    this.picture = new Picture(lab);
  }

  readonly method: MethodInfo | null = $derived(
    this.model?.methods.find(({ id }) => id === this.question.method) ?? null,
  );

  readonly feed: Feed | null = $derived.by(() => {
    const { model, preprocessing, held } = this;
    const image = this.picture.info?.id;
    if (held || !model || image === undefined || !preprocessing) return null;
    return { model, image, preprocessing, turn: this.#turn };
  });

  readonly #predictionOutcome = $derived(
    this.#predicted && this.feed && sameFeed(this.#predicted.to, this.feed) ? this.#predicted.outcome : null,
  );

  readonly prediction: Prediction | null = $derived(this.#predictionOutcome?.ok ? this.#predictionOutcome.value : null);

  readonly request: AttributionRequest | null = $derived.by(() => {
    const { method, feed, prediction, question } = this;
    const target = prediction && question.target(prediction.top.map(({ index }) => index));
    if (!method || method.unavailable !== null || !feed || !target) return null;
    return {
      image: feed.image,
      preprocessing: feed.preprocessing,
      method: method.id,
      options: question.optionsOf(method),
      target,
      baseline: question.baseline,
      layer: method.needs.layer ? question.layer : null,
      seed: question.seed,
    };
  });

  readonly #key = $derived(this.request && JSON.stringify([this.request, this.model?.sha256, this.#turn]));
  readonly #outcome = $derived(this.#explained && this.#explained.to === this.#key ? this.#explained.outcome : null);

  readonly status: Status = $derived.by(() => {
    if (this.#outcome) return this.#outcome.ok ? 'done' : this.#outcome.reason === 'cancelled' ? 'idle' : 'error';
    if (this.request || this.opening) return 'running';
    if (this.#predictionOutcome && !this.#predictionOutcome.ok) return 'error';
    return this.feed && this.method ? 'running' : 'idle';
  });

  /** The result to show: the newest for this image, also while the next is in the making. */
  readonly result: AttributionResult | null = $derived.by(() => {
    const shown = this.#shown;
    const belongs = shown?.request.image === this.picture.info?.id && shown?.modelSha256 === this.model?.sha256;
    return belongs ? shown : null;
  });

  /** Whether the person stopped what was asked for. */
  readonly stopped: boolean = $derived.by(() => this.#outcome?.ok === false && this.#outcome.reason === 'cancelled');

  readonly failure: string = $derived.by(() => {
    for (const outcome of [this.#predictionOutcome, this.#outcome]) {
      if (outcome && !outcome.ok && outcome.reason === 'failed') return outcome.message;
    }
    return '';
  });

  async start(choice: DeviceChoice = this.device): Promise<void> {
    this.device = choice;
    await this.#opening('Starting the engine', async () => {
      const outcome = await this.#lab.start(choice);
      if (outcome.ok) {
        this.report = outcome.value;
        this.presets = await this.#lab.presets();
        this.#turn++;
      }
      return outcome;
    });
  }

  /** The first visit: a model, an image and the reason, without a click. */
  async begin({ models, images }: Library): Promise<void> {
    const [model, image] = [firstOf(models), firstOf(images)];
    const started = this.start();
    await Promise.all([
      model && this.openBundledModel(model, started),
      image && this.openBundledImage(image, started),
      started,
    ]);
  }

  async openBundledModel(
    { files, urls, preprocessing }: LibraryModel,
    after: Promise<unknown> = Promise.resolve(),
  ): Promise<void> {
    const fetched = await this.#fetch(urls.map((url, i) => fetchFile(url, files[i])));
    await after;
    if (fetched) await this.openModel(fetched, preprocessing);
  }

  async openBundledImage({ title, url }: LibraryImage, after: Promise<unknown> = Promise.resolve()): Promise<void> {
    const fetched = await this.#fetch([fetchFile(url, title)]);
    await after;
    if (fetched) await this.openImage({ ...fetched[0], url });
  }

  /** The model at an address that a person typed. False where it could not be had: `remote.problem` says why. */
  async openModelAt(url: string): Promise<boolean> {
    const files = await this.remote.fetch([{ url }], MODEL_LIMIT);
    if (files) await this.openModel(files);
    return files !== null;
  }

  async openPublicModel({ url, sha256, labels, preprocessing }: PublicModel): Promise<boolean> {
    const files = await this.remote.fetch([{ url, sha256 }, ...(labels ? [labels] : [])], MODEL_LIMIT);
    if (files) await this.openModel(files, preprocessing);
    return files !== null;
  }

  async openImageAt(url: string): Promise<boolean> {
    const files = await this.imageRemote.fetch([{ url }], IMAGE_LIMIT);
    if (files) await this.openImage(files[0]);
    return files !== null;
  }

  /** `preprocessing`: what the model is known to expect; without it, what its file lets guess. */
  async openModel(files: readonly DroppedFile[], preprocessing?: Preprocessing): Promise<void> {
    await this.#opening(
      `Opening ${files.find(({ name }) => /\.onnx$/i.test(name))?.name ?? 'the model'}`,
      async (onProgress) => {
        const outcome = await this.#lab.openModel(files, onProgress);
        if (outcome.ok) {
          this.question.adaptTo(outcome.value);
          this.preprocessing = preprocessing ?? outcome.value.preprocessing;
          // The same question about another output is another question.
          if (this.model?.sha256 === outcome.value.sha256 && this.model.output !== outcome.value.output) this.#turn++;
          this.model = outcome.value;
          this.#files = files;
        }
        return outcome;
      },
    );
  }

  /** Explains another output of the open model. */
  async chooseOutput(output: string): Promise<void> {
    const { model, preprocessing } = this;
    if (!model || !preprocessing || output === model.output) return;
    await this.openModel(
      this.#files.map((file) => (file.name === model.name ? { ...file, output } : file)),
      preprocessing,
    );
  }

  /** One of several images, asked about the class that was last chosen for it. */
  async openFromStrip(entry: StripEntry): Promise<void> {
    if (entry.source === this.picture.source) return;
    this.strip.remember(this.picture.source, { chosen: this.question.chosen, model: this.model?.sha256 });
    await this.#opening(`Reading ${entry.title}`, async () => {
      const outcome = await this.picture.open(entry.source);
      if (outcome.ok) this.question.chosen = entry.model === this.model?.sha256 ? entry.chosen : null;
      else if (outcome.reason === 'failed') this.strip.remove(entry);
      return outcome;
    });
  }

  async openImage(source: Source): Promise<void> {
    await this.#opening(`Reading ${source.name}`, () => this.picture.open(source));
  }

  /** Opens an image to compare with. */
  async openBaseline(source: Source): Promise<void> {
    await this.#opening(`Reading ${source.name}`, async () => {
      const outcome = await this.#lab.openImage({ name: source.name, bytes: source.bytes });
      if (!outcome.ok) return outcome;
      const { baseline } = this.question;
      this.question.baseline = { kind: 'image', image: outcome.value.id };
      this.baselineName = source.name;
      this.baselineImage = { info: outcome.value, source };
      if (baseline.kind === 'image') void this.#lab.closeImage(baseline.image);
      return outcome;
    });
  }

  async openLabels(file: DroppedFile): Promise<void> {
    await this.#opening(`Reading ${file.name}`, async () => {
      const outcome = await this.#lab.setLabels(file);
      if (outcome.ok && this.model) this.model = { ...this.model, labels: outcome.value };
      return outcome;
    });
  }

  /** Whatever a person dropped, pasted or chose. */
  async openFiles(files: readonly File[]): Promise<void> {
    const { model, images, labels, unknown } = sortFiles(files);
    const tasks: Promise<void>[] = [];
    if (model.length > 0) tasks.push(this.openModel(model));
    if (labels) tasks.push(this.openLabels(labels));
    const added = this.strip.add(images.map(({ name, bytes }) => ({ name, bytes: bytes as Blob })));
    if (added) tasks.push(this.openFromStrip(added));
    await Promise.all(tasks);
    if (unknown.length > 0) this.problem = unknownFiles(unknown);
  }

  async choosePreset(preset: string): Promise<void> {
    const outcome = await this.#lab.preprocessing(preset);
    if (outcome.ok) this.preprocessing = outcome.value;
    else this.#fail(outcome);
  }

  /** Changes part of the preprocessing by hand. */
  prepare(change: Partial<Preprocessing>): void {
    if (this.preprocessing) this.preprocessing = { ...this.preprocessing, preset: 'custom', ...change };
  }

  /** What the model is fed of the image; null where that is not known. */
  async fed({ image, preprocessing }: Feed): Promise<Fed | null> {
    const outcome = await this.#lab.fed(image, preprocessing);
    return outcome.ok ? outcome.value : null;
  }

  /** Call whenever `feed` changes. */
  async predict(feed: Feed): Promise<void> {
    const outcome = await this.#lab.predict(feed.image, feed.preprocessing);
    if (outcome.ok || outcome.reason === 'failed') this.#predicted = { to: feed, outcome };
  }

  /** Call whenever `request` changes: sends it once it has stood for a moment. */
  explain(request: AttributionRequest): void {
    clearTimeout(this.#timer);
    const key = this.#key;
    if (key === null || this.#explained?.to === key) return;
    // The first picture need not wait: nobody is dragging anything yet.
    this.#timer = setTimeout(() => void this.#attribute(request, key), this.#explained ? SETTLE_MS : 0);
  }

  /** Stops the explanation that is running. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#lab.cancel();
    const to = this.#key;
    if (to !== null) this.#explained = { to, outcome: { ok: false, reason: 'cancelled', message: 'Stopped.' } };
    this.progress = null;
  }

  /** Asks the same again. */
  retry(): void {
    this.#turn++;
  }

  async #attribute(request: AttributionRequest, key: string): Promise<void> {
    this.progress = null;
    const outcome = await this.#lab.attribute(request, (progress) => {
      if (this.#key === key) this.progress = progress;
    });
    if (!outcome.ok && outcome.reason === 'cancelled') return;
    this.progress = null;
    if (outcome.ok) this.#shown = outcome.value;
    this.#explained = { to: key, outcome };
  }

  async #opening<T>(
    doing: string,
    open: (onProgress: (p: ProgressReport) => void) => Promise<Outcome<T>>,
  ): Promise<void> {
    this.#openings++;
    this.problem = '';
    this.opening = { doing, fraction: 0, secondsLeft: null };
    const outcome = await open((progress) => (this.opening = progress));
    if (--this.#openings === 0) this.opening = null;
    if (!outcome.ok) this.#fail(outcome);
  }

  async #fetch<T>(files: Promise<T>[]): Promise<T[] | null> {
    try {
      return await Promise.all(files);
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      return null;
    }
  }

  #fail(outcome: { readonly reason: 'cancelled' | 'failed'; readonly message: string }): void {
    if (outcome.reason === 'cancelled') return;
    this.problem = this.problem ? `${this.problem}\n${outcome.message}` : outcome.message;
  }
}

const sameFeed = (a: Feed, b: Feed): boolean =>
  a.model === b.model && a.image === b.image && a.preprocessing === b.preprocessing && a.turn === b.turn;

/** `ortBase`: address of the folder with onnxruntime's files. */
export const createWorkspace = (ortBase: string): Workspace => new Workspace(createLab(ortBase));
