import { describe, expect, it } from 'vitest';
import { labelOf, parseLabels } from '../../src/lib/model/labels.ts';

describe('parseLabels', () => {
  it.each([
    ['one name a line', 'tench\ngoldfish\r\n\n'],
    ['WordNet ids in front', 'n01440764 tench\nn01443537 goldfish'],
    ['indices in front', '0: tench\n1: goldfish'],
    ['comma-separated indices', '0,tench\n1,goldfish'],
    ['a JSON array', '["tench", "goldfish"]'],
    ['a JSON dictionary', '{"1": "goldfish", "0": "tench"}'],
    ['a JSON dictionary of [id, name]', '{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}'],
    ['a Python dictionary', "{0: 'tench',\n 1: 'goldfish',}"],
    ["a model's config.json", '{"architectures": ["X"], "id2label": {"0": "tench", "1": "goldfish"}}'],
    ["Keras' class_indices", '{"goldfish": 1, "tench": 0}'],
  ])('reads %s', (_, text) => expect(parseLabels('labels', text)).toEqual(['tench', 'goldfish']));

  it('keeps apostrophes and commas in Python strings', () => {
    expect(parseLabels('l', `{0: 'tench, Tinca tinca', 1: "cock's comb"}`)).toEqual([
      'tench, Tinca tinca',
      "cock's comb",
    ]);
  });
  it('keeps markup as the text it is', () => expect(parseLabels('l', '<img src=x>\nb')[0]).toBe('<img src=x>'));
  it('names the file when there is nothing in it', () =>
    expect(() => parseLabels('empty.txt', ' \n')).toThrow(/^empty\.txt: no class names found/));
  it('names the file when a dictionary is broken', () =>
    expect(() => parseLabels('bad.json', '{"0": ')).toThrow(/^bad\.json: neither JSON/));
  it.each(['{"name": "vitrine", "version": "0.1.0"}', '[{"a": 1}]', '{"0": {"a": 1}}'])(
    'does not take %s for class names',
    (text) => expect(() => parseLabels('package.json', text)).toThrow(/^package\.json: not a list of class names/),
  );
  it('falls back to the index beyond the list', () => expect(labelOf(['a'], 3)).toBe('class 3'));
});
