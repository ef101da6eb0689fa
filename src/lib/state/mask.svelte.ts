/** @file Where the object is, as a person or an example's own mask says: one number for each place of the model's input. */
import type { Library } from './library.ts';
import { perWorkspace } from './per-workspace.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The part of an image that the model sees, at the size at which it sees it. */
export interface View {
  readonly url: string;
  readonly crop: Rectangle;
  readonly width: number;
  readonly height: number;
}

/** The brightness of a picture's part at a size, 0…255 row by row. */
export type ReadPicture = (url: string, crop: Rectangle, width: number, height: number) => Promise<Uint8Array>;

interface Painted {
  readonly of: string;
  readonly places: Uint8Array;
  readonly origin: 'painted' | 'example';
  /** Tells one state of the mask from the next. */
  readonly version: number;
}

/** Half of white: what is brighter belongs to the object. */
const ON = 128;

export class Mask {
  /** Why the example's mask could not be had; '' where it could. */
  problem = $state('');
  /** Radius of the brush in places. */
  brush = $state(4);
  erasing = $state(false);
  #painted = $state.raw<Painted | null>(null);
  #versions = 0;
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** null while there is no image, or the model has several. */
  readonly view: View | null = $derived.by(() => {
    const { picture, prediction, preprocessing, inputs } = this.#workspace;
    if (!picture.info || !prediction || !preprocessing || inputs.several) return null;
    const { x, y, width, height } = prediction.crop;
    return {
      url: picture.url,
      crop: { left: x, top: y, width, height },
      width: preprocessing.width,
      height: preprocessing.height,
    };
  });

  /** What a mask belongs to: another image, crop or size needs another one. */
  readonly #key = $derived.by(() => {
    const { crop, width, height } = this.view ?? {};
    return JSON.stringify([this.#workspace.picture.info?.id, crop, width, height]);
  });
  readonly #current = $derived(this.#painted?.of === this.#key ? this.#painted : null);

  readonly places: Uint8Array | null = $derived.by(() => this.#current?.places ?? null);
  readonly origin: Painted['origin'] | null = $derived.by(() => this.#current?.origin ?? null);
  /** 0 where there is no mask. */
  readonly version: number = $derived.by(() => this.#current?.version ?? 0);
  /** Share of the image that it covers. */
  readonly share: number = $derived.by(() => {
    const { places } = this;
    return places ? places.reduce((n, v) => n + Number(v !== 0), 0) / places.length : 0;
  });

  /** Address of the mask that comes with the open example; null where none does. */
  exampleIn({ images }: Library): string | null {
    const url = this.#workspace.picture.source?.url;
    const example = images.find((image) => image.url === url);
    return example?.mask ? example.url.slice(0, -example.file.length) + example.mask : null;
  }

  /** Takes the object from the example's own mask. `read`: the page's way to a picture's brightness. */
  async takeExample(url: string, read: ReadPicture): Promise<void> {
    const { view } = this;
    if (!view) return;
    const key = this.#key;
    this.problem = '';
    try {
      const light = await read(url, view.crop, view.width, view.height);
      if (key !== this.#key) return;
      this.#set(
        light.map((v) => (v >= ON ? 1 : 0)),
        'example',
      );
    } catch {
      this.problem = 'The example’s mask could not be loaded. Paint over the object, or try again with a network.';
    }
  }

  /** A stroke of the brush from one place to another, in places from the upper left corner. */
  stroke(from: { x: number; y: number }, to: { x: number; y: number }): void {
    const { view, brush } = this;
    if (!view) return;
    const places = this.#copy(view);
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    const steps = Math.max(1, Math.ceil(length));
    for (let k = 0; k <= steps; k++) {
      const [x, y] = [from.x + ((to.x - from.x) * k) / steps, from.y + ((to.y - from.y) * k) / steps];
      this.#dab(places, view, x, y, brush);
    }
    this.#set(places, 'painted');
  }

  /** Adds a rectangle, or takes it away while erasing. What lies outside of the image is left out. */
  rectangle({ left, top, width, height }: Rectangle): void {
    const { view } = this;
    if (!view) return;
    const places = this.#copy(view);
    for (let y = Math.max(0, top); y < Math.min(view.height, top + height); y++)
      for (let x = Math.max(0, left); x < Math.min(view.width, left + width); x++)
        places[y * view.width + x] = this.erasing ? 0 : 1;
    this.#set(places, 'painted');
  }

  clear(): void {
    this.#painted = null;
  }

  #dab(places: Uint8Array, { width, height }: View, x: number, y: number, radius: number): void {
    for (let row = Math.max(0, Math.floor(y - radius)); row <= Math.min(height - 1, y + radius); row++)
      for (let column = Math.max(0, Math.floor(x - radius)); column <= Math.min(width - 1, x + radius); column++)
        if ((row + 0.5 - y) ** 2 + (column + 0.5 - x) ** 2 <= radius ** 2)
          places[row * width + column] = this.erasing ? 0 : 1;
  }

  #copy({ width, height }: View): Uint8Array {
    return this.places?.slice() ?? new Uint8Array(width * height);
  }

  #set(places: Uint8Array, origin: Painted['origin']): void {
    this.#painted = { of: this.#key, places, origin, version: ++this.#versions };
  }
}

export const maskOf = perWorkspace((workspace) => new Mask(workspace));
