/** @file What packs and unpacks links and bundles: made from what is on show, and shown without a model. */
import {
  type Bundle,
  type BundledResult,
  type Exhibit,
  packBundle,
  readBundle,
  refuseLargeBundle,
  settingsJson,
} from '../share/bundle.ts';
import { scoresCsv } from '../share/csv.ts';
import { LinkError } from '../share/envelope.ts';
import { decodeLink, encodeLink } from '../share/link.ts';
import { ROUNDING, decodeLongLink, encodeLongLink } from '../share/long-link.ts';
import type { SharedRecord } from '../share/record.ts';
import { writeNpy } from '../tensor/npy.ts';
import { zeros } from '../tensor/tensor.ts';
import type { AttributionResult, FloatTensor, ImageInfo, MethodInfo } from '../worker/api.ts';
import { Overlay } from './overlay.svelte.ts';
import { seenFrom } from './seen-from.ts';
import type { Sharing } from './share.svelte.ts';

export { LinkError, decodeLink, encodeLink };
export type { Bundle, BundledResult, Exhibit };

/** A bundle or a long link on show: what the stage draws, and addresses of its pictures. */
export interface OpenBundle extends Exhibit {
  /** Where it comes from, for headings. */
  readonly name: string;
  readonly shown: AttributionResult;
  readonly overlay: Overlay;
  /** The input picture; revoke it with `pictureUrl` when the bundle is closed. */
  readonly inputUrl: string;
  /** The result as it was drawn; '' where only a bundle has it. */
  readonly pictureUrl: string;
}

const finite = (n: number | null): number | null => (n !== null && Number.isFinite(n) ? n : null);

function bundledResult(result: AttributionResult, method: MethodInfo | null, image: ImageInfo): BundledResult {
  const { value, baselineValue, probability, check, passes, milliseconds, crop, notes } = result;
  const sound = check && Number.isFinite(check.delta) && Number.isFinite(check.relative);
  return {
    methodTitle: method?.title ?? result.request.method,
    signed: method?.signed ?? true,
    value: finite(value),
    baselineValue: finite(baselineValue),
    probability: finite(probability),
    check: sound ? { claim: check.claim, delta: check.delta, relative: check.relative } : null,
    passes,
    milliseconds,
    size: { width: image.width, height: image.height },
    crop: { x: crop.x, y: crop.y, width: crop.width, height: crop.height },
    notes: notes.slice(0, 19),
  };
}

/**
 * What a bundle and a JSON file say about what is on show; picture and map are the first input's, as in the record. Throws
 * an Error where its model or image is no longer open.
 */
export function described(
  sharing: Sharing,
  result: AttributionResult,
): { readonly record: SharedRecord; readonly result: BundledResult } {
  const { inputs, method } = sharing.workspace;
  const { info } = inputs.slots[0].picture;
  if (!info) throw new Error('Share: the image is no longer open.');
  // Turned once more, it is seen from the first again.
  const first = seenFrom(result, inputs.selected);
  return { record: sharing.recordOf(first), result: bundledResult(first, method, info) };
}

export type ExportFormat = 'npy' | 'csv' | 'json';

/** The result as a file for other programs. */
export function exported(format: ExportFormat, scores: FloatTensor, record: SharedRecord, result: BundledResult): Blob {
  if (format === 'npy') return new Blob([writeNpy(scores)], { type: 'application/octet-stream' });
  if (format === 'csv') return new Blob([scoresCsv(scores)], { type: 'text/csv' });
  return new Blob([settingsJson(record, result)], { type: 'application/json' });
}

export const bundleFile = (bundle: Bundle): Blob => new Blob([packBundle(bundle)], { type: 'application/zip' });

/**
 * The fragment of a long link. `input`: a JPEG of the size that `result` says; `map`: [1, height, width]. Throws an Error
 * where the map is too large for a link.
 */
export function longLink(
  record: SharedRecord,
  result: BundledResult,
  map: FloatTensor,
  input: Uint8Array<ArrayBuffer>,
): string {
  const rounded = `The link rounds each score, by at most ${(100 * ROUNDING).toFixed(1)} % of the largest, and holds the part of the image that the model sees.`;
  return encodeLongLink({ record, result: { ...result, notes: [...result.notes, rounded] }, scores: map, input });
}

/** Throws a BundleError that says what is wrong with the file. */
export async function openBundle(file: File, dark: boolean): Promise<OpenBundle> {
  refuseLargeBundle(file.name, file.size);
  const bundle = readBundle(new Uint8Array(await file.arrayBuffer()), file.name);
  return { ...openExhibit(bundle, dark, file.name), pictureUrl: addressOf(bundle.picture) };
}

/** `dark`: whether the page is. */
function openExhibit(exhibit: Exhibit, dark: boolean, name = 'a long link'): OpenBundle {
  const overlay = new Overlay();
  const { diverging, ...view } = exhibit.record.view;
  Object.assign(overlay, view, { dark });
  if (diverging !== null) overlay.diverging = diverging;
  const { record, result, scores, input } = exhibit;
  const shown = shownResult(exhibit);
  return { record, result, scores, input, name, shown, overlay, inputUrl: addressOf(input), pictureUrl: '' };
}

/** What a long link shows. Throws a LinkError. */
export const openLongLink = (fragment: string, dark: boolean): OpenBundle =>
  openExhibit(decodeLongLink(fragment), dark);

const addressOf = (picture: Uint8Array<ArrayBuffer>): string => URL.createObjectURL(new Blob([picture]));

/** The result as the stage knows it; the picture is no image of the engine, which is not asked. */
function shownResult({ record, result, scores }: Exhibit): AttributionResult {
  const { method, target, preprocessing, options, layer, seed } = record;
  const baseline = record.baseline.kind === 'image' ? { kind: 'image' as const, image: 0 } : record.baseline;
  return {
    request: { image: 0, preprocessing, method, options, target, baseline, layer, seed },
    scores,
    map: sumOverChannels(scores),
    crop: result.crop,
    label: nameOfTarget(record),
    value: result.value ?? NaN,
    probability: result.probability,
    baselineValue: result.baselineValue,
    check: result.check,
    passes: result.passes,
    milliseconds: result.milliseconds,
    device: { adapter: '', ...record.device },
    modelSha256: record.model.sha256,
    imageSha256: record.image.sha256,
    version: record.version,
    notes: result.notes,
  };
}

/** The explained class by the sender's name, else by its number. */
export const nameOfTarget = ({ label, target }: SharedRecord): string => label || `class ${target.index}`;

function sumOverChannels({ shape, data }: FloatTensor): FloatTensor {
  const map = zeros('float32', [1, shape[1], shape[2]]);
  const length = map.data.length;
  for (let i = 0; i < data.length; i++) map.data[i % length] += data[i];
  return map;
}
