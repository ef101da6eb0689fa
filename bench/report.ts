/** @file What the benchmarks share: measurements in processes of their own, and Markdown. */
import { execFileSync } from 'node:child_process';
import os from 'node:os';

/** Runs `script` again, as `--child …args`, so that no measurement inherits another one's memory; it prints JSON. */
export function apart<T>(script: string, args: readonly (string | number)[], flags: readonly string[] = []): T {
  const output = execFileSync(process.execPath, [...flags, script, '--child', ...args.map(String)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(output) as T;
}

/** The day, the processor and the version of Node. */
export const machine = (): string =>
  `${new Date().toISOString().slice(0, 10)} · ${os.cpus()[0].model}, ${os.cpus().length} cores · Node ${process.versions.node}`;

export const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
