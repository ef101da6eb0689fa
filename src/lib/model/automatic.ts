/** @file Which device runs a model when the person leaves it to the page. */
import type { Graph } from '../graph/graph.ts';
import { deviceOf, type DeviceId } from '../runtime/devices.ts';
import { reasonAgainst, type Runtime, type UnsupportedNode } from '../runtime/runtime.ts';

export interface Automatic {
  /** The one that models begin with. */
  readonly home: DeviceId;
  /** Those that may be chosen unasked, because they are faster. */
  readonly candidates: readonly DeviceId[];
  /** All that there are, of both runtimes: where an operator is missing, the next one may have it. */
  readonly available: readonly DeviceId[];
}

export interface ChosenDevice {
  readonly runtime: Runtime;
  /** Why it is not the usual one; '' where it is. */
  readonly note: string;
  /** Whether that is because operators are missing there. */
  readonly lacking: boolean;
}

/**
 * The device that was measured to be the fastest for this model, else the usual one; where operators are missing there, the
 * next. `runtimeOn` makes a runtime when it is needed.
 */
export async function chooseFor(
  graph: Graph,
  automatic: Automatic,
  fastest: DeviceId | undefined,
  runtimeOn: (id: DeviceId) => Promise<Runtime>,
): Promise<ChosenDevice> {
  const { home, candidates } = automatic;
  const measured = fastest !== undefined && candidates.includes(fastest) ? [fastest] : [];
  const order = [...new Set([...measured, home, ...nextOf(automatic)])];
  let lacking = false;
  let note =
    order[0] === home ? '' : `${titleOf(order[0])} is used: it was measured to be the fastest for this model here.`;
  for (const id of order) {
    const runtime = await runtimeOn(id).catch((error: unknown) => {
      if (id === home) throw error;
      return null; // what cannot be had is passed over
    });
    const missing = runtime?.unsupported(graph) ?? [];
    if (runtime && missing.length === 0) return { runtime, note, lacking };
    if (!runtime) continue;
    lacking = true;
    note = `${titleOf(id)} is not used for this model: ${listed(missing)}.`;
  }
  // Nowhere: what is missing on the usual one is said when the graph is compiled.
  return { runtime: await runtimeOn(home), note: '', lacking: false };
}

/** Those that are tried where the usual one cannot do it, the better ones first. */
export const nextOf = ({ home, candidates, available }: Automatic): readonly DeviceId[] =>
  [...new Set([...candidates, ...available])].filter((id) => id !== home);

export const titleOf = (id: DeviceId): string => deviceOf(id).title;

/** Each reason once, the first three of them. */
export function listed(missing: readonly UnsupportedNode[]): string {
  const reasons = [...new Set(missing.map(reasonAgainst))];
  return reasons.slice(0, 3).join('; ') + (reasons.length > 3 ? ` and ${reasons.length - 3} more` : '');
}
