/** @file Bundles: made from what is on show, and shown without a model. */
import { type Bundle, type BundledResult, packBundle, readBundle, settingsJson } from '../share/bundle.ts';
import { scoresCsv } from '../share/csv.ts';
import type { SharedRecord } from '../share/record.ts';
import { writeNpy } from '../tensor/npy.ts';
import { zeros } from '../tensor/tensor.ts';
import type { AttributionResult, FloatTensor, ImageInfo, MethodInfo } from '../worker/api.ts';
import { Overlay } from './overlay.svelte.ts';

export type { Bundle, BundledResult };

/** A bundle on show: what the stage draws, and addresses of its pictures. */
export interface OpenBundle extends Bundle {
  readonly name: string;
  readonly shown: AttributionResult;
  readonly overlay: Overlay;
  /** The input picture; revoke it with `pictureUrl` when the bundle is closed. */
  readonly inputUrl: string;
  readonly pictureUrl: string;
}

const finite = (n: number | null): number | null => (n !== null && Number.isFinite(n) ? n : null);

export function bundledResult(result: AttributionResult, method: MethodInfo | null, image: ImageInfo): BundledResult {
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
    notes: notes.slice(0, 20),
  };
}

export type ExportFormat = 'npy' | 'csv' | 'json';

/** The result as a file for other programs. */
export function exported(format: ExportFormat, scores: FloatTensor, record: SharedRecord, result: BundledResult): Blob {
  if (format === 'npy') return new Blob([writeNpy(scores)], { type: 'application/octet-stream' });
  if (format === 'csv') return new Blob([scoresCsv(scores)], { type: 'text/csv' });
  return new Blob([settingsJson(record, result)], { type: 'application/json' });
}

export const bundleFile = (bundle: Bundle): Blob => new Blob([packBundle(bundle)], { type: 'application/zip' });

export const isBundle = (name: string): boolean => /\.zip$/i.test(name);

/** Throws a BundleError that says what is wrong with the file. */
export async function openBundle(file: File, dark: boolean): Promise<OpenBundle> {
  const bundle = readBundle(new Uint8Array(await file.arrayBuffer()), file.name);
  const overlay = new Overlay();
  const { diverging, ...view } = bundle.record.view;
  Object.assign(overlay, view, { dark });
  if (diverging !== null) overlay.diverging = diverging;
  const address = (png: Uint8Array<ArrayBuffer>) => URL.createObjectURL(new Blob([png], { type: 'image/png' }));
  const [inputUrl, pictureUrl] = [address(bundle.input), address(bundle.picture)];
  return { ...bundle, name: file.name, shown: shownResult(bundle), overlay, inputUrl, pictureUrl };
}

/** The result as the stage knows it; the picture is no image of the engine, which is not asked. */
function shownResult({ record, result, scores }: Bundle): AttributionResult {
  const { method, target, preprocessing, options, layer, seed } = record;
  const baseline = record.baseline.kind === 'image' ? { kind: 'image' as const, image: 0 } : record.baseline;
  return {
    request: { image: 0, preprocessing, method, options, target, baseline, layer, seed },
    scores,
    map: sumOverChannels(scores),
    crop: result.crop,
    label: record.label,
    value: result.value ?? NaN,
    probability: result.probability,
    baselineValue: result.baselineValue,
    check: result.check,
    passes: result.passes,
    milliseconds: result.milliseconds,
    device: { runtime: 'onnxruntime-web', adapter: '', ...record.device },
    modelSha256: record.model.sha256,
    imageSha256: record.image.sha256,
    version: record.version,
    notes: result.notes,
  };
}

function sumOverChannels({ shape, data }: FloatTensor): FloatTensor {
  const map = zeros('float32', [1, shape[1], shape[2]]);
  const length = map.data.length;
  for (let i = 0; i < data.length; i++) map.data[i % length] += data[i];
  return map;
}
