/** @file How signals go through the model, forwards and backwards: whether units are dead, saturated, or gradients vanish. */
import { graphInput } from '../attribution/program.ts';
import { headOf, outputOf, seedOf } from '../attribution/target.ts';
import type { Compiled, ModelGraph, Target } from '../attribution/types.ts';
import { backward } from '../autodiff/backward.ts';
import { gradient } from '../autodiff/rule-sets.ts';
import { dependents, type Graph, type Value } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import { batched } from '../synthesis/objective.ts';
import type { FloatTensor } from '../tensor/tensor.ts';
import { activationsOf, type Activation } from './activations.ts';
import type { Inside } from './inside.ts';
import { LayerRecord, type LayerHealth } from './layer-record.ts';
import type { LoadedModel } from './open.ts';

/** Collects over images, so that a batch costs one pass forwards and one backwards for each. */
export class Checkup {
  /** Why there are no gradients, such as an operator without a rule; '' when there are. */
  readonly withoutGradient: string = '';
  readonly #target: Target;
  readonly #loaded: Pick<LoadedModel, 'model' | 'engine'>;
  readonly #records: readonly LayerRecord[];
  /** Of those, the ones that F depends on. */
  readonly #reached: readonly LayerRecord[];
  readonly #gradients: Graph | null = null;
  #images = 0;

  constructor(loaded: Pick<LoadedModel, 'model' | 'engine'>, target: Target) {
    const { model } = loaded;
    this.#loaded = loaded;
    this.#target = target;
    this.#records = activationsOf(model).map((activation) => new LayerRecord(activation));
    const y = outputOf(model, target);
    this.#reached = this.#records.filter(({ activation: { value } }) => dependents([value], [y]).has(y));
    if (this.#reached.length === 0) return;
    const layers = this.#reached.map((record) => record.activation);
    try {
      this.#gradients = normGraph(model, layers, target);
    } catch (error) {
      this.withoutGradient = error instanceof Error ? error.message : String(error);
    }
  }

  get images(): number {
    return this.#images;
  }

  /**
   * Takes in one more image: `inside` holds its activations, `x` is the image as the model is fed. Where it fails, what was
   * counted is of no use any more.
   */
  async add(inside: Inside, x: FloatTensor): Promise<void> {
    const norms = this.#gradients && (await this.#norms(this.#gradients, x));
    // One after the other: together they may be larger than what is left of the memory.
    for (const record of this.#records) record.add((await inside.maps(record.activation.info.id)).data);
    if (norms) this.#reached.forEach((record, i) => record.addGradient(norms[i]));
    this.#images++;
  }

  layers(): LayerHealth[] {
    return this.#records.map((record) => record.health(this.#images));
  }

  /** ‖∂F/∂activation‖₂ at every layer that F depends on, from one walk back. */
  async #norms(graph: Graph, x: FloatTensor): Promise<Float32Array> {
    const { model, engine } = this.#loaded;
    const key = `gradient norms/${headOf(this.#target)}`;
    const program: Compiled = await engine.program(key, () => graph, { batch: 1 });
    const [result] = await program.run([x, seedOf({ model, target: this.#target })]);
    const norms = ((await result.read()).data as Float32Array).slice();
    result.dispose();
    return norms;
  }
}

function normGraph(model: ModelGraph, layers: readonly Activation[], target: Target): Graph {
  const g = new Builder();
  const y = outputOf(model, target);
  const seed = graphInput('seed', y.shape);
  const slopes = backward(g, gradient, { y, seed, xs: layers.map(({ value }) => value) });
  const norms = slopes.map((slope, i) => normOf(g, batched(g, layers[i], slope)));
  return { name: 'gradient norms', inputs: [model.input, seed], outputs: [g.concat(norms, 1)] };
}

/** [N, 1]; divided by the largest element first: squares of what vanishes or explodes would leave float32's range. */
function normOf(g: Builder, slope: Value): Value {
  const axes = slope.shape.slice(1).map((_, i) => i + 1);
  const largest = g.reduceMax(g.abs(slope), axes);
  const scale = g.where(g.equal(largest, 0), 1, largest);
  const norm = g.mul(scale, g.sqrt(g.reduceSum(g.square(g.div(slope, scale)), axes)));
  return g.reshape(norm, [slope.shape[0], 1]);
}
