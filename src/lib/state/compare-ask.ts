/** @file How one cell of a comparison is answered: its image and model are opened first, where they are not open. */
import type {
  AttributionRequest,
  AttributionResult,
  BaselineChoice,
  ImageInfo,
  ModelInfo,
  Outcome,
  ProgressReport,
  Target,
} from '../worker/api.ts';
import type { LabClient } from '../worker/client.ts';
import type { Cell } from './compare-cells.ts';
import type { ShelfImage, ShelfModel } from './compare-shelf.ts';
import type { Source } from './picture.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

/** Each open image lies decoded in the worker's memory: beyond this the one that was used longest ago is closed. */
const OPEN_IMAGES = 12;

const cancelled = { ok: false, reason: 'cancelled', message: 'Stopped.' } as const;

type OnProgress = (progress: ProgressReport) => void;
/** Whether a cell is still to be answered. */
type Wants = (cell: Cell) => boolean;
/** Called with what an image turned out to be. */
type OnImage = (image: ShelfImage, info: ImageInfo) => void;

export class Asker {
  /** Images beside the one of the exhibit, by their place on the shelf; the last used last. */
  readonly #images = new Map<string, ImageInfo>();
  /** Where models beside the open one are asked, one at a time; it ends with the comparison. */
  #spare: { readonly lab: LabClient; readonly device: string } | null = null;
  readonly #lab: LabClient;
  readonly #workspace: Workspace;
  readonly #wants: Wants;
  readonly #onImage: OnImage;

  constructor(lab: LabClient, workspace: Workspace, wants: Wants, onImage: OnImage) {
    this.#lab = lab;
    this.#workspace = workspace;
    this.#wants = wants;
    this.#onImage = onImage;
  }

  async ask(cell: Cell, onProgress: OnProgress): Promise<Outcome<AttributionResult>> {
    if (cell.model) return this.#askModel(cell, cell.model, onProgress);
    if (!cell.image) return this.#attribute(this.#lab, cell, cell.request, onProgress);
    const image = await this.#imageOf(cell.image);
    if (!image.ok) return image;
    const request = replaceImage(cell.request, cell.input, image.value.id);
    const target = await this.#targetOf(request, cell);
    if (!target.ok) return target;
    return this.#attribute(this.#lab, cell, { ...request, target: target.value }, onProgress);
  }

  /** Stops what is running. */
  halt(): void {
    this.#lab.cancel();
    this.rest();
  }

  /** Gives back what only the next question would need. */
  rest(): void {
    this.#spare?.lab.dispose();
    this.#spare = null;
  }

  async #attribute(
    lab: LabClient,
    cell: Cell,
    request: AttributionRequest,
    onProgress: OnProgress,
  ): Promise<Outcome<AttributionResult>> {
    // Asked for in vain, it would displace what is wanted now.
    return this.#wants(cell) ? lab.attribute(request, onProgress) : cancelled;
  }

  async #imageOf(image: ShelfImage): Promise<Outcome<ImageInfo>> {
    const known = this.#images.get(image.id);
    const opened = known ? ({ ok: true, value: known } as const) : await this.#open(image);
    if (!opened.ok) return opened;
    this.#images.delete(image.id);
    this.#images.set(image.id, opened.value);
    for (const [id, info] of [...this.#images].slice(0, -OPEN_IMAGES)) {
      this.#images.delete(id);
      void this.#lab.closeImage(info.id);
    }
    return opened;
  }

  async #open(image: ShelfImage): Promise<Outcome<ImageInfo>> {
    const file = await reach(image.load);
    if (!file.ok) return file;
    const opened = await this.#lab.openImage(file.value);
    if (opened.ok) this.#onImage(image, opened.value);
    return opened;
  }

  /** The class that was chosen, else the image's own first guess. */
  async #targetOf(request: AttributionRequest, cell: Cell): Promise<Outcome<Target>> {
    if (!cell.ownGuess) return { ok: true, value: request.target };
    // A prediction that the page waits for would be displaced by this one.
    return this.#wants(cell) ? firstGuess(this.#lab, request) : cancelled;
  }

  /** Another model is opened in a worker of its own: the open one stays untouched, and there are never more than two. */
  async #askModel(cell: Cell, model: ShelfModel, onProgress: OnProgress): Promise<Outcome<AttributionResult>> {
    const files = await reach(model.load);
    if (!files.ok) return files;
    if (!this.#wants(cell)) return cancelled;
    const started = await this.#startSpare();
    if (!started.ok) return started;
    const lab = started.value;
    const opened = await lab.openModel(files.value);
    if (!opened.ok) return opened;
    const images = await this.#imagesIn(lab);
    if (!images.ok) return images;
    const request = requestTo(opened.value, model, cell.request, images.value);
    if (!request.ok) return request;
    const target = await this.#sameClass(lab, opened.value, request.value);
    if (!target.ok) return target;
    const baseline = await this.#baselineIn(lab, cell.request.baseline);
    if (!baseline.ok) return baseline;
    const asked = { ...request.value, target: target.value, baseline: baseline.value };
    const result = await this.#attribute(lab, cell, asked, onProgress);
    for (const image of [...images.value, ...imagesOf(baseline.value)]) void lab.closeImage(image);
    return result;
  }

  async #startSpare(): Promise<Outcome<LabClient>> {
    const { device } = this.#workspace;
    if (this.#spare?.device === device) return { ok: true, value: this.#spare.lab };
    this.rest();
    const lab = this.#lab.spare();
    this.#spare = { lab, device };
    const started = await lab.start(device);
    return started.ok ? { ok: true, value: lab } : started;
  }

  /** The images before the open model's inputs, opened in `lab` too. */
  async #imagesIn(lab: LabClient): Promise<Outcome<readonly number[]>> {
    const sources = this.#workspace.inputs.slots.map(({ picture }) => picture.source);
    return sources.includes(null) ? cancelled : openIn(lab, sources as Source[]);
  }

  /** The images that are compared with have other numbers in another lab. */
  async #baselineIn(lab: LabClient, baseline: BaselineChoice): Promise<Outcome<BaselineChoice>> {
    const { baselineImage, references } = this.#workspace;
    const wanted = imagesOf(baseline);
    if (wanted.length === 0) return { ok: true, value: baseline };
    const held = [...(baselineImage ? [baselineImage] : []), ...references.images];
    const sources = wanted.map((id) => held.find(({ info }) => info.id === id)?.source);
    const opened = sources.includes(undefined) ? cancelled : await openIn(lab, sources as Source[]);
    if (!opened.ok) return opened;
    const [image] = opened.value;
    const value = baseline.kind === 'image' ? { kind: baseline.kind, image } : { kind: 'images', images: opened.value };
    return { ok: true, value: value as BaselineChoice };
  }

  /** The class of the same name in another model; where there is none, that model's first guess. */
  async #sameClass(lab: LabClient, other: ModelInfo, request: AttributionRequest): Promise<Outcome<Target>> {
    const { target, neuron } = request;
    // Layers go by their names; a model that has no such neuron says so itself.
    if (neuron) return { ok: true, value: target };
    const there = (index: number) => other.labels.indexOf(this.#workspace.model?.labels[index] ?? '');
    const index = there(target.index);
    if (target.kind === 'difference') {
      const second = there(target.other);
      if (index >= 0 && second >= 0) return { ok: true, value: { ...target, index, other: second } };
    } else if (index >= 0) {
      return { ok: true, value: { ...target, index } };
    }
    return firstGuess(lab, request);
  }
}

