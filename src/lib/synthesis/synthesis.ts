/** @file Activation maximisation, step by step: what is drawn, fed, kept on the device and looked at. */
import type { Compiled, Engine, ModelGraph, Resident } from '../attribution/types.ts';
import { random } from '../tensor/random.ts';
import { float32, zeros, type FloatTensor, type Tensor } from '../tensor/tensor.ts';
import type { Preprocessing } from '../vision/types.ts';
import { probeOf, type Sites } from './objective.ts';
import { stepFactors, type StepFactors } from './optimiser.ts';
import { initialParameters } from './parametrisation.ts';
import { REDIRECTED_STEPS } from './redirect.ts';
import { lookGraph, planKey, stepGraph, type Plan } from './step.ts';
import { adjointShares, drawMove, tablesOf, type Tables } from './transform.ts';
import type { Objective, Recipe } from './types.ts';

export interface SynthesisSetting {
  readonly model: ModelGraph;
  readonly engine: Engine;
  readonly preprocessing: Preprocessing;
  readonly sites: Sites;
  readonly recipe: Recipe;
  /** One for each picture; all of one form. Only a model with an open batch axis takes several. */
  readonly objectives: readonly Objective[];
  /** Where picture i starts; by default all start alike, from the recipe's seed. */
  readonly seeds?: readonly number[];
}

/** The pictures as they stand. */
export interface Look {
  /** [batch, channels, height, width] in 0…1; red, green, blue. */
  readonly pictures: FloatTensor;
  /** Objective of each picture as it is shown. */
  readonly objective: readonly number[];
  /** [batch, …]: what the model says of each. */
  readonly logits: FloatTensor;
  readonly probabilities: FloatTensor;
}

export interface Synthesis {
  /** Steps made so far. */
  readonly step: number;
  /** One step. The objective of each picture as it was moved in this step; throws a NotFinite where that is no number. */
  advance(): Promise<readonly number[]>;
  look(): Promise<Look>;
  dispose(): void;
}

/** The step that would have spoilt the pictures is not taken. */
export class NotFinite extends Error {
  override name = 'NotFinite';
}

/** Throws a RangeError or an Error where the objective does not fit the model, before anything is compiled. */
export async function createSynthesis(setting: SynthesisSetting): Promise<Synthesis> {
  const { engine, recipe, objectives } = setting;
  const plan = planOf(setting);
  const key = planKey(plan);
  const { batch } = plan;
  const compile = (warm: boolean) =>
    engine.program(`synthesis/${warm ? 'redirected' : 'plain'}/${key}`, () => stepGraph(plan, warm), {
      batch,
      keep: [0, 1, 2],
    });
  const draws = random(recipe.seed);
  const factors = stepFactors(recipe.optimiser, recipe.learningRate);
  const start = initialParameters(
    recipe.parametrisation,
    plan.size,
    setting.seeds ?? objectives.map(() => recipe.seed),
  );
  let state: readonly (Tensor | Resident)[] = [start, zeros('float32', start.shape), zeros('float32', start.shape)];
  let tables: Tables | undefined;
  let step = 0;

  const dispose = () => state.forEach((tensor) => 'dispose' in tensor && tensor.dispose());
  return {
    get step() {
      return step;
    },
    async advance() {
      const program = await compile(step < REDIRECTED_STEPS);
      tables = tablesOf(drawMove(recipe.transform, draws), plan.size, adjointShares(recipe.transform), tables);
      const [parameters, first, second, objective] = await program.run([
        ...state,
        ...factorFeeds(factors.next().value),
        ...tableFeeds(tables),
        ...plan.probe.feeds,
      ]);
      const values = await numbersOf(objective);
      const bad = values.find((v) => !Number.isFinite(v));
      if (bad !== undefined) {
        [parameters, first, second].forEach((tensor) => tensor.dispose());
        throw new NotFinite(
          step === 0
            ? `Activation maximisation: the objective is ${bad} from the first picture on. Signals says in which layer that begins; choose a unit before it.`
            : `Activation maximisation: the objective became ${bad} at step ${step + 1}. The picture of step ${step} is kept; try a smaller learning rate.`,
        );
      }
      dispose();
      state = [parameters, first, second];
      step++;
      return values;
    },
    async look() {
      const program: Compiled = await engine.program(`synthesis/look/${key}`, () => lookGraph(plan), { batch });
      const [pictures, objective, logits, probabilities] = await program.run([state[0], ...plan.probe.feeds]);
      return {
        pictures: await tensorOf(pictures),
        objective: await numbersOf(objective),
        logits: await tensorOf(logits),
        probabilities: await tensorOf(probabilities),
      };
    },
    dispose,
  };
}

function planOf({ model, preprocessing, sites, recipe, objectives }: SynthesisSetting): Plan {
  const [first] = objectives;
  if (!first || first.terms.length === 0) throw new RangeError('Objective: it has no term. Choose a unit.');
  if (objectives.length > 1 && !model.batched)
    throw new RangeError(`This model takes one image at a time, ${objectives.length} are asked for. Ask for one.`);
  return {
    model,
    preprocessing,
    size: {
      channels: preprocessing.order === 'grey' ? 1 : 3,
      height: preprocessing.height,
      width: preprocessing.width,
    },
    recipe,
    probe: probeOf(objectives, sites),
    batch: objectives.length,
    diversity: first.diversity && { site: sites.layer(first.diversity.layer), weight: first.diversity.weight },
  };
}

const factorFeeds = ({ moment, gradient, variance }: StepFactors): FloatTensor[] =>
  [moment, gradient, variance].map((factor) => float32([1], [factor]));

const tableFeeds = ({ forward, adjoint }: Tables): Tensor[] => [
  forward.indices,
  forward.weights,
  adjoint.indices,
  adjoint.weights,
];

async function tensorOf(result: Resident): Promise<FloatTensor> {
  const { shape, data } = await result.read();
  const copy = float32(shape, Float32Array.from(data as Float32Array));
  result.dispose();
  return copy;
}

const numbersOf = async (result: Resident): Promise<number[]> => Array.from((await tensorOf(result)).data);
