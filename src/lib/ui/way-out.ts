/** @file What shows something where a map is blank, as a button. */
import type { AttributionResult, Workspace } from '../state/workspace.svelte.ts';

export interface WayOut {
  readonly title: string;
  readonly take: () => void;
}

/** What the result itself proposes; null where nothing helps for certain. */
export function wayOutOf({ wayOut, request }: AttributionResult, { model, question }: Workspace): WayOut | null {
  if (wayOut === 'logit') return { title: 'Explain the logit', take: () => (question.kind = 'logit') };
  const method = model?.methods.find(({ id }) => id === request.method);
  if (wayOut !== 'negative' || !method) return null;
  return { title: 'Keep negative scores', take: () => question.setOption(method, 'relu', false) };
}
