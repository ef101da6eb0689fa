/** @file What a first visit must load before the page can be used: no engine and no pixi, which come while it already can. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';

const build = join(import.meta.dirname, '../../build');
const LIMIT = 150 * 1024;

/** The scripts that the page names, and what they import statically, as paths. */
function pageScripts(): Set<string> {
  const found = new Set<string>();
  const visit = (path: string) => {
    if (found.has(path)) return;
    found.add(path);
    const imports = readFileSync(path, 'utf8').matchAll(/(?:\bfrom|\bimport)\s*["'`](\.[^"'`]+\.js)["'`]/g);
    for (const [, name] of imports) visit(join(dirname(path), name));
  };
  const page = readFileSync(join(build, 'index.html'), 'utf8');
  for (const [name] of page.matchAll(/_app\/immutable\/[\w/.-]+\.js/g)) visit(join(build, name));
  return found;
}

test('the page’s own script stays within 150 KB, gzipped', () => {
  const sizes = Array.from(pageScripts(), (path) => gzipSync(readFileSync(path)).length);
  expect(sizes.length).toBeGreaterThan(4);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(LIMIT);
});

test('neither pixi nor the engine is part of it', () => {
  const scripts = pageScripts();
  const holding = (words: string) =>
    readdirSync(join(build, '_app/immutable'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .map((name) => join(build, '_app/immutable', name))
      .filter((path) => readFileSync(path, 'utf8').includes(words));
  for (const words of ['WebGLPipes', 'ort-wasm-simd-threaded.mjs']) {
    const paths = holding(words);
    expect(paths.length, words).toBeGreaterThan(0);
    expect(
      paths.filter((path) => scripts.has(path)),
      words,
    ).toEqual([]);
  }
});
