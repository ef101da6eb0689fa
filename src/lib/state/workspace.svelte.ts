/** @file The state of the page: what is open and how it is opened, over what is asked of it. */
import { type LabClient, type Silence, createLab } from '../worker/client.ts';
import type {
  AttributionResult,
  Companion,
  DeviceChoice,
  DeviceReport,
  DroppedFile,
  Fed,
  ImageInfo,
  ModelInfo,
  Outcome,
  Prediction,
  Preprocessing,
  PresetInfo,
  ProgressReport,
} from '../worker/api.ts';
import { MOST_INPUTS } from '../share/kind.ts';
import { Addresses } from './addresses.svelte.ts';
import { isLabelsName } from '../sniff/roles.ts';
import { type SortedFiles, refusals, sortFiles, unknownFiles, waitingModels } from './files.ts';
import { Inquiry, type Status } from './inquiry.svelte.ts';
import { type Library, type LibraryImage, type LibraryModel, type PublicModel, fetchFile, firstOf } from './library.ts';
import { Overlay } from './overlay.svelte.ts';
import type { Source } from './picture.svelte.ts';
import { Inside } from './inside.svelte.ts';
import { Inspection } from './inspection.svelte.ts';
import { Place } from './place.svelte.ts';
import { OpenedModels } from './opened-models.svelte.ts';
import { type Reference, References } from './references.svelte.ts';
import { MODEL_LIMIT, Remote } from './remote.svelte.ts';
import { Speeds } from './speeds.svelte.ts';
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
  Silence,
  Status,
};

/** A question, and what is done where the answer is yes. */
export interface Costly {
  readonly question: string;
  readonly open: () => void;
}

export class Workspace extends Inquiry {
  readonly overlay = new Overlay();
  readonly strip = new Strip();
  readonly models = new OpenedModels();
  readonly remote = new Remote();
  readonly imageRemote = new Remote();
  readonly addresses = new Addresses(this);
  /** The layer that is picked anywhere is also the one that methods look at, where they can. */
  readonly place = new Place((layer) => {
    if (this.model?.layers.some(({ id }) => id === layer)) this.question.layer = layer;
  });
  readonly inside: Inside;
  readonly inspection: Inspection;
  readonly speeds: Speeds;
  readonly references: References;
  device = $state<DeviceChoice>('auto');
  report = $state.raw<DeviceReport | null>(null);
  presets = $state.raw<readonly PresetInfo[]>([]);
  /** Name of the image that serves as baseline; '' when none does. */
  baselineName = $state('');
  /** The image that served last as baseline. */
  baselineImage = $state.raw<{ readonly info: ImageInfo; readonly source: Source } | null>(null);
  /** What went wrong outside of an explanation, a line for each, until it is dismissed or something else is opened. */
  problem = $state('');
  /** A model whose passes take so long that the person is asked before it is opened. */
  costly = $state.raw<Costly | null>(null);
  /** Set while the engine does not answer. */
  silence = $state.raw<Silence | null>(null);

  /** Of the open model. */
  #files: readonly DroppedFile[] = [];
  #openings = 0;
  /** The images of the strip that serve as baselines. */
  #followed = '';
  /** Of these, models: the newest wins, the others are on their way out. */
  #modelOpenings = $state(0);

  constructor(lab: LabClient) {
    super(lab);
    lab.onFault = (why, report) => {
      this.tell(why);
      if (report) this.report = report;
    };
    lab.onSilence = (silence) => (this.silence = silence);
    this.inside = new Inside(lab, this, this.place);
    this.inspection = new Inspection(lab);
    this.speeds = new Speeds(lab, this);
    this.references = new References(lab);
  }

  /** The files of the open model. */
  get files(): readonly DroppedFile[] {
    return this.#files;
  }

  async start(choice: DeviceChoice = this.device): Promise<void> {
    this.device = choice;
    await this.#opening('Starting the engine', async () => {
      const outcome = await this.lab.start(choice);
      if (outcome.ok) {
        this.report = outcome.value;
        this.presets = await this.lab.presets();
        this.retry();
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
  openModelAt(url: string): Promise<boolean> {
    return this.addresses.openModel(url);
  }

  async openPublicModel({ url, sha256, labels, preprocessing }: PublicModel): Promise<boolean> {
    const files = await this.remote.fetch([{ url, sha256 }, ...(labels ? [labels] : [])], MODEL_LIMIT);
    if (files) await this.openModel(files, preprocessing);
    return files !== null;
  }

  openImageAt(url: string): Promise<boolean> {
    return this.addresses.openImage(url);
  }

  /** As if it had been typed where addresses are typed; also where it stands there already. */
  openLink(fragment: string): void {
    if (location.hash === fragment) dispatchEvent(new HashChangeEvent('hashchange'));
    else location.hash = fragment;
  }

  /** The files that a model names beside it. */
  companions(file: DroppedFile): Promise<Outcome<readonly Companion[]>> {
    return this.lab.companions(file);
  }

  /** `preprocessing`: what the model's first inputs are known to expect; without it, what its file lets guess. */
  async openModel(files: readonly DroppedFile[], ...preprocessing: (Preprocessing | undefined)[]): Promise<void> {
    this.#modelOpenings++;
    await this.#opening(`Opening ${files.at(0)?.name ?? 'the model'}`, async (onProgress) => {
      const outcome = await this.lab.openModel(files, onProgress);
      if (outcome.ok) {
        this.question.adaptTo(outcome.value);
        this.inputs.adapt(outcome.value, preprocessing);
        // The same question about another output is another question; one that was under way ended with its engine.
        const again = this.model?.sha256 === outcome.value.sha256;
        if (again && (this.model?.output !== outcome.value.output || this.status !== 'done')) this.retry();
        this.model = outcome.value;
        if (outcome.value.moved) this.report = outcome.value.moved;
        this.#files = files;
        this.models.read(files, outcome.value, preprocessing.at(0) ?? outcome.value.preprocessing);
      }
      if (!outcome.ok && outcome.costly) this.#ask(files, outcome.message, preprocessing);
      return outcome;
    });
    this.#modelOpenings--;
  }

