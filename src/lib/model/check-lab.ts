/** @file One explanation on another device: how far the two are apart, and at which operator they part. */
import type { DeviceId } from '../runtime/devices.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { AGREEMENT, differenceOf, firstDivergence, firstPartedRun, type Divergence } from './cross-check.ts';
import { createEngine, preferredBatch, type ModelEngine } from './engine.ts';
import { explain, type Setting } from './explain.ts';
import type { AttributionRequest, AttributionResult } from './types.ts';

export interface CrossCheck {
  /** The device that the result is checked on. */
  readonly on: DeviceId;
  /** max|a − b| / max|a| over the scores of all inputs. */
  readonly difference: number;
  /** Whether rounding explains it. */
  readonly agrees: boolean;
  /** Where they part; null where they agree, or where no single operator is to blame. */
  readonly divergence: Divergence | null;
}

/** Explains on both and compares. Throws the signal's reason when cancelled. */
export async function crossCheck(
  setting: Setting,
  request: AttributionRequest,
  { on, second }: { readonly on: DeviceId; readonly second: Runtime },
): Promise<CrossCheck> {
  const { loaded } = setting;
  const here = await explain(part(setting, 'here: ', 0, 0.4), request);
  const engine = createEngine(second, { weightBytes: 4 * loaded.info.parameters });
  try {
    const elsewhere: Setting = { ...part(setting, 'on the other device: ', 0.4, 0.4), loaded: { ...loaded, engine } };
    const there = await explain({ ...elsewhere, device: second.device }, request);
    const difference = differenceBetween(here, there);
    const agrees = difference <= AGREEMENT;
    return {
      on,
      difference,
      agrees,
      divergence: agrees ? null : await whereTheyPart(setting, request, engine, second),
    };
  } finally {
    await engine.dispose();
  }
}

/** `engine`: that of `second`, with what the explanation there has compiled. */
async function whereTheyPart(
  setting: Setting,
  request: AttributionRequest,
  engine: ModelEngine,
  second: Runtime,
): Promise<Divergence | null> {
  const { loaded, onProgress, signal } = setting;
  const first = loaded.runtime;
  const silent = { ...setting, onProgress: () => undefined };
  onProgress({ doing: 'looking for the operator', fraction: 0.8, secondsLeft: null });
  const run = await firstPartedRun({ first: loaded.engine, second: engine }, preferredBatch(first), (both) =>
    explain({ ...silent, loaded: { ...loaded, engine: { ...both, dispose: async () => undefined } } }, request),
  );
  const search = (done: number, total: number) =>
    onProgress({
      doing: `looking for the operator, step ${done}`,
      fraction: 0.8 + (0.2 * done) / total,
      secondsLeft: null,
    });
  return run && firstDivergence({ first, second }, run, { signal, onProgress: search });
}

/** Progress of one part of the work as that of the whole. */
const part = (setting: Setting, where: string, from: number, share: number): Setting => ({
  ...setting,
  onProgress: ({ doing, fraction }) =>
    setting.onProgress({ doing: `${where}${doing}`, fraction: from + share * fraction, secondsLeft: null }),
});

/** Over the scores of all inputs together. */
function differenceBetween(a: AttributionResult, b: AttributionResult): number {
  const scores = (result: AttributionResult) => [result, ...(result.others ?? [])].map((input) => input.scores);
  const there = scores(b);
  return Math.max(...scores(a).map((x, i) => differenceOf(there[i], x)));
}
