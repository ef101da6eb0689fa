/**
 * @file How the page notices a worker that is gone, or that has gone silent. No event tells of either.
 *
 * A worker that is busy in WebAssembly cannot answer, so it is not asked: it holds a lock, which the browser takes from it when
 * it is gone, whatever the reason. And of a worker that lives but says nothing for long, only a person can tell
 * whether it is stuck.
 */

interface Greeting {
  readonly pulse: string;
}

const isGreeting = (data: unknown): data is Greeting =>
  typeof data === 'object' && data !== null && typeof (data as Greeting).pulse === 'string';

/** In the worker: takes a lock for life and tells its name. Does nothing where the browser has no locks (a page without https). */
export function startPulse(say: (greeting: Greeting) => void): void {
  const pulse = `vitrine-${crypto.randomUUID?.() ?? Math.random()}`;
  const held = () => {
    say({ pulse });
    return new Promise<never>(() => undefined);
  };
  void globalThis.navigator?.locks?.request(pulse, held).catch(() => undefined);
}

/** In the page: calls `onGone` once when `worker` is gone, until `signal` is aborted. */
export function watchPulse(worker: Worker, signal: AbortSignal, onGone: () => void): void {
  const greeted = ({ data }: MessageEvent<unknown>) => {
    if (!isGreeting(data)) return;
    worker.removeEventListener('message', greeted);
    // Granted when its holder is gone; refused when `signal` comes first.
    navigator.locks.request(data.pulse, { signal }, onGone).catch(() => undefined);
  };
  worker.addEventListener('message', greeted, { signal });
}

/** Counts the seconds in which a worker says nothing although somebody waits for it. */
export class Patience {
  #silent = 0;
  readonly #isAwaited: () => boolean;
  readonly #limit: number;
  readonly #onSilence: (seconds: number) => void;

  /**
   * `onSilence` is called with the seconds when they reach `limit`, and with 0 when the silence ends after all. Any message
   * from `worker` ends it.
   */
  constructor(
    worker: Worker,
    signal: AbortSignal,
    options: { isAwaited: () => boolean; limit: number; onSilence: (seconds: number) => void },
  ) {
    this.#isAwaited = options.isAwaited;
    this.#limit = options.limit;
    this.#onSilence = options.onSilence;
    worker.addEventListener('message', () => this.#heard(), { signal });
    // Seconds are counted one by one: a machine that slept was not silent.
    const timer = setInterval(() => this.#tick(), 1000);
    signal.addEventListener('abort', () => {
      clearInterval(timer);
      this.#heard();
    });
  }

  /** Counts from nothing again. */
  wait(): void {
    this.#heard();
  }

  #tick(): void {
    if (!this.#isAwaited()) return this.#heard();
    this.#silent++;
    if (this.#silent === this.#limit) this.#onSilence(this.#silent);
  }

  #heard(): void {
    const told = this.#silent >= this.#limit;
    this.#silent = 0;
    if (told) this.#onSilence(0);
  }
}
