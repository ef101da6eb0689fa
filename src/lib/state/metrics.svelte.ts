/** @file How good explanations are: what was judged, by which metrics with which options, and what came out. */
import type { AttributionRequest, Judgement, MetricInfo, ProgressReport } from '../worker/api.ts';
import { maskOf, type Mask } from './mask.svelte.ts';
import { type OptionValues, valuesFor } from './options.ts';
import { perWorkspace } from './per-workspace.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

export type { Judgement, MetricInfo };

/** An explanation that can be judged. */
export interface Judged {
  /** How lists call it. */
  readonly title: string;
  readonly request: AttributionRequest;
}

/** Judgements that are kept; each holds a few curves. */
const KEPT = 600;

export class Metrics {
  infos = $state.raw<readonly MetricInfo[]>([]);
  progress = $state.raw<ProgressReport | null>(null);
  /** What went wrong; '' while nothing did. */
  problem = $state('');
  /** What is being judged, of several. */
  doing = $state('');
  readonly mask: Mask;

  #changed = $state.raw<Readonly<Record<string, OptionValues>>>({});
  #found = $state.raw<Readonly<Record<string, Judgement>>>({});
  #run = 0;
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    this.mask = maskOf(workspace);
  }

  /** Whether metrics can judge explanations of the open model. */
  get available(): boolean {
    return !this.#workspace.inputs.several;
  }

  async load(): Promise<void> {
    if (this.infos.length === 0) this.infos = await this.#workspace.lab.metrics();
  }

  optionsOf({ id, options }: MetricInfo): OptionValues {
    return valuesFor(options, this.#changed[id] ?? {});
  }

  setOption({ id }: MetricInfo, name: string, value: unknown): void {
    this.#changed = { ...this.#changed, [id]: { ...this.#changed[id], [name]: value } };
  }

  /** With these options and this mask; null while it has not been judged. */
  judgement(request: AttributionRequest, info: MetricInfo): Judgement | null {
    return this.#found[this.#keyOf(request, info)] ?? null;
  }

  /** Why a run leaves a metric out, a sentence; '' where it does not. */
  waitsFor({ neuron }: AttributionRequest, { needsMask, needsClass }: MetricInfo): string {
    if (needsClass && neuron) return 'It compares with another class, and what is explained is a neuron.';
    return needsMask && this.mask.places === null ? 'It waits for a mask.' : '';
  }

  /** Those that a run would still have to judge. A metric that needs a mask waits for one. */
  missing(request: AttributionRequest): MetricInfo[] {
    return this.infos.filter((info) => !this.judgement(request, info) && this.waitsFor(request, info) === '');
  }

  /** Judges what has not been judged yet, the cheap metrics first; one explanation after the other. */
  async run(all: readonly Judged[]): Promise<void> {
    const run = ++this.#run;
    this.problem = '';
    await this.load();
    for (const [i, { title, request }] of all.entries()) {
      const wanted = this.missing(request);
      if (wanted.length === 0) continue;
      this.doing = all.length > 1 ? `${title}, ${i + 1} of ${all.length}` : '';
      this.progress ??= { doing: 'explaining', fraction: i / all.length, secondsLeft: null };
      // A mask that is painted on meanwhile belongs to the next run.
      const keys = Object.fromEntries(wanted.map((info) => [info.id, this.#keyOf(request, info)]));
      const choices = wanted.map((info) => ({ metric: info.id, options: { ...this.optionsOf(info) } }));
      const asked = { request, choices, mask: this.mask.places };
      const outcome = await this.#workspace.lab.judge(asked, ({ progress, judgement }) => {
        if (run !== this.#run) return;
        this.progress = { ...progress, fraction: (i + progress.fraction) / all.length };
        if (judgement) this.#keep(keys[judgement.metric], judgement);
      });
      if (run !== this.#run) return;
      if (outcome.ok) outcome.value.forEach((judgement) => this.#keep(keys[judgement.metric], judgement));
      else if (outcome.reason === 'failed')
        this.problem = all.length > 1 ? `${title}: ${outcome.message}` : outcome.message;
      if (!outcome.ok && outcome.reason === 'cancelled') break;
    }
    this.progress = null;
    this.doing = '';
  }

  /** What has come so far stays. */
  stop(): void {
    this.#run++;
    this.progress = null;
    this.doing = '';
    this.#workspace.lab.cancelJudging();
  }

  #keyOf(
    { image, preprocessing, method, options, target, neuron, baseline, layer, seed }: AttributionRequest,
    info: MetricInfo,
  ): string {
    const { model } = this.#workspace;
    const asked = [image, preprocessing, method, options, target, neuron, baseline, layer, seed];
    const mask = info.needsMask ? this.mask.version : 0;
    return JSON.stringify([model?.sha256, model?.output, asked, info.id, this.optionsOf(info), mask]);
  }

  #keep(key: string, judgement: Judgement): void {
    if (this.#found[key] === judgement) return;
    this.#found = Object.fromEntries([...Object.entries(this.#found), [key, judgement] as const].slice(-KEPT));
  }
}

export const metricsOf = perWorkspace((workspace) => new Metrics(workspace));
