/** @file The page's side of the worker that compares maps: each map crosses once, as long as it is among those compared. */
import * as Comlink from 'comlink';
import type { RankCorrelations } from '../tensor/rank-correlation.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import type { AgreementApi } from './agreement.worker.ts';

export class AgreementClient {
  readonly #worker = new Worker(new URL('./agreement.worker.ts', import.meta.url), {
    type: 'module',
    name: 'vitrine-agreement',
  });
  readonly #api = Comlink.wrap<AgreementApi>(this.#worker);
  readonly #unloaded = new Promise<never>((_, reject) =>
    this.#worker.addEventListener('error', () =>
      reject(new Error('Compare: the script that compares maps could not be loaded. Reload the page to try again.')),
    ),
  );
  #held = new Map<FloatTensor, number>();
  #numbers = 0;

  constructor() {
    // Whoever asks hears of it; nobody need have asked.
    this.#unloaded.catch(() => undefined);
  }

  /** As `rankCorrelations`: every map, of which there is one at least, against every other. Rejects with an Error where the worker cannot be loaded. */
  correlate(maps: readonly FloatTensor[]): Promise<RankCorrelations> {
    const before = this.#held;
    this.#held = new Map(maps.map((map) => [map, before.get(map) ?? ++this.#numbers]));
    const fresh = [...this.#held].flatMap(([map, number]) => (before.has(map) ? [] : [[number, map] as const]));
    const numbers = maps.map((map) => this.#held.get(map)!);
    return Promise.race([this.#api.correlate(numbers, fresh), this.#unloaded]);
  }

  close(): void {
    this.#worker.terminate();
  }
}
