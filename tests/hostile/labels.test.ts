/** Labels files of any content become plain text of bounded length, or a sentence that names the file. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabCore } from '../../src/lib/model/lab.ts';
import { judge, startedLab } from './judge.ts';

const model = readFileSync(new URL('../fixtures/onnx/cnn_plain.onnx', import.meta.url));
const text = (s: string): ArrayBuffer => new TextEncoder().encode(s).buffer;

const forms = [
  'tench\ngoldfish\nshark',
  '0: tench\n1: goldfish\n2: shark',
  'n01440764 tench\nn01443537 goldfish',
  '["tench", "goldfish", "shark"]',
  '{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}',
  "{0: 'tench', 1: \"cock's comb\", 2: 'shark',}",
  '{"tench": 0, "goldfish": 1}',
  '<script>window.hurt = 1</script>\n<img src=x onerror="window.hurt = 1">',
];

const pieces = fc.constantFrom(
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '\\',
    ':',
    ',',
    '\n',
    '\u0000',
    '\u2028',
    '\ufeff',
    '0',
    '<b>',
    '&lt;',
    '\ud800',
    '🦊',
  ],
  'null',
  '__proto__',
  '1e999',
);

describe('labels', { timeout: 60_000 }, () => {
  let lab: LabCore;
  beforeAll(async () => {
    lab = await startedLab();
    const opened = await lab.openModel(1, [{ name: 'm.onnx', bytes: new Uint8Array(model).buffer }], () => undefined);
    expect(opened).toMatchObject({ ok: true });
  });

  const judgeLabels = async (bytes: ArrayBuffer) => {
    const outcome = await judge(lab.setLabels({ name: 'labels.txt', bytes }), 'labels.txt');
    if (!outcome.ok) return outcome.message;
    for (const label of outcome.value) {
      expect(typeof label).toBe('string');
      expect(label.length).toBeLessThanOrEqual(200);
      expect(label).not.toMatch(/\p{Cc}/u);
    }
    return outcome.value;
  };

  it('mutated 2,000 times: names of bounded length without control characters, or a sentence', async () => {
    const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(6), put: fc.array(pieces) });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...forms), fc.array(edit, { maxLength: 4 }), async (form, edits) => {
        const changed = edits.reduce((s, { at, cut, put }) => {
          const i = Math.floor(at * s.length);
          return s.slice(0, i) + put.join('') + s.slice(i + cut);
        }, form);
        await judgeLabels(text(changed));
      }),
      { numRuns: 2000, seed: 8 },
    );
  });

  it('of any bytes: the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        await judgeLabels(Uint8Array.from(bytes).buffer);
      }),
      { numRuns: 500, seed: 9 },
    );
  });

  it.each<[string, () => ArrayBuffer, RegExp]>([
    ['a line of 50 MB', () => new ArrayBuffer(50 * 2 ** 20), /^labels\.txt: 50 MiB are too much.*32 MiB/],
    ['nothing', () => new ArrayBuffer(0), /no class names found/],
    [
      'a name that is a list of lists',
      () => text(`[${'['.repeat(1000)}"x"${']'.repeat(1000)}]`),
      /not a list of class names/,
    ],
    ['a picture', () => text('\x89PNG\r\n{'), /./],
    ['too many names', () => text('a\n'.repeat(1_000_001)), /1000001 lines are more than 1000000/],
  ])('that are %s: says so', async (_, make, message) => {
    expect(String(await judgeLabels(make()))).toMatch(message);
  });

  it.each([
    ['one line of 30 MB', () => 'a'.repeat(30 * 2 ** 20)],
    ['a number and spaces without end', () => `0${' '.repeat(2 ** 20)}\u2028\n`.repeat(3)],
    ['escaped quotes without end', () => `{${"\\'".repeat(2 ** 20)}`],
    ['open brackets without end', () => '['.repeat(2 ** 20)],
    ['digits without end', () => `{,${'1'.repeat(2 ** 20)}`],
  ])('that are %s are done with at once', async (_, make) => {
    const start = performance.now();
    await judgeLabels(text(make()));
    expect(performance.now() - start).toBeLessThan(3000);
  });

  it('that hold markup stay text, letter by letter', async () => {
    expect(await judgeLabels(text(forms.at(-1)!))).toEqual(forms.at(-1)!.split('\n'));
  });
});
