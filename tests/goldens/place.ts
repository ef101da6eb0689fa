/** @file Where golden results are. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The compact set of this repository. */
export const compactSet = here('./data');

/** The whole set, which is too large for the repository: named by VITRINE_GOLDENS, or beside the repository; or null. */
export function wholeSet(): string | null {
  const named = process.env.VITRINE_GOLDENS;
  if (named && !existsSync(named)) throw new Error(`VITRINE_GOLDENS: there is no folder ${named}. Name one that holds models with a manifest.json each.`);
  const beside = here('../../../shared/goldens/captum');
  return named ?? (existsSync(beside) ? beside : null);
}
