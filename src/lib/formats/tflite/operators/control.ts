/** @file IF and WHILE over other graphs of the file, where it is known which way they go before the model runs. */
import { toNumbers } from '../../../tensor/tensor.ts';
import type { Value } from '../../../graph/graph.ts';
import * as options from '../options.ts';
import { define, input, inputs, type Operator } from './define.ts';

/** The one truth value, if it is known. */
function truth(value: Value): boolean | null {
  if (!value.constant || value.constant.data.length !== 1) return null;
  return toNumbers(value.constant)[0] !== 0;
}

const branch = define(options.branch, (site) => {
  const condition = truth(input(site, 0));
  if (condition === null)
    throw new RangeError(
      'its condition is computed from the image, which is not supported. Export the model without the branch.',
    );
  return site.call(condition ? site.options.thenGraph : site.options.elseGraph, inputs(site).slice(1));
});

/** Written out turn by turn. */
const loop = define(options.loop, (site) => {
  const { call, options: o } = site;
  let values: readonly Value[] = inputs(site);
  for (;;) {
    const [again] = call(o.conditionGraph, values);
    const goesOn = again ? truth(again) : null;
    if (goesOn === null)
      throw new RangeError(
        'how often it runs is computed from the image, which is not supported. Export the model with a fixed number of turns.',
      );
    if (!goesOn) return values;
    values = call(o.bodyGraph, values);
  }
});

export const control = { IF: branch, WHILE: loop } satisfies Record<string, Operator>;

/** Whether the operator calls other graphs. */
export const isControl = (name: string): boolean => Object.hasOwn(control, name);
