/** @file The explanation on show, computed once more on another device and compared. */
import type { AttributionRequest, CrossCheck, DeviceEntry, DeviceId, ProgressReport } from '../worker/api.ts';
import { perWorkspace } from './per-workspace.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

export type { CrossCheck, DeviceEntry };

/** What came of a check, and what was checked. */
interface Answer {
  readonly request: AttributionRequest;
  readonly check: CrossCheck | null;
  /** Why there is no check; '' where there is one, or it was stopped. */
  readonly problem: string;
}

export class CrossChecks {
  progress = $state.raw<ProgressReport | null>(null);
  #chosen = $state.raw<DeviceId | null>(null);
  #answer = $state.raw<Answer | null>(null);
  #run = 0;
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** The one that computed what is on show, which need not be the one that the model runs on. */
  readonly here: DeviceEntry | null = $derived.by(() => {
    const { report, result } = this.#workspace;
    const { runtime, kind } = result?.device ?? report?.device ?? {};
    return report?.devices.find((device) => device.runtime === runtime && device.kind === kind) ?? null;
  });

  /** Devices other than that, those that this browser has. */
  readonly others: readonly DeviceEntry[] = $derived.by(
    () => this.#workspace.report?.devices.filter(({ id, available }) => available && id !== this.here?.id) ?? [],
  );

  /** The one that is checked on. */
  readonly on: DeviceEntry | null = $derived.by(
    () => this.others.find(({ id }) => id === this.#chosen) ?? this.others.at(0) ?? null,
  );

  readonly #current: Answer | null = $derived.by(() =>
    this.#answer && this.#answer.request === this.#workspace.result?.request ? this.#answer : null,
  );

  /** About the result on show; null where it was not checked. */
  readonly check: CrossCheck | null = $derived.by(() => this.#current?.check ?? null);
  readonly problem: string = $derived.by(() => this.#current?.problem ?? '');

  choose(id: string): void {
    this.#chosen = this.others.find((device) => device.id === id)?.id ?? null;
  }

  /** Checks the result on show. */
  async start(): Promise<void> {
    const { result, lab } = this.#workspace;
    const { on } = this;
    if (!result || !on) return;
    const run = ++this.#run;
    this.#answer = null;
    this.progress = { doing: `starting ${on.title}`, fraction: 0, secondsLeft: null };
    const outcome = await lab.crossCheck(result.request, on.id, (progress) => {
      if (run === this.#run) this.progress = progress;
    });
    if (run !== this.#run) return;
    this.progress = null;
    const problem = !outcome.ok && outcome.reason === 'failed' ? outcome.message : '';
    this.#answer = { request: result.request, check: outcome.ok ? outcome.value : null, problem };
  }

  stop(): void {
    this.#run++;
    this.progress = null;
    this.#workspace.lab.cancelCrossCheck();
  }
}

export const crossChecksOf = perWorkspace((workspace) => new CrossChecks(workspace));
