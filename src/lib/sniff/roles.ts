/** @file What each of several files is for: told by its content, and by its name where the content does not say. */
import { entryNames } from './entries.ts';
import { kindOf, type ModelKind } from './kind.ts';

/** `beside`: what a model may name, such as weights; `image` and `labels` belong to no model's own files. */
export type Role = 'model' | 'archive' | 'image' | 'labels' | 'beside';

export interface Sniffed {
  readonly name: string;
  /** What its content says; null where that is nothing known. */
  readonly kind: ModelKind | null;
  readonly role: Role;
}

const MODEL_NAME = /\.(onnx|ort|tflite|keras|mlmodel)$/i;
const IMAGE_NAME = /\.(png|jpe?g|webp|gif|bmp|avif|ico|svg)$/i;
const LABELS_NAME = /\.(txt|json|csv|tsv|names|labels)$/i;
const BUNDLE_NAME = /\.vitrine\.zip$/i;

export const isImageName = (name: string): boolean => IMAGE_NAME.test(name);
export const isLabelsName = (name: string): boolean => LABELS_NAME.test(name);

/** `type`: what the platform says of it, such as "image/png"; '' where it says nothing. */
export function sniff(name: string, head: Uint8Array, type = ''): Sniffed {
  const kind = kindOf(head);
  return { name, kind, role: roleOf(name, head, kind, type) };
}

function roleOf(name: string, head: Uint8Array, kind: ModelKind | null, type: string): Role {
  if (kind) return kind === 'zip' ? 'archive' : 'model';
  if (isImage(head) || type.startsWith('image/') || isImageName(name)) return 'image';
  // Damaged, or another thing under a model's name: opening it says which.
  if (MODEL_NAME.test(name)) return 'model';
  return isLabelsName(name) ? 'labels' : 'beside';
}

/** Whether these are the first bytes of an image: PNG, JPEG, GIF, WebP, BMP, AVIF or SVG. */
export function isImage(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, 256));
  return /^(\x89PNG|\xff\xd8\xff|GIF8|BM[^]{4}\0{4}|RIFF[^]{4}WEBP|[^]{4}ftypavif|\s*(<\?xml[^>]*>\s*)?<svg)/.test(
    text,
  );
}

/** Whether these are the first bytes of a result bundle. */
export const isBundle = (name: string, head: Uint8Array): boolean =>
  BUNDLE_NAME.test(name) || entryNames(head).includes('vitrine.json');

/**
 * The models among files that came together. A config without weights takes the weights beside it, so that these are no
 * model of their own.
 */
export function modelsAmong<T extends Sniffed>(files: readonly T[]): T[] {
  const models = files.filter(({ role }) => role === 'model');
  const takesWeights = models.some(({ kind }) => kind === 'keras-json');
  return models.filter(({ kind }) => !(takesWeights && kind === 'hdf5'));
}
