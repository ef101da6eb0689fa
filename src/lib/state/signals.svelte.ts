/** @file How signals go through the open model on one image or several: asked for image by image, so that stopping keeps what came. */
import type { HealthReport, InputChoice, Target, WeightSummary } from '../worker/api.ts';
import type { LabClient } from '../worker/client.ts';
import { type Finding, findingsOf, referenceNorm } from './signal-findings.ts';
import type { StripEntry } from './strip.svelte.ts';
import { perWorkspace } from './per-workspace.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

export type { Finding, HealthReport, WeightSummary };
export type { LayerHealth } from '../worker/api.ts';

export type Scope = 'image' | 'strip';

/** The part of the workspace that signals are looked at from. */
export type Watched = Pick<Workspace, 'model' | 'feed' | 'prediction' | 'question' | 'inputs' | 'strip' | 'inside'>;

type ImageLab = Pick<LabClient, 'openImage' | 'closeImage'>;

/** Why an image is left out, or nothing. */
type Step = { readonly report: HealthReport } | { readonly skipped: string } | { readonly failed: string } | null;

let sessions = 0;

export class Signals {
  /** On the images so far; null before the first. */
  report = $state.raw<HealthReport | null>(null);
  weights = $state.raw<readonly WeightSummary[]>([]);
  /** What is being done; '' when nothing is. */
  doing = $state('');
  /** Of it, 0…1. */
  fraction = $state(0);
  stopped = $state(false);
  problem = $state('');
  /** Images that could not be read, and why. */
  skipped = $state.raw<readonly string[]>([]);
  /** Images that were to be looked at. */
  wanted = $state(0);
  /** Whether counts of histograms are drawn by their logarithm, and whether all layers share one axis. */
  logCounts = $state(true);
  sharedAxis = $state(false);
  #chosen = $state<Scope | null>(null);
  #asked = '';
  #weightsOf = '';
  #run = 0;
  readonly #watched: Watched;
  readonly #images: ImageLab;

  constructor(watched: Watched, images: ImageLab) {
    this.#watched = watched;
    this.#images = images;
  }

  /** Several images belong to several inputs where a model has those. */
  readonly severalPossible: boolean = $derived.by(
    () => this.#watched.strip.entries.length > 1 && !this.#watched.inputs.several,
  );

