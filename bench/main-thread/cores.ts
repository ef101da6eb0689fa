/** @file Who had the processor's cores meanwhile: the threads of Chromium's processes, by Linux' own count. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';

interface ThreadTime {
  readonly process: string;
  readonly thread: string;
  /** The thread's and the process', such as "Compositor (renderer)". */
  readonly name: string;
  /** Milliseconds on a core. */
  readonly computed: number;
  /** Milliseconds in which it could have gone on, and no core was free. */
  readonly waited: number;
}

const NS_PER_MS = 1e6;

/** Of every thread since it began; none where the system does not tell. */
export function threadTimes(): Map<string, ThreadTime> {
  const found = new Map<string, ThreadTime>();
  if (!existsSync('/proc/self/schedstat')) return found;
  for (const process of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    for (const time of ofProcess(process)) found.set(`${time.process}/${time.thread}`, time);
  return found;
}

/** Processes and threads end while they are looked at. */
function ofProcess(process: string): ThreadTime[] {
  const folder = `/proc/${process}`;
  try {
    const command = readFileSync(`${folder}/cmdline`, 'utf8');
    const kind = /--type=([a-z-]+)/.exec(command)?.[1] ?? (/--remote-debugging-p/.test(command) ? 'browser' : null);
    if (!kind) return [];
    return readdirSync(`${folder}/task`).map((thread) => {
      const [computed, waited] = readFileSync(`${folder}/task/${thread}/schedstat`, 'utf8').split(' ').map(Number);
      const name = `${readFileSync(`${folder}/task/${thread}/comm`, 'utf8').trim()} (${kind})`;
      return { process, thread, name, computed: computed / NS_PER_MS, waited: waited / NS_PER_MS };
    });
  } catch {
    return [];
  }
}

/** A page's main thread has its process' number; its workers and V8's compilers have numbers and ranks of their own. */
export function putMainThreadsFirst(): void {
  for (const { process, thread, name } of threadTimes().values())
    if (process === thread && name.endsWith('(renderer)'))
      os.setPriority(Number(thread), os.constants.priority.PRIORITY_HIGHEST);
}

/** What each thread did between two looks: the main thread of the busiest page first, then the others by their computing. */
export function between(before: Map<string, ThreadTime>, after: Map<string, ThreadTime>): ThreadTime[] {
  const times = [...after].map(([key, time]) => ({
    ...time,
    computed: time.computed - (before.get(key)?.computed ?? 0),
    waited: time.waited - (before.get(key)?.waited ?? 0),
  }));
  const busiest = times.sort((a, b) => b.computed - a.computed);
  const main = busiest.find(({ process, thread, name }) => process === thread && name.endsWith('(renderer)'));
  return main ? [main, ...busiest.filter((time) => time !== main)] : [];
}
