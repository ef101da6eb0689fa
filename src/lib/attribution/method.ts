/** @file What the registry knows about a method. */
import type { Static, TObject } from 'typebox';
import { backward } from '../autodiff/backward.ts';
import type { RuleSet } from '../autodiff/rule-sets.ts';
import { Builder } from '../ops/builder.ts';
import { readOptions } from './options.ts';
import type { Explanation, ModelGraph, Question } from './types.ts';

export interface Citation {
  readonly authors: string;
  readonly year: number;
  readonly title: string;
  readonly url: string;
}

export interface Method {
  readonly id: string;
  readonly title: string;
  /** One sentence for the form. */
  readonly description: string;
  readonly citation: Citation;
  /** JSON Schema of the options. */
  readonly options: TObject;
  /** Which parts of a Question it reads beyond model, input and target. */
  readonly needs: { readonly baseline: boolean; readonly layer: boolean; readonly seed: boolean };
  /** Whether scores have a meaningful sign under the default options. */
  readonly signed: boolean;
  /** Why it cannot be used with this model; null when it can. */
  unavailable(model: ModelGraph): string | null;
  /**
   * Explains. Options that are left out take their defaults. Throws a RangeError for options outside the schema or a
   * missing baseline or layer, and the signal's reason when it is cancelled.
   */
  explain(question: Question, options?: Readonly<Record<string, unknown>>): Promise<Explanation>;
}

type Definition<S extends TObject> = Omit<Method, 'options' | 'explain'> & {
  readonly options: S;
  explain(question: Question, options: Static<S>): Promise<Explanation>;
};

/** A method whose options are read by its schema before it runs. */
export function defineMethod<const S extends TObject>(definition: Definition<S>): Method {
  const { title, options, needs } = definition;
  return {
    ...definition,
    async explain(question, given = {}) {
      const read = readOptions(options, given, `Options of ${title}`);
      if (needs.baseline && !question.baseline)
        throw new RangeError(`${title}: there is no baseline. Choose one, such as black.`);
      if (needs.layer && !question.layer)
        throw new RangeError(`${title}: there is no layer. Choose one with positions, such as the last convolution.`);
      return definition.explain(question, read);
    },
  };
}

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
