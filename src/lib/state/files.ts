/** @file What a person dropped, sorted by what it is for. */
import { headOf } from '../sniff/head.ts';
import { notOnnx } from '../sniff/not-onnx.ts';
import { modelsAmong, sniff, type Sniffed } from '../sniff/roles.ts';
import { pathOf } from './dropped.ts';
import type { DroppedFile } from '../worker/api.ts';

export interface SortedFiles {
  /** A model with everything dropped beside it (weights, labels); its own file first. Empty without a model among the files. */
  readonly model: readonly DroppedFile[];
  /** Further models, each likewise: they are read when their turn comes. */
  readonly others: readonly (readonly DroppedFile[])[];
  readonly images: readonly DroppedFile[];
  /** A labels file dropped without a model: it names the classes of the one that is open. */
  readonly labels: DroppedFile | null;
  /** Names of files that are none of these. */
  readonly unknown: readonly string[];
  /** Of those that are something else by their content: `name: what it is. What to do.` */
  readonly refused: readonly string[];
}

interface Entry extends Sniffed {
  readonly file: File;
  readonly sent: DroppedFile;
  /** What it is instead of a model, in a sentence. */
  readonly instead: string | null;
}

/** Reads the first bytes of each. Rejects where a file cannot be read, such as one that was moved meanwhile. */
export async function sortFiles(files: readonly File[]): Promise<SortedFiles> {
  const entries = await Promise.all(files.map(entryOf));
  const images = entries.filter(({ role }) => role === 'image').map(({ sent }) => sent);
  const models = modelsAmong(entries);
  // An archive beside a model is no part of it; it may be one by itself.
  const mains = [...models, ...entries.filter(({ role }) => role === 'archive')];
  const beside = entries.filter((entry) => entry.role !== 'image' && !mains.includes(entry));
  if (mains.length === 0) return { model: [], others: [], images, ...withoutModel(beside) };
  const [model, ...others] = mains.map(({ file, sent }) => [
    sent,
    ...beside.map((other) => ({ ...other.sent, name: seenFrom(file, other.file) })),
  ]);
  return { model, others, images, labels: null, unknown: [], refused: [] };
}

async function entryOf(file: File): Promise<Entry> {
  const head = await headOf(file);
  const sent = { name: file.name, bytes: file };
  return { ...sniff(file.name, head, file.type), file, sent, instead: notOnnx(head) };
}

function withoutModel(entries: readonly Entry[]): Pick<SortedFiles, 'labels' | 'unknown' | 'refused'> {
  const labels = entries.find(({ role }) => role === 'labels');
  const rest = entries.filter((entry) => entry !== labels);
  return {
    labels: labels?.sent ?? null,
    unknown: rest.filter(({ instead }) => !instead).map(({ name }) => name),
    refused: rest.flatMap(({ name, instead }) => (instead ? [`${name}: ${instead}`] : [])),
  };
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
  `${listed(names)}: neither a model (${FORMATS}), an image nor a labels file (.txt, .json). Drop the model together with the files that hold its weights.`;

/** What can be opened, in the words of the page. */
export const FORMATS = 'ONNX, TensorFlow.js, Keras, TensorFlow, TensorFlow Lite, or a ZIP archive of these';

/** Refusals one by one, a few of them: a folder may hold hundreds of other files. */
export const refusals = (sentences: readonly string[]): readonly string[] =>
  sentences.length <= MOST_TOLD
    ? sentences
    : [...sentences.slice(0, MOST_TOLD), `And ${sentences.length - MOST_TOLD} more files that hold no model.`];

const MOST_TOLD = 3;

const listed = (names: readonly string[]): string =>
  names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
