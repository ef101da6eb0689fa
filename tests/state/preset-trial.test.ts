import { beforeEach, describe, expect, it } from 'vitest';
import { PresetTrial } from '../../src/lib/state/preset-trial.svelte.ts';
import { Workspace } from '../../src/lib/state/workspace.svelte.ts';
import { FakeLab } from './fake-lab.ts';

const file = (name: string) => new File(['x'], name);

describe('what the presets answer', () => {
  let lab: FakeLab;
  let workspace: Workspace;
  let trial: PresetTrial;
  beforeEach(async () => {
    lab = new FakeLab();
    workspace = new Workspace(lab.asClient());
    trial = new PresetTrial(workspace);
    await workspace.start();
  });
  const open = async () => {
    await workspace.openFiles([file('m.onnx')]);
    await workspace.openFiles([file('a.png')]);
  };

  it('is not asked for before there are a model and an image, nor unasked', async () => {
    expect(trial.possible).toBe(false);
    await trial.run();
    await open();
    expect(trial.possible).toBe(true);
    expect(lab.asked).not.toContain('try presets');
    expect(trial.answers).toEqual([]);
  });

  it('holds when a preset is chosen by it, and no longer with another image or model', async () => {
    await open();
    await trial.run();
    expect(trial.answers.map(({ preset }) => preset)).toEqual(['torchvision', 'caffe']);
    await workspace.choosePreset('caffe');
    expect(trial.answers).toHaveLength(2);
    await workspace.openFiles([file('b.png')]);
    expect(trial.answers).toEqual([]);
    await trial.run();
    await workspace.openFiles([file('other.onnx')]);
    expect(trial.answers).toEqual([]);
    expect(trial.running).toBe(false);
  });

  it('says why there is none', async () => {
    await open();
    lab.tryPresets = async () => ({ ok: false, reason: 'failed', message: 'm.onnx: out of memory.' });
    await trial.run();
    expect([trial.problem, trial.running]).toEqual(['m.onnx: out of memory.', false]);
  });
});

describe('why an input is fed as it is', () => {
  it('is what the files say, until it is changed by hand; of a model that is known nothing is said', async () => {
    const lab = new FakeLab();
    const workspace = new Workspace(lab.asClient());
    await workspace.start();
    await workspace.openFiles([file('m.onnx')]);
    expect(workspace.inputs.reason).toBe('');
    workspace.prepare({ scale: 2 });
    expect(workspace.inputs.reason).toBeNull();
    const known = workspace.preprocessing!;
    await workspace.openModel([{ name: 'k.onnx', bytes: new ArrayBuffer(1) }], known);
    expect(workspace.inputs.reason).toBeNull();
  });
});
