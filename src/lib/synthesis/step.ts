/** @file One step of activation maximisation as one graph, and a look at the picture as another. */
import { modelOn, graphInput } from '../attribution/program.ts';
import type { ModelGraph } from '../attribution/types.ts';
import { backward } from '../autodiff/backward.ts';
import { gradient, type RuleSet } from '../autodiff/rule-sets.ts';
import { dependents, type Graph, type Value } from '../graph/graph.ts';
import { Builder } from '../ops/builder.ts';
import type { Preprocessing } from '../vision/types.ts';
import { pushApart } from './diversity.ts';
import type { Probe, Site } from './objective.ts';
import { ascend } from './optimiser.ts';
import { parametrisations } from './parametrisation.ts';
import { prepare } from './prepare.ts';
import { redirected } from './redirect.ts';
import { penalty } from './regulariser.ts';
import { FORWARD_SHARES, GREY, adjointShares, resample, type TableInputs } from './transform.ts';
import type { PictureSize, Recipe } from './types.ts';

/** What both graphs are built from. */
export interface Plan {
  readonly model: ModelGraph;
  readonly preprocessing: Preprocessing;
  readonly size: PictureSize;
  readonly recipe: Recipe;
  readonly probe: Probe;
  /** Pictures in a batch. */
  readonly batch: number;
  readonly diversity?: { readonly site: Site; readonly weight: number };
}

/** Everything in a plan that the graphs' structure depends on. */
export function planKey({ recipe, probe, preprocessing, batch, diversity }: Plan): string {
  const { parametrisation, regularisers, transform } = recipe;
  const apart = diversity && [diversity.site.value.name, diversity.weight, batch];
  return JSON.stringify([parametrisation, regularisers, adjointShares(transform), probe.key, preprocessing, apart]);
}

/**
 * parameters → picture → moved picture → model → objective, back again, and a step up. Inputs: parameters and their two
 * moments; the three factors of the optimiser; the tables of the move, there and back; what the probe is fed. Outputs: the
 * three after the step, and the objective [N, 1] of the moved picture.
 *
 * `warm`: with the redirection of the first steps.
 */
export function stepGraph(plan: Plan, warm: boolean): Graph {
  const { model, size, recipe, probe, batch } = plan;
  const g = new Builder();
  const rules: RuleSet = warm ? redirected : gradient;
  const { state, factors, forward, adjoint } = inputsOf(plan);
  const picture = parametrisations[recipe.parametrisation].picture(g, state.parameters, size);
  const moved = g.add(resample(g, g.sub(picture, GREY), forward), GREY);
  const at = modelOn(model, prepare(g, moved, plan.preprocessing));
  const objective = probe.build(g, at);
  refuseIndependent(moved, objective);

  const ones = g.expand(g.scalar(1), objective.shape);
  const apart =
    plan.diversity && batch > 1 ? [pushApart(g, plan.diversity.site, at, plan.diversity.weight, batch)] : [];
  const [ofMoved] = backward(g, rules, { y: objective, seed: ones, also: apart, xs: [moved] });
  const ofPicture = g.add(resample(g, ofMoved, adjoint), penaltyGradient(g, picture, recipe));
  const [ofParameters] = backward(g, gradient, { y: picture, seed: ofPicture, xs: [state.parameters] });
  const next = ascend(g, state, ofParameters, factors);
  return {
    name: 'activation maximisation',
    inputs: [
      ...Object.values(state),
      ...Object.values(factors),
      ...Object.values(forward),
      ...Object.values(adjoint),
      ...probe.inputs,
    ],
    outputs: [next.parameters, next.first, next.second, objective],
  };
}

/** Parameters and what the probe is fed → pictures, their objective without a move, the model's logits and probabilities. */
export function lookGraph(plan: Plan): Graph {
  const { model, size, recipe, probe } = plan;
  const g = new Builder();
  const { parameters } = inputsOf(plan).state;
  const picture = parametrisations[recipe.parametrisation].picture(g, parameters, size);
  const at = modelOn(model, prepare(g, picture, plan.preprocessing));
  return {
    name: 'look',
    inputs: [parameters, ...probe.inputs],
    outputs: [picture, probe.build(g, at), at(model.logits), at(model.probabilities)],
  };
}

function inputsOf({ model, size, recipe }: Plan) {
  const examples = model.input.shape[0];
  const like = (name: string) => graphInput(name, [examples, ...parametrisations[recipe.parametrisation].shape(size)]);
  const number = (name: string) => graphInput(name, [1]);
  const pixels = size.height * size.width;
  return {
    state: { parameters: like('parameters'), first: like('first moment'), second: like('second moment') },
    factors: { moment: number('moment'), gradient: number('gradient'), variance: number('variance') },
    forward: tableInputs('move', FORWARD_SHARES, pixels),
    adjoint: tableInputs('move back', adjointShares(recipe.transform), pixels),
  };
}

const tableInputs = (name: string, shares: number, pixels: number): TableInputs => ({
  indices: graphInput(`${name}: pixels`, [shares, pixels], 'int32'),
  weights: graphInput(`${name}: weights`, [shares, pixels]),
});

function penaltyGradient(g: Builder, picture: Value, { regularisers }: Recipe): Value {
  const lost = penalty(g, picture, regularisers);
  if (!lost) return g.scalar(0);
  const minus = g.expand(g.scalar(-1), lost.shape);
  return backward(g, gradient, { y: lost, seed: minus, xs: [picture] })[0];
}

function refuseIndependent(picture: Value, objective: Value): void {
  if (dependents([picture], [objective]).has(objective)) return;
  throw new Error('Objective: it does not depend on the image, so no image makes it large. Choose another layer.');
}
