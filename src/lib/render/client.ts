/** @file The page's side of the drawing worker: hands over each part of a picture once, and takes it back. */
import * as Comlink from 'comlink';
import { type Packed, type Part, pack } from './parts.ts';
import type { Picture } from './picture.ts';
import { Stage } from './stage.ts';
import type { StudioApi } from './studio.worker.ts';

/** What the worker holds of a part: `uses` pictures need it. */
interface Kept {
  readonly number: number;
  uses: number;
  /** Settles when the part is on its way, before anything that is sent from then on. */
  readonly sent: Promise<void>;
}

/** A picture whose parts the worker keeps until it is released. */
export interface Order {
  readonly picture: Picture;
  readonly packed: Packed;
  readonly parts: ReadonlySet<Part>;
}

export class StudioClient {
  readonly #studio: Comlink.Remote<StudioApi>;
  readonly #kept = new Map<Part, Kept>();
  readonly #stages = new Set<Stage>();
  #numbers = 0;

  /** Use `openStudio`. */
  constructor(studio: Comlink.Remote<StudioApi>) {
    this.#studio = studio;
  }

  /** What `canvas`, which must have no context yet, shows from now on; to be destroyed with it. */
  stage(canvas: HTMLCanvasElement): Stage {
    const stage: Stage = new Stage(canvas, this, () => this.#stages.delete(stage));
    this.#stages.add(stage);
    return stage;
  }

  /** `picture` as a bitmap of its own; null while the browser has taken the graphics away. */
  bitmap(picture: Picture): Promise<ImageBitmap | null> {
    return this.#once(picture, (order) => this.frame(order));
  }

  /** `picture` as a PNG. */
  png(picture: Picture): Promise<Blob> {
    return this.#once(picture, async (order) => {
      await this.#sent(order);
      return this.#studio.png(order.packed);
    });
  }

  /** To be released once another has taken its place. */
  order(picture: Picture): Order {
    const parts = new Set<Part>();
    const packed = pack(picture, (part) => {
      const kept = this.#kept.get(part) ?? this.#send(part);
      if (!parts.has(part)) kept.uses++;
      parts.add(part);
      return kept.number;
    });
    return { picture, packed, parts };
  }

  release({ parts }: Order): void {
    for (const part of parts) {
      const kept = this.#kept.get(part)!;
      if (--kept.uses > 0) continue;
      this.#kept.delete(part);
      void kept.sent.then(
        () => this.#studio.forget(kept.number),
        () => undefined, // what could not be sent has been reported with the picture
      );
    }
  }

  /** Null while the browser has taken the graphics away. */
  async frame(order: Order): Promise<ImageBitmap | null> {
    await this.#sent(order);
    return this.#studio.frame(order.packed);
  }

  redraw(): void {
    for (const stage of this.#stages) stage.redraw();
  }

  async #once<T>(picture: Picture, ask: (order: Order) => Promise<T>): Promise<T> {
    const order = this.order(picture);
    try {
      return await ask(order);
    } finally {
      this.release(order);
    }
  }

  async #sent({ parts }: Order): Promise<void> {
    await Promise.all(Array.from(parts, (part) => this.#kept.get(part)!.sent));
  }

  #send(part: Part): Kept {
    const number = ++this.#numbers;
    const kept = { number, uses: 0, sent: this.#handOver(number, copyOf(part)) };
    this.#kept.set(part, kept);
    return kept;
  }

  /** Does not wait for the worker's answer: messages arrive in order. */
  async #handOver(number: number, copy: Part | Promise<ImageBitmap>): Promise<void> {
    const part = await copy;
    void this.#studio.keep(number, Comlink.transfer(part, [part instanceof ImageBitmap ? part : part.buffer]));
  }
}

/** The part stays the page's. A bitmap that is made of another shares its pixels. */
const copyOf = (part: Part): Part | Promise<ImageBitmap> =>
  part instanceof ImageBitmap ? createImageBitmap(part) : part.slice();

let opened: Promise<StudioClient> | null = null;

/** The page's only one, kept once it is there. Rejects with an Error where the browser offers no WebGL 2. */
export function openStudio(): Promise<StudioClient> {
  opened ??= start().catch((error: unknown) => {
    opened = null; // the next one to ask tries again
    throw error;
  });
  return opened;
}

async function start(): Promise<StudioClient> {
  const worker = new Worker(new URL('./studio.worker.ts', import.meta.url), { type: 'module', name: 'vitrine-studio' });
  const unloaded = new Promise<never>((_, reject) =>
    worker.addEventListener('error', () => reject(new Error('Stage: the script that draws could not be loaded.'))),
  );
  const remote = Comlink.wrap<StudioApi>(worker);
  const studio = new StudioClient(remote);
  try {
    await Promise.race([remote.open(Comlink.proxy(() => studio.redraw())), unloaded]);
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return studio;
}
