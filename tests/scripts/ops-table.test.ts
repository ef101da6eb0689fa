import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { opsTable } from '../../scripts/ops-table.ts';

it('docs/ops.md is what the registry says; `npm run docs:ops` writes it anew', () => {
  expect(readFileSync(new URL('../../docs/ops.md', import.meta.url), 'utf8')).toBe(opsTable());
});
