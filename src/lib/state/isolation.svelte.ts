/** @file Cross-origin isolation where the host sends no headers: off until a person asks, undone as easily, never a loop of reloads. */
import { type Embedding, afterLoad, isEmbedding } from './embedding.ts';
import type { Offline } from './offline.svelte.ts';

const KEY = 'vitrine-isolation';

/** `host`: the server's own headers isolate the page. `on`: the service worker does. */
export type IsolationState = 'host' | 'on' | 'off' | 'failed';

export class Isolation {
  state = $state<IsolationState>('off');
  /** Why it could not be switched; '' when it could. */
  problem = $state('');
  readonly #offline: Offline;

  constructor(offline: Offline) {
    this.#offline = offline;
  }

  /** Call once when the page has loaded, and open nothing before: where it reloads the page, it does not return. */
  async restore(): Promise<void> {
    const asked = recall();
    if (crossOriginIsolated) this.state = asked ? 'on' : 'host';
    // A forced reload goes past the service worker and proves nothing about the browser.
    if (!navigator.serviceWorker?.controller) return;
    const step = afterLoad(asked, crossOriginIsolated);
    if (step === 'try require-corp') await this.#switch('require-corp');
    if (step === 'give up') {
      this.state = 'failed';
      remember(null);
      await this.#offline.tell({ kind: 'embed', embedding: null }).catch(() => undefined);
    }
  }

  /** Isolates the page, which reloads. */
  turnOn = (): Promise<void> => this.#switch('credentialless');

  /** Leaves the page as the host sends it, which reloads. */
  turnOff = (): Promise<void> => this.#switch(null);

  async #switch(embedding: Embedding | null): Promise<void> {
    const { departure } = this.#offline;
    const before = recall();
    // What cannot be remembered could be tried again for ever.
    if (!remember(embedding)) {
      this.problem = 'This browser keeps nothing for the page, so more threads are not to be had.';
      return;
    }
    if (!(await departure.prepare())) return void remember(before);
    try {
      await this.#offline.tell({ kind: 'embed', embedding });
      location.reload();
      await new Promise(() => undefined);
    } catch (error) {
      remember(null);
      await departure.stay();
      this.problem = `More threads are not to be had: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}

function recall(): Embedding | null {
  try {
    const stored = localStorage.getItem(KEY);
    return isEmbedding(stored) ? stored : null;
  } catch {
    return null;
  }
}

/** False where the browser keeps nothing. */
function remember(embedding: Embedding | null): boolean {
  try {
    if (embedding === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, embedding);
    return localStorage.getItem(KEY) === embedding;
  } catch {
    return embedding === null;
  }
}