  /** Where on another site the file was fetched from whose SHA-256 is the open model's; '' where there is none. */
  get modelAddress(): string {
    const [file] = this.#files;
    return file && file.name === this.model?.name && !this.model.withWeights ? (file.address ?? '') : '';
  }

  /** Why what is on show cannot be put into a long link or a bundle; '' when it can. */
  get unbundled(): string {
    const { length } = this.inputs.slots;
    return length > MOST_INPUTS
      ? `Holds up to ${MOST_INPUTS} pictures and maps; this model takes ${length} together`
      : '';
  }

  /** Explains another output of the open model. */
  async chooseOutput(output: string): Promise<void> {
    const { model } = this;
    if (!model || output === model.output) return;
    await this.openModel(
      this.#files.map((file, i) => (i === 0 ? { ...file, output } : file)),
      ...this.inputs.slots.flatMap(({ preprocessing }) => preprocessing ?? []),
    );
  }

  /** One of several images, asked about the class that was last chosen for it. */
  async openFromStrip(entry: StripEntry): Promise<void> {
    if (entry.source === this.picture.source) return;
    this.strip.remember(this.picture.source, { chosen: this.question.chosen, model: this.model?.sha256 });
    await this.#opening(`Reading ${entry.title}`, async () => {
      const outcome = await this.picture.open(entry.source);
      // Of several images together no class belongs to one alone.
      if (this.inputs.several) return outcome;
      if (outcome.ok) this.question.chosen = entry.model === this.model?.sha256 ? entry.chosen : null;
      else if (outcome.reason === 'failed') this.strip.remove(entry);
      return outcome;
    });
  }

  /** Opens an image in front of `input`. */
  async openImage(source: Source, input = this.inputs.selected): Promise<void> {
    await this.#opening(`Reading ${source.name}`, () => this.inputs.slots[input].picture.open(source));
  }

  /** Opens an image to compare with. */
  async openBaseline(source: Source): Promise<void> {
    await this.#opening(`Reading ${source.name}`, async () => {
      const outcome = await this.lab.openImage({ name: source.name, bytes: source.bytes });
      if (!outcome.ok) return outcome;
      const { baseline } = this.question;
      this.question.baseline = { kind: 'image', image: outcome.value.id };
      this.baselineName = source.name;
      this.baselineImage = { info: outcome.value, source };
      if (baseline.kind === 'image') void this.lab.closeImage(baseline.image);
      return outcome;
    });
  }

  /** Whether an image is open beside the one that is explained, to compare with. */
  get hasOthers(): boolean {
    const { source, info } = this.picture;
    const held: readonly Pick<Reference, 'info'>[] = this.references.images;
    return (
      this.strip.entries.some((entry) => entry.source !== source) ||
      held.some((one) => one.info.sha256 !== info?.sha256)
    );
  }

  /** Call while several images serve as baselines: images that were opened since are added to them. */
  async followStrip(): Promise<void> {
    const { entries } = this.strip;
    const key = entries.map(({ id }) => id).join();
    if (key === this.#followed || entries.length < 2) return;
    await this.openReferences(entries.map(({ source }) => source));
  }

  /** Opens images that serve together as baselines, each but the one that is explained. */
  async openReferences(sources: readonly Source[]): Promise<void> {
    this.#followed = this.strip.entries.map(({ id }) => id).join();
    await this.#opening('Reading the other images', async () => {
      const outcome = await this.references.take(sources);
      if (outcome.ok) this.question.images = outcome.value.map(({ info }) => info.id);
      return outcome;
    });
  }

  async openLabels(file: DroppedFile): Promise<void> {
    await this.#opening(`Reading ${file.name}`, async () => {
      const outcome = await this.lab.setLabels(file);
      if (outcome.ok) this.#name(file, outcome.value);
      return outcome;
    });
  }

  /** The classes of the open model, also of its other outputs from now on. */
  #name(file: DroppedFile, labels: readonly string[]): void {
    if (!this.model) return;
    const { classes } = this.model;
    this.model = { ...this.model, labels };
    this.#files = [...this.#files.filter(({ name }, i) => i === 0 || !isLabelsName(name)), file];
    if (labels.length !== classes)
      this.tell(`${file.name}: ${labels.length} labels for ${classes} classes; check that they belong to this model.`);
  }

  /** Whatever a person dropped, pasted or chose. */
  openFiles(files: readonly File[]): Promise<void> {
    return this.together(async () => {
      try {
        await this.#openSorted(await sortFiles(files));
      } catch (error) {
        this.tell(error instanceof Error ? error.message : String(error));
      }
    });
  }

  async #openSorted({ model, others, images, labels, unknown, refused }: SortedFiles): Promise<void> {
    const tasks: Promise<void>[] = [];
    others.forEach((other) => this.models.add(other));
    const opened = model.length > 0 ? this.openModel(model) : null;
    if (labels) tasks.push(this.openLabels(labels));
    const added = this.strip.add(images.map(({ name, bytes }) => ({ name, bytes: bytes as Blob })));
    tasks.push(this.inputs.several || opened ? this.#openEach(added, opened) : this.#openFirst(added));
    if (unknown.length > 0) this.tell(unknownFiles(unknown));
    refusals(refused).forEach((sentence) => this.tell(sentence));
    if (others.length > 0) this.tell(waitingModels(others.map(([{ name }]) => name)));
    await Promise.all(tasks);
  }

  /** The first of them that can be read; those before it are told and leave the strip. */
  async #openFirst(entries: readonly StripEntry[]): Promise<void> {
    for (const entry of entries) {
      await this.openFromStrip(entry);
      if (this.strip.entries.some(({ id }) => id === entry.id)) return;
    }
  }

  /** Each image goes to an input, once the model that came with them is open: then it is known how many there are. */
  async #openEach(entries: readonly StripEntry[], opened: Promise<void> | null): Promise<void> {
    await opened;
    const { inputs } = this;
    if (!inputs.several) return this.#openFirst(entries);
    const takers = inputs.takers(entries.length);
    for (const [k, taker] of takers.entries()) {
      inputs.select(taker);
      await this.openFromStrip(entries[k]);
    }
    if (takers.length > 0) inputs.select(takers[0]);
  }

  async choosePreset(preset: string): Promise<void> {
    const { current, selected } = this.inputs;
    const outcome = await this.lab.preprocessing(preset, selected);
    if (outcome.ok) current.preprocessing = outcome.value;
    else this.#fail(outcome);
  }

  /** Changes part of the preprocessing by hand. */
  prepare(change: Partial<Preprocessing>): void {
    if (this.preprocessing) this.preprocessing = { ...this.preprocessing, preset: 'custom', ...change };
  }

  /** Of files that are opened together each is told: what is said of one does not hide what was said of another. */
  async together(work: () => Promise<void>): Promise<void> {
    if (this.#openings++ === 0) [this.problem, this.costly] = ['', null];
    try {
      await work();
    } finally {
      if (--this.#openings === 0) this.opening = null;
    }
  }

  /** Adds to what went wrong. */
  tell(message: string): void {
    if (this.problem.split('\n').includes(message)) return;
    this.problem = this.problem ? `${this.problem}\n${message}` : message;
  }

  get openingModel(): boolean {
    return this.#modelOpenings > 0;
  }

  /** Stops the model that is being opened; the one before it stays. */
  cancelOpening(): void {
    this.lab.cancelOpening();
  }

  #ask(files: readonly DroppedFile[], question: string, preprocessing: readonly (Preprocessing | undefined)[]): void {
    const agreed = files.map((file) => ({ ...file, anyCost: true }));
    this.costly = { question, open: () => void this.openModel(agreed, ...preprocessing) };
  }

  async #opening<T>(
    doing: string,
    open: (onProgress: (p: ProgressReport) => void) => Promise<Outcome<T>>,
  ): Promise<void> {
    await this.together(async () => {
      this.opening = { doing, fraction: 0, secondsLeft: null };
      // Progress comes by a channel of its own, and the last of it may come after the outcome.
      let over = false;
      const outcome = await open((progress) => void (over || (this.opening = progress)));
      over = true;
      if (!outcome.ok) this.#fail(outcome);
    });
  }

  async #fetch<T>(files: Promise<T>[]): Promise<T[] | null> {
    try {
      return await Promise.all(files);
    } catch (error) {
      this.tell(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  #fail({ reason, message, costly }: { reason: 'cancelled' | 'failed'; message: string; costly?: true }): void {
    if (reason === 'failed' && !costly) this.tell(message);
  }
}

/** `ortBase`: address of the folder with onnxruntime's files. */
export const createWorkspace = (ortBase: string): Workspace => new Workspace(createLab(ortBase));
