import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAX_LINES } from './architecture/import-table.ts';
import { violations } from './architecture/violations.ts';

const root = join(import.meta.dirname, '..');

function sources(): string[] {
  return ['src/lib', 'src/routes'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(root.length + 1)
          .replaceAll('\\', '/'),
      ),
  );
}

describe('the sources', () => {
  it.each(sources())('%s keeps to the import table', (path) => {
    expect(violations(path, readFileSync(join(root, path), 'utf8'))).toEqual([]);
  });
});

const component = (script: string) => `<script lang="ts">\n${script}\n</script>\n\n<p>{1 < 2}</p>\n`;

describe('a violation is found', () => {
  it.each<[what: string, path: string, source: string, sentence: string]>([
    [
      'a folder that is not listed',
      'src/lib/tensor/a.ts',
      `import { g } from '../graph/g.ts';`,
      'tensor may not import graph',
    ],
    [
      'a re-export',
      'src/lib/graph/a.ts',
      `export { o } from '../ops/o.ts';\nexport const a = 1;`,
      'graph may not import ops',
    ],
    [
      'an import that is only called for its effect',
      'src/lib/ops/a.ts',
      `import '../autodiff/a.ts';`,
      'ops may not import autodiff',
    ],
    [
      'a dynamic import',
      'src/lib/vision/a.ts',
      `export const m = () => import('../model/m.ts');`,
      'vision may not import model',
    ],
    ['a type import', 'src/lib/tensor/a.ts', `import type { G } from '../graph/g.ts';`, 'tensor may not import graph'],
    [
      'an import type expression',
      'src/lib/tensor/a.ts',
      `export type A = import('../graph/g.ts').G;`,
      'tensor may not import graph',
    ],
    ['the alias $lib', 'src/routes/+page.ts', `import { m } from '$lib/model/m.ts';`, 'routes may not import model'],
    [
      'onnxruntime outside runtime',
      'src/lib/model/a.ts',
      `import { Tensor } from 'onnxruntime-web/wasm';`,
      'may not import onnxruntime-web/wasm',
    ],
    [
      'its types outside runtime',
      'src/lib/model/a.ts',
      `import type { Tensor } from 'onnxruntime-web';`,
      'may not import onnxruntime-web',
    ],
    [
      'TF.js outside runtime',
      'src/lib/attribution/a.ts',
      `import * as tf from '@tensorflow/tfjs';`,
      'may not import @tensorflow/tfjs',
    ],
    [
      'pixi outside render',
      'src/lib/ui/A.svelte',
      component(`import { Container } from 'pixi.js';`),
      'ui may not import pixi.js',
    ],
    [
      'a package that nobody listed',
      'src/lib/tensor/a.ts',
      `import { x } from 'left-pad';`,
      'tensor may not import left-pad',
    ],
    [
      'Node in the engine',
      'src/lib/formats/a.ts',
      `import { readFile } from 'node:fs';`,
      'formats may not import node:fs',
    ],
    [
      'a value where types are allowed',
      'src/lib/render/a.ts',
      `import { g } from '../graph/g.ts';`,
      'may only "import type" from graph',
    ],
    [
      'an inline type, which still runs the module',
      'src/lib/share/a.ts',
      `import { type A } from '../attribution/types.ts';`,
      'may only "import type" from attribution',
    ],
    [
      'TF.js run by an operator',
      'src/lib/ops/a.ts',
      `import * as tf from '@tensorflow/tfjs-core';`,
      'may only "import type" from @tensorflow/tfjs-core',
    ],
    [
      'the engine on the page',
      'src/lib/state/a.svelte.ts',
      `import { open } from '../model/open.ts';`,
      'state may not import model',
    ],
    [
      "the worker's code in its client",
      'src/lib/worker/client.ts',
      `import { lab } from './lab.worker.ts';`,
      'worker/client may not import worker/lab.worker',
    ],
    [
      "the worker's code in state",
      'src/lib/state/a.svelte.ts',
      `import { jobs } from '../worker/jobs.ts';`,
      'state may not import worker/lab.worker',
    ],
    [
      'the client in the worker',
      'src/lib/worker/lab.worker.ts',
      `import { c } from './client.ts';`,
      'worker/lab.worker may not import worker/client',
    ],
    [
      'the runtime in the worker file',
      'src/lib/worker/lab.worker.ts',
      `import { r } from '../runtime/ort.ts';`,
      'worker/lab.worker may not import runtime',
    ],
    ['a value in worker/api', 'src/lib/worker/api.ts', `export const version = 1;`, 'holds more than types'],
    [
      'a worker that something else starts',
      'src/lib/state/a.svelte.ts',
      `new Worker(new URL('../worker/lab.worker.ts', import.meta.url));`,
      'only worker/client and render/client and agreement/client may',
    ],
    [
      'a worker that its own folder starts past the client',
      'src/lib/render/a.ts',
      `new Worker(new URL('./b.ts', import.meta.url));`,
      'only worker/client and render/client and agreement/client may',
    ],
    [
      "the drawing worker's code in its client",
      'src/lib/render/client.ts',
      `import { a } from './studio.worker.ts';`,
      'may only "import type" from render/studio.worker',
    ],
    [
      'the instance script of a component',
      'src/lib/ui/A.svelte',
      component(`import { m } from '../model/m.ts';`),
      'ui may not import model',
    ],
    [
      'the module script of a component',
      'src/routes/+page.svelte',
      `<script module lang="ts">\nimport { r } from '../lib/render/r.ts';\n</script>\n<p></p>`,
      'routes may not import render',
    ],
    ['a missing ending', 'src/lib/graph/a.ts', `import { t } from './t';`, 'without its ending'],
    ['the ending of something else', 'src/lib/graph/a.ts', `import { t } from './t.js';`, 'without its ending'],
    [
      'a file outside the sources',
      'src/lib/graph/a.ts',
      `import { t } from '../../../tests/t.ts';`,
      'outside src/lib and src/routes',
    ],
    ['a folder without a row', 'src/lib/helpers/a.ts', `import { t } from '../tensor/t.ts';`, 'has no row'],
    ['a default export', 'src/lib/graph/a.ts', `export default 1;`, 'default export'],
    ['a default function', 'src/lib/graph/a.ts', `export default function a() {}`, 'default export'],
    ['a name exported as default', 'src/lib/graph/a.ts', `const a = 1;\nexport { a as default };`, 'default export'],
    ['an index', 'src/lib/graph/index.ts', `export const a = 1;`, 'barrel'],
    [
      'a barrel by another name',
      'src/lib/graph/all.ts',
      `export * from './a.ts';\nexport { b } from './b.ts';`,
      'barrel',
    ],
    ['a long file', 'src/lib/graph/a.ts', '// line\n'.repeat(MAX_LINES + 1), `${MAX_LINES + 1} lines`],
  ])('%s', (_, path, source, sentence) => {
    expect(violations(path, source)).toEqual([expect.stringContaining(sentence)]);
  });
});

