/** What every outcome of the lab has to be, whatever it was given. */
import { LabCore, type LabOptions } from '../../src/lib/model/lab.ts';
import type { ModelInfo, Outcome } from '../../src/lib/model/types.ts';
import type { Pixels } from '../../src/lib/vision/types.ts';

/** Longest time for one call, a hang: a hundred times what the slowest damaged model takes on an idle machine. */
export const LONGEST_MS = 10_000;

/** JavaScript's and the engine's own words for a mistake of ours. */
const OUR_FAULT =
  /mistake of its own|undefined(?! is asked|")|\bNaN\b.*needs|is not a function|is not iterable|Cannot (read|mix|convert)|Invalid array length|call stack|internal:|object Object/;

/** Fails where the call threw, took too long, or failed with a message that is not `subject: what. What to do.` */
export async function judge<T>(call: Promise<Outcome<T>>, subject: string): Promise<Outcome<T>> {
  const start = performance.now();
  const outcome = await call;
  const elapsed = performance.now() - start;
  if (elapsed > LONGEST_MS) throw new Error(`took ${(elapsed / 1000).toFixed(1)} s`);
  if (outcome.ok) return outcome;
  const { message } = outcome;
  if (!message.startsWith(`${subject}: `) && !message.startsWith('Vitrine: '))
    throw new Error(`does not name ${subject}: ${message}`);
  if (OUR_FAULT.test(message)) throw new Error(`blames the program: ${message}`);
  if (!/[.:!] ?[^.]*$/.test(message) || message.length > 2000)
    throw new Error(`is no sentence: ${message.slice(0, 1500)}`);
  return outcome;
}

/** A grey slope in place of a decoder: Node has none. */
export async function slope(): Promise<{ pixels: Pixels; width: number; height: number }> {
  const [width, height] = [20, 16];
  const data = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : i % 256));
  return { pixels: { width, height, data }, width, height };
}

/** The whole engine, or with `choose` all of it but what executes graphs. */
export async function startedLab(options: Partial<LabOptions> = {}): Promise<LabCore> {
  const lab = new LabCore({ version: 'test', decode: slope, ...options });
  const started = await lab.start({ choice: 'wasm', ortBase: '' });
  if (!started.ok) throw new Error(started.message);
  return lab;
}

const silent = () => undefined;

/** Opens a model and, where that succeeds, predicts and explains: every answer is judged. Returns what opening said. */
export async function useModel(
  lab: LabCore,
  bytes: Uint8Array<ArrayBuffer>,
  others: readonly { name: string; bytes: ArrayBuffer }[] = [],
): Promise<Outcome<ModelInfo>> {
  const opened = await judge(
    lab.openModel(1, [{ name: 'model.onnx', bytes: bytes.buffer }, ...others], silent),
    'model.onnx',
  );
  if (!opened.ok) return opened;
  const { preprocessing, methods } = opened.value;
  await judge(lab.openImage(1, { name: 'a.png', bytes: Uint8Array.of(1).buffer }), 'a.png');
  await judge(lab.predict(2, 1, preprocessing), 'model.onnx');
  // An explanation costs more than everything before it.
  if (bytes.length % 3 !== 0) return opened;
  const usable = methods.filter((m) => !m.unavailable);
  const method = usable[bytes.length % usable.length];
  const request = {
    image: 1,
    preprocessing,
    method: method.id,
    options: method.options.properties.steps ? { steps: 4 } : {},
    target: { kind: 'logit', index: 0 } as const,
    baseline: { kind: 'black' } as const,
    layer: null,
    seed: 1,
  };
  await judge(lab.attribute(3, request, silent), 'model.onnx');
  return opened;
}
