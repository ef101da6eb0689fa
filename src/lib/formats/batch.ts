/** @file The batch axis of a model that is read: N where that can be proven safe, else one example at a time. */

/** What an importer builds: values, and what the person should know of them. */
interface Built {
  readonly notes: readonly string[];
}

/** Symbolic batch first; where that fails, whatever the reason, one example at a time. */
export function withBatch<T extends Built>(
  wanted: boolean,
  build: (symbolic: boolean) => T,
): { values: T; batched: boolean; notes: readonly string[] } {
  if (!wanted) {
    const values = build(false);
    return { values, batched: false, notes: values.notes };
  }
  let reason: unknown;
  try {
    const values = build(true);
    return { values, batched: true, notes: values.notes };
  } catch (error) {
    reason = error;
  }
  const values = build(false);
  const why = reason instanceof Error ? reason.message : String(reason);
  return { values, batched: false, notes: [...values.notes, `The model runs one example at a time. ${why}`] };
}
