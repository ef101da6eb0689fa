/** @file Where golden results are, and those that are in a folder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folderOf, type GoldenFolder } from './folder.ts';

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

/** Every model in `root`: each folder with a manifest. */
export function goldenFolders(root: string): GoldenFolder[] {
  const names = readdirSync(root).filter((name) => existsSync(join(root, name, 'manifest.json')));
  return names.sort().map((name) => folderOf((file) => new Uint8Array(readFileSync(join(root, name, file)))));
}
