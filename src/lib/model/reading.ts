/** @file Which of the files that were dropped with a model are read: a folder may hold much else. */
import { unpack } from '../formats/archive.ts';
import { companionsOf, partsOf } from '../formats/companions.ts';
import type { Companion } from '../formats/model.ts';
import { headOf } from '../sniff/head.ts';
import { modelsAmong, sniff, type Sniffed } from '../sniff/roles.ts';
import { isLabelsName } from './labels.ts';
import type { NamedBytes } from './open.ts';
import type { DroppedFile } from './types.ts';

/** The whole file in memory. */
export async function readFile({ name, bytes, ...wishes }: DroppedFile): Promise<NamedBytes> {
  return { ...wishes, name, bytes: new Uint8Array(bytes instanceof Blob ? await bytes.arrayBuffer() : bytes) };
}

interface Entry extends Sniffed {
  readonly path: string;
  readonly file: DroppedFile;
}

/**
 * The model's files, what may hold its labels, and what it says that its weights lie in. Others are left alone; archives are
 * unfolded. Throws a FormatError naming an archive that cannot be.
 */
export async function readNeeded(dropped: readonly DroppedFile[]): Promise<NamedBytes[]> {
  const entries = (await Promise.all(dropped.map(unfolded))).flat();
  const models = entries.length === 1 ? entries : modelsAmong(entries);
  const mains = await Promise.all(models.map(({ file }) => readFile(file)));
  const beside = entries.filter((entry) => !models.includes(entry));
  const weights = new Set(mains.flatMap((main, i) => partsOf(models[i].kind, namedBy(main), beside)));
  const needed = beside.filter((entry) => weights.has(entry) || isLabelsName(entry.name));
  const { output, anyCost } = wishesOf(dropped);
  return [
    ...mains.map((main) => ({ ...main, ...(output !== undefined && { output }), ...(anyCost && { anyCost }) })),
    ...(await Promise.all(needed.map(({ file }) => readFile(file)))),
  ];
}

/** What is wished of a model may have been said of the archive that holds it. */
const wishesOf = (files: readonly DroppedFile[]): Pick<DroppedFile, 'output' | 'anyCost'> =>
  files.find(({ output, anyCost }) => output !== undefined || anyCost) ?? {};

async function unfolded(file: DroppedFile): Promise<Entry[]> {
  const known = sniff(file.name, await headOf(file.bytes));
  if (known.role !== 'archive') return [{ ...known, path: file.name, file }];
  const { bytes } = await readFile(file);
  const files = unpack(bytes, file.name).map((entry) => ({ ...entry, ...sniff(entry.path, entry.data) }));
  const folder = /^(.*\/)?/.exec(modelsAmong(files)[0]?.path ?? '')![0];
  return files.map(({ path, data, ...known }) => {
    const name = path.startsWith(folder) ? path.slice(folder.length) : path;
    return { ...known, name, path: name, file: { name, bytes: data.buffer as ArrayBuffer } };
  });
}

function namedBy({ bytes, name }: NamedBytes): readonly Companion[] {
  try {
    return companionsOf(bytes, name);
  } catch {
    return []; // what is wrong with the model is said when it is opened
  }
}
