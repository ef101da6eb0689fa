import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrtRuntime } from '../../src/lib/runtime/ort.ts';
import type { Runtime } from '../../src/lib/runtime/runtime.ts';
import { createTfjsRuntime } from '../../src/lib/runtime/tfjs/runtime.ts';
import { sampleOf, type GoldenFolder } from './folder.ts';
import { compactSet, goldenFolders, wholeSet } from './place.ts';
import { casesOf, runFolder } from './run.ts';
import { failureList, notClaimedList } from './table.ts';

let runtime: Runtime;
beforeAll(async () => {
  runtime = await createOrtRuntime({ device: 'wasm' });
});
afterAll(() => runtime.dispose());

const named = (root: string): [string, GoldenFolder][] => goldenFolders(root).map((folder) => [folder.name, folder]);

describe('the compact set of goldens', () => {
  it.each(named(compactSet))('%s: every case is claimed and met', async (_name, folder) => {
    const results = await runFolder(folder, runtime);
    expect(failureList(results)).toBe('');
    expect(notClaimedList(results)).toBe('');
    expect(casesOf(results, 'passed').length).toBeGreaterThan(0);
  }, 120_000);
});

describe('a case of each method on TensorFlow.js in JavaScript', () => {
  it.each(named(compactSet))('%s: is met', async (_name, folder) => {
    const tfjs = await createTfjsRuntime({ backend: 'cpu' });
    const results = await runFolder(sampleOf(folder), tfjs);
    await tfjs.dispose();
    expect(failureList(results)).toBe('');
    expect(casesOf(results, 'passed').length).toBeGreaterThan(0);
  }, 120_000);
});

const whole = wholeSet();
describe.skipIf(!whole)('the whole set of goldens', () => {
  it.each(whole ? named(whole) : [])('%s: every case that is claimed is met', async (_name, folder) => {
    expect(failureList(await runFolder(folder, runtime))).toBe('');
  }, 120_000);
});
