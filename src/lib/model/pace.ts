/** @file How often a running computation tells of itself. */

/** Each report costs the page a message and a frame, which a person does not read faster than this. */
const APART_MS = 250;

/** Passes on the first report and then one in `APART_MS` ms at most: what is left out, the next one says better. */
export function paced<T>(report: (news: T) => void, now = (): number => performance.now()): (news: T) => void {
  let last = -Infinity;
  return (news) => {
    const time = now();
    if (time - last < APART_MS) return;
    last = time;
    report(news);
  };
}
