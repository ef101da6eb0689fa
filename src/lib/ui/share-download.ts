/** @file Files for the person's disk. */
import type { AttributionResult, ModelInfo } from '../state/workspace.svelte.ts';
import { explainedText } from './summary.ts';

/** "cat-integrated-gradients.png". */
export const fileName = ({ request }: AttributionResult, model: ModelInfo | null, ending: string): string =>
  `${explainedText(request, model)}-${request.method}${ending}`.replaceAll(/[^\w.-]+/g, '-');

export function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
