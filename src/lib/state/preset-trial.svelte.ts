/** @file What the open model answers by each preset: asked for by hand, and out of date as soon as something else is fed. */
import type { InputChoice, PresetAnswer } from '../worker/api.ts';
import { perWorkspace } from './per-workspace.svelte.ts';
import type { Workspace } from './workspace.svelte.ts';

export type { PresetAnswer };

/** What an answer holds for: the model, the images, and how the inputs that are not tried are fed. */
interface Asked {
  readonly model: object;
  readonly input: number;
  readonly choices: readonly InputChoice[];
}

export class PresetTrial {
  problem = $state('');
  running = $state(false);
  #answers = $state.raw<readonly PresetAnswer[]>([]);
  #asked = $state.raw<Asked | null>(null);
  #runs = 0;
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Empty where none were asked for, or for something else. */
  get answers(): readonly PresetAnswer[] {
    return this.#asked && this.#isStill(this.#asked) ? this.#answers : [];
  }

  /** Whether there is something to try them on. */
  get possible(): boolean {
    return this.#now() !== null;
  }

  async run(): Promise<void> {
    const asked = this.#now();
    if (!asked) return;
    const run = ++this.#runs;
    [this.running, this.problem] = [true, ''];
    const outcome = await this.#workspace.lab.tryPresets(asked.choices, asked.input);
    if (run !== this.#runs) return;
    this.running = false;
    if (outcome.ok) [this.#asked, this.#answers] = [asked, outcome.value];
    else if (outcome.reason === 'failed') this.problem = outcome.message;
  }

  #now(): Asked | null {
    const { model, inputs } = this.#workspace;
    return model && inputs.choices && { model, input: inputs.selected, choices: inputs.choices };
  }

  /** The preset that stands at the input itself is what is tried. */
  #isStill({ model, input, choices }: Asked): boolean {
    const now = this.#now();
    return (
      now !== null &&
      now.model === model &&
      now.input === input &&
      now.choices.every(
        ({ image, preprocessing }, i) =>
          image === choices[i].image && (i === input || preprocessing === choices[i].preprocessing),
      )
    );
  }
}

export const presetTrialOf = perWorkspace((workspace) => new PresetTrial(workspace));
