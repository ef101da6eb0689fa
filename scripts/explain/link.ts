/** @file A permalink, computed again: whether it gives the numbers that it says. */
import {
  attribute,
  openModel,
  type Attribution,
  type Baseline,
  type NamedBytes,
} from '../../src/lib/library/library.ts';
import { sha256 } from '../../src/lib/model/sha256.ts';
import { SAME_WITHIN, compareRecords, type Verdict } from '../../src/lib/share/compare.ts';
import { decodeLink } from '../../src/lib/share/link.ts';
import type { FileReference, ResultNumbers, SharedRecord } from '../../src/lib/share/record.ts';
import { digestOf } from '../../src/lib/model/digest.ts';
import { modelAmong } from '../../src/lib/model/open.ts';
import { VERSION } from '../../src/lib/model/version.ts';
import { decodePicture } from './images.ts';
import { galleryFile, modelFiles, readFile } from './files.ts';

/**
 * Computes what `fragment` says on WASM and compares the numbers, as the page does. What comes with the page is at hand; other
 * files are found among `paths` by their SHA-256. Throws an Error that names what is missing or damaged.
 */
export async function reproduce(fragment: string, paths: readonly string[]): Promise<string> {
  const record = decodeLink(fragment);
  const given = await Promise.all(paths.map(async (path) => digested(readFile(path))));
  const model = await modelOf(record.model, given);
  const pictures = [record.image, ...record.others.map(({ image }) => image)].map((image) => pictureFor(image, given));
  const opened = await openModel(model, { device: 'wasm', ...(record.output !== null && { output: record.output }) });
  try {
    const found = await attribute(
      opened,
      pictures.map(({ name, bytes }) => decodePicture(bytes, name)),
      {
        method: record.method,
        options: record.options,
        ...(record.neuron ? { neuron: record.neuron } : { target: record.target }),
        ...(record.through && { through: record.through }),
        baseline: baselineOf(record, given),
        ...(record.layer !== null && { layer: record.layer }),
        seed: record.seed,
        preprocessing: [record, ...record.others].map(({ preprocessing }) => preprocessing),
      },
    );
    return said(compareRecords(record, here(record, found)));
  } finally {
    await opened.dispose();
  }
}

type Digested = NamedBytes & { readonly sha256: string };

const digested = async (file: NamedBytes): Promise<Digested> => ({ ...file, sha256: await sha256(file.bytes) });

async function modelOf(wanted: FileReference, given: readonly Digested[]): Promise<readonly NamedBytes[]> {
  const files = wanted.bundled
    ? modelFiles(wanted.bundled)
    : given.filter((file) => !/\.(png|jpe?g)$/i.test(file.name));
  if (files.length === 0) throw missing('model', wanted);
  const main = modelAmong(files);
  const { sha256: digest } = await digestOf(
    main,
    files.filter((file) => file !== main),
  );
  if (wanted.sha256 && digest !== wanted.sha256) throw missing('model', wanted);
  return files;
}

function pictureFor(wanted: FileReference, given: readonly Digested[]): NamedBytes {
  const found = (wanted.bundled && galleryFile(wanted.bundled)) || given.find((file) => file.sha256 === wanted.sha256);
  if (!found) throw missing('picture', wanted);
  return found;
}

const missing = (what: string, { name, sha256: digest }: FileReference): Error =>
  new Error(
    `The link's ${what} is ${name} (SHA-256 ${digest.slice(0, 8) || 'unknown'}…), which is not here. Give its path behind the link.`,
  );

function baselineOf({ baseline }: SharedRecord, given: readonly Digested[]): Baseline {
  if (baseline.kind === 'value') return baseline.value;
  if (baseline.kind !== 'image' && baseline.kind !== 'images') return baseline.kind;
  const pictures = (baseline.kind === 'image' ? [baseline.image] : baseline.images).map((one) =>
    pictureFor(one, given),
  );
  const decoded = pictures.map(({ name, bytes }) => decodePicture(bytes, name));
  return baseline.kind === 'image' ? decoded[0] : decoded;
}

/** The link's record with the numbers, device and version of here. */
function here(record: SharedRecord, found: Attribution): SharedRecord {
  const { runtime, kind, threads, version } = found.device;
  return { ...record, numbers: numbersOf(found), version: VERSION, device: { runtime, kind, threads, version } };
}

/** By which a link recognises a result. */
export function numbersOf({ value, check, maps }: Attribution): ResultNumbers {
  const finite = (n: number | undefined): number | null => (n !== undefined && Number.isFinite(n) ? n : null);
  let [sum, max] = [0, 0];
  for (const { data } of maps)
    for (const v of data) {
      sum += v;
      max = Math.max(max, Math.abs(v));
    }
  return { value: finite(value), delta: finite(check?.delta), sum: finite(sum), max: finite(max) };
}

function said({ reproduced, difference, number, reasons }: Verdict): string {
  const different = reasons.length > 0 ? ` Different here: ${reasons.join(', ')}.` : '';
  if (number === null) return `Not compared: the link holds no numbers.${different}`;
  const by = `largest relative difference ${difference.toExponential(1)}, in ${number}`;
  return reproduced
    ? `Reproduced: ${by}; up to ${SAME_WITHIN} counts as the same.${different}`
    : `Not reproduced: ${by}.${different}`;
}
