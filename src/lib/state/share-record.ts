/** @file From what is on show to what a link says, and what of a link this page cannot do. */
import {
  COLOUR_MAPS,
  type FileReference,
  type ResultNumbers,
  type SharedBaseline,
  type SharedPlace,
  type SharedRecord,
} from '../share/record.ts';
import type { Scalar } from '../share/schema.ts';
import { decidedNeuron } from '../synthesis/neuron.ts';
import type { AttributionResult, DroppedFile, ImageInfo, MethodInfo, ModelInfo, Preprocessing } from '../worker/api.ts';
import type { Library } from './library.ts';
import { defaultsOf, fieldError } from './options.ts';
import type { Source } from './picture.svelte.ts';
import { TABS } from './place.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

/**
 * What a link to `result` says, from whichever input's side it is seen. Throws an Error where the result's model or one of
 * its images is no longer open.
 */
export function recordOf(workspace: Workspace, library: Library, result: AttributionResult): SharedRecord {
  const { model, inputs } = workspace;
  const { request, device } = result;
  const images = inputs.slots.flatMap(({ picture: { info, source } }) =>
    info && source ? [imageReference({ info, source }, library)] : [],
  );
  const { others = [] } = request;
  if (!model || images.length !== 1 + others.length) {
    throw new Error('Share: the model or the image is no longer open.');
  }
  const method = model.methods.find(({ id }) => id === request.method);
  return {
    model: modelReference(model, workspace.modelAddress, library),
    output: model.outputs.length > 1 ? model.output : null,
    image: images[0],
    preprocessing: request.preprocessing,
    others: others.map(({ preprocessing }, i) => ({ image: images[i + 1], preprocessing })),
    target: request.target,
    neuron: request.neuron ?? null,
    through: decidedNeuron(request.through),
    method: request.method,
    options: changedOptions(request.options, method),
    baseline: method?.needs.baseline ? baselineReference(workspace, library, result) : { kind: 'black' },
    layer: request.layer,
    seed: request.seed,
    view: viewOf(workspace),
    version: result.version,
    device: { runtime: device.runtime, kind: device.kind, threads: device.threads, version: device.version },
    label: request.neuron ? '' : nameOf(model, request.target.index),
    otherLabel: request.target.kind === 'difference' ? nameOf(model, request.target.other) : '',
    numbers: numbersOf(result),
    place: placeOf(workspace),
  };
}

/** Of several images those that were compared with: the explained one is none. */
function baselineReference(
  { baselineImage, references }: Workspace,
  library: Library,
  { request, imageSha256, others = [] }: AttributionResult,
): SharedBaseline {
  const { baseline } = request;
  if (baseline.kind === 'image')
    return { kind: 'image', image: baselineImage ? imageReference(baselineImage, library) : UNKNOWN };
  if (baseline.kind !== 'images') return baseline;
  const explained = [imageSha256, ...others.map((other) => other.imageSha256)];
  const compared = baseline.images.map((id) => references.images.find(({ info }) => info.id === id));
  if (compared.includes(undefined)) throw new Error('Share: an image that was compared with is no longer open.');
  return {
    kind: 'images',
    images: compared.flatMap((one) =>
      one && !explained.includes(one.info.sha256) ? [imageReference(one, library)] : [],
    ),
  };
}

const UNKNOWN: FileReference = { bundled: '', name: 'unknown', bytes: 0, sha256: '', url: '' };

/** '' where the model has no name for it. */
const nameOf = ({ labels }: ModelInfo, index: number): string => labels[index] ?? '';

function modelReference({ name, bytes, sha256 }: ModelInfo, url: string, { models }: Library): FileReference {
  const bundled = models.find((model) => model.sha256 !== undefined && model.sha256 === sha256)?.id ?? '';
  return { bundled, name, bytes, sha256, url };
}

function imageReference({ info, source }: { info: ImageInfo; source: Source }, { images }: Library): FileReference {
  const bundled = images.find(({ url }) => url === source.url)?.id ?? '';
  return { bundled, name: info.name, bytes: source.bytes.size, sha256: info.sha256, url: source.address ?? '' };
}

function changedOptions(options: AttributionResult['request']['options'], method?: MethodInfo): Record<string, Scalar> {
  const defaults = method ? defaultsOf(method.options) : {};
  const changed = Object.entries(options).filter(([name, value]) => value !== defaults[name]);
  return Object.fromEntries(changed) as Record<string, Scalar>;
}

/** How the result is drawn at present. */
export function viewOf({ overlay }: Workspace): SharedRecord['view'] {
  const { opacity, chosenDiverging, sequential, sign, percentile, smooth, fade, backdrop } = overlay;
  const known = (id: string | null) => COLOUR_MAPS.find((map) => map === id);
  return {
    opacity,
    diverging: known(chosenDiverging) ?? null,
    sequential: known(sequential) ?? 'ember',
    sign,
    percentile,
    smooth,
    fade,
    backdrop,
  };
}

