import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flakyTitles } from '../../scripts/flaky.mjs';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'vitrine-flaky-'));
let report: { suites: Parameters<typeof flakyTitles>[0]; stats: Record<string, number> };

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
  report = JSON.parse(readFileSync(file, 'utf8'));
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

test('tests that pass at the second try are named with their file and groups, others are not', () => {
  expect(flakyTitles(report.suites).toSorted()).toEqual([
    'tries.e2e.ts › in a group › passes at the second try',
    'tries.e2e.ts › passes at the second try, too',
  ]);
});

test('a test that fails twice is counted as failed', () => {
  expect(report.stats).toMatchObject({ expected: 1, flaky: 2, unexpected: 1 });
});
