/** @file What links say, in words. */
import { followedThrough, titleOfNeuron } from '../state/neuron.ts';
import type { FileReference, Needed, OpenBundle, SharedRecord, Verdict } from '../state/share.svelte.ts';
import { bytes, count, counted, number, percent } from './format.ts';
import { deviceName, errorText } from './summary.ts';

const NAMES = { value: 'F(x)', delta: 'Δ', sum: 'the sum of the map', max: 'the maximum of the map' } as const;

/** "Reproduced: …" or "Differs by …", with what is different here. */
export function verdictText({ reproduced, difference, number, reasons }: Verdict): string {
  const here = reasons.length > 0 ? ` Different here: ${reasons.join('; ')}.` : '';
  if (number === null) return `The link has no number to compare with.${here}`;
  if (reproduced && difference === 0) return `Reproduced: all numbers are equal to six digits.${here}`;
  if (reproduced) return `Reproduced: the numbers differ by ${percent(difference)} at most.${here}`;
  const what = Number.isFinite(difference)
    ? `Differs from the link: ${NAMES[number]} by ${percent(difference)}.`
    : `Differs from the link: only one of the two has ${NAMES[number]}.`;
  return what + (here || ' Model, image, device and versions are the same.');
}

const ROLES = {
  model: 'the model',
  image: 'the image',
  baseline: 'the baseline image',
  reference: 'an image to compare with',
} as const;

/** The site that a file would be fetched from. */
export const hostOf = (url: string): string => new URL(url).host;

/** "the model SqueezeNet 1.1 (4.96 MB, SHA-256 ab…) from huggingface.co". */
export function neededText({ role, file, known }: Needed): string {
  const facts = [
    bytes(file.bytes),
    ...(known ? [known.licence] : []),
    ...(file.sha256 ? [`SHA-256 ${file.sha256}`] : []),
  ];
  return `${ROLES[role]} ${known?.title ?? file.name} (${facts.join(', ')})${file.url ? ` from ${hostOf(file.url)}` : ''}`;
}

/** What a link is waiting for, and what can be done. */
export function neededNotice(missing: readonly Needed[]): string {
  const [remote, own] = [missing.filter(({ file }) => file.url), missing.filter(({ file }) => !file.url)];
  const list = (needed: readonly Needed[]) => needed.map(neededText).join(' and ');
  const parts = [
    ...(remote.length > 0 ? [list(remote)] : []),
    ...(own.length > 0 ? [`${list(own)}, which only its sender has`] : []),
  ];
  const drop =
    remote.length > 0
      ? 'Nothing is fetched from another site before you ask for it; you may as well drop the file anywhere on this page.'
      : 'Drop the file anywhere on this page.';
  return `This link needs ${parts.join(' and ')}. ${drop}`;
}

/** Chat programs let more through than this. */
const SAFE = 2000;

/** What a short link does. */
export function linkNote(link: string, { model, image, others }: SharedRecord): string {
  const files = [model, image, ...others.map((other) => other.image)];
  const own = new Set(files.filter(({ bundled, url }) => !bundled && !url).map(({ name }) => name));
  const needs = own.size > 0 ? ` Whoever opens it must have ${[...own].join(' and ')}.` : '';
  return `${count(link.length)} characters. Opening it computes again and compares.${needs}`;
}

/** What a long link does; '' stands for one that is still in the making. */
export function longLinkNote(link: string): string {
  const does = 'Carries picture, map and settings, and shows them without the model.';
  if (link === '') return does;
  const warning = link.length > SAFE ? ' Some programs cut links this long: a bundle is safer.' : '';
  return `${count(link.length)} characters. ${does}${warning}`;
}

/** F of a bundle, as it is written, by the sender's names of the classes. */
export function bundleTarget(record: SharedRecord): string {
  const { through } = record;
  return `${followedThrough(scoreText(record), through)}.`;
}

function scoreText({ target, neuron, label, otherLabel }: SharedRecord): string {
  if (neuron) return `activation of ${titleOfNeuron(neuron)}`;
  const name = label || `class ${target.index}`;
  const of = target.kind === 'probability' ? 'probability' : 'logit';
  if (target.kind === 'logit-minus-mean') return `logit of ${name} − mean logit`;
  if (target.kind !== 'difference') return `${of} of ${name}`;
  // Version 1 held the names of both classes in one.
  if (label.includes(' − ') && !otherLabel) return `difference of logits ${label}`;
  return `logit of ${name} − logit of ${otherLabel || `class ${target.other}`}`;
}

/** Whose names the classes have; '' where the model has its own. */
export function namesText(names: readonly string[]): string {
  if (names.length === 0) return '';
  const quoted = names.map((name) => `“${name}”`).join(' and ');
  return `The model names no classes; ${quoted} ${names.length > 1 ? 'are names' : 'is a name'} by the sender of the link.`;
}

/** What stands under a bundle's picture. */
export function bundleFacts({ record, result }: OpenBundle): { name: string; value: string }[] {
  const signed = (value: number) => number(value, { signed: true });
  const file = ({ name, sha256 }: FileReference) => (sha256 ? `${name} (SHA-256 ${sha256})` : name);
  return [
    ...(result.value === null ? [] : [{ name: 'F(x)', value: signed(result.value) }]),
    ...(result.baselineValue === null ? [] : [{ name: 'F(x′)', value: signed(result.baselineValue) }]),
    ...(result.check === null ? [] : [{ name: 'Δ', value: `${signed(result.check.delta)} (${result.check.claim})` }]),
    ...(result.check?.estimate ? [{ name: 'Error', value: errorText(result.check.estimate) }] : []),
    { name: 'Method', value: `${result.methodTitle}, ${counted(result.passes, 'pass', 'passes')}` },
    ...(Object.keys(record.options).length === 0 ? [] : [{ name: 'Options', value: JSON.stringify(record.options) }]),
    ...(record.output === null ? [] : [{ name: 'Output', value: record.output }]),
    ...(record.layer === null ? [] : [{ name: 'Layer', value: record.layer }]),
    { name: 'Device', value: deviceName(record.device) },
    { name: 'Vitrine', value: record.version },
    { name: 'Model', value: file(record.model) },
    { name: record.others.length > 0 ? `Image, ${result.inputName}` : 'Image', value: file(record.image) },
    ...record.others.map(({ image }, i) => ({ name: `Image, ${result.others[i].name}`, value: file(image) })),
  ];
}
