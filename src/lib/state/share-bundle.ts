/** @file What packs and unpacks links and bundles: made from what is on show, and shown without a model. */
import {
  type Bundle,
  type BundledResult,
  type Exhibit,
  type ExhibitInput,
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
import { mapStatistics } from '../tensor/map-statistics.ts';
import { writeNpy } from '../tensor/npy.ts';
import { zeros } from '../tensor/tensor.ts';
import type {
  AttributionResult,
  ExportedExplanation,
  FloatTensor,
  ImageInfo,
  InputResult,
  MethodInfo,
} from '../worker/api.ts';
import type { Inputs } from './inputs.svelte.ts';
import { followedThrough, titleOfNeuron } from './neuron.ts';
import { Overlay } from './overlay.svelte.ts';
import { seenFrom } from './seen-from.ts';
import type { Sharing } from './share.svelte.ts';

export { LinkError, decodeLink, encodeLink };
export type { Bundle, BundledResult, Exhibit, ExhibitInput };

/** An input's picture in a bundle on show. */
export interface OpenInput {
  /** In the model; '' where there is one. */
  readonly name: string;
  /** Of the file. */
  readonly image: string;
  readonly url: string;
  readonly size: BundledResult['size'];
}

/** A bundle or a long link on show: what the stage draws, and addresses of its pictures. */
export interface OpenBundle extends Exhibit {
  /** Where it comes from, for headings. */
  readonly name: string;
  readonly shown: AttributionResult;
  readonly overlay: Overlay;
  /** One for each input; revoke their addresses with `pictureUrl` when the bundle is closed. */
  readonly inputs: readonly OpenInput[];
  /** The result as it was drawn; '' where only a bundle has it. */
  readonly pictureUrl: string;
}

const finite = (n: number | null): number | null => (n !== null && Number.isFinite(n) ? n : null);

function bundledResult(result: AttributionResult, method: MethodInfo | null, image: ImageInfo): BundledResult {
  const { value, baselineValue, probability, check, passes, milliseconds, crop, notes } = result;
  const sound = check && Number.isFinite(check.delta) && Number.isFinite(check.relative);
  const estimate = Number.isFinite(check?.estimate?.error) && { estimate: check!.estimate };
  return {
    methodTitle: method?.title ?? result.request.method,
    signed: method?.signed ?? true,
    value: finite(value),
    baselineValue: finite(baselineValue),
    probability: finite(probability),
    check: sound ? { claim: check.claim, delta: check.delta, relative: check.relative, ...estimate } : null,
    passes,
    milliseconds,
    size: { width: image.width, height: image.height },
    crop: { x: crop.x, y: crop.y, width: crop.width, height: crop.height },
    notes: notes.slice(0, 19),
    inputName: '',
    others: [],
  };
}

/** What of the first input is said in `numbers`, of the others beside it. */
function ofAllInputs(numbers: BundledResult, first: AttributionResult, { slots }: Inputs): BundledResult {
  const others = (first.others ?? []).map(({ crop }, i) => {
    const { name, picture } = slots[i + 1];
    const { width, height } = picture.info!;
    return { name, size: { width, height }, crop: { x: crop.x, y: crop.y, width: crop.width, height: crop.height } };
  });
  return others.length > 0 ? { ...numbers, inputName: slots[0].name, others } : numbers;
}

/** What is on show, in words and numbers, and the maps of its inputs in the model's order. */
export interface Described {
  readonly record: SharedRecord;
  readonly result: BundledResult;
  readonly maps: readonly InputResult[];
}

/**
 * What a bundle and a JSON file say about what is on show, whichever of its inputs is looked at. Throws an Error where its
 * model or image is no longer open.
 */
export function described(sharing: Sharing, result: AttributionResult): Described {
  const { inputs, method } = sharing.workspace;
  const { info } = inputs.slots[0].picture;
  if (!info) throw new Error('Share: the image is no longer open.');
  // Turned once more, it is seen from the first again.
  const first = seenFrom(result, inputs.selected);
  // It throws where an image is missing.
  const record = sharing.recordOf(first);
  const numbers = ofAllInputs(bundledResult(first, method, info), first, inputs);
  return { record, result: numbers, maps: [first, ...(first.others ?? [])] };
}

export type ExportFormat = 'npy' | 'csv' | 'json';

/** The result as a file for other programs. */
export function exported(format: ExportFormat, scores: FloatTensor, record: SharedRecord, result: BundledResult): Blob {
  if (format === 'npy') return new Blob([writeNpy(scores)], { type: 'application/octet-stream' });
  if (format === 'csv') return new Blob([scoresCsv(scores)], { type: 'text/csv' });
  return new Blob([settingsJson(record, result)], { type: 'application/json' });
}

/** What is on show as an ONNX file. Throws an Error that says why there is none. */
export async function explanationFile(
  { workspace }: Sharing,
  { request }: AttributionResult,
): Promise<ExportedExplanation> {
  const outcome = await workspace.lab.ask((lab) => lab.explanationFile(request));
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
}

export const bundleFile = (bundle: Bundle): Blob => new Blob([packBundle(bundle)], { type: 'application/zip' });

/**
 * The fragment of a long link. `inputs`: JPEGs of the sizes that `result` says, and maps, [1, height, width]. Throws an Error
 * where they are too large for a link.
 */
export function longLink(record: SharedRecord, result: BundledResult, inputs: readonly ExhibitInput[]): string {
  const rounded = `The link rounds each score, by at most ${(100 * ROUNDING).toFixed(1)} % of the largest, and holds the part of the image that the model sees.`;
  const [first, ...others] = inputs;
  return encodeLongLink({ record, result: { ...result, notes: [...result.notes, rounded] }, ...first, others });
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
  return { ...exhibit, name, shown: shownResult(exhibit), overlay, inputs: openInputs(exhibit), pictureUrl: '' };
}

function openInputs({ record, result, input, others }: Exhibit): OpenInput[] {
  const first = { name: result.inputName, image: record.image.name, url: addressOf(input), size: result.size };
  const behind = others.map((other, i) => {
    const { name, size } = result.others[i];
    return { name, image: record.others[i].image.name, url: addressOf(other.input), size };
  });
  return [first, ...behind];
}

/** What a long link shows. Throws a LinkError. */
export const openLongLink = (fragment: string, dark: boolean): OpenBundle =>
  openExhibit(decodeLongLink(fragment), dark);

const addressOf = (picture: Uint8Array<ArrayBuffer>): string => URL.createObjectURL(new Blob([picture]));

/** The result as the stage knows it; the picture is no image of the engine, which is not asked. */
function shownResult({ record, result, scores, others }: Exhibit): AttributionResult {
  const { method, target, neuron, through, preprocessing, options, layer, seed } = record;
  const baseline = openBaseline(record);
  const maps = [scores, ...others.map((other) => other.scores)].map(sumOverChannels);
  return {
    request: { image: 0, preprocessing, method, options, target, neuron, through, baseline, layer, seed },
    scores,
    map: maps[0],
    crop: result.crop,
    others: others.map((other, i) => ({
      scores: other.scores,
      map: maps[i + 1],
      crop: result.others[i].crop,
      imageSha256: record.others[i].image.sha256,
    })),
    statistics: mapStatistics(maps),
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

/** The images of a baseline are none of the engine either. */
function openBaseline({ baseline }: SharedRecord): AttributionResult['request']['baseline'] {
  if (baseline.kind === 'image') return { kind: 'image', image: 0 };
  return baseline.kind === 'images' ? { kind: 'images', images: [] } : baseline;
}

/** The explained neuron, or the class by the sender's name, else by its number; and what it is followed through. */
export const nameOfTarget = ({ label, target, neuron, through }: SharedRecord): string =>
  followedThrough(neuron ? titleOfNeuron(neuron) : label || `class ${target.index}`, through);

function sumOverChannels({ shape, data }: FloatTensor): FloatTensor {
  const map = zeros('float32', [1, shape[1], shape[2]]);
  const length = map.data.length;
  for (let i = 0; i < data.length; i++) map.data[i % length] += data[i];
  return map;
}
