/** @file The library as its documentation shows it, the package as it is built, and what does not fit. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attribute, compile, methodNames, openModel, type OpenModel } from '../../src/lib/library/library.ts';
import { VERSION } from '../../src/lib/model/version.ts';
import { full } from '../../src/lib/tensor/tensor.ts';
import { gaussian } from '../attribution/models.ts';
import { sameThing } from '../e2e/pair.ts';

const root = join(import.meta.dirname, '../..');
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const about = JSON.parse(text('package.json')) as {
  version: string;
  exports: { '.': Record<'vitrine-source' | 'types' | 'default', string> };
};

describe('the documentation', () => {
  it.each(['explain', 'deploy', 'neuron'])(
    'shows an example that runs and prints what stands below it: %s',
    (name) => {
      const code = text(`docs/examples/${name}.ts`);
      const said = execFileSync(process.execPath, ['--conditions=vitrine-source', `docs/examples/${name}.ts`], {
        cwd: root,
        encoding: 'utf8',
      });
      expect(text('docs/library.md')).toContain(`\`\`\`ts\n${code}\`\`\`\n\n\`\`\`text\n${said}\`\`\``);
    },
    120_000,
  );

  // tests/e2e/library.e2e.ts runs them.
  it.each(['page', 'worker'])('shows the %s of a site', (name) => {
    expect(text('docs/library.md')).toContain(`\`\`\`ts\n${text(`docs/examples/browser/${name}.ts`)}\`\`\``);
  });

  it('shows the whole script for Python', () => {
    expect(text('docs/deploy.md')).toContain(`\`\`\`python\n${text('docs/examples/explain.py')}\`\`\``);
  });
});

describe('the package', () => {
  const folder = join(root, 'test-results/package');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is built, imported by a process of its own and explains the bundled model', () => {
    mkdirSync(folder, { recursive: true });
    const builder = join(root, 'node_modules/@sveltejs/package/svelte-package.js');
    const built = spawnSync(
      process.execPath,
      [builder, '--tsconfig', 'tsconfig.package.json', '--types=false', '-o', folder],
      { cwd: root, encoding: 'utf8' },
    );
    expect(built.status, built.stderr).toBe(0);
    const entry = about.exports['.'].default.replace('./dist', folder);
    const program = `
      import { readFileSync } from 'node:fs';
      import { attribute, openModel } from ${JSON.stringify(`file://${entry}`)};
      const model = await openModel(new Uint8Array(readFileSync('static/models/vitrine-16.onnx')));
      const x = { dtype: 'float32', shape: [1, 3, 96, 96], data: new Float32Array(27648).fill(0.5) };
      const { scores, check } = await attribute(model, x, { method: 'deeplift', target: 2, baseline: -0.5 });
      console.log(scores.shape.join(), check.kind, check.relative < 1e-4);
      await model.dispose();`;
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: root, encoding: 'utf8' });
    expect(ran.stderr).toBe('');
    expect(ran.stdout).toBe('1,3,96,96 exact true\n');
  }, 120_000);

  it('says its own version and where its types are', () => {
    expect(VERSION).toBe(about.version);
    expect(about.exports['.'].types).toBe(about.exports['.'].default.replace(/\.js$/, '.d.ts'));
    expect(about.exports['.']['vitrine-source'].replace('./src/lib', './dist')).toBe(
      about.exports['.'].default.replace(/\.js$/, '.ts'),
    );
  });
});

describe('the library', () => {
  let model: OpenModel;
  const x = full([1, 3, 32, 32], 0.25);
  const pixels = { width: 2, height: 2, data: new Uint8ClampedArray(16).fill(200) };
  beforeAll(async () => {
    model = await openModel([
      {
        name: 'cnn_plain.onnx',
        bytes: new Uint8Array(readFileSync(join(root, 'tests/fixtures/onnx/cnn_plain.onnx'))),
      },
    ]);
  });
  afterAll(() => model.dispose());

  it('takes the most probable class and a baseline by itself', async () => {
    const { logits } = await model.predict(x);
    const found = await attribute(model, x, { method: 'integrated-gradients', options: { steps: 8 } });
    expect(found.target).toEqual({ kind: 'logit', index: logits.indexOf(Math.max(...logits)) });
    expect(found.value).toBeCloseTo(Math.max(...logits), 5);
    const [atZero] = [(await model.predict(full(x.shape, 0))).logits[found.target.index]];
    expect(found.baselineValue).toBeCloseTo(atZero, 5);
    expect(found.maps[0].shape).toEqual([1, 32, 32]);
    const total = (data: Float32Array) => data.reduce((a, b) => a + b, 0);
    expect(total(found.maps[0].data)).toBeCloseTo(total(found.scores.data), 4);
  });

  it('gives the same from a compiled explanation, for two examples at once', async () => {
    const program = await compile(model, { method: 'input-x-gradient' });
    const data = Float32Array.from({ length: 2 * 3072 }, (_, i) => Math.sin(i));
    const target = { dtype: 'int64', shape: [2], data: BigInt64Array.of(4n, 1n) } as const;
    const { attribution } = await program.run({ image: { dtype: 'float32', shape: [2, 3, 32, 32], data }, target });
    await expect(program.run({ target })).rejects.toThrow(/^run: image is missing\. It takes image, target\.$/);
    await program.dispose();
    const second = { ...x, data: data.slice(3072) };
    const { scores } = await attribute(model, second, { method: 'input-x-gradient', target: 1 });
    const size = scores.data.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
    scores.data.forEach((v, i) => expect(Math.abs(v - attribution.data[3072 + i])).toBeLessThan(1e-5 * size));
  });

  it('explains two images by one file', async () => {
    const pair = await openModel(new Uint8Array(sameThing.bytes));
    const sides = [1, 2].map((seed) => gaussian([1, 3, 48, 48], seed));
    const request = { method: 'smoothgrad', options: { samples: 2 }, seed: 3 };
    const { scores } = await attribute(pair, sides, { ...request, target: 0 });
    const program = await compile(pair, request);
    const target = { dtype: 'int64', shape: [1], data: BigInt64Array.of(0n) } as const;
    const found = await program.run({ image_left: sides[0], image_right: sides[1], target });
    expect(Object.keys(found)).toEqual(['logits', 'attribution_left', 'attribution_right']);
    const both = [...found.attribution_left.data, ...found.attribution_right.data];
    const size = scores.data.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
    scores.data.forEach((v, i) => expect(Math.abs(v - both[i]) <= 1e-5 * size).toBe(true));
    await program.dispose();
    await pair.dispose();
  });

  it('explains a neuron in place of a class, whose number lies in the file made of it', async () => {
    const neuron = { layer: '/relu2/Relu_output_0', channel: 4, position: { y: 3, x: 6 } };
    const found = await attribute(model, x, { method: 'deeplift', neuron });
    expect(found.target).toEqual({ kind: 'logit', index: 4 * 256 + 3 * 16 + 6 });
    const total = found.scores.data.reduce((a, b) => a + b, 0);
    expect(total).toBeCloseTo(found.value - found.baselineValue!, 5);
    const program = await compile(model, { method: 'saliency', neuron });
    const index = { dtype: 'int64', shape: [1], data: BigInt64Array.of(BigInt(found.target.index)) } as const;
    const { activation } = await program.run({ image: x, target: index });
    expect(activation.shape).toEqual([1, 10, 16, 16]);
    expect(activation.data[found.target.index]).toBeCloseTo(found.value, 6);
    await program.dispose();
    await expect(attribute(model, x, { method: 'saliency', neuron, target: 1 })).rejects.toThrow(
      /^Neuron: what is explained is channel 4 at row 3, column 6 of .*, and a target is given, too: 1\./,
    );
  });

  it('is stopped by its signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(attribute(model, x, { method: 'smoothgrad', signal })).rejects.toThrow('enough');
  });

  it('says what does not fit', async () => {
    const asking = (request: Parameters<typeof attribute>[2], input: Parameters<typeof attribute>[1] = x) =>
      expect(attribute(model, input, { target: 0, ...request })).rejects;
    await asking({ method: 'magic' }).toThrow(/Unknown method "magic"\. Known: integrated-gradients/);
    await asking({ method: 'saliency', options: { steps: 3 } }).toThrow(/no option "steps"\. Known: absolute/);
    await asking({ method: 'saliency', target: 10 }).toThrow(/10 elements, element 10 is asked for/);
    await asking({ method: 'grad-cam', layer: 'conv99' }).toThrow(/"conv99" is not among/);
    await asking({ method: 'smoothgrad', layer: 'conv99' }).toThrow(/explains the image and no layer/);
    await asking({ method: 'saliency' }, full([1, 3, 16, 16], 0)).toThrow(
      /float32\[1,3,16,16\], the model takes float32/,
    );
    await asking({ method: 'saliency' }, [x, x]).toThrow(/takes 1 images; 2 inputs/);
    await asking({ method: 'saliency' }, { ...pixels, width: 3 }).toThrow(
      /3×2 pixels have 24 numbers \(RGBA\), the data has 16/,
    );
    await asking({ method: 'deeplift', baseline: 'blur' }).toThrow(
      /"blur": it is made from pixels, and a tensor is given/,
    );
    await expect(openModel([])).rejects.toThrow(/no model among the files/);
    expect(methodNames()).toContainEqual({ id: 'lime', title: 'LIME' });
  });
});
