/** @file Which device is the fastest for which model: measured once while nothing else is asked, and remembered. */
import type { LabClient } from '../worker/client.ts';
import type { DeviceId, ModelInfo, PassTimes } from '../worker/api.ts';

const KEY = 'vitrine-speeds';
/** The models that were measured last. */
const MOST_KEPT = 50;
/** A device must be faster by this much to be worth a change. */
const WORTH = 1.2;
/** What takes longer, or more room, would get in the way of what is asked next. */
const [LONGEST_PASS_MS, MOST_BYTES] = [500, 100 * 2 ** 20];

type Table = Readonly<Record<string, PassTimes>>;

/** The part of the workspace that is measured. */
export interface Measured {
  readonly model: ModelInfo | null;
  readonly status: string;
  readonly device: string;
  readonly result: { readonly milliseconds: number; readonly passes: number } | null;
  readonly report: { readonly id: DeviceId; readonly devices: readonly { readonly automatic: boolean }[] } | null;
}

export class Speeds {
  #table = $state.raw<Table>({});
  readonly #lab: LabClient;
  readonly #measured: Measured;

  constructor(lab: LabClient, measured: Measured) {
    this.#lab = lab;
    this.#measured = measured;
  }

  /** Of the open model; null while it has not been measured. */
  readonly times: PassTimes | null = $derived.by(() => this.#table[this.#measured.model?.sha256 ?? ''] ?? null);

  /** Whether there is something to measure, and nobody waits for anything else. */
  readonly due: boolean = $derived.by(() => {
    const { model, status, device, report, result } = this.#measured;
    if (!model?.sha256 || model.bytes > MOST_BYTES || !result) return false;
    if (result.milliseconds > LONGEST_PASS_MS * result.passes) return false;
    const several = (report?.devices.filter(({ automatic }) => automatic).length ?? 0) > 1;
    return several && device === 'auto' && status === 'done' && this.times === null;
  });

  /** Call before the engine starts. Where the browser keeps nothing, every visit measures anew. */
  restore(): void {
    try {
      const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
      if (isTable(stored)) this.#table = stored;
    } catch {
      // Storage is off, or holds something else.
    }
    this.#lab.prefer(fastestOf(this.#table));
  }

  /** Measures the open model. What a person asks meanwhile comes first: then it is left for another time. */
  async measure(): Promise<void> {
    const sha256 = this.#measured.model?.sha256;
    const outcome = await this.#lab.measure();
    if (!outcome.ok || !sha256) return;
    const others = Object.entries(this.#table).filter(([model]) => model !== sha256);
    this.#table = Object.fromEntries([...others, [sha256, outcome.value] as const].slice(-MOST_KEPT));
    this.#lab.prefer(fastestOf(this.#table));
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#table));
    } catch {
      // See restore.
    }
  }

  stop(): void {
    this.#lab.cancelMeasuring();
  }
}

/** The fastest device of each model, where it is faster by enough than every other. */
export function fastestOf(table: Table): Record<string, DeviceId> {
  return Object.fromEntries(
    Object.entries(table).flatMap(([model, times]) => {
      const [first, second] = Object.entries(times).toSorted((a, b) => a[1] - b[1]);
      return second && second[1] >= WORTH * first[1] ? [[model, first[0] as DeviceId] as const] : [];
    }),
  );
}

const isTable = (stored: unknown): stored is Table =>
  isRecord(stored) &&
  Object.values(stored).every((times) => isRecord(times) && Object.values(times).every(Number.isFinite));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
