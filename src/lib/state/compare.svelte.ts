/** @file Several explanations side by side. One is asked for after the other; each result stays until it is crowded out. */
import { untrack } from 'svelte';
import type {
  AttributionRequest,
  AttributionResult,
  ModelInfo,
  Outcome,
  ProgressReport,
  Target,
} from '../worker/api.ts';
import type { LabClient } from '../worker/client.ts';
import {
  type Axis,
  type Candidate,
  type Cell,
  type Shelf,
  candidates,
  cellsFor,
  firstPicks,
  requestOf,
  suits,
} from './compare-cells.ts';
import { fetchFile } from './library.ts';
import type { Workspace } from './workspace.svelte.ts';

export { axes, type Axis, type Candidate, type Cell } from './compare-cells.ts';

/** Results that are kept, the newest; each holds a map and its channels. */
const KEPT = 60;
/** A cell whose request was displaced from outside is asked for again this often. */
const ATTEMPTS = 3;

const NOTHING: Shelf = { models: [], images: [] };
const cancelled = { ok: false, reason: 'cancelled', message: 'Stopped.' } as const;

export class Comparison {
  axis = $state<Axis>('methods');
  /** Whether one number has one colour in all cells. */
  sharedScale = $state(false);
  library = $state.raw<Shelf>(NOTHING);
  /** What is being computed. */
  running = $state.raw<{ readonly key: string; readonly progress: ProgressReport | null } | null>(null);
  /** The person stopped it; what came before stays. */
  stopped = $state(false);

  #open = false;
  #picked = $state.raw<Partial<Record<Axis, readonly string[]>>>({});
  #outcomes = $state.raw<Readonly<Record<string, Outcome<AttributionResult>>>>({});
  /** Numbers of the pictures that were opened, by address. */
  readonly #images: Record<string, number> = {};
  #spare: LabClient | null = null;
  readonly #lab: LabClient;
  readonly #workspace: Workspace;

  constructor(lab: LabClient, workspace: Workspace) {
    this.#lab = lab;
    this.#workspace = workspace;
  }

