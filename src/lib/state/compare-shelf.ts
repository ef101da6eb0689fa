/** @file What can be compared: the pictures and models that come with the page, and the person's own. */
import type { DroppedFile, ModelInfo, Preprocessing } from '../worker/api.ts';
import { type Library, type LibraryImage, type LibraryModel, fetchFile } from './library.ts';
import type { Source } from './picture.svelte.ts';
import type { StripEntry } from './strip.svelte.ts';
import type { OpenedModel } from './opened-models.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

/** The pictures and models that come with the page. */
export type Bundled = Pick<Library, 'images' | 'models'>;

export interface ShelfImage {
  /** Stays the same however often it is opened. */
  readonly id: string;
  readonly title: string;
  /** Whether the person brought it. */
  readonly own: boolean;
  readonly url: string;
  readonly load: () => Promise<DroppedFile>;
  /** Puts it into the exhibit. */
  readonly open: () => Promise<void>;
}

export interface ShelfModel {
  readonly id: string;
  readonly title: string;
  readonly own: boolean;
  /** Of the model file; null while it is not known. */
  readonly sha256: string | null;
  /** The output that is explained; null for the file's first. */
  readonly output: string | null;
  /** What it expects; null for what its file lets guess. */
  readonly preprocessing: Preprocessing | null;
  readonly load: () => Promise<readonly DroppedFile[]>;
  readonly open: () => Promise<void>;
}

export interface Shelf {
  readonly images: readonly ShelfImage[];
  readonly models: readonly ShelfModel[];
  /** The open image's place among them. */
  readonly image: ShelfImage | null;
  /** The open model's outputs, where it has several: the same file, asked otherwise. */
  readonly outputs: readonly ShelfModel[];
}

/** The person's own first, in the order in which they came. */
export function shelfOf(workspace: Workspace, bundled: Bundled): Shelf {
  const { source, info, url } = workspace.picture;
  const images = [
    ...workspace.strip.entries.map((entry) => ({ source: entry.source, image: fromStrip(workspace, entry) })),
    ...bundled.images.map((entry) => ({ source: null, image: fromGallery(workspace, entry) })),
  ];
  const known = images.find((one) => (one.source ? one.source === source : one.image.url === source?.url))?.image;
  const image = known ?? (source && info ? inExhibit(source, info.sha256, url) : null);
  const bundledModels = bundled.models.map((entry) => fromPage(workspace, entry));
  const isBundled = ({ sha256 }: OpenedModel) => bundledModels.some((one) => sha256 !== null && one.sha256 === sha256);
  const own = workspace.models.entries.filter((entry) => !isBundled(entry)).map((entry) => opened(workspace, entry));
  return {
    images: [...(image && !known ? [image] : []), ...images.map((one) => one.image)],
    models: [...own, ...bundledModels],
    image,
    outputs: outputsOf(workspace),
  };
}

/** Whether `model` is the open one, asked about the same output. */
export const isOpen = ({ sha256, output }: ShelfModel, open: ModelInfo): boolean =>
  sha256 === open.sha256 && (output ?? open.outputs[0]) === open.output;

const fromStrip = (workspace: Workspace, entry: StripEntry): ShelfImage => ({
  id: `own ${entry.id}`,
  title: entry.title,
  own: true,
  url: entry.url,
  load: async () => entry.source,
  open: () => workspace.openFromStrip(entry),
});

const fromGallery = (workspace: Workspace, entry: LibraryImage): ShelfImage => ({
  id: entry.id,
  title: entry.title,
  own: false,
  url: entry.url,
  load: () => fetchFile(entry.url, entry.title),
  open: () => workspace.openBundledImage(entry),
});

/** From the camera, an address or a link: it is nowhere else. */
const inExhibit = (source: Source, sha256: string, url: string): ShelfImage => ({
  id: `open ${sha256}`,
  title: source.name,
  own: true,
  url,
  load: async () => source,
  open: async () => undefined,
});

const fromPage = (workspace: Workspace, entry: LibraryModel): ShelfModel => ({
  id: entry.id,
  title: entry.title,
  own: false,
  sha256: entry.sha256 ?? null,
  output: null,
  preprocessing: entry.preprocessing,
  load: () => Promise.all(entry.urls.map((url, i) => fetchFile(url, entry.files[i]))),
  open: () => workspace.openBundledModel(entry),
});

const opened = (workspace: Workspace, { id, title, files, sha256, preprocessing }: OpenedModel): ShelfModel => {
  const output = files.find((file) => file.output !== undefined)?.output ?? null;
  return {
    id: `own ${id}${output === null ? '' : ` ${output}`}`,
    title,
    own: true,
    sha256,
    output,
    preprocessing,
    load: async () => files,
    open: () => workspace.openModel(files, ...(preprocessing ? [preprocessing] : [])),
  };
};

function outputsOf(workspace: Workspace): ShelfModel[] {
  const { model, preprocessing } = workspace;
  const entry = workspace.models.entries.find(({ sha256 }) => sha256 !== null && sha256 === model?.sha256);
  if (!model || !entry || model.outputs.length < 2) return [];
  return model.outputs.map((output) => ({
    id: output,
    title: output,
    own: true,
    sha256: model.sha256,
    output,
    preprocessing,
    load: async () => entry.files.map((file, i) => (i === 0 ? { ...file, output } : file)),
    open: () => workspace.chooseOutput(output),
  }));
}