/** Where in “Look inside” the person was last. */
export function placeOf({ place }: Workspace): SharedPlace | null {
  const { tab, selection } = place;
  if (selection.layer === null) return null;
  const details = { maps: place.said('maps'), filters: place.said('filters'), maximise: place.said('maximise') };
  return { tab, layer: selection.layer, channel: selection.channel, position: selection.position, details };
}

/** The view that is on show stays: a link is about a result. */
export function restorePlace({ place }: Workspace, { tab, layer, channel, position, details }: SharedPlace): void {
  place.tab = tab;
  place.pickLayer(layer);
  place.selection = { layer, channel, position };
  for (const tab of TABS)
    place.say(tab, Object.fromEntries(Object.entries(details[tab]).map(([name, value]) => [name, `${value}`])));
}

/** Sum and size over the maps of all inputs: what completeness is about, and the same whichever of them is looked at. */
function numbersOf({ value, check, statistics }: AttributionResult): ResultNumbers {
  const { sum, magnitudes, notFinite } = statistics;
  const finite = (n: number | undefined): number | null => (n !== undefined && Number.isFinite(n) ? n : null);
  return {
    value: finite(value),
    delta: finite(check?.delta),
    sum: finite(sum),
    max: notFinite > 0 ? null : (magnitudes.at(-1) ?? 0),
  };
}

/** Pixels of a model's input beyond which a link is not followed. */
const MAX_INPUT = 2048 * 2048;

/** Why what `record` asks cannot be asked of `model`, a sentence; '' when it can. */
export function obstacle(record: SharedRecord, model: ModelInfo): string {
  const { target, layer, output } = record;
  if (output !== null && output !== model.output) {
    return `The link explains the output “${output}”, which ${model.name} does not have: it has ${model.outputs.join(', ')}.`;
  }
  const method = model.methods.find(({ id }) => id === record.method);
  if (!method)
    return `The link asks for the method “${record.method}”, which this version (${record.version} made the link) does not have.`;
  if (method.unavailable !== null)
    return `The link asks for ${method.title}, which this model does not allow: ${method.unavailable}`;
  const last = Math.max(target.index, target.kind === 'difference' ? target.other : 0);
  if (last >= model.classes) return `The link explains class ${last}; ${model.name} has ${model.classes} classes.`;
  if ((method.needs.layer || layer !== null) && !model.layers.some(({ id }) => id === layer)) {
    return `The link explains the layer “${layer ?? ''}”, which ${model.name} does not have.`;
  }
  return obstacleOfInputs(record, model);
}

function obstacleOfInputs({ preprocessing, others }: SharedRecord, model: ModelInfo): string {
  const asked = [preprocessing, ...others.map((other) => other.preprocessing)];
  const own = [model.preprocessing, ...(model.others ?? []).map((other) => other.preprocessing)];
  if (asked.length !== own.length) {
    return `The link names ${asked.length === 1 ? 'one image' : `${asked.length} images`}; ${model.name} takes ${own.length} together.`;
  }
  const p = asked.find((one, i) => !fits(one, own[i]));
  if (!p) return '';
  return `The link’s preprocessing does not fit ${model.name}: ${p.layout}, ${p.width} × ${p.height} pixels, ${p.mean.length} channels.`;
}

const fits = (p: Preprocessing, own: Preprocessing): boolean =>
  p.layout === own.layout &&
  p.mean.length === own.mean.length &&
  p.std.length === own.std.length &&
  p.width * p.height <= MAX_INPUT;

/** Classes beyond which no names are lent: each needs a line. */
const MOST_NAMED = 100_000;

/**
 * The sender's names of the classes that the link is about, as a labels file, where the model has no names of its own; null
 * where there is nothing to lend.
 */
export function namesFor(
  { target, label, otherLabel }: SharedRecord,
  { labels, classes }: ModelInfo,
): { file: DroppedFile; lent: readonly string[] } | null {
  // Version 1 held both names of a difference in one, and numbers in place of names.
  const isName = (name: string) => name !== '' && !/^class \d+$| − /.test(name);
  const named = new Map([[target.index, label]]);
  if (target.kind === 'difference') named.set(target.other, otherLabel);
  const lent = [...named].filter(([index, name]) => isName(name) && index < classes).map(([, name]) => name);
  if (labels.length > 0 || lent.length === 0 || classes > MOST_NAMED) return null;
  const names = Array.from({ length: classes }, (_, i) => named.get(i) || `class ${i}`);
  return { file: { name: 'names of the link', bytes: new Blob([JSON.stringify(names)]) }, lent };
}

/** Options of the link that the method here does not take, one phrase each. */
export function lostOptions({ options }: SharedRecord, method: MethodInfo): string[] {
  return Object.entries(options)
    .filter(([name, value]) => {
      const field = method.options.properties[name];
      return !field || fieldError(field, value) !== null;
    })
    .map(([name, value]) => `${name} = ${value} is not taken here`);
}
