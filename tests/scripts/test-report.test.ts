import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ofPlaywright, ofVitest } from '../../scripts/test-report.mjs';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'vitrine-report-'));
let counts: ReturnType<typeof ofPlaywright>;

beforeAll(() => {
  const file = join(folder, 'report.json');
  const config = join(root, 'tests/fixtures/playwright/playwright.config.ts');
  spawnSync(
    process.execPath,
    [join(root, 'node_modules/@playwright/test/cli.js'), 'test', '-c', config, '--reporter=json'],
    {
      env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: file },
    },
  );
  counts = ofPlaywright(JSON.parse(readFileSync(file, 'utf8')));
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

test('tests that pass at the second try are named with their file and groups, others are not', () => {
  expect(counts.flaky.toSorted()).toEqual([
    'tries.e2e.ts › in a group › passes at the second try',
    'tries.e2e.ts › passes at the second try, too',
  ]);
});

test('a test that fails twice is counted and named as failed', () => {
  expect(counts).toMatchObject({ passed: 3, failed: 1, skipped: 0 });
  expect(counts.failures).toEqual(['tries.e2e.ts › in a group › fails twice']);
});

test('Vitest’s failures are named with their file, and a file that does not load stands for itself', () => {
  const config = join(root, 'tests/fixtures/vitest/vitest.config.ts');
  const file = join(folder, 'unit.json');
  spawnSync(process.execPath, [
    join(root, 'node_modules/vitest/vitest.mjs'),
    ...['run', '--config', config, '--reporter=json', `--outputFile=${file}`],
  ]);
  const { failures, ...numbers } = ofVitest(
    JSON.parse(readFileSync(file, 'utf8')),
    join(root, 'tests/fixtures/vitest'),
  );
  expect(failures.toSorted()).toEqual(['broken.case.ts', 'some.case.ts › in a group fails']);
  expect(numbers).toEqual({ passed: 1, failed: 1, skipped: 1, flaky: [] });
}, 60_000);
