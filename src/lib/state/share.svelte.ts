/** @file Links: made from what is on show, and opened, which recomputes and compares. */
import { type Verdict, compareRecords } from '../share/compare.ts';
import { headOf } from '../sniff/head.ts';
import { isBundle } from '../sniff/roles.ts';
import { isLink, kindOf } from '../share/kind.ts';
import type { FileReference, SharedRecord } from '../share/record.ts';
import type { AttributionRequest, AttributionResult, DroppedFile } from '../worker/api.ts';
import type { Library } from './library.ts';
import { lostOptions, namesFor, obstacle, placeOf, recordOf, restorePlace, viewOf } from './share-record.ts';
import type { OpenBundle } from './share-bundle.ts';
import { type Needed, NeededFiles } from './share-needs.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

export { isLink };
export type { FileReference, Needed, OpenBundle, SharedRecord, Verdict };

/** What packs and unpacks comes when it is needed: most visits are without a link. */
const codec = () => import('./share-bundle.ts');

/** Other archives may hold a model. */
async function bundleAmong(files: readonly File[]): Promise<File | undefined> {
  for (const file of files) if (isBundle(file.name, await headOf(file))) return file;
  return undefined;
}

export class Sharing {
  readonly files: NeededFiles;
  /** A link was opened or refused: the page shows nothing of its own choice. */
  opened = $state(false);
  /** A bundle or a long link that is on show over the page. */
  bundle = $state.raw<OpenBundle | null>(null);
  /** Names of classes that the model has not, and the sender of the link has. */
  names = $state.raw<readonly string[]>([]);
  /** The link that is being followed. */
  #record = $state.raw<SharedRecord | null>(null);
  #expecting = $state(false);
  // A result is known by its request: seen from the side of another input it stays the same result.
  #compared = $state.raw<{ readonly request: AttributionRequest; readonly verdict: Verdict } | null>(null);
  /** The result whose own link was copied: from then on the address is about it, not about the link that led here. */
  #copied = $state.raw<AttributionRequest | null>(null);
  /** A long link needs no engine. */
  #asleep = false;
  readonly #workspace: Workspace;
  readonly #library: Library;

  /** The chosen overlay and method, for pictures of the result. */
  get workspace(): Workspace {
    return this.#workspace;
  }

  constructor(workspace: Workspace, library: Library) {
    this.#workspace = workspace;
    this.#library = library;
    this.files = new NeededFiles(workspace, library);
  }

  /** How the result on show compares with what its link says; null where it comes from no link. */
  readonly verdict: Verdict | null = $derived.by(() => {
    const compared = this.#compared;
    return compared && compared.request === this.#workspace.result?.request ? compared.verdict : null;
  });

  /** The finished result that is to be compared with the link; null when there is none. */
  readonly finished: AttributionResult | null = $derived.by(() => {
    const { status, result } = this.#workspace;
    return this.#expecting && status === 'done' ? result : null;
  });

  /**
   * What a link in the address should say by now; null while nothing finished is on show. A result that reproduces a link
   * keeps that link's numbers: the address goes on to vouch for the sender's.
   */
  readonly current: SharedRecord | null = $derived.by(() => {
    const { status, result } = this.#workspace;
    if (status !== 'done' || !result || this.bundle || this.#expecting) return null;
    const followed = this.verdict && this.#copied !== result.request ? this.#record : null;
    return followed
      ? { ...followed, view: viewOf(this.#workspace), place: placeOf(this.#workspace) }
      : this.recordOf(result);
  });

  /** The first visit: what the address says, else the page's own choice. */
  async begin(): Promise<void> {
    const kind = kindOf(location.hash);
    if (kind === null) return this.#workspace.begin(this.#library);
    this.#asleep = kind === 'b';
    if (kind === 'v') return this.open(location.hash, this.#workspace.start());
    // The engine's start must not take away what is wrong with the link.
    await this.#workspace.together(async () => {
      await this.open(location.hash);
      if (!this.bundle) await this.#wake();
    });
  }

  /** Back to the page; to the first visit's exhibit, where a long link was all that was opened so far. */
  closeBundle(): void {
    this.#show(null);
    if (!this.#asleep) return;
    this.#asleep = this.opened = false;
    void this.#workspace.begin(this.#library);
  }

  /** The fragment of what the address should say by now; null where there is nothing to say, '' where it is too long. */
  async currentLink(): Promise<string | null> {
    const { LinkError, encodeLink } = await codec();
    try {
      return this.current && encodeLink(this.current);
    } catch (error) {
      if (error instanceof LinkError) return '';
      throw error;
    }
  }

  /** From now on the address vouches for `result` itself. */
  copied(result: AttributionResult): void {
    this.#copied = result.request;
  }

  /**
   * Follows a link. `started`: the engine's start, where it has not been started yet. A link that cannot be read is a
   * problem that says why; nothing else is opened in its place.
   */
  async open(fragment: string, started: Promise<unknown> = Promise.resolve()): Promise<void> {
    this.opened = true;
    const { LinkError, decodeLink, openLongLink } = await codec();
    try {
      if (kindOf(fragment) === 'b') return this.#show(openLongLink(fragment, this.#dark));
      this.#record = decodeLink(fragment);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.#workspace.problem = error.message;
      return;
    }
    const record = this.#record;
    this.#compared = null;
    this.#expecting = false;
    this.names = [];
    this.#workspace.held = true;
    this.files.missing = await this.files.gather(record, started);
    await this.#applyWhenComplete(record);
  }

  /** Goes on without the link. */
  forget(): void {
    this.files.missing = [];
    this.#record = null;
    this.#expecting = false;
    this.#workspace.held = false;
  }

  /** Whatever a person dropped: what the link waits for, if it waits, and only if it is that very file. */
  openFiles(files: readonly File[]): Promise<void> {
    return this.#workspace.together(async () => {
      const bundle = await bundleAmong(files);
      const others = files.filter((file) => file !== bundle);
      if (bundle) await this.#showBundle(bundle);
      if (others.length > 0) await this.#openOthers(others);
    });
  }

  async #openOthers(files: readonly File[]): Promise<void> {
    await this.#wake();
    const record = this.#record;
    if (!record || this.files.missing.length === 0) return this.#workspace.openFiles(files);
    const strangers = await this.files.take(files);
    if (strangers.length > 0) this.#workspace.tell(this.#notWanted(strangers));
    await this.#applyWhenComplete(record);
  }

