/** @file Reloads that the page itself asks for: what a person has open comes along, or they are told before. */
import { isKeepsake, keepsakeBytes, keepsakeOf, reopen } from './keepsake.ts';
import type { Library } from './library.ts';
import { stash, takeStash } from './stash.ts';
import type { Workspace } from './workspace.svelte.ts';

/** Most bytes that are copied into the browser's storage for a reload. */
export const MOST_KEPT = 512 * 2 ** 20;

export class Departure {
  /** Why what is open would be lost; '' where it would not. */
  problem = $state('');
  readonly #workspace: Workspace;
  readonly #library: Library;

  constructor(workspace: Workspace, library: Library) {
    this.#workspace = workspace;
    this.#library = library;
  }

  /**
   * Puts away what is open. False where that fails: `problem` says so, and the next call lets the page go all the
   * same. Nothing is open before the page has come back from a reload, and then what was put away stays where it is.
   */
  async prepare(): Promise<boolean> {
    const warned = this.problem !== '';
    const kept = keepsakeOf(this.#workspace);
    if (warned || !kept) return true;
    try {
      const bytes = keepsakeBytes(kept);
      if (bytes > MOST_KEPT) throw new RangeError(`it has ${megabytes(bytes)}, the most is ${megabytes(MOST_KEPT)}`);
      await stash(kept);
      return true;
    } catch (error) {
      this.problem = `What is open cannot be kept over the reload: ${reason(error)}. Ask for it again to reload all the same, and open your files anew.`;
      return false;
    }
  }

  /** Forgets what was put away: the page stays after all. */
  async stay(): Promise<void> {
    await takeStash().catch(() => undefined);
  }

  /** Opens what this tab put away before it was reloaded, or else does `otherwise`. */
  async comeBack(otherwise: () => Promise<void>): Promise<void> {
    const kept = await takeStash().catch(reason);
    if (isKeepsake(kept)) return reopen(this.#workspace, this.#library, kept);
    await otherwise();
    if (kept === null) return;
    const why = typeof kept === 'string' ? kept : 'it was put away by another version of the page';
    this.#workspace.problem = `What was open before the reload could not be opened again: ${why}. Open your files anew.`;
  }
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MB`;

function reason(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'QuotaExceededError') return 'the browser’s storage is full';
  if (name === 'SecurityError') return 'the browser keeps nothing for this page';
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
