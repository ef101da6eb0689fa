import { beforeEach, describe, expect, it } from 'vitest';
import { Inputs } from '../../src/lib/state/inputs.svelte.ts';
import { seenFrom } from '../../src/lib/state/seen-from.ts';
import type { LabClient } from '../../src/lib/worker/client.ts';
import { FakeLab, modelInfo, torchvision } from './fake-lab.ts';

const twoImages = modelInfo('pair.onnx', {
  input: { name: 'left', shape: [null, 3, 24, 24], because: '' },
  others: [
    { name: 'right', shape: [null, 3, 24, 24], because: '', preprocessing: { ...torchvision, preset: 'right' } },
  ],
});

describe('the inputs of a model', () => {
  let inputs: Inputs;
  beforeEach(() => {
    inputs = new Inputs(new FakeLab() as unknown as LabClient);
    inputs.adapt(modelInfo('one.onnx'), []);
  });
  const give = (i: number) => inputs.slots[i].picture.open({ name: `${i}.png`, bytes: new Blob([String(i)]) });

  it('are as many as the model has, and keep their images', async () => {
    await give(0);
    const { info } = inputs.slots[0].picture;
    inputs.adapt(twoImages, []);
    expect(inputs.slots.map(({ name }) => name)).toEqual(['left', 'right']);
    expect(inputs.slots[0].picture.info).toBe(info);
    expect(inputs.missing).toEqual(['right']);
    inputs.adapt(modelInfo('one.onnx'), []);
    expect(inputs.slots).toHaveLength(1);
    expect(inputs.choices?.map(({ image }) => image)).toEqual([info!.id]);
  });

  it('are looked at where an image is missing, and are not fed until none is', async () => {
    await give(0);
    inputs.adapt(twoImages, []);
    expect(inputs.selected).toBe(1);
    expect(inputs.choices).toBeNull();
    await give(1);
    expect(inputs.choices?.map(({ preprocessing }) => preprocessing.preset)).toEqual(['torchvision', 'right']);
  });

  it('take new images: all where there are enough, else those that wait first, then the one that is looked at', async () => {
    inputs.adapt(twoImages, []);
    expect(inputs.takers(3)).toEqual([0, 1]);
    await give(0);
    inputs.select(0);
    expect(inputs.takers(1)).toEqual([1]);
    await give(1);
    expect(inputs.takers(1)).toEqual([0]);
    inputs.select(1);
    expect(inputs.takers(1)).toEqual([1]);
  });
});

describe('an answer seen from one input', () => {
  const answer = { map: 'a', label: 'cat', others: [{ map: 'b' }, { map: 'c' }] };

  it('has what was said of that input in front, and every input once', () => {
    expect(seenFrom(answer, 2)).toEqual({ map: 'c', label: 'cat', others: [{ map: 'b' }, { map: 'a' }] });
  });

  it('is the same answer for the first', () => {
    expect(seenFrom(answer, 0)).toBe(answer);
  });
});
