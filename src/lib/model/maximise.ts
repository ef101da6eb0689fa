/** @file Activation maximisation as the page asks for it: runs, shows what it has, waits, ends early with the picture kept. */
import { Builder } from '../ops/builder.ts';
import { probeOf, type Site, type Sites } from '../synthesis/objective.ts';
import { NotFinite, createSynthesis, type Look, type Synthesis } from '../synthesis/synthesis.ts';
import type { Objective, Recipe } from '../synthesis/types.ts';
import { slice0, type FloatTensor } from '../tensor/tensor.ts';
import type { DeviceInfo } from '../runtime/runtime.ts';
import type { Pixels, Preprocessing } from '../vision/types.ts';
import { activationsOf } from './activations.ts';
import { nextTask } from './engine.ts';
import type { Setting } from './explain.ts';
import { feedsOf, inputOf } from './feed.ts';
import { lookInside } from './inside.ts';
import { labelOf } from './labels.ts';
import type { InputChoice, Prediction } from './types.ts';

export interface SynthesisRequest {
  /** One for each picture; all of one form. */
  readonly objectives: readonly Objective[];
  /** Where each picture starts; by default all from the recipe's seed. Pictures of one unit that shall differ need different ones. */
  readonly seeds?: readonly number[];
  readonly recipe: Recipe;
  readonly preprocessing: Preprocessing;
  /** What is caricatured, and what the pictures' activations are compared with; null where no image is open. */
  readonly image: InputChoice | null;
}

export interface SynthesisPicture {
  readonly pixels: Pixels;
  /** The objective on the picture as it is shown. */
  readonly objective: number;
  /** The mean of the objective over the moved pictures of the last steps that were looked at; null before the first. */
  readonly moved: number | null;
  /** The objective on the image that is open; null without one. */
  readonly onImage: number | null;
  /** The classes that the model finds in it, most probable first. */
  readonly top: Prediction['top'];
}

export interface SynthesisReport {
  readonly step: number;
  readonly steps: number;
  readonly pictures: readonly SynthesisPicture[];
  readonly milliseconds: number;
  readonly secondsLeft: number | null;
  readonly state: 'running' | 'paused' | 'stopped' | 'done';
  /** Why it ended before its time, or for nothing; '' where it did neither. */
  readonly problem: string;
}

export interface SynthesisResult extends SynthesisReport {
  readonly request: SynthesisRequest;
  readonly device: DeviceInfo;
  readonly modelSha256: string;
  readonly version: string;
}

/** What a person says to a run. */
export class Control {
  #stopped = false;
  #gate: Promise<void> | null = null;
  #open: () => void = () => undefined;

  get stopped(): boolean {
    return this.#stopped;
  }

  get paused(): boolean {
    return this.#gate !== null;
  }

  pause(): void {
    this.#gate ??= new Promise((open) => (this.#open = open));
  }

  resume(): void {
    this.#open();
    this.#gate = null;
  }

  stop(): void {
    this.#stopped = true;
    this.resume();
  }

  /** Resolves at once, or when a pause ends. */
  passed(): Promise<void> {
    return this.#gate ?? Promise.resolve();
  }
}

/** Looking costs a forward pass: so much of the time goes to it at most. */
const LOOKING_SHARE = 0.2;
const LEAST_INTERVAL_MS = 150;
const SHOWN_CLASSES = 3;

/**
 * Makes the pictures, and reports them as they come. Ends with what there is when it is stopped or the objective stops being
 * a number; throws the signal's reason when it is cancelled.
 */
