/**
 * @file `npm run test:goldens`: compares every claimed method with the golden results in the folder that VITRINE_GOLDENS
 * names; by default ../shared/goldens/captum where it exists, else the compact set of this repository. Any folder of
 * that format will do. Prints a table and fails on any miss; the last line is `N passed, N failed, N not claimed`.
 */
import { createOrtRuntime } from '../src/lib/runtime/ort.ts';
import { compactSet, goldenFolders, wholeSet } from '../tests/goldens/place.ts';
import { casesOf, runFolder, type Result } from '../tests/goldens/run.ts';
import { failureList, notClaimedList, resultTable } from '../tests/goldens/table.ts';

const root = wholeSet() ?? compactSet;
const only = process.argv.slice(2);
const runtime = await createOrtRuntime({ device: 'wasm' });
const results: Result[] = [];
for (const folder of goldenFolders(root)) {
  if (only.length > 0 && !only.includes(folder.name)) continue;
  const start = performance.now();
  const found = await runFolder(folder, runtime);
  results.push(...found);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `${folder.name}: ${casesOf(found, 'passed').length} passed, ${casesOf(found, 'failed').length} failed (${seconds} s)`,
  );
}
await runtime.dispose();

const [passed, failed, unclaimed] = (['passed', 'failed', 'not claimed'] as const).map(
  (outcome) => casesOf(results, outcome).length,
);
console.log(`\n${resultTable(results)}\n\nNot claimed:\n${notClaimedList(results)}\n`);
if (failed > 0) console.log(`Failed:\n${failureList(results)}\n`);
if (passed + failed === 0) console.log(`No case of ${root} was compared.`);
console.log(`${passed} passed, ${failed} failed, ${unclaimed} not claimed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