  /** Methods that can be held fast while the axis varies. */
  readonly methods = $derived.by(() =>
    (this.#workspace.model?.methods ?? []).filter((method) => suits(this.axis, method)),
  );

  /** The method that all cells share; of no account where methods vary. */
  readonly method = $derived.by(() => {
    const { question } = this.#workspace;
    return this.methods.find(({ id }) => id === question.method) ?? this.methods.at(0) ?? null;
  });

  readonly #ground = $derived.by(() => {
    const { model, prediction, feed, question } = this.#workspace;
    const target = prediction && question.target(prediction.top.map(({ index }) => index));
    if (!model || !prediction || !feed || !target || !this.method) return null;
    const { image, preprocessing } = feed;
    const { baseline, seed } = question;
    const request = { image, preprocessing, target, baseline, seed, ...requestOf(this.method, question) };
    return { model, prediction, request, library: this.library };
  });

  readonly candidates: readonly Candidate[] = $derived(this.#ground ? candidates(this.axis, this.#ground) : []);

  readonly picks: readonly Candidate[] = $derived.by(() => {
    const chosen = this.candidates.filter(
      ({ id, unavailable }) => !unavailable && this.#picked[this.axis]?.includes(id),
    );
    if (chosen.length > 0) return chosen;
    const first = firstPicks(this.axis, this.candidates);
    return this.candidates.filter(({ id }) => first.includes(id));
  });

  readonly cells: readonly Cell[] = $derived.by(() => {
    const { report, question } = this.#workspace;
    const run = `${report?.device.kind}`;
    return this.#ground ? cellsFor(this.axis, this.#ground, question, this.picks, run) : [];
  });

  readonly remaining = $derived(this.cells.filter(({ key }) => !(key in this.#outcomes)).length);

  outcome(cell: Cell): Outcome<AttributionResult> | null {
    return this.#outcomes[cell.key] ?? null;
  }

  result(cell: Cell): AttributionResult | null {
    const outcome = this.outcome(cell);
    return outcome?.ok ? outcome.value : null;
  }

  /** Ticks or unticks; one stays ticked. */
  toggle(id: string): void {
    const ids = this.picks.map((pick) => pick.id);
    const next = ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id];
    if (next.length > 0) this.#picked = { ...this.#picked, [this.axis]: next };
  }

  /** The comparison is looked at: computing begins with `run`. */
  open(library: Shelf): void {
    this.library = library;
    this.stopped = false;
    this.#open = true;
  }

  /** Nobody looks any more. What came stays. */
  close(): void {
    this.#open = false;
    this.#halt();
  }

  cancel(): void {
    this.stopped = true;
    this.#halt();
  }

  resume(): void {
    this.stopped = false;
    void this.run();
  }

  retry(cell: Cell): void {
    this.#outcomes = Object.fromEntries(Object.entries(this.#outcomes).filter(([key]) => key !== cell.key));
    this.resume();
  }

  /** Call whenever `cells` changes: computes what is missing, one after the other. */
  async run(): Promise<void> {
    const { running, cells } = untrack(() => ({ running: this.running, cells: this.cells }));
    if (running) {
      if (!cells.some(({ key }) => key === running.key)) this.#halt();
      return;
    }
    for (let displaced = 0; displaced < ATTEMPTS;) {
      const cell = untrack(() => this.#next());
      if (!cell) break;
      this.running = { key: cell.key, progress: null };
      const outcome = await this.#ask(cell);
      this.running = null;
      if (outcome.ok || outcome.reason === 'failed') this.#keep(cell.key, outcome);
      else if (this.cells.some(({ key }) => key === cell.key)) displaced++;
    }
    this.#spare?.dispose();
    this.#spare = null;
  }

  /** Makes a cell the question of the exhibit. */
  adopt(cell: Cell): void {
    const { question } = this.#workspace;
    const { method, target, baseline, layer } = cell.request;
    question.method = method;
    if (this.axis === 'baselines') question.baseline = baseline;
    if (layer !== null) question.layer = layer;
    if (this.axis === 'targets') {
      question.kind = target.kind;
      question.chosen = target.index;
    }
    if (cell.image) void this.#workspace.openBundledImage(cell.image);
    if (cell.model && !this.#isPresent(cell)) void this.#workspace.openBundledModel(cell.model);
  }

  #next(): Cell | undefined {
    return this.#open && !this.stopped ? this.cells.find(({ key }) => !(key in this.#outcomes)) : undefined;
  }

  #halt(): void {
    if (!untrack(() => this.running)) return;
    this.#lab.cancel();
    this.#spare?.dispose();
    this.#spare = null;
  }

  #keep(key: string, outcome: Outcome<AttributionResult>): void {
    const wanted = this.cells.map((cell) => cell.key);
    const entries = [...Object.entries(this.#outcomes), [key, outcome] as const];
    const surplus = entries
      .map(([old]) => old)
      .filter((old) => !wanted.includes(old))
      .slice(0, Math.max(0, entries.length - KEPT));
    this.#outcomes = Object.fromEntries(entries.filter(([old]) => !surplus.includes(old)));
  }

  async #ask(cell: Cell): Promise<Outcome<AttributionResult>> {
    if (cell.model && !this.#isPresent(cell)) return this.#askModel(cell);
    if (!cell.image) return this.#attribute(this.#lab, cell, cell.request);
    const image = await this.#imageOf(cell.image.url, cell.image.title);
    if (!image.ok) return image;
    const target = await this.#targetOf(image.value, cell);
    if (!target.ok) return target;
    return this.#attribute(this.#lab, cell, { ...cell.request, image: image.value, target: target.value });
  }

  async #attribute(lab: LabClient, cell: Cell, request: AttributionRequest): Promise<Outcome<AttributionResult>> {
    // Asked for in vain, it would displace what is wanted now.
    if (!this.#wants(cell)) return cancelled;
    return lab.attribute(request, (progress) => {
      if (this.running?.key === cell.key) this.running = { key: cell.key, progress };
    });
  }

  #wants = (cell: Cell): boolean => this.#open && !this.stopped && this.cells.some(({ key }) => key === cell.key);

  async #imageOf(url: string, name: string): Promise<Outcome<number>> {
    const known = this.#images[url];
    if (known !== undefined) return { ok: true, value: known };
    const file = await reach(() => fetchFile(url, name));
    if (!file.ok) return file;
    const opened = await this.#lab.openImage(file.value);
    if (!opened.ok) return opened;
    this.#images[url] = opened.value.id;
    return { ok: true, value: opened.value.id };
  }

  /** The class that was chosen, else the image's own first guess. */
  async #targetOf(image: number, cell: Cell): Promise<Outcome<Target>> {
    if (this.#workspace.question.chosen !== null) return { ok: true, value: cell.request.target };
    // A prediction that the page waits for would be displaced by this one.
    if (!this.#wants(cell)) return cancelled;
    return this.#firstGuess(this.#lab, image, cell.request);
  }

  async #firstGuess(lab: LabClient, image: number, request: AttributionRequest): Promise<Outcome<Target>> {
    const predicted = await lab.predict(image, request.preprocessing);
    if (!predicted.ok) return predicted;
    const [first, second] = predicted.value.top.map(({ index }) => index);
    const { kind } = request.target;
    if (kind !== 'difference') return { ok: true, value: { kind, index: first } };
    return { ok: true, value: { kind, index: first, other: second ?? first } };
  }

  #isPresent = ({ model }: Cell): boolean => model !== null && model.sha256 === this.#workspace.model?.sha256;

  /** Another model is opened in a worker of its own, which ends with the comparison: the open one stays untouched. */
  async #askModel(cell: Cell): Promise<Outcome<AttributionResult>> {
    const { source } = this.#workspace.picture;
    const model = cell.model!;
    const files = await reach(() => Promise.all(model.urls.map((url, i) => fetchFile(url, model.files[i]))));
    if (!files.ok) return files;
    if (!source || !this.#wants(cell)) return cancelled;
    const lab = (this.#spare ??= this.#lab.spare());
    const started = await lab.start(this.#workspace.device);
    if (!started.ok) return started;
    const opened = await lab.openModel(files.value);
    if (!opened.ok) return opened;
    const method = opened.value.methods.find(({ id }) => id === cell.request.method);
    if (!method || method.unavailable !== null) {
      const why = method?.unavailable ?? `It does not offer ${cell.request.method}.`;
      return { ok: false, reason: 'failed', message: `${model.title}: ${why}` };
    }
    const image = await lab.openImage({ name: source.name, bytes: source.bytes });
    if (!image.ok) return image;
    const { layers, defaultLayer } = opened.value;
    const layer = layers.some(({ id }) => id === cell.request.layer) ? cell.request.layer : defaultLayer;
    const request = {
      ...cell.request,
      image: image.value.id,
      preprocessing: model.preprocessing,
      layer: method.needs.layer ? layer : null,
    };
    const target = await this.#sameClass(lab, opened.value, request);
    return target.ok ? this.#attribute(lab, cell, { ...request, target: target.value }) : target;
  }

  /** The class of the same name in another model; where there is none, that model's first guess. */
  async #sameClass(lab: LabClient, other: ModelInfo, request: AttributionRequest): Promise<Outcome<Target>> {
    const { target } = request;
    const there = (index: number) => other.labels.indexOf(this.#workspace.model?.labels[index] ?? '');
    const index = there(target.index);
    if (target.kind === 'difference') {
      const second = there(target.other);
      if (index >= 0 && second >= 0) return { ok: true, value: { ...target, index, other: second } };
    } else if (index >= 0) {
      return { ok: true, value: { ...target, index } };
    }
    return this.#firstGuess(lab, request.image, request);
  }
}

async function reach<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, reason: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}
