/** @file What is asked of the open model about the open image, and what it answered. */
import type { LabClient } from '../worker/client.ts';
import type {
  AttributionRequest,
  AttributionResult,
  Fed,
  InputChoice,
  MethodInfo,
  ModelInfo,
  Outcome,
  Prediction,
  Preprocessing,
  ProgressReport,
} from '../worker/api.ts';
import { Inputs } from './inputs.svelte.ts';
import type { Picture } from './picture.svelte.ts';
import { Question } from './question.svelte.ts';
import { seenFrom } from './seen-from.ts';

/** How long a request must stand before it is sent, so that a dragged slider asks once. */
const SETTLE_MS = 120;

export type Status = 'idle' | 'running' | 'done' | 'error';

/** What is asked of the model's forward pass. */
export interface Feed extends InputChoice {
  readonly model: ModelInfo;
  /** For the inputs behind the first, where there are any. */
  readonly others?: readonly InputChoice[];
  /** Grows when the same question must be asked again: another device, a retry. */
  readonly turn: number;
}

interface Answer<K, T> {
  readonly to: K;
  readonly outcome: Outcome<T>;
}

export class Inquiry {
  readonly question = new Question();
  readonly inputs: Inputs;
  model = $state.raw<ModelInfo | null>(null);
  /** What is being opened or started; null when nothing is. */
  opening = $state.raw<ProgressReport | null>(null);
  progress = $state.raw<ProgressReport | null>(null);
  /** While a link's files are being gathered, nothing is computed. */
  held = $state(false);

  #turn = $state(0);
  #predicted = $state.raw<Answer<Feed, Prediction> | null>(null);
  #explained = $state.raw<Answer<string, AttributionResult> | null>(null);
  /** The newest picture that was made; it stays on show while the next is in the making. */
  #shown = $state.raw<AttributionResult | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly lab: LabClient;

  constructor(lab: LabClient) {
    this.lab = lab;
    this.inputs = new Inputs(lab);
  }

  /** The image of the input that is looked at. */
  get picture(): Picture {
    return this.inputs.current.picture;
  }

  /** Of the input that is looked at. */
  get preprocessing(): Preprocessing | null {
    return this.inputs.current.preprocessing;
  }

  set preprocessing(preprocessing: Preprocessing | null) {
    this.inputs.current.preprocessing = preprocessing;
  }

  readonly method: MethodInfo | null = $derived(
    this.model?.methods.find(({ id }) => id === this.question.method) ?? null,
  );

  readonly feed: Feed | null = $derived.by(() => {
    const { model, held } = this;
    const { choices } = this.inputs;
    if (held || !model || !choices) return null;
    const [first, ...others] = choices;
    return { model, ...first, ...(others.length > 0 && { others }), turn: this.#turn };
  });

  readonly #predictionOutcome = $derived(
    this.#predicted && this.feed && sameFeed(this.#predicted.to, this.feed) ? this.#predicted.outcome : null,
  );

  readonly #answer: Prediction | null = $derived(this.#predictionOutcome?.ok ? this.#predictionOutcome.value : null);

  /** From the side of the input that is looked at. */
  readonly prediction: Prediction | null = $derived.by(
    () => this.#answer && seenFrom(this.#answer, this.inputs.selected),
  );

  readonly request: AttributionRequest | null = $derived.by(() => {
    const { method, feed, question } = this;
    const asked = this.#answer && question.asked(this.#answer.top.map(({ index }) => index));
    if (!method || method.unavailable !== null || !feed || !asked) return null;
    const baseline = question.baselineOf(method);
    // They are on their way.
    if (baseline.kind === 'images' && baseline.images.length === 0 && this.opening) return null;
    return {
      image: feed.image,
      preprocessing: feed.preprocessing,
      ...(feed.others && { others: feed.others }),
      method: method.id,
      options: question.optionsOf(method),
      ...asked,
      through: question.throughOf(method),
      baseline,
      layer: question.layerOf(method),
      seed: question.seed,
    };
  });

