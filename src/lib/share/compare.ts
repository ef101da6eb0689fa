/** @file Whether a second computation gave the same, and if not, what may be the reason. */
import { type FileReference, type ResultNumbers, type SharedRecord, imagesOf, roundSix } from './record.ts';

/** Largest relative difference that counts as the same: two devices sum in different orders. */
export const SAME_WITHIN = 1e-3;

export interface Verdict {
  readonly reproduced: boolean;
  /** Largest difference among the numbers, relative to the size of each. */
  readonly difference: number;
  /** Which number differs most; null where none can be compared. */
  readonly number: keyof ResultNumbers | null;
  /** What is different here, one phrase each. */
  readonly reasons: readonly string[];
}

/** Compares what a link says with what came out here. */
export function compareRecords(then: SharedRecord, now: SharedRecord): Verdict {
  const sizes = scalesOf(then.numbers, now.numbers);
  let [difference, number]: [number, keyof ResultNumbers | null] = [0, null];
  for (const name of ['value', 'sum', 'max', 'delta'] as const) {
    const gap = gapOf(then.numbers[name], now.numbers[name], sizes[name]);
    if (gap === null || (number !== null && gap <= difference)) continue;
    [difference, number] = [gap, name];
  }
  return {
    reproduced: number !== null && difference <= SAME_WITHIN,
    difference,
    number,
    reasons: reasonsOf(then, now),
  };
}

/** A gap is relative to the number itself; a sum and a delta may cancel, so they are measured by what was summed. */
function scalesOf(a: ResultNumbers, b: ResultNumbers): Record<keyof ResultNumbers, number> {
  const size = (...names: (keyof ResultNumbers)[]): number =>
    Math.max(...names.flatMap((name) => [Math.abs(a[name] ?? 0), Math.abs(b[name] ?? 0)]));
  return { value: size('value'), max: size('max'), sum: size('sum', 'max'), delta: size('delta', 'sum', 'value') };
}

function gapOf(then: number | null, now: number | null, size: number): number | null {
  if (then === null && now === null) return null;
  if (then === null || now === null) return Infinity;
  return roundSix(then) === roundSix(now) ? 0 : Math.abs(then - now) / size;
}

export const isSameFile = (a: FileReference, b: { readonly sha256: string; readonly name: string }): boolean =>
  a.sha256 && b.sha256 ? a.sha256 === b.sha256 : a.name === b.name;

function reasonsOf(then: SharedRecord, now: SharedRecord): string[] {
  const changed = <T>(what: string, a: T, b: T): string[] => (a === b ? [] : [`${what} ${b} instead of ${a}`]);
  const anotherFile = (what: string, a: FileReference, b: FileReference): string[] =>
    isSameFile(a, b) ? [] : [`another ${what} file (SHA-256 ${short(b)} instead of ${short(a)})`];
  const images = imagesOf(now);
  return [
    ...anotherFile('model', then.model, now.model),
    ...imagesOf(then).flatMap((image, i) => (images[i] ? anotherFile('image', image, images[i]) : [])),
    ...(then.output === null ? [] : changed('output', then.output, now.output)),
    ...changed('device', deviceName(then), deviceName(now)),
    ...(then.device.runtime === now.device.runtime
      ? changed(RUNTIME[then.device.runtime], then.device.version, now.device.version)
      : []),
    ...changed('Vitrine', then.version, now.version),
  ];
}

const short = ({ sha256 }: FileReference): string => (sha256 ? `${sha256.slice(0, 8)}…` : 'unknown');
const RUNTIME = { 'onnxruntime-web': 'onnxruntime', tfjs: 'TensorFlow.js' } as const;

const KIND: Readonly<Record<SharedRecord['device']['kind'], string>> = {
  webgpu: 'WebGPU',
  wasm: 'WASM',
  webgl: 'WebGL',
  cpu: 'JavaScript',
};

const deviceName = ({ device: { runtime, kind } }: Pick<SharedRecord, 'device'>): string =>
  runtime === 'tfjs' ? `TensorFlow.js on ${KIND[kind]}` : KIND[kind];
