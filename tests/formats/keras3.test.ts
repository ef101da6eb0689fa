/** Files that Keras 3 itself wrote (scripts/fixtures/keras3/write.py), against its own `predict`. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readModel } from '../../src/lib/formats/read.ts';
import { relativeError } from '../../src/lib/tensor/arithmetic.ts';
import { float32, toFloat32 } from '../../src/lib/tensor/tensor.ts';
import { projectPath, readBytes, runGraph } from './shared.ts';

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}
interface Answers {
  readonly keras: string;
  readonly inputs: readonly (Numbers & { readonly name: string })[];
  readonly output: Numbers;
}

const folder = projectPath('tests/fixtures/keras/v3');
const files = readdirSync(folder).filter((file) => !file.endsWith('.json'));
const tensor = ({ shape, data }: Numbers) => float32(shape, data);

it('has models of each kind', () => {
  expect(files.map((file) => file.split('.')[0])).toEqual(
    expect.arrayContaining(['attention', 'convolutional', 'functions', 'recurrent', 'two_images']),
  );
});

describe.each(files)('%s', (file) => {
  const answers = JSON.parse(new TextDecoder().decode(readBytes(`${folder}/${file.split('.')[0]}.json`))) as Answers;
  const open = () => readModel({ file, bytes: readBytes(`${folder}/${file}`), beside: [] });

  it('answers as Keras does', async () => {
    const { graph } = await open();
    const feeds = graph.inputs.map(({ name }, at) => {
      const named = answers.inputs.find((input) => input.name === name);
      return tensor(named ?? answers.inputs[at]);
    });
    const [got] = await runGraph(graph, feeds, { batch: feeds[0].shape[0] });
    expect(relativeError(toFloat32(got), tensor(answers.output))).toBeLessThan(1e-5);
  });

  it('says which Keras wrote it', async () => {
    expect((await open()).info.version).toBe(`Keras ${answers.keras}`);
  });
});
