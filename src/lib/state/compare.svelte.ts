/** @file Several explanations side by side. One is asked for after the other; each result stays until it is crowded out. */
import { untrack } from 'svelte';
import type { AttributionResult, ImageInfo, Outcome, ProgressReport } from '../worker/api.ts';
import type { LabClient } from '../worker/client.ts';
import { Asker } from './compare-ask.ts';
import {
  type Axis,
  type Candidate,
  type Cell,
  candidates,
  cellsFor,
  firstPicks,
  requestOf,
  suits,
} from './compare-cells.ts';
import { type Bundled, type Shelf, shelfOf } from './compare-shelf.ts';
import { perWorkspace } from './per-workspace.svelte.ts';
import { seenFrom } from './seen-from.ts';
import type { Workspace } from './workspace.svelte.ts';

export { axes, type Axis, type Candidate, type Cell } from './compare-cells.ts';

/** Results that are kept, the newest; each holds a map and its channels. */
const KEPT = 60;
/** A cell whose request was displaced from outside is asked for again this often. */
const ATTEMPTS = 3;

/** Cells beyond this are too small to be looked at, and each holds a photograph. */
export const MOST = 24;

const NOTHING: Bundled = { models: [], images: [] };

export class Comparison {
  axis = $state<Axis>('methods');
  /** Whether one number has one colour in all cells. */
  sharedScale = $state(false);
  library = $state.raw<Bundled>(NOTHING);
  /** What is being computed. */
  running = $state.raw<{ readonly key: string; readonly progress: ProgressReport | null } | null>(null);
  /** The person stopped it; what came before stays. */
  stopped = $state(false);

  /** Width and height in pixels of the images that were opened to be compared, by their place on the shelf. */
  sizes = $state.raw<Readonly<Record<string, Pick<ImageInfo, 'width' | 'height'>>>>({});

  #open = false;
  #drawn: () => Promise<void> = async () => undefined;
  /** From the first question of a run to what follows its last answer. */
  #asking = false;
  #picked = $state.raw<Partial<Record<Axis, readonly string[]>>>({});
  #outcomes = $state.raw<Readonly<Record<string, Outcome<AttributionResult>>>>({});
  readonly #asker: Asker;
  readonly #workspace: Workspace;

  constructor(lab: LabClient, workspace: Workspace) {
    this.#workspace = workspace;
    this.#asker = new Asker(
      lab,
      workspace,
      (cell) => this.#wants(cell),
      ({ id }, { width, height }) => (this.sizes = { ...this.sizes, [id]: { width, height } }),
    );
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

  readonly shelf: Shelf = $derived.by(() => shelfOf(this.#workspace, this.library));

  readonly #ground = $derived.by(() => {
    const { model, prediction, feed, question, inputs } = this.#workspace;
    const asked = prediction && question.asked(prediction.top.map(({ index }) => index));
    if (!model || !prediction || !feed || !asked || !this.method) return null;
    const { image, preprocessing, others } = feed;
    const fed = { image, preprocessing, ...(others && { others }) };
    const request = { ...fed, ...asked, seed: question.seed, ...requestOf(this.method, question) };
    const { shelf } = this;
    return { model, prediction, request, shelf, input: inputs.selected, others: question.images.length };
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

  /** Of several image inputs, as the one that is looked at has it. */
  result(cell: Cell): AttributionResult | null {
    const outcome = this.outcome(cell);
    return outcome?.ok ? seenFrom(outcome.value, this.#workspace.inputs.selected) : null;
  }

  /** Ticks or unticks; one stays ticked, and no more than MOST are. */
  toggle(id: string): void {
    const ids = this.picks.map((pick) => pick.id);
    const next = ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id];
    if (next.length > 0 && next.length <= MOST) this.#picked = { ...this.#picked, [this.axis]: next };
  }

  /**
   * The comparison is looked at: computing begins with `run`. `drawn` resolves when the page has drawn what came; until
   * then nothing else is computed, which would take the processor's cores from it.
   */
  open(library: Bundled, drawn: () => Promise<void> = async () => undefined): void {
    this.library = library;
    this.#drawn = drawn;
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
    if (running && !cells.some(({ key }) => key === running.key)) this.#halt();
    if (this.#asking) return;
    this.#asking = true;
    for (let displaced = 0; displaced < ATTEMPTS;) {
      const cell = untrack(() => this.#next());
      if (!cell) break;
      this.running = { key: cell.key, progress: null };
      const outcome = await this.#asker.ask(cell, (progress) => {
        if (this.running?.key === cell.key) this.running = { key: cell.key, progress };
      });
      this.running = null;
      if (outcome.ok || outcome.reason === 'failed') this.#keep(cell.key, outcome);
      else if (this.cells.some(({ key }) => key === cell.key)) displaced++;
      await this.#drawn();
    }
    this.#asking = false;
    this.#asker.rest();
  }

  /** Makes a cell the question of the exhibit. */
  adopt(cell: Cell): void {
    const { question } = this.#workspace;
    const { method, target, baseline, layer } = cell.request;
    question.method = method;
    if (this.axis === 'baselines') question.baseline = baseline;
    question.explainsLayer = layer !== null;
    if (layer !== null) question.layer = layer;
    if (this.axis === 'targets') {
      question.kind = target.kind;
      question.choose(target.index);
    }
    void cell.image?.open();
    void cell.model?.open();
  }

  #next(): Cell | undefined {
    return this.#open && !this.stopped ? this.cells.find(({ key }) => !(key in this.#outcomes)) : undefined;
  }

  #halt(): void {
    if (!untrack(() => this.running)) return;
    this.#asker.halt();
  }

  #wants = (cell: Cell): boolean => this.#open && !this.stopped && this.cells.some(({ key }) => key === cell.key);

  #keep(key: string, outcome: Outcome<AttributionResult>): void {
    const wanted = this.cells.map((cell) => cell.key);
    const entries = [...Object.entries(this.#outcomes), [key, outcome] as const];
    const surplus = entries
      .map(([old]) => old)
      .filter((old) => !wanted.includes(old))
      .slice(0, Math.max(0, entries.length - KEPT));
    this.#outcomes = Object.fromEntries(entries.filter(([old]) => !surplus.includes(old)));
  }
}

export const comparisonOf = perWorkspace((workspace) => new Comparison(workspace.lab, workspace));