  readonly #key = $derived(this.request && JSON.stringify([this.request, this.model?.sha256, this.#turn]));
  readonly #outcome = $derived(this.#explained && this.#explained.to === this.#key ? this.#explained.outcome : null);

  /** Whether the person stopped what was asked for. */
  readonly stopped: boolean = $derived(
    [this.#predictionOutcome, this.#outcome].some((outcome) => outcome?.ok === false && outcome.reason === 'cancelled'),
  );

  readonly status: Status = $derived.by(() => {
    if (this.#outcome?.ok) return 'done';
    if (this.stopped) return 'idle';
    if (this.#outcome) return 'error';
    if (this.request || this.opening) return 'running';
    if (this.#predictionOutcome && !this.#predictionOutcome.ok) return 'error';
    return this.feed && this.method ? 'running' : 'idle';
  });

  /** The result to show: the newest for these images, also while the next is in the making. */
  readonly #present: AttributionResult | null = $derived.by(() => {
    const shown = this.#shown;
    if (!shown || shown.modelSha256 !== this.model?.sha256) return null;
    const images = [shown.request, ...(shown.request.others ?? [])].map(({ image }) => image);
    const { slots } = this.inputs;
    const belongs = images.length === slots.length && slots.every(({ picture }, i) => picture.info?.id === images[i]);
    return belongs ? shown : null;
  });

  /** From the side of the input that is looked at. */
  readonly result: AttributionResult | null = $derived.by(
    () => this.#present && seenFrom(this.#present, this.inputs.selected),
  );

  readonly failure: string = $derived.by(() => {
    for (const outcome of [this.#predictionOutcome, this.#outcome]) {
      if (outcome && !outcome.ok && outcome.reason === 'failed') return outcome.message;
    }
    return '';
  });

  /** What the input that is looked at is fed of its image; null where that is not known. */
  async fed({ image, preprocessing, others = [] }: Feed): Promise<Fed | null> {
    const { selected } = this.inputs;
    const choice = [{ image, preprocessing }, ...others][selected];
    const outcome = await this.lab.fed(choice.image, choice.preprocessing, selected);
    return outcome.ok ? outcome.value : null;
  }

  /** Call whenever `feed` changes. */
  async predict(feed: Feed): Promise<void> {
    const outcome = await this.lab.predict(feed.image, feed.preprocessing, feed.others);
    if (outcome.ok || outcome.reason === 'failed') this.#predicted = { to: feed, outcome };
  }

  /** Call whenever `request` changes: sends it once it has stood for a moment. */
  explain(request: AttributionRequest): void {
    clearTimeout(this.#timer);
    const key = this.#key;
    if (key === null || this.#explained?.to === key) return;
    // The first picture need not wait: nobody is dragging anything yet.
    this.#timer = setTimeout(() => void this.#attribute(request, key), this.#explained ? SETTLE_MS : 0);
  }

  /** Stops the prediction or explanation that is running. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.lab.cancel();
    const outcome = { ok: false, reason: 'cancelled', message: 'Stopped.' } as const;
    if (this.#key !== null) this.#explained = { to: this.#key, outcome };
    else if (this.feed) this.#predicted = { to: this.feed, outcome };
    this.progress = null;
  }

  /** Asks the same again. */
  retry(): void {
    this.#turn++;
  }

  async #attribute(request: AttributionRequest, key: string): Promise<void> {
    this.progress = null;
    const outcome = await this.lab.attribute(request, (progress) => {
      if (this.#key === key) this.progress = progress;
    });
    if (!outcome.ok && outcome.reason === 'cancelled') return;
    this.progress = null;
    if (outcome.ok) this.#shown = outcome.value;
    this.#explained = { to: key, outcome };
  }
}

const sameFeed = (a: Feed, b: Feed): boolean =>
  a.model === b.model && a.turn === b.turn && sameChoices([a, ...(a.others ?? [])], [b, ...(b.others ?? [])]);

const sameChoices = (a: readonly InputChoice[], b: readonly InputChoice[]): boolean =>
  a.length === b.length &&
  a.every(({ image, preprocessing }, i) => image === b[i].image && preprocessing === b[i].preprocessing);
