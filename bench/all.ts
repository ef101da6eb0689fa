/**
 * @file Every benchmark of gradients over the models that scripts/reach/export.py wrote, one after the other: docs/performance.md.
 *
 *     node bench/all.ts FOLDER > tables.md        # half an hour on a quiet machine of two cores
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { reachModels } from './reach.ts';

const PARTS = ['families.ts', 'operators.ts', 'batch.ts', 'steps.ts'];

const folder = process.argv[2] ?? '';
reachModels(folder);
for (const part of PARTS) {
  console.error(part);
  const output = execFileSync(process.execPath, [join(import.meta.dirname, part), folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  });
  console.log(`## ${part}\n\n${output}`);
}
