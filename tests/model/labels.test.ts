import { describe, expect, it } from 'vitest';
import { labelOf, labelsAmong, parseLabels } from '../../src/lib/model/labels.ts';

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
    ["Keras' class_index", '{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}'],
    ["Teachable Machine's labels.txt", '0 tench\n1 goldfish\n'],
    [
      "Teachable Machine's metadata.json",
      '{"tfjsVersion": "1.3.1", "labels": ["tench", "goldfish"], "imageSize": 224}',
    ],
    ["timm's config.json", '{"num_classes": 2, "label_names": ["tench", "goldfish"], "pretrained_cfg": {}}'],
  ])('reads %s', (_, text) => expect(parseLabels('labels', text)).toEqual(['tench', 'goldfish']));

  it.each([
    ['index and name', 'index,name\n0,tench\n1,"goldfish, Carassius ""auratus"""'],
    ['index and name without a heading', '0,tench\n1,"goldfish, Carassius ""auratus"""'],
    ['rows in another order', 'id,label\n1,"goldfish, Carassius ""auratus"""\n0,tench'],
    [
      'the name among other columns',
      'wnid,name,count\nn01440764,tench,1300\nn01443537,"goldfish, Carassius ""auratus""",1300',
    ],
  ])('reads a table with %s', (_, text) =>
    expect(parseLabels('classes.csv', text)).toEqual(['tench', 'goldfish, Carassius "auratus"']),
  );
  it('reads a table with tabs', () =>
    expect(parseLabels('classes.tsv', 'label\tindex\ntench\t0\ngold, fish\t1')).toEqual(['tench', 'gold, fish']));
  it('takes lines with commas for names where they are no table', () =>
    expect(parseLabels('l.csv', 'tench, Tinca tinca\ngoldfish, Carassius auratus')).toEqual([
      'tench, Tinca tinca',
      'goldfish, Carassius auratus',
    ]));
  it.each([['{"1": "goldfish", "3": "shark"}'], ['{"goldfish": 1, "shark": 3}'], ["{1: 'goldfish', 3: 'shark'}"]])(
    'keeps every name of %s at its own index',
    (text) => expect(parseLabels('some.json', text)).toEqual(['class 0', 'goldfish', 'class 2', 'shark']),
  );
  it('refuses an index beyond all sense before anything is allocated', () =>
    expect(() => parseLabels('far.json', '{"4000000000": "x"}')).toThrow(/^far\.json: 4000000001 lines are more/));
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

describe('the labels beside a model', () => {
  const among = (files: Record<string, string>, classes: number) =>
    labelsAmong(
      Object.entries(files).map(([name, text]) => ({ name, bytes: new TextEncoder().encode(text) })),
      classes,
    );
  const folder = {
    'notes.txt': 'A model.\nOf two classes.\nAnd no more.',
    'preprocessor_config.json': '{"crop_size": {"height": 224}, "image_mean": [0.5]}',
    'config.json': '{"id2label": {"0": "cat", "1": "dog"}}',
    'weights.bin': 'x',
  };

  it('are those of the file with as many names as classes', () => {
    expect(among(folder, 2)).toEqual({ name: 'config.json', labels: ['cat', 'dog'] });
    expect(among(folder, 3).name).toBe('notes.txt');
  });
  it('are else those of a file that is called so, so that both numbers can be told', () =>
    expect(among(folder, 1000)).toEqual({ name: 'config.json', labels: ['cat', 'dog'] }));
  it('are none where no file holds any', () =>
    expect(among({ 'weights.bin': 'x', 'preprocessor_config.json': '{}', 'README.txt': 'two\nlines' }, 2)).toEqual({
      name: '',
      labels: [],
    }));
  it('are asked for where the only candidate holds none', () =>
    expect(() => among({ 'bad.json': folder['preprocessor_config.json'] }, 2)).toThrow(
      /^bad\.json: not a list of class names/,
    ));
});
