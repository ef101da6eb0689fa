/** @file What a metric sees and what it says. Metrics know no runtime, no page and no file format. */
import type { Static, TObject } from 'typebox';
import type { Citation } from '../attribution/method.ts';
import type { Explanation, Question } from '../attribution/types.ts';
import type { FloatTensor } from '../tensor/tensor.ts';

/** What stands for "nothing there" where a place is taken away. */
export type Replacement = 'black' | 'white' | 'mean' | 'blur' | 'noise';

/** What metrics are grouped by in lists, in the lists' order. */
export const groups = {
  axiom: 'Does it keep its promise?',
  complexity: 'Is it compact?',
  localisation: 'Does it find the object?',
  faithfulness: 'Does the model agree?',
  randomisation: 'Does it depend on the model?',
  robustness: 'Is it stable?',
} as const;

export type Group = keyof typeof groups;

/** An explanation that is judged, of a model with one image. */
export interface Subject {
  /** As the method was asked. Its signal and its onProgress are the metric's. */
  readonly question: Question;
  readonly explanation: Explanation;
  /** The same method with the same options, asked again: about another input, class or model. */
  readonly explain: (question: Question) => Promise<Explanation>;
  /** A method's scores as one number for each place, […, height, width], at whatever size the method works. */
  readonly mapOf: (scores: FloatTensor) => FloatTensor;
  /** The image with nothing there, in model space, [1, …]. */
  readonly without: (replacement: Replacement) => FloatTensor;
  /** One number for each place of the input, row by row: not 0 on the object. null where nobody has said what it is. */
  readonly mask: Uint8Array | null;
}

/** y over x; x runs from 0 to 1. */
export interface Curve {
  readonly title: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** A number beside the metric's own. */
export interface Detail {
  readonly title: string;
  readonly value: number;
}

export interface Measured {
  /** null where it is not defined for this map. */
  readonly value: number | null;
  /** Why there is no value; '' where there is one. */
  readonly why: string;
  readonly details?: readonly Detail[];
  readonly curves?: readonly Curve[];
  /** What the axes of the curves are. */
  readonly axes?: { readonly x: string; readonly y: string };
}

export interface Metric {
  readonly id: string;
  readonly title: string;
  readonly group: Group;
  /** One sentence for the page. */
  readonly description: string;
  readonly citation: Citation;
  readonly better: 'higher' | 'lower';
  /** JSON Schema of the options. */
  readonly options: TObject;
  /** What it is computed from beyond the map: passes of the model forward, or explanations by the same method. */
  readonly cost: 'map' | 'passes' | 'explanations';
  readonly needsMask: boolean;
  /** Set where it makes no sense of a neuron. */
  readonly needsClass?: true;
  /**
   * Judges. Options that are left out take their defaults. What cannot be judged is no error: `value` is null and `why`
   * says so. Throws a RangeError for options outside the schema and the signal's reason when it is cancelled.
   */
  measure(subject: Subject, options?: Readonly<Record<string, unknown>>): Promise<Measured>;
}

/** A metric before its options are read. */
export type Definition<S extends TObject> = Omit<Metric, 'options' | 'measure'> & {
  readonly options: S;
  measure(subject: Subject, options: Static<S>): Promise<Measured> | Measured;
};
