/** @file Lets the parts of a view come one after the other: what is built in one task holds up all else on the page. */

/** Resolves in the `count`-th task from now, so that the browser can answer the person and draw in between. */
export async function turn(count = 1): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve));
}
