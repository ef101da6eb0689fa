/** @file The drawing worker's entry point: the graphics process is waited for here, and not on the page's main thread. */
import * as Comlink from 'comlink';
import { DOMAdapter, WebWorkerAdapter } from 'pixi.js';
import { type Packed, type Part, unpack } from './parts.ts';
import { createStudio } from './studio.ts';

DOMAdapter.set(WebWorkerAdapter);

const studio = createStudio();
const parts = new Map<number, Part>();

function partOf(number: number): Part {
  const part = parts.get(number);
  if (!part) throw new Error(`internal: part ${number} of a picture has not been handed over`);
  return part;
}

const api = {
  /** `restored` is called when the browser gave back a context that it had taken. Throws where it offers no WebGL 2. */
  async open(restored: () => void): Promise<void> {
    (await studio).onRestored = restored;
  },
  keep(number: number, part: Part): void {
    parts.set(number, part);
  },
  async forget(number: number): Promise<void> {
    const part = partOf(number);
    parts.delete(number);
    (await studio).forget(part);
    if (part instanceof ImageBitmap) part.close();
  },
  /** Null while the browser has taken the context away. */
  async frame(packed: Packed): Promise<ImageBitmap | null> {
    const frame = (await studio).frame(unpack(packed, partOf));
    return frame && Comlink.transfer(frame, [frame]);
  },
  async png(packed: Packed): Promise<Blob> {
    return (await studio).png(unpack(packed, partOf));
  },
};

export type StudioApi = typeof api;

Comlink.expose(api);