export async function maximise(
  setting: Setting,
  request: SynthesisRequest,
  control: Control,
  onReport: (report: SynthesisReport) => void,
): Promise<SynthesisResult> {
  const { loaded, device, version, signal } = setting;
  const run = await Run.start(setting, request);
  const { steps } = request.recipe;
  const began = performance.now();
  let [waited, lookedFor, lastLook] = [0, 0, 0];
  let pictures: readonly SynthesisPicture[] = [];
  const report = (state: SynthesisReport['state'], problem = ''): SynthesisReport => {
    const milliseconds = performance.now() - began - waited;
    const secondsLeft = run.step > 0 ? (milliseconds / run.step / 1000) * (steps - run.step) : null;
    return { step: run.step, steps, pictures, milliseconds, secondsLeft, state, problem };
  };
  const look = async () => {
    const start = performance.now();
    pictures = await run.pictures();
    lastLook = performance.now();
    lookedFor = lastLook - start;
  };
  try {
    await look();
    onReport(report('running'));
    let problem = '';
    while (run.step < steps && !control.stopped && problem === '') {
      signal.throwIfAborted();
      problem = await run.advance();
      await nextTask();
      if (control.paused) {
        await look();
        onReport(report('paused'));
        const start = performance.now();
        await Promise.race([control.passed(), aborted(signal)]);
        waited += performance.now() - start;
      } else if (performance.now() - lastLook > Math.max(LEAST_INTERVAL_MS, lookedFor / LOOKING_SHARE)) {
        await look();
        onReport(report('running'));
      }
    }
    signal.throwIfAborted();
    await look();
    const ended = report(run.step < steps ? 'stopped' : 'done', problem || run.silence(pictures));
    return { ...ended, request, device, modelSha256: loaded.info.sha256, version };
  } finally {
    run.dispose();
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

/** One synthesis for a model that takes batches; else one for each picture, in turn. */
class Run {
  readonly #setting: Setting;
  readonly #parts: readonly Synthesis[];
  readonly #onImage: readonly (number | null)[];
  #sums: number[];
  #counted = 0;
  #moved: readonly (number | null)[];
  /** Whether the objective of picture i has ever been anything but what it was at first. */
  readonly #first: number[] = [];
  readonly #changed = new Set<number>();

  private constructor(setting: Setting, parts: readonly Synthesis[], onImage: readonly (number | null)[]) {
    this.#setting = setting;
    this.#parts = parts;
    this.#onImage = onImage;
    this.#sums = onImage.map(() => 0);
    this.#moved = onImage.map(() => null);
  }

  static async start(setting: Setting, request: SynthesisRequest): Promise<Run> {
    const { loaded, image } = setting;
    const { model, engine } = loaded;
    const { objectives, recipe, preprocessing } = request;
    if (model.images.length > 1)
      throw new RangeError(
        `${loaded.info.name}: it has ${model.images.length} image inputs; pictures are made for models with one.`,
      );
    const x = request.image && inputOf(feedsOf([request.image], image));
    const sites = await sitesOf(setting, x, objectives);
    const seeds = request.seeds ?? objectives.map(() => recipe.seed);
    const groups = model.batched ? [objectives.map((_, i) => i)] : objectives.map((_, i) => [i]);
    const parts: Synthesis[] = [];
    for (const group of groups) {
      const [some, starts] = [group.map((i) => objectives[i]), group.map((i) => seeds[i])];
      parts.push(
        await createSynthesis({ model, engine, preprocessing, sites, recipe, objectives: some, seeds: starts }),
      );
    }
    const onImage = x ? await objectivesOn(loaded, objectives, sites, x) : objectives.map(() => null);
    return new Run(setting, parts, onImage);
  }

  get step(): number {
    return this.#parts.at(-1)!.step;
  }

  /** One step of every picture; why it cannot go on, or ''. */
  async advance(): Promise<string> {
    try {
      const values: number[] = [];
      for (const part of this.#parts) values.push(...(await part.advance()));
      this.#sums = this.#sums.map((sum, i) => sum + values[i]);
      this.#note(values);
      this.#counted++;
      return '';
    } catch (error) {
      if (!(error instanceof NotFinite)) throw error;
      return error.message;
    }
  }

  async pictures(): Promise<SynthesisPicture[]> {
    const looks = [];
    for (const part of this.#parts) looks.push(await part.look());
    const pictures = looks.flatMap((look) => look.objective.map((_, i) => this.#picture(look, i)));
    if (this.#counted > 0) this.#moved = this.#sums.map((sum) => sum / this.#counted);
    this.#sums = this.#sums.map(() => 0);
    this.#counted = 0;
    return pictures.map((picture, i) => ({ ...picture, moved: this.#moved[i], onImage: this.#onImage[i] }));
  }

  /** Why nothing came of it: pictures whose objective was one and the same number at every step; '' where there is none. */
  silence(pictures: readonly SynthesisPicture[]): string {
    if (this.step < 2) return '';
    const lines = pictures.flatMap(({ objective }, i) => {
      if (this.#changed.has(i) || objective !== this.#first[i]) return [];
      const which = pictures.length > 1 ? `picture ${i + 1}: ` : '';
      return [
        `Activation maximisation: ${which}the objective is ${objective} whatever the picture. The unit is silent or constant; start from another seed, or choose another unit.`,
      ];
    });
    return lines.join('\n');
  }

  #note(values: readonly number[]): void {
    values.forEach((value, i) => {
      if (this.#first.length <= i) this.#first.push(value);
      if (value !== this.#first[i]) this.#changed.add(i);
    });
  }

  dispose(): void {
    this.#parts.forEach((part) => part.dispose());
  }

  #picture({ pictures, objective, logits, probabilities }: Look, i: number) {
    const { labels } = this.#setting.loaded;
    const [p, z] = [probabilities, logits].map((all) => slice0(all, i, i + 1).data);
    const best = Array.from(p.keys())
      .sort((a, b) => p[b] - p[a])
      .slice(0, SHOWN_CLASSES);
    return {
      pixels: pixelsOf(slice0(pictures, i, i + 1)),
      objective: objective[i],
      top: best.map((index) => ({ index, label: labelOf(labels, index), logit: z[index], probability: p[index] })),
    };
  }
}

/** What terms may name; the image's activations at the layers that are caricatured. */
async function sitesOf(setting: Setting, x: FloatTensor | null, objectives: readonly Objective[]): Promise<Sites> {
  const { loaded } = setting;
  const activations = new Map(activationsOf(loaded.model).map((a) => [a.info.id, a]));
  const layer = (name: string): Site => {
    const found = activations.get(name);
    if (!found)
      throw new RangeError(
        `${loaded.info.name}: has no layer "${name}" among its ${activations.size} activations. Pick one from the list.`,
      );
    return found;
  };
  const sites = { layer, logits: { value: loaded.model.logits, layout: null } };
  const wanted = new Set(
    objectives.flatMap(({ terms }) => terms.flatMap(({ term }) => (term.kind === 'caricature' ? [term.layer] : []))),
  );
  if (!x || wanted.size === 0) return sites;
  const inside = await lookInside(loaded, x);
  const examples = new Map<string, FloatTensor>();
  for (const name of wanted) examples.set(name, await inside.tensor(name));
  inside.dispose();
  return { ...sites, example: (name) => examples.get(name)! };
}

/** Each objective on the image that is open. */
async function objectivesOn(
  { model, engine }: Setting['loaded'],
  objectives: readonly Objective[],
  sites: Sites,
  x: FloatTensor,
): Promise<number[]> {
  const values: number[] = [];
  for (const objective of objectives) {
    const probe = probeOf([objective], sites);
    const build = () => ({
      name: 'objective',
      inputs: [model.input, ...probe.inputs],
      outputs: [probe.build(new Builder(), (v) => v)],
    });
    const program = await engine.program(`objective/${probe.key}`, build, { batch: 1 });
    const [result] = await program.run([x, ...probe.feeds]);
    values.push(((await result.read()).data as Float32Array)[0]);
    result.dispose();
  }
  return values;
}

/** [1, 1 or 3, height, width] in 0…1 as 8 bits a channel. */
function pixelsOf({ shape, data }: FloatTensor): Pixels {
  const [, channels, height, width] = shape;
  const area = height * width;
  const rgba = new Uint8ClampedArray(area * 4).fill(255);
  for (let i = 0; i < area; i++)
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = 255 * data[(channels === 3 ? c : 0) * area + i];
  return { width, height, data: rgba };
}
