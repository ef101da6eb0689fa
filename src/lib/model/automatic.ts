/** @file Which device runs a model when the person leaves it to the page. */
import type { Graph } from '../graph/graph.ts';
import { deviceOf, type DeviceId } from '../runtime/devices.ts';
import type { Runtime, UnsupportedNode } from '../runtime/runtime.ts';

export interface Automatic {
  /** The one that models begin with. */
  readonly home: DeviceId;
  /** Those that may be chosen unasked. */
  readonly candidates: readonly DeviceId[];
}

export interface ChosenDevice {
  readonly runtime: Runtime;
  /** Why it is not the usual one; '' where it is. */
  readonly note: string;
}

/**
 * The device that was measured to be the fastest for this model, else the usual one; where operators are missing there, the
 * next. `runtimeOn` makes a runtime when it is needed.
 */
export async function chooseFor(
  graph: Graph,
  { home, candidates }: Automatic,
  fastest: DeviceId | undefined,
  runtimeOn: (id: DeviceId) => Promise<Runtime>,
): Promise<ChosenDevice> {
  const measured = fastest !== undefined && candidates.includes(fastest) ? [fastest] : [];
  const order = [...new Set([...measured, home, ...candidates])];
  let note =
    order[0] === home ? '' : `${titleOf(order[0])} is used: it was measured to be the fastest for this model here.`;
  for (const id of order) {
    const runtime = await runtimeOn(id).catch((error: unknown) => {
      if (id === home) throw error;
      return null; // what cannot be had is passed over
    });
    const missing = runtime?.unsupported(graph) ?? [];
    if (runtime && missing.length === 0) return { runtime, note };
    if (runtime) note = `${titleOf(id)} is not used for this model: ${listed(missing)}.`;
  }
  // Nowhere: what is missing on the usual one is said when the graph is compiled.
  return { runtime: await runtimeOn(home), note: '' };
}

const titleOf = (id: DeviceId): string => deviceOf(id).title;

const listed = (missing: readonly UnsupportedNode[]): string => {
  const shown = missing.slice(0, 3).map(({ op, node, reason }) => `${op} (node "${node}"): ${reason}`);
  return shown.join('; ') + (missing.length > 3 ? ` and ${missing.length - 3} more` : '');
};
