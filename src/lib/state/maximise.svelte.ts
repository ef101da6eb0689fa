/** @file Activation maximisation on the page: what is asked of the picked unit, and the pictures as they come. */
import type { ActivationInfo, SynthesisReport, SynthesisRequest, SynthesisResult } from '../worker/api.ts';
import {
  type Aim,
  type AimKind,
  type Company,
  type How,
  adaptedTo,
  hasUnits,
  howTo,
  objectivesOf,
  recipeOf,
  seedsOf,
  titlesOf,
  unitsIn,
} from './maximise-ask.ts';
import { FIRST_DIVERSITY, FIRST_VARIANTS, detailsOf, readAsked } from './maximise-address.ts';
import { perWorkspace } from './per-workspace.svelte.ts';
import type { Details, Selection } from './place.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

/** Pictures on show, with what was asked for then. */
export interface Made {
  readonly titles: readonly string[];
  readonly request: SynthesisRequest;
  readonly report: SynthesisReport;
  /** What only a run that has ended says. */
  readonly ended: SynthesisResult | null;
  readonly model: string;
  readonly modelSha256: string;
}

export class Maximisation {
  kind = $state<AimKind>('logit');
  company = $state<Company>('one');
  /** Further units as a person wrote them: "3, 8, 12-14". */
  further = $state('');
  variants = $state(FIRST_VARIANTS);
  diversity = $state(FIRST_DIVERSITY);
  second = $state.raw<Aim['second']>(null);
  power = $state(0);
  how = $state.raw<How>(howTo('fourier', 'logit'));
  made = $state.raw<Made | null>(null);
  running = $state(false);
  problem = $state('');
  readonly #workspace: Workspace;
  #run = 0;
  #followed: Selection | null = null;
  /** The details that were read or written last. */
  #said: Details | null = null;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    this.recall();
  }

  /** The place's details, where an address or a link changed them since: what is asked becomes what they say. */
  recall(): void {
    const { place } = this.#workspace;
    const said = place.said('maximise');
    if (said === this.#said) return;
    const first = this.#said === null && Object.keys(said).length === 0;
    this.#said = said;
    if (first) return;
    const { asked, refused } = readAsked(said, place.selection);
    Object.assign(this, asked);
    this.#followed = place.selection;
    this.problem =
      refused.length > 0
        ? `The address asks for what cannot be: ${refused.join('; ')}. The page’s own choice is taken there.`
        : '';
  }

  /** What the place should say of what is asked by now. */
  readonly details: Details = $derived.by(() => detailsOf(this, this.#workspace.place.selection));

  remember(): void {
    this.#workspace.place.say('maximise', this.details);
    this.#said = this.#workspace.place.said('maximise');
  }

  readonly layer: ActivationInfo | null = $derived.by(() => this.#workspace.inside.layer);

  /** Classes of the model or channels of the layer. */
  readonly count: number = $derived.by(() =>
    this.kind === 'logit' ? (this.#workspace.model?.classes ?? 0) : (this.layer?.channels ?? 0),
  );

  /** The class or channel that is picked for the whole page. */
  readonly unit: number = $derived.by(() => {
    const { question, prediction, place } = this.#workspace;
    if (!hasUnits(this.kind)) return 0;
    if (this.kind === 'logit') return question.chosen ?? prediction?.top[0]?.index ?? 0;
    return Math.min(place.selection.channel ?? 0, Math.max(0, this.count - 1));
  });

  pick(unit: number): void {
    if (this.kind === 'logit') this.#workspace.question.chosen = unit;
    else this.#workspace.place.pickChannel(unit);
  }

  /** What is wrong with the further units; '' where nothing is. */
  readonly furtherProblem: string = $derived.by(() => {
    const units = unitsIn(this.further, this.count);
    return typeof units === 'string' ? units : '';
  });

  /** What was asked of another model and this one has not; '' where there is nothing. */
  readonly misfit: string = $derived.by(() => {
    const { second, count, layer } = this;
    if (!second || !hasUnits(this.kind) || count === 0 || second.unit < count) return '';
    const [what, where] =
      this.kind === 'logit' ? ['class', this.#workspace.model?.name] : ['channel', `“${layer?.id}”`];
    return `The second ${what} is ${second.unit}, but ${where} has ${count}, from 0 to ${count - 1}: it is left out. Choose another.`;
  });

  readonly #units: readonly number[] = $derived.by(() => {
    const further = this.company === 'units' && hasUnits(this.kind) ? unitsIn(this.further, this.count) : [];
    return typeof further === 'string' ? [this.unit] : [this.unit, ...further.filter((unit) => unit !== this.unit)];
  });

  /** Null while no model or no layer is there. */
  readonly aim: Aim | null = $derived.by(() => {
    const { kind, layer, second, power } = this;
    const { model, inside, place } = this.#workspace;
    if (!model || (kind !== 'logit' && !layer)) return null;
    const spread = kind === 'logit' ? inside.layers.findLast(({ height, width }) => height * width > 1) : layer;
    return {
      kind,
      layer: kind === 'logit' ? '' : layer!.id,
      channels: this.count,
      units: this.#units,
      position: kind === 'neuron' ? place.selection.position : null,
      second: second && second.unit < this.count ? second : null,
      power,
      variants: this.company === 'variants' ? this.variants : 1,
      diversity: spread ? { layer: spread.id, weight: this.diversity } : null,
    };
  });

  /** A channel or neuron that was picked elsewhere since is what is to be made large. */
  follow(): void {
    const { selection } = this.#workspace.place;
    if (selection === this.#followed) return;
    this.#followed = selection;
    if (selection.channel === null) return;
    const kind = selection.position ? 'neuron' : this.kind === 'neuron' ? 'neuron' : 'channel';
    if (kind !== this.kind) this.choose(kind);
  }

  /** Call when a model is on show: pictures of another one go. */
  adaptTo(modelSha256: string): void {
    if (!this.made || this.made.modelSha256 === modelSha256) return;
    this.#run++;
    this.made = null;
    this.running = false;
    this.second = null;
    this.further = this.problem = '';
  }

  /** Of another kind there are other units. */
  choose(kind: AimKind): void {
    this.how = adaptedTo(kind, this.kind, this.how);
    this.kind = kind;
    this.second = null;
    this.further = '';
  }

  /** The unit and the three behind it. */
  suggestFurther(): void {
    const rest = Array.from({ length: 3 }, (_, i) => this.unit + 1 + i).filter((unit) => unit < this.count);
    if (this.further === '') this.further = rest.join(', ');
  }

  async start(): Promise<void> {
    const { inside, preprocessing, model } = this.#workspace;
    const { aim, how } = this;
    if (!aim || !preprocessing || !model) return;
    const own = ++this.#run;
    const request: SynthesisRequest = {
      objectives: objectivesOf(aim),
      seeds: seedsOf(aim, how.seed),
      recipe: recipeOf(how, preprocessing),
      preprocessing,
      image: inside.choices?.[0] ?? null,
    };
    const titles = titlesOf(aim, (index) => model.labels[index] ?? `class ${index}`);
    const about = { titles, request, model: model.name, modelSha256: model.sha256 };
    this.problem = '';
    this.running = true;
    const show = (report: SynthesisReport, ended: Made['ended'] = null) => {
      if (own === this.#run) this.made = { ...about, report, ended };
    };
    const outcome = await inside.lab.synthesize(request, (report) => show(report));
    if (own !== this.#run) return;
    this.running = false;
    if (outcome.ok) {
      show(outcome.value, outcome.value);
      this.problem = outcome.value.problem;
    } else if (outcome.reason === 'failed') this.problem = outcome.message;
  }

  pause(): void {
    this.#workspace.inside.lab.control('pause');
  }

  resume(): void {
    this.#workspace.inside.lab.control('resume');
  }

  /** Ends the run; its pictures stay. */
  stop(): void {
    this.#workspace.inside.lab.control('stop');
  }
}

/** The one of a workspace: it outlives the view that shows it, and is loaded with it. */
export const maximisationOf = perWorkspace((workspace) => new Maximisation(workspace));
