/** @file What links say, in words. */
import type { FileReference, Needed, OpenBundle, SharedRecord, Verdict } from '../state/share.svelte.ts';
import { bytes, counted, number, percent } from './format.ts';

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

const ROLES = { model: 'the model', image: 'the image', baseline: 'the baseline image' } as const;

/** "the model resnet.onnx (102 MB, SHA-256 ab…)". */
export function neededText({ role, file }: Needed): string {
  const hash = file.sha256 ? `, SHA-256 ${file.sha256}` : '';
  return `${ROLES[role]} ${file.name} (${bytes(file.bytes)}${hash})`;
}

/** F of a bundle, as it is written; of classes it knows the name of the first alone. */
export function bundleTarget({ target, label }: SharedRecord): string {
  const of = target.kind === 'probability' ? 'probability' : 'logit';
  if (target.kind === 'logit-minus-mean') return `logit of ${label} − mean logit.`;
  return target.kind === 'difference' ? `difference of logits ${label}.` : `${of} of ${label}.`;
}

/** What stands under a bundle's picture. */
export function bundleFacts({ record, result }: OpenBundle): { name: string; value: string }[] {
  const signed = (value: number) => number(value, { signed: true });
  const file = ({ name, sha256 }: FileReference) => (sha256 ? `${name} (SHA-256 ${sha256})` : name);
  return [
    ...(result.value === null ? [] : [{ name: 'F(x)', value: signed(result.value) }]),
    ...(result.baselineValue === null ? [] : [{ name: 'F(x′)', value: signed(result.baselineValue) }]),
    ...(result.check === null ? [] : [{ name: 'Δ', value: `${signed(result.check.delta)} (${result.check.claim})` }]),
    { name: 'Method', value: `${result.methodTitle}, ${counted(result.passes, 'pass', 'passes')}` },
    ...(Object.keys(record.options).length === 0 ? [] : [{ name: 'Options', value: JSON.stringify(record.options) }]),
    ...(record.layer === null ? [] : [{ name: 'Layer', value: record.layer }]),
    { name: 'Device', value: record.device.kind === 'webgpu' ? 'WebGPU' : 'WASM' },
    { name: 'Vitrine', value: record.version },
    { name: 'Model', value: file(record.model) },
    { name: 'Image', value: file(record.image) },
  ];
}
