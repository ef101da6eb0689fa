/** @file State that is loaded with the view which shows it, and outlives that view. */
import type { Workspace } from './workspace.svelte.ts';

/** One of a kind for each workspace, made when it is first asked for. */
export function perWorkspace<T extends object>(make: (workspace: Workspace) => T): (workspace: Workspace) => T {
  const known = new WeakMap<Workspace, T>();
  return (workspace) => {
    let one = known.get(workspace);
    // What is derived belongs to the effect that it was made in, and a view's effects end with the view.
    if (!one) $effect.root(() => void (one = make(workspace)));
    // Where nothing is drawn there are no effects.
    one ??= make(workspace);
    known.set(workspace, one);
    return one;
  };
}
