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

  /** Call once when the page has loaded. */
  async restore(): Promise<void> {
    const asked = recall();
    if (crossOriginIsolated) this.state = asked ? 'on' : 'host';
    // A forced reload goes past the service worker and proves nothing about the browser.
    if (!navigator.serviceWorker?.controller) return;
    const step = afterLoad(asked, crossOriginIsolated);
    if (step === 'try require-corp') await this.#switch('require-corp');
    if (step === 'give up') {
      this.state = 'failed';
      forget();
      await this.#offline.tell({ kind: 'embed', embedding: null }).catch(() => undefined);
    }
  }

  /** Isolates the page, which reloads. */
  turnOn = (): Promise<void> => this.#switch('credentialless');

  /** Leaves the page as the host sends it, which reloads. */
  async turnOff(): Promise<void> {
    forget();
    await this.#reloadWith(null);
  }

  async #switch(embedding: Embedding): Promise<void> {
    // What cannot be remembered could be tried again for ever.
    if (remember(embedding)) await this.#reloadWith(embedding);
    else this.problem = 'This browser keeps nothing for the page, so the page cannot be isolated.';
  }

  async #reloadWith(embedding: Embedding | null): Promise<void> {
    try {
      await this.#offline.tell({ kind: 'embed', embedding });
      location.reload();
    } catch (error) {
      forget();
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

function remember(embedding: Embedding): boolean {
  try {
    localStorage.setItem(KEY, embedding);
    return localStorage.getItem(KEY) === embedding;
  } catch {
    return false;
  }
}

function forget(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}
