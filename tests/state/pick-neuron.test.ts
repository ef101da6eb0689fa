import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { statisticsOf } from '../../src/lib/model/inside.ts';
import { pickNeuronAt, positionUnder } from '../../src/lib/state/pick-neuron.ts';
import { Workspace } from '../../src/lib/state/workspace.svelte.ts';
import type { ActivationInfo, FeatureMaps, ModelInfo } from '../../src/lib/worker/api.ts';
import { FakeLab, modelInfo } from './fake-lab.ts';

const activation = (id: string, channels: number, side: number): ActivationInfo => ({
  ...{ id, op: 'Relu', shape: [channels, side, side], channels, height: side, width: side, prefix: 0 },
});
const LAYERS = [activation('conv1', 8, 12), activation('conv2', 16, 6), activation('scores', 4, 1)];

/** Of each layer the channel 3 answers most at (2, 1) and the channel 5 everywhere else. */
class InsideLab extends FakeLab {
  readonly passes: string[] = [];
  readonly inside = {
    layers: async () => ({ ok: true, value: LAYERS }),
    maps: async (_: unknown, id: string) => {
      this.passes.push(id);
      const layer = LAYERS.find((one) => one.id === id)!;
      const size = layer.height * layer.width;
      const data = new Float32Array(layer.channels * size);
      for (let at = 0; at < size; at++) data[(at === 2 * layer.width + 1 ? 3 : 5) * size + at] = 1;
      const whole = statisticsOf(data);
      return { ok: true, value: { layer, data, channels: [], whole } satisfies FeatureMaps };
    },
  };
}

/** A workspace that shows an explanation by `method`. */
async function explained(method: string, more: Partial<ModelInfo> = {}) {
  const lab = new InsideLab();
  const workspace = new Workspace(lab.asClient());
  await workspace.start('auto');
  await workspace.openModel([{ name: 'm.onnx', bytes: new ArrayBuffer(1) }]);
  await workspace.openImage({ name: 'cat.png', bytes: new Blob() });
  workspace.model = { ...modelInfo('m.onnx'), ...more };
  workspace.question.method = method;
  await workspace.predict(workspace.feed!);
  workspace.explain(workspace.request!);
  await expect.poll(() => workspace.status).toBe('done');
  return { lab, workspace };
}

const cell = { x: 1, y: 2, width: 6, height: 6 };

describe('a click on an explanation', () => {
  it('picks in the layer that was explained the channel that answers most there', async () => {
    const { workspace } = await explained('grad-cam');
    expect(await pickNeuronAt(workspace, cell)).toBe('');
    expect(workspace.place.selection).toEqual({ layer: 'conv2', channel: 3, position: { y: 2, x: 1 } });
  });

  it('again asks the model no second time, and names another channel elsewhere', async () => {
    const { lab, workspace } = await explained('grad-cam');
    await pickNeuronAt(workspace, cell);
    await pickNeuronAt(workspace, { ...cell, x: 4 });
    expect(workspace.place.selection).toEqual({ layer: 'conv2', channel: 5, position: { y: 2, x: 4 } });
    expect(lab.passes).toEqual(['conv2']);
  });

  it('picks with a method of the input in the layer that is picked, where it is on the image', async () => {
    const { workspace } = await explained('saliency');
    workspace.place.pickLayer('conv1');
    await pickNeuronAt(workspace, { x: 3, y: 4, width: 24, height: 24 });
    expect(workspace.place.selection).toEqual({ layer: 'conv1', channel: 3, position: { y: 2, x: 1 } });
    workspace.place.pickLayer('scores');
    await pickNeuronAt(workspace, { x: 3, y: 4, width: 24, height: 24 });
    // The scores have no positions: the layer that the page begins with has.
    expect(workspace.place.selection.layer).toBe('conv1');
  });

  it('says so where no layer has positions', async () => {
    const { workspace } = await explained('saliency', { layers: [], defaultLayer: null });
    expect(await pickNeuronAt(workspace, cell)).toContain('No layer of this model has positions');
  });
});

it('a position lies under the cell that was clicked, whatever the sizes', () => {
  const size = fc.integer({ min: 1, max: 300 });
  fc.assert(
    fc.property(size, size, size, size, fc.nat(), fc.nat(), (width, height, w, h, i, j) => {
      const [x, y] = [i % width, j % height];
      const at = positionUnder({ x, y, width, height }, { height: h, width: w });
      expect(at.x >= 0 && at.x < w && at.y >= 0 && at.y < h).toBe(true);
      // The middle of the cell lies within the position's share of the image.
      expect(Math.abs((at.x + 0.5) / w - (x + 0.5) / width)).toBeLessThanOrEqual(0.5 / w + 1e-12);
      expect(Math.abs((at.y + 0.5) / h - (y + 0.5) / height)).toBeLessThanOrEqual(0.5 / h + 1e-12);
      if (w === width && h === height) expect(at).toEqual({ x, y });
    }),
  );
});
