/** @file What the registry knows about a method. */
import type { Static, TObject } from 'typebox';
import { backward } from '../autodiff/backward.ts';
import type { RuleSet } from '../autodiff/rule-sets.ts';
import { Builder } from '../ops/builder.ts';
import type { Value } from '../graph/graph.ts';
import { readOptions } from './options.ts';
import { fromLayer, siteFromLayer } from './part.ts';
import type { WholeSite } from './site.ts';
import type { Explanation, ModelGraph, Question } from './types.ts';

export interface Citation {
  readonly authors: string;
  readonly year: number;
  readonly title: string;
  readonly url: string;
}

/** What methods are grouped by in lists, in the lists' order. */
export const families = {
  path: 'Against a baseline',
  cam: 'Class activation maps',
  gradient: 'Gradients',
  relevance: 'Relevance',
  perturbation: 'Changing the image',
  layer: 'Inside a layer',
} as const;

export type Family = keyof typeof families;

/** Which parts of a Question a method reads beyond model, input and target. */
export interface Needs {
  readonly baseline: boolean;
  readonly layer: boolean;
  readonly seed: boolean;
  /** A neuron through which the target is followed. */
  readonly neuron?: true;
  /** Other images, as a distribution of baselines. */
  readonly images?: true;
}

export interface Method {
  readonly id: string;
  readonly title: string;
  readonly family: Family;
  /** One sentence for the form. */
  readonly description: string;
  readonly citation: Citation;
  /** JSON Schema of the options. */
  readonly options: TObject;
  readonly needs: Needs;
  /**
   * Whether it also explains a layer: where the question names one, scores are those of the layer's elements in place of
   * the image's. Of no account where it needs a layer anyway.
   */
  readonly layers: boolean;
  /** Whether scores have a meaningful sign under the default options. */
  readonly signed: boolean;
  /** Why it cannot be used with this model; null when it can. */
  unavailable(model: ModelGraph): string | null;
  /**
   * Explains. Options that are left out take their defaults. Throws a RangeError for options outside the schema or a
   * missing baseline or layer, and the signal's reason when it is cancelled.
   */
  explain(question: Question, options?: Readonly<Record<string, unknown>>): Promise<Explanation>;
  /** Why its explanation is no graph, a sentence; null where it is one. */
  readonly noGraph: string | null;
  /**
   * The scores as values of a graph, of the shapes of `explain` with N examples. Throws a RangeError as `explain` does, and
   * where there is no graph.
   */
  graph(g: Builder, site: WholeSite, options?: Readonly<Record<string, unknown>>): Value;
}

type Definition<S extends TObject> = Omit<Method, 'options' | 'explain' | 'layers' | 'graph' | 'noGraph'> & {
  readonly options: S;
  /** The explanation as one graph, from the same parts as `explain`; or why there is none. */
  readonly graph: string | ((g: Builder, site: WholeSite, options: Static<S>) => Value);
  explain(question: Question, options: Static<S>): Promise<Explanation>;
  /**
   * How it explains a layer, where it can. `from-layer`: as it explains an image, the layer being the input of what
   * follows it.
   */
  readonly explainLayer?:
    'from-layer' | ((question: Question, layer: Value, options: Static<S>) => Promise<Explanation>);
};

/** A method whose options are read by its schema before it runs. */
export function defineMethod<const S extends TObject>(definition: Definition<S>): Method {
  const { title, options, needs, explainLayer, graph, ...rest } = definition;
  const refuseLayer = (name: string): never => {
    throw new RangeError(`${title}: it explains the image and no layer, "${name}" is asked for. Leave it out.`);
  };
  const noLayer = `${title}: there is no layer. Choose one with positions, such as the last convolution.`;
  const noNeuron = `${title}: there is no neuron to go through. Choose one: a layer, a channel and a place.`;
  return {
    ...rest,
    title,
    options,
    needs,
    layers: explainLayer !== undefined,
    async explain(question, given = {}) {
      const read = readOptions(options, given, `Options of ${title}`);
      if (needs.baseline && !question.baseline)
        throw new RangeError(`${title}: there is no baseline. Choose one, such as black.`);
      if (needs.images && !question.baselineCount)
        throw new RangeError(`${title}: there are no other images to compare with. Open more images.`);
      if (needs.layer && !question.layer) throw new RangeError(noLayer);
      if (needs.neuron && !question.through) throw new RangeError(noNeuron);
      const { layer } = question;
      if (!layer || needs.layer) return definition.explain(question, read);
      if (explainLayer === undefined) return refuseLayer(layer.name);
      return explainLayer === 'from-layer'
        ? definition.explain(await fromLayer(question, layer), read)
        : explainLayer({ ...question, layer: undefined }, layer, read);
    },
    noGraph: typeof graph === 'string' ? graph : null,
    graph(g, site, given = {}) {
      if (typeof graph === 'string') throw new RangeError(`${title}: ${graph}`);
      const read = readOptions(options, given, `Options of ${title}`);
      if (needs.layer && !site.layer) throw new RangeError(noLayer);
      if (needs.neuron && !site.through) throw new RangeError(noNeuron);
      if (!site.layer || needs.layer) return graph(g, site, read);
      if (explainLayer === undefined) return refuseLayer(site.layer.name);
      return graph(g, explainLayer === 'from-layer' ? siteFromLayer(site, site.layer) : site, read);
    },
  };
}

/** Why methods that see nothing but F are no graph. */
export const ASKS_AGAIN =
  'It asks the model about many changed images and puts its answers together outside the model.';

/** Why a walk back to the input under `rules` cannot be built for this model; null when it can. Runs nothing. */
export function missingRules(model: ModelGraph, rules: RuleSet): string | null {
  try {
    const g = new Builder();
    backward(g, rules, { y: model.probabilities, seed: g.zerosLike(model.probabilities), xs: [model.input] });
    return null;
  } catch (error) {
    if (error instanceof Error && !error.message.startsWith('internal')) return error.message;
    throw error;
  }
}
