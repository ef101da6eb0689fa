/** @file The models and pictures that come with the page: what static/models/manifest.json and static/gallery/manifest.json say. */
import type { Preprocessing } from '../worker/api.ts';

export interface BundledModel {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** The model first, then everything that belongs to it. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** Of the model file, lower-case hex. */
  readonly sha256?: string;
  /** What it was trained on. */
  readonly preprocessing: Preprocessing;
  /** The one that the first visit opens. */
  readonly first?: boolean;
}

export interface BundledImage {
  readonly id: string;
  readonly title: string;
  /** What it shows, by the bundled models' labels. */
  readonly label: string;
  readonly file: string;
  readonly width: number;
  readonly height: number;
  /** The file in which the object is white and the rest black. */
  readonly mask?: string;
  /** Where the mark lies that the flawed twin goes by, in pixels; absent where there is none. */
  readonly watermark?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly first?: boolean;
}

/** A well-known model on another site: data of static/models/public.json, fetched only on a click. */
export interface PublicModel {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly url: string;
  readonly sha256: string;
  readonly bytes: number;
  /** SPDX identifier. */
  readonly licence: string;
  /** The page that describes it. */
  readonly source: string;
  readonly preprocessing: Preprocessing;
  readonly labels?: { readonly url: string; readonly sha256: string; readonly bytes: number };
}

/** Addresses instead of names: the page may stand under any path. */
export interface Library {
  readonly models: readonly (BundledModel & { readonly urls: readonly string[] })[];
  readonly images: readonly (BundledImage & { readonly url: string })[];
  readonly publicModels: readonly PublicModel[];
}

export type LibraryModel = Library['models'][number];
export type LibraryImage = Library['images'][number];

interface Manifests {
  readonly models: readonly BundledModel[];
  readonly images: readonly BundledImage[];
  readonly publicModels: readonly PublicModel[];
}

/** `address`: from a path under static/ to where the site has it. */
export const libraryAt = (address: (path: string) => string, { models, images, publicModels }: Manifests): Library => ({
  models: models.map((model) => ({ ...model, urls: model.files.map((file) => address(`models/${file}`)) })),
  images: images.map((image) => ({ ...image, url: address(`gallery/${image.file}`) })),
  publicModels,
});

/** Above this a model is fetched each time it is opened, and is not there without a network. */
const KEPT_MODEL_BYTES = 16 * 2 ** 20;

/** The models' files that are kept for use without a network, relative to the site. */
export const keptModels = ({ models }: Library): string[] =>
  models.filter(({ bytes }) => bytes <= KEPT_MODEL_BYTES).flatMap(({ files }) => files.map((file) => `models/${file}`));

/** The entry marked as first, or simply the first. */
export const firstOf = <T extends { readonly first?: boolean }>(entries: readonly T[]): T | undefined =>
  entries.find(({ first }) => first) ?? entries.at(0);

/** The bytes at a site's own address. Throws an Error that names the file. */
export async function fetchFile(url: string, name: string): Promise<{ name: string; bytes: Blob }> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${name}: the site answered ${response.status}. Reload the page.`);
  return { name, bytes: await response.blob() };
}