/** Opens `sources` in `lab`; their numbers there. */
async function openIn(lab: LabClient, sources: readonly Source[]): Promise<Outcome<readonly number[]>> {
  const images: number[] = [];
  for (const { name, bytes } of sources) {
    const opened = await lab.openImage({ name, bytes });
    if (!opened.ok) return opened;
    images.push(opened.value.id);
  }
  return { ok: true, value: images };
}

/** The images that a baseline is made of. */
function imagesOf(baseline: BaselineChoice): readonly number[] {
  if (baseline.kind === 'image') return [baseline.image];
  return baseline.kind === 'images' ? baseline.images : [];
}

/** The same request in another model's terms: with its own preprocessing, and its default layer where it lacks the one in question. */
function requestTo(
  info: ModelInfo,
  model: ShelfModel,
  request: AttributionRequest,
  images: readonly number[],
): Outcome<AttributionRequest> {
  const failed = (why: string) => ({ ok: false, reason: 'failed', message: `${model.title}: ${why}` }) as const;
  const method = info.methods.find(({ id }) => id === request.method);
  if (!method || method.unavailable !== null)
    return failed(method?.unavailable ?? `It does not offer ${request.method}.`);
  const inputs = [{ preprocessing: model.preprocessing ?? info.preprocessing }, ...(info.others ?? [])];
  if (inputs.length !== images.length)
    return failed(
      `It takes ${inputs.length} images, the open model ${images.length}. Compare models that take as many.`,
    );
  const [first, ...others] = inputs.map(({ preprocessing }, i) => ({ image: images[i], preprocessing }));
  const known = info.layers.some(({ id }) => id === request.layer) ? request.layer : info.defaultLayer;
  const layer = method.needs.layer || (method.layers && request.layer !== null) ? known : null;
  return {
    ok: true,
    value: { ...request, ...first, ...(others.length > 0 && { others }), layer },
  };
}

/** The same request with another image before one of the model's inputs. */
function replaceImage(request: AttributionRequest, input: number, image: number): AttributionRequest {
  const { others } = request;
  if (input === 0 || !others) return { ...request, image };
  return { ...request, others: others.map((other, i) => (i === input - 1 ? { ...other, image } : other)) };
}

async function firstGuess(lab: LabClient, request: AttributionRequest): Promise<Outcome<Target>> {
  const predicted = await lab.predict(request.image, request.preprocessing, request.others);
  if (!predicted.ok) return predicted;
  const [first, second] = predicted.value.top.map(({ index }) => index);
  const { kind } = request.target;
  if (kind !== 'difference') return { ok: true, value: { kind, index: first } };
  return { ok: true, value: { kind, index: first, other: second ?? first } };
}

async function reach<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, reason: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}
