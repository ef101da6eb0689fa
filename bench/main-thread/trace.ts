/** @file Reads Chromium's trace: the tasks of the page's main thread. */

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  /** Computing time of the thread, microseconds. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string; readonly data?: { readonly url?: string; readonly functionName?: string } };
}

export interface Task {
  /** Milliseconds. */
  readonly wall: number;
  readonly cpu: number;
  /** Whether it began before anything of the page was to be seen. */
  readonly unseen: boolean;
  /** What it consists of, the longest first, in words. */
  readonly parts: readonly string[];
}

/** Of one millisecond and more: what is shorter is of no concern here. */
const SHORTEST_MS = 1;
const PARTS = 8;
/** Of the several names that a task has in a trace, the outermost. */
const TASK = 'ThreadControllerImpl::RunTask';

/** The tasks of the thread that laid out the page: the one with the most layout. */
export function tasksOf(trace: Uint8Array): Task[] {
  const { traceEvents } = JSON.parse(new TextDecoder().decode(trace)) as { traceEvents: TraceEvent[] };
  const main = mainThread(traceEvents);
  const own = traceEvents.filter(({ pid, tid, ph }) => main && pid === main.pid && tid === main.tid && ph === 'X');
  const tasks = own.filter(({ name, dur = 0 }) => name === TASK && dur >= SHORTEST_MS * 1000);
  const painted = traceEvents.find(({ name, pid }) => name === 'firstPaint' && pid === main?.pid)?.ts ?? -Infinity;
  return tasks.map((task) => ({
    wall: (task.dur ?? 0) / 1000,
    cpu: (task.tdur ?? 0) / 1000,
    unseen: task.ts < painted,
    parts: partsOf(task, own),
  }));
}

export const longest = (tasks: readonly Task[], count: number): Task[] =>
  tasks.toSorted((a, b) => b.wall - a.wall).slice(0, count);

function mainThread(events: readonly TraceEvent[]): TraceEvent | undefined {
  const named = events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const layouts = ({ pid, tid }: TraceEvent) =>
    events.filter((event) => event.pid === pid && event.tid === tid && event.name === 'Layout').length;
  return named.toSorted((a, b) => layouts(b) - layouts(a)).at(0);
}

function partsOf(task: TraceEvent, events: readonly TraceEvent[]): string[] {
  const end = task.ts + (task.dur ?? 0);
  return events
    .filter((event) => event !== task && event.ts >= task.ts && event.ts + (event.dur ?? 0) <= end)
    .filter(({ name }) => !/RunTask$/.test(name))
    .toSorted((a, b) => (b.dur ?? 0) - (a.dur ?? 0))
    .slice(0, PARTS)
    .map(({ name, dur = 0, args }) => {
      const where = args?.data?.functionName ?? args?.data?.url?.split('/').at(-1) ?? '';
      return `${name}${where ? ` ${where}` : ''} ${(dur / 1000).toFixed(0)}`;
    });
}
