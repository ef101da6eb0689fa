/** @file What of a person's work comes along over a reload: the model with its labels, the images, the question and how it is drawn. */
import type { DeviceChoice, DroppedFile, Preprocessing } from '../worker/api.ts';
import type { Library } from './library.ts';
import type { Overlay } from './overlay.svelte.ts';
import type { Place } from './place.svelte.ts';
import type { Source } from './picture.svelte.ts';
import type { Question } from './question.svelte.ts';
import type { StripEntry } from './strip.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

/** Another version of the page may find it: what it does not know by this number, it does not open. */
const FORMAT = 1;

type Asked = Pick<Question, 'method' | 'changed' | 'kind' | 'chosen' | 'other' | 'baseline' | 'layer' | 'seed'> &
  // Earlier versions of the page knew classes alone.
  Partial<Pick<Question, 'neuron' | 'through'>>;
type Drawn = Pick<Overlay, 'opacity' | 'sequential' | 'sign' | 'percentile' | 'smooth' | 'fade' | 'backdrop'>;
type Stood = Pick<Place, 'view' | 'tab' | 'selection' | 'details'>;

export interface Keepsake {
  readonly format: typeof FORMAT;
  readonly device: DeviceChoice;
  /** Empty where no model was open. */
  readonly files: readonly DroppedFile[];
  /** The model's image inputs, in its order. */
  readonly inputs: readonly { readonly image: Source | null; readonly preprocessing: Preprocessing | null }[];
  readonly selected: number;
  readonly strip: readonly Pick<StripEntry, 'source' | 'chosen' | 'model'>[];
  readonly baseline: Source | null;
  readonly question: Asked;
  readonly overlay: Drawn & { readonly diverging: string | null };
  /** Earlier versions of the page knew one place. */
  readonly place?: Stood;
}

export const isKeepsake = (content: unknown): content is Keepsake =>
  typeof content === 'object' && content !== null && (content as Keepsake).format === FORMAT;

/** What is open, as plain data and blobs; null where nothing is. */
export function keepsakeOf(workspace: Workspace): Keepsake | null {
  const { device, files, model, inputs, strip, baselineImage, question, overlay, place } = workspace;
  if (!model && inputs.slots.every(({ picture }) => !picture.source)) return null;
  const { method, changed, kind, chosen, other, neuron, through, baseline, layer, seed } = question;
  const { opacity, sequential, sign, percentile, smooth, fade, backdrop, chosenDiverging: diverging } = overlay;
  const { view, tab, selection, details } = place;
  return {
    format: FORMAT,
    device,
    files,
    inputs: inputs.slots.map(({ picture, preprocessing }) => ({ image: picture.source, preprocessing })),
    selected: inputs.selected,
    strip: strip.entries.map(({ source, chosen, model }) => ({ source, chosen, model })),
    baseline: baseline.kind === 'image' ? (baselineImage?.source ?? null) : null,
    question: { method, changed, kind, chosen, other, neuron, through, baseline, layer, seed },
    overlay: { opacity, sequential, sign, percentile, smooth, fade, backdrop, diverging },
    place: { view, tab, selection, details },
  };
}

/** Bytes of all its files. */
export function keepsakeBytes({ files, inputs, strip, baseline }: Keepsake): number {
  const all = [...files, baseline, ...inputs.map(({ image }) => image), ...strip.map(({ source }) => source)];
  const distinct = new Set(all.map((file) => file?.bytes));
  const sizes = Array.from(distinct, (bytes) => (bytes instanceof Blob ? bytes.size : (bytes?.byteLength ?? 0)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Opens what was kept. What cannot be opened is told as any failure is. */
export async function reopen(workspace: Workspace, library: Library, kept: Keepsake): Promise<void> {
  const { diverging, ...drawn } = kept.overlay;
  Object.assign(workspace.overlay, drawn);
  if (diverging !== null) workspace.overlay.diverging = diverging;
  Object.assign(workspace.place, kept.place);
  // One question is asked, when everything is there, and not one after each file.
  workspace.held = true;
  try {
    await workspace.together(() => openAll(workspace, library, kept));
    if (workspace.model) ask(workspace, kept.question);
  } finally {
    workspace.held = false;
  }
}

async function openAll(workspace: Workspace, library: Library, kept: Keepsake): Promise<void> {
  const { device, files, inputs, selected, strip, baseline } = kept;
  await workspace.start(device);
  const known = inputs.flatMap(({ preprocessing }) => preprocessing ?? []);
  if (files.length > 0) await workspace.openModel(files, ...known);
  const entries = workspace.strip.add(strip.map(({ source }) => source));
  for (const [i, { image }] of inputs.entries()) {
    workspace.inputs.select(i);
    const entry = entries.find(({ source }) => source === image);
    if (entry) await workspace.openFromStrip(entry);
    else if (image) await workspace.openImage(ofLibrary(image, library));
  }
  workspace.inputs.select(selected);
  strip.forEach(({ source, ...asked }) => workspace.strip.remember(source, asked));
  if (baseline) await workspace.openBaseline(baseline);
}

/** A new deployment may have other pictures; the kept one is the same in any case. */
function ofLibrary(image: Source, { images }: Library): Source {
  const { url, ...own } = image;
  return images.some((bundled) => bundled.url === url) ? image : own;
}

/** The baseline image has another number now; opening it has asked for it. */
function ask(workspace: Workspace, { method, baseline, layer, ...rest }: Asked): void {
  const { question, model } = workspace;
  Object.assign(question, rest);
  if (model?.methods.some(({ id, unavailable }) => id === method && unavailable === null)) question.method = method;
  if (model?.layers.some(({ id }) => id === layer)) question.layer = layer;
  if (baseline.kind !== 'image') question.baseline = baseline;
  if (question.baseline.kind === 'images') void workspace.followStrip();
}
