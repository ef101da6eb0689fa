/** @file The runtimes beside the one that the model runs on: made when they are needed, and kept. */
import { idOf, type DeviceId } from '../runtime/devices.ts';
import { createQueue } from '../runtime/queue.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** A heap never shrinks, so a runtime that was made is kept; two that start at once would get in each other's way. */
export class Runtimes {
  readonly #create: (id: DeviceId) => Promise<Runtime>;
  readonly #enqueue = createQueue();
  readonly #made = new Map<DeviceId, Promise<Runtime>>();

  constructor(create: (id: DeviceId) => Promise<Runtime>) {
    this.#create = create;
  }

  /** Rejects where the device cannot be had; it is tried again the next time. */
  on(id: DeviceId): Promise<Runtime> {
    const made = this.#made.get(id) ?? this.#enqueue(() => this.#create(id));
    this.#keep(id, made);
    return made;
  }

  /** Keeps one that was made before. */
  add(runtime: Runtime): void {
    this.#keep(idOf(runtime.device), Promise.resolve(runtime));
  }

  /** Disposes of all. */
  async forget(): Promise<void> {
    const made = [...this.#made.values()];
    this.#made.clear();
    for (const runtime of made) await runtime.then((r) => r.dispose()).catch(() => undefined);
  }

  /** Until its device is lost. */
  #keep(id: DeviceId, made: Promise<Runtime>): void {
    if (this.#made.get(id) === made) return;
    this.#made.set(id, made);
    const drop = () => this.#made.get(id) === made && this.#made.delete(id);
    made.then((runtime) => runtime.lost).then(drop, drop);
  }
}
