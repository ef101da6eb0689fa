/** @file What links say, in words. */
import type { Needed, Verdict } from '../state/share.svelte.ts';
import { bytes, percent } from './format.ts';

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
