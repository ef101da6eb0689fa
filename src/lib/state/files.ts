/** @file What a person dropped, sorted by what it is for. */
import { pathOf } from './dropped.ts';
import type { DroppedFile } from '../worker/api.ts';

export interface SortedFiles {
  /** A model with everything dropped beside it (external data, labels); empty without a model among the files. */
  readonly model: readonly DroppedFile[];
  /** Further models, each likewise: they are read when their turn comes. */
  readonly others: readonly (readonly DroppedFile[])[];
  readonly images: readonly DroppedFile[];
  /** A labels file dropped without a model: it names the classes of the one that is open. */
  readonly labels: DroppedFile | null;
  /** Names of files that are none of these. */
  readonly unknown: readonly string[];
}

const MODEL = /\.onnx$/i;
const IMAGE = /\.(png|jpe?g|webp|gif|bmp|avif|ico|svg)$/i;
const LABELS = /\.(txt|json|csv|tsv|names|labels)$/i;

export const isModelName = (name: string): boolean => MODEL.test(name);
export const isLabelsName = (name: string): boolean => LABELS.test(name);
export const isImageName = (name: string): boolean => IMAGE.test(name);

export function sortFiles(files: readonly File[]): SortedFiles {
  const dropped = files.map((file) => ({ file, sent: { name: file.name, bytes: file } satisfies DroppedFile }));
  const isImage = (file: File): boolean => file.type.startsWith('image/') || IMAGE.test(file.name);
  const images = dropped.filter(({ file }) => isImage(file)).map(({ sent }) => sent);
  const others = dropped.filter(({ file }) => !isImage(file));
  if (others.some(({ file }) => MODEL.test(file.name))) {
    const beside = others.filter(({ file }) => !MODEL.test(file.name));
    const [model, ...more] = others
      .filter(({ file }) => MODEL.test(file.name))
      .map(({ file, sent }) => [sent, ...beside.map((other) => ({ ...other.sent, name: seenFrom(file, other.file) }))]);
    return { model, others: more, images, labels: null, unknown: [] };
  }
  const labels = others.find(({ file }) => LABELS.test(file.name));
  const unknown = others.filter((entry) => entry !== labels).map(({ file }) => file.name);
  return { model: [], others: [], images, labels: labels?.sent ?? null, unknown };
}

/** The path of `other` as a model names it: relative to its own folder, where it lies in there. */
function seenFrom(model: File, other: File): string {
  const folder = pathOf(model).split('/').slice(0, -1);
  const path = pathOf(other).split('/');
  return (folder.every((part, i) => part === path[i]) ? path.slice(folder.length) : path).join('/');
}

/** The sentence for models that were dropped together with the one that is opened. */
export const waitingModels = (names: readonly string[]): string =>
  `${listed(names)}: one model is open at a time. The Model menu opens the others; Compare, with what varies set to Models, shows them side by side.`;

/** The sentence for files that cannot be used. */
export const unknownFiles = (names: readonly string[]): string =>
  `${listed(names)}: neither a model (.onnx), an image nor a labels file (.txt, .json). Drop the model together with its external data.`;

const listed = (names: readonly string[]): string =>
  names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