describe('what is allowed passes', () => {
  it.each<[what: string, path: string, source: string]>([
    ['its own folder', 'src/lib/formats/onnx/a.ts', `import { b } from '../bytes.ts';\nimport { c } from './c.ts';`],
    ['a listed folder', 'src/lib/ops/a.ts', `import { g } from '../graph/g.ts';`],
    [
      'a listed package and its entries',
      'src/lib/formats/a.ts',
      `import { BinaryReader } from '@bufbuild/protobuf/wire';`,
    ],
    ['a type where only types are allowed', 'src/lib/ops/a.ts', `import type * as tf from '@tensorflow/tfjs-core';`],
    ['a registry', 'src/lib/ops/index.ts', `export { Conv } from './convolution.ts';`],
    ['re-exported types', 'src/lib/worker/api.ts', `export type { Tensor } from '../tensor/tensor.ts';`],
    [
      'the client starting the worker',
      'src/lib/worker/client.ts',
      `new Worker(new URL('./lab.worker.ts', import.meta.url));`,
    ],
    [
      'the address of something that is no code',
      'src/lib/ui/a.ts',
      `export const icon = new URL('./a.svg', import.meta.url);`,
    ],
    [
      'a component, a style sheet and a state',
      'src/lib/ui/A.svelte',
      component(`import B from './B.svelte';\nimport './a.css';\nimport { s } from '../state/s.svelte.ts';`),
    ],
    ['the types of a route', 'src/routes/+page.ts', `import type { PageLoad } from './$types';`],
    [
      'an import that is only text',
      'src/lib/tensor/a.ts',
      `export const text = "import { g } from '../graph/g.ts'"; // import '../graph/g.ts'`,
    ],
    ['a file of the greatest length', 'src/lib/graph/a.ts', '// line\n'.repeat(MAX_LINES)],
  ])('%s', (_, path, source) => {
    expect(violations(path, source)).toEqual([]);
  });
});
