/** @file The builders of importers: what a file can make them build is bounded. */
import { Budget } from '../graph/budget.ts';
import type { Attributes, Value } from '../graph/graph.ts';
import { Builder, type ApplyOptions } from '../ops/builder.ts';
import { attributesOf, getOp } from '../ops/define.ts';
import { Folder } from './onnx/fold.ts';

/** Adds up what it builds. Throws where that is more than any model needs. */
export class CountingBuilder extends Builder {
  readonly #budget = new Budget();

  override applyAll(
    type: string,
    inputs: readonly (Value | null)[],
    attrs: Attributes = {},
    options: ApplyOptions = {},
  ): readonly Value[] {
    const outputs = super.applyAll(type, inputs, attrs, options);
    this.#budget.spend(outputs[0].producer!);
    return outputs;
  }
}

/** Computes what does not depend on the image, too: shapes and indices. */
export class FoldingBuilder extends CountingBuilder {
  readonly #folder = new Folder();

  override applyAll(
    type: string,
    inputs: readonly (Value | null)[],
    attrs: Attributes = {},
    options: ApplyOptions = {},
  ): readonly Value[] {
    const typed = super.applyAll(type, inputs, attrs, options);
    const op = getOp(type, options.domain);
    const decoded = attributesOf(op, typed[0].producer!);
    return typed.map((_, i) => this.#folder.fold(op, decoded, inputs, typed, i));
  }

  /** Whether the value stands for a number that is known. */
  knows(value: Value): boolean {
    return this.#folder.knows(value);
  }
}
