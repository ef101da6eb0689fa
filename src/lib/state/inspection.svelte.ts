/** @file What the open model is made of: asked for when a person wants to see it. */
import type { LabClient } from '../worker/client.ts';
import type { InspectedLayer, InspectedModel, InspectedOperator, ModelInfo } from '../worker/api.ts';

export type { InspectedLayer, InspectedModel, InspectedOperator };

export class Inspection {
  /** Whether it is on show. */
  open = $state(false);
  /** Of the model that was asked about last. */
  report = $state.raw<InspectedModel | null>(null);
  problem = $state('');
  query = $state('');
  readonly #lab: LabClient;
  #of = '';

  constructor(lab: LabClient) {
    this.#lab = lab;
  }

  /** Call when the open model changes while it is on show. */
  async look({ sha256 }: ModelInfo): Promise<void> {
    if (sha256 === this.#of && this.report) return;
    this.#of = sha256;
    [this.report, this.problem, this.query] = [null, '', ''];
    const outcome = await this.#lab.inside.inspect();
    if (sha256 !== this.#of) return;
    if (outcome.ok) this.report = outcome.value;
    else if (outcome.reason === 'failed') this.problem = outcome.message;
  }
}