  /** Several images that were opened are looked at together, unless a person wants the one. */
  readonly scope: Scope = $derived.by(() => (this.severalPossible ? (this.#chosen ?? 'strip') : 'image'));

  readonly target: Target | null = $derived.by(() => {
    const { prediction, question } = this.#watched;
    return prediction && question.target(prediction.top.map(({ index }) => index));
  });

  readonly findings: readonly Finding[] = $derived.by(() => (this.report ? findingsOf(this.report, this.weights) : []));
  readonly reference: number | null = $derived.by(() => (this.report ? referenceNorm(this.report.layers) : null));

  /** What is asked, so that it is asked once; '' while something is missing. */
  readonly key: string = $derived.by(() => {
    const { feed, strip } = this.#watched;
    if (!feed || !this.target) return '';
    const images =
      this.scope === 'strip' ? strip.entries.map(({ id }) => id) : [feed.image, feed.others?.map((o) => o.image)];
    const prepared = [feed.preprocessing, feed.others?.map((o) => o.preprocessing)];
    return JSON.stringify([feed.model.sha256, feed.model.output, prepared, this.scope, images, this.target, feed.turn]);
  });

  choose(scope: Scope): void {
    this.#chosen = scope;
  }

  /** Call when `key` changes: asks what was not asked yet. */
  async ask(): Promise<void> {
    if (this.key !== '' && this.key !== this.#asked) await this.check();
  }

  /** Looks at every image, then at the weights. */
  async check(): Promise<void> {
    const { feed } = this.#watched;
    const target = this.target;
    if (!feed || !target) return;
    const run = ++this.#run;
    this.#asked = this.key;
    this.report = null;
    [this.stopped, this.problem, this.skipped] = [false, '', []];
    const entries = this.scope === 'strip' ? this.#watched.strip.entries : [];
    if (entries.length > 0) await this.#batch(run, entries, target);
    else await this.#oneImage(run, target);
    if (run === this.#run && !this.stopped && !this.problem)
      await this.#weigh(run, `${feed.model.sha256} ${feed.model.output}`);
    if (run === this.#run) this.doing = '';
  }

  /** Keeps what came. */
  cancel(): void {
    this.#run++;
    this.stopped = true;
    this.doing = '';
    this.#watched.inside.lab.cancel(['checkup', 'weight signals']);
  }

  async #oneImage(run: number, target: Target): Promise<void> {
    const { choices } = this.#watched.inside;
    if (!choices) return;
    this.wanted = 1;
    this.#tell('Looking at the image', 0);
    this.#take(run, await this.#look(++sessions, choices, target));
  }

  /** One is open at a time, besides the one on show. */
  async #batch(run: number, entries: readonly StripEntry[], target: Target): Promise<void> {
    const session = ++sessions;
    this.wanted = entries.length;
    let taken = 0;
    for (const [i, entry] of entries.entries()) {
      this.#tell(`Image ${i + 1} of ${entries.length}`, i / entries.length);
      const step = await this.#lookAt(session, entry, target);
      if (run !== this.#run) return;
      if (step && 'report' in step && step.report.images !== ++taken)
        return this.#take(run, {
          failed: 'The engine was restarted in between and has forgotten the first images. Check again.',
        });
      this.#take(run, step);
      if (!step || 'failed' in step) return;
    }
  }

  async #lookAt(session: number, { source }: StripEntry, target: Target): Promise<Step> {
    const preprocessing = this.#watched.feed?.preprocessing;
    if (!preprocessing) return null;
    const opened = await this.#images.openImage({ name: source.name, bytes: source.bytes });
    if (!opened.ok) return { skipped: opened.message };
    try {
      return await this.#look(session, [{ image: opened.value.id, preprocessing }], target);
    } finally {
      void this.#images.closeImage(opened.value.id);
    }
  }

  async #look(session: number, choices: readonly InputChoice[], target: Target): Promise<Step> {
    const outcome = await this.#watched.inside.lab.checkup({ session, choices, target });
    if (outcome.ok) return { report: outcome.value };
    return outcome.reason === 'failed' ? { failed: outcome.message } : null;
  }

  #take(run: number, step: Step): void {
    if (run !== this.#run) return;
    if (!step) this.stopped = true;
    else if ('report' in step) this.report = step.report;
    else if ('skipped' in step) this.skipped = [...this.skipped, step.skipped];
    else this.problem = step.failed;
  }

  /** The weights of a model do not change with the image. */
  async #weigh(run: number, model: string): Promise<void> {
    if (this.#weightsOf === model) return;
    [this.weights, this.#weightsOf] = [[], ''];
    const { lab } = this.#watched.inside;
    const listed = await lab.weights();
    if (run !== this.#run || !listed.ok) return;
    const wanted = listed.value.filter(({ role }) => role === 'kernel' || role === 'matrix');
    for (const [i, { id }] of wanted.entries()) {
      this.#tell(`Weights ${i + 1} of ${wanted.length}`, i / wanted.length);
      const outcome = await lab.weightSignals(id);
      if (run !== this.#run) return;
      if (!outcome.ok) return this.#take(run, outcome.reason === 'failed' ? { failed: outcome.message } : null);
      this.weights = [...this.weights, outcome.value];
    }
    this.#weightsOf = model;
  }

  #tell(doing: string, fraction: number): void {
    this.doing = doing;
    this.fraction = fraction;
  }
}

/** The same for the view and its form; it comes with them, not with the page. */
export const signalsOf = perWorkspace((workspace) => new Signals(workspace, workspace.lab));