  /** Fetches a file from where the link says: only on a click. */
  async fetchFile(wanted: Needed): Promise<void> {
    const record = this.#record;
    await this.files.fetch(wanted);
    if (record) await this.#applyWhenComplete(record);
  }

  /** Compares the finished result with what the link says. */
  compare(result: AttributionResult): void {
    const record = this.#record;
    this.#expecting = false;
    if (!record) return;
    const verdict = compareRecords(record, this.recordOf(result));
    const method = this.#workspace.method;
    const lost = method ? lostOptions(record, method) : [];
    this.#compared = { request: result.request, verdict: { ...verdict, reasons: [...verdict.reasons, ...lost] } };
  }

  get #dark(): boolean {
    return this.#workspace.overlay.dark;
  }

  /** What a link says about what is on show. Throws an Error where its model or image is no longer open. */
  recordOf(result: AttributionResult): SharedRecord {
    return recordOf(this.#workspace, this.#library, result);
  }

  async #wake(): Promise<void> {
    if (!this.#asleep) return;
    this.#asleep = false;
    await this.#workspace.start();
  }

  async #showBundle(file: File): Promise<void> {
    try {
      this.#show(await (await codec()).openBundle(file, this.#dark));
    } catch (error) {
      this.#workspace.tell(error instanceof Error ? error.message : String(error));
    }
  }

  #show(opened: OpenBundle | null): void {
    const { inputs = [], pictureUrl = '' } = this.bundle ?? {};
    [...inputs.map(({ url }) => url), pictureUrl].forEach((url) => url && URL.revokeObjectURL(url));
    this.bundle = opened;
  }

  #notWanted(strangers: readonly string[]): string {
    const wanted = this.files.missing.map(
      ({ file }) => `${file.name} (SHA-256 ${file.sha256.slice(0, 8) || 'unknown'}…)`,
    );
    return `${strangers.join(', ')}: not what the link was made with, which is ${wanted.join(' and ')}. Drop that file, or forget the link.`;
  }

  async #applyWhenComplete(record: SharedRecord): Promise<void> {
    const ready = () => record === this.#record && this.files.missing.length === 0;
    if (!ready()) return;
    // Methods, layers and classes are those of one output.
    if (record.output !== null && this.#workspace.model?.outputs.includes(record.output)) {
      await this.#workspace.chooseOutput(record.output);
    }
    const names = this.#workspace.model ? namesFor(record, this.#workspace.model) : null;
    if (names) await this.#lend(names.file, names.lent);
    if (!ready()) return;
    const { model } = this.#workspace;
    const problem = model ? obstacle(record, model) : 'The model of the link could not be opened.';
    if (problem) return this.#giveUp(problem);
    await this.files.place();
    if (ready()) this.#apply(record);
  }

  #giveUp(problem: string): void {
    this.forget();
    this.#workspace.problem = `${problem} Choose a method below, or ask for a bundle (.vitrine.zip), which shows the result without the model.`;
  }

  async #lend(file: DroppedFile, names: readonly string[]): Promise<void> {
    await this.#workspace.openLabels(file);
    this.names = names;
  }

  #apply(record: SharedRecord): void {
    const { question, overlay, inputs, baselineImage } = this.#workspace;
    question.method = record.method;
    question.changed = { ...question.changed, [record.method]: record.options };
    question.kind = record.target.kind;
    question.chosen = record.target.index;
    question.other = record.target.kind === 'difference' ? record.target.other : null;
    question.neuron = record.neuron;
    question.through = record.through;
    question.seed = record.seed;
    if (record.layer !== null) this.#workspace.place.pickLayer(record.layer);
    if (record.place) restorePlace(this.#workspace, record.place);
    // The explained layer is part of the question, whichever was looked into last.
    question.explainsLayer = record.layer !== null;
    if (record.layer !== null) question.layer = record.layer;
    if (record.baseline.kind === 'images') question.baseline = { kind: 'images', images: question.images };
    else if (record.baseline.kind !== 'image') question.baseline = record.baseline;
    else if (baselineImage) question.baseline = { kind: 'image', image: baselineImage.info.id };
    [record, ...record.others].forEach(({ preprocessing }, i) => (inputs.slots[i].preprocessing = preprocessing));
    inputs.select(0);
    const { diverging, ...view } = record.view;
    Object.assign(overlay, view);
    if (diverging !== null) overlay.diverging = diverging;
    this.#workspace.held = false;
    this.#expecting = true;
  }
}
