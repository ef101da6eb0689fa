/** @file Lets parts of the page follow what was chosen, one after the other. */
import { untrack } from 'svelte';
import { turn } from './turn.ts';

/**
 * What `of` says, some tasks later, and null for one task before: what stood there is taken down in a task of its own. To be
 * made while a component is.
 */
export class Followed<T> {
  #current = $state.raw<T | null>(null);

  constructor(of: () => T, turns: number) {
    this.#current = untrack(of);
    $effect(() => {
      const next = of();
      if (next === untrack(() => this.#current)) return;
      let stale = false;
      const show = (value: T | null) => stale || (this.#current = value);
      void turn(turns)
        .then(() => show(null))
        .then(() => turn())
        .then(() => show(next));
      return () => {
        stale = true;
      };
    });
  }

  get current(): T | null {
    return this.#current;
  }
}
