/** @file `npm run explain`, as a person runs it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decodePng } from '../../scripts/explain/images.ts';
import { numbersOf, reproduce } from '../../scripts/explain/link.ts';
import { attribute, openModel } from '../../src/lib/library/library.ts';
import { sha256 } from '../../src/lib/model/sha256.ts';
import { encodeLink } from '../../src/lib/share/link.ts';
import type { SharedRecord } from '../../src/lib/share/record.ts';
import { readNpy } from '../../src/lib/tensor/npy.ts';
import { typical } from '../share/records.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'vitrine-explain-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bytesOf = (path: string) => new Uint8Array(readFileSync(join(root, path)));
const run = (...args: string[]) =>
  spawnSync(process.execPath, ['scripts/explain.ts', ...args], { cwd: root, encoding: 'utf8' });

/** What the page would share of it. */
async function sharedRecord(): Promise<SharedRecord> {
  const [model, image] = [bytesOf('static/models/vitrine-16.onnx'), bytesOf('static/gallery/cat-0.png')];
  const opened = await openModel(model, { device: 'wasm' });
  const { preprocessing } = opened.info;
  const found = await attribute(opened, decodePng(image, 'cat-0'), {
    method: 'deeplift',
    target: 5,
    baseline: 'white',
    preprocessing,
  });
  await opened.dispose();
  return {
    ...typical,
    model: { ...typical.model, sha256: await sha256(model) },
    image: { ...typical.image, sha256: await sha256(image) },
    preprocessing,
    method: 'deeplift',
    target: { kind: 'logit', index: 5 },
    baseline: { kind: 'white' },
    device: { runtime: 'onnxruntime-web', kind: 'wasm', threads: 1, version: found.device.version },
    numbers: numbersOf(found),
  };
}

describe('npm run explain', () => {
  it('writes scores, picture, report and model', () => {
    const names = ['scores.npy', 'map.png', 'report.json', 'model.onnx'].map((name) => join(folder, name));
    const out = names.flatMap((name) => ['--out', name]);
    const args = ['--method', 'input-x-gradient', '--target', 'probability:cat', ...out];
    const { stdout, stderr, status } = run('vitrine-16', 'cat-0', ...args);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^input-x-gradient of cat \(probability\): F = 0\.\d+, .* missed by /);
    const [scores, picture, report, model] = names.map((name) => new Uint8Array(readFileSync(name)));
    const { shape, data } = readNpy(scores);
    expect(shape).toEqual([1, 3, 96, 96]);
    const total = (data as Float32Array).reduce((a, b) => a + b, 0);
    const { width, height, data: drawn } = decodePng(picture, 'map.png');
    expect([width, height, new Set(drawn).size > 50]).toEqual([96, 96, true]);
    const said = JSON.parse(new TextDecoder().decode(report)) as Record<string, unknown>;
    expect(said).toMatchObject({ method: 'input-x-gradient', label: 'cat', target: { kind: 'probability' } });
    expect((said.numbers as { sum: number }).sum).toBeCloseTo(total, 4);
    expect(model.length).toBeGreaterThan(1_000_000);
    expect(said.preprocessing).toMatchObject({ cropFraction: 1 });
  }, 120_000);

  it('computes a link again and says whether it is reproduced', async () => {
    const record = await sharedRecord();
    const same = run(`https://example.org/vitrine/${encodeLink(record)}`);
    expect(same.stderr).toBe('');
    expect(same.stdout).toMatch(/^Reproduced: largest relative difference 0\.0e\+0, in value/);
    expect(same.status).toBe(0);
    const numbers = { ...record.numbers, value: record.numbers.value! * 1.02 };
    const other = await reproduce(encodeLink({ ...record, numbers }), []);
    expect(other).toMatch(/^Not reproduced: largest relative difference 2\.0e-2, in value\./);
  }, 120_000);

  it('says how far an error was reached that was asked for', () => {
    const asked = ['--method', 'bounded-integrated-gradients', '--option', 'error=20', '--target', 'cat'];
    expect(run('vitrine-16', 'cat-0', ...asked).stdout).toMatch(
      /error about \d[\d.]* % of 20 % allowed, by gradients, \d\d passes/,
    );
  }, 120_000);

  it('explains a neuron, and computes a link to one again', async () => {
    const path = join(folder, 'neuron.json');
    const args = ['--method', 'deeplift', '--baseline', 'white', '--neuron', 'relu5:7,4,5', '--out', path];
    const { stdout, stderr } = run('vitrine-16', 'cat-0', ...args);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^deeplift of channel 7 at row 4, column 5 of relu5 \(activation\): F = /);
    const neuron = { layer: 'relu5', channel: 7, position: { y: 4, x: 5 } };
    const said = JSON.parse(readFileSync(path, 'utf8')) as { numbers: SharedRecord['numbers'] };
    expect(said).toMatchObject({ neuron, label: 'channel 7 at row 4, column 5 of relu5' });
    const link = encodeLink({ ...(await sharedRecord()), neuron, label: '', numbers: said.numbers });
    expect(link).toMatch(/^#v5\./);
    expect(await reproduce(link, [])).toMatch(/^Reproduced: /);
    expect(run('vitrine-16', 'cat-0', '--method', 'saliency', '--neuron', 'relu5').stderr).toMatch(
      /^--neuron relu5: give it as LAYER:CHANNEL,ROW,COLUMN/,
    );
  }, 120_000);

  it('names what does not fit', () => {
    const asking = (...args: string[]) => run('tests/fixtures/onnx/cnn_plain.onnx', 'cat-0', ...args);
    expect(asking('--method', 'magic').stderr).toMatch(
      /^Unknown method "magic"\. Known: integrated-gradients, deeplift/,
    );
    expect(asking('--method', 'saliency', '--out', 'a.gif').stderr).toMatch(/a\.gif: .* \.npy, \.png, \.json, \.onnx/);
    const unknown = run('nowhere.onnx', 'cat-0', '--method', 'saliency');
    expect(unknown.stderr).toMatch(/nowhere\.onnx: cannot be read/);
    expect(unknown.status).toBe(1);
    expect(run().stderr).toMatch(/^npm run explain -- MODEL INPUT/);
  }, 120_000);
});
