import { beforeEach, expect, it } from 'vitest';
import { Workspace } from '../../src/lib/state/workspace.svelte.ts';
import { FakeLab } from './fake-lab.ts';

let workspace: Workspace;
const image = (name: string) => new File(['bytes'], name, { type: 'image/png' });
const titles = () => workspace.strip.entries.map(({ title }) => title);
const open = (i: number) => workspace.openFromStrip(workspace.strip.entries[i]);

beforeEach(async () => {
  workspace = new Workspace(new FakeLab().asClient());
  await workspace.start();
  await workspace.openModel([{ name: 'a.onnx', bytes: new ArrayBuffer(4) }]);
});

it('images dropped together, or one after the other, are all kept; the first of the new ones is opened', async () => {
  await workspace.openFiles([image('1.png'), image('2.png')]);
  expect([titles(), workspace.picture.info?.name]).toEqual([['1.png', '2.png'], '1.png']);
  await workspace.openFiles([image('3.png')]);
  expect([titles(), workspace.picture.info?.name]).toEqual([['1.png', '2.png', '3.png'], '3.png']);
});

it('each image keeps the class that was chosen for it, as long as the model stays', async () => {
  await workspace.openFiles([image('1.png'), image('2.png')]);
  workspace.question.chosen = 2;
  await open(0);
  expect(workspace.question.chosen).toBe(2);
  await open(1);
  expect(workspace.question.chosen).toBeNull();
  await open(0);
  expect(workspace.question.chosen).toBe(2);
  await open(1);
  await workspace.openModel([{ name: 'b.onnx', bytes: new ArrayBuffer(4) }]);
  await open(0);
  expect(workspace.question.chosen).toBeNull();
});

it('an image that cannot be read does not stay in the strip', async () => {
  await workspace.openFiles([image('1.png'), image('broken.png')]);
  await open(1);
  expect(titles()).toEqual(['1.png']);
  expect(workspace.picture.info?.name).toBe('1.png');
  expect(workspace.problem).toContain('broken.png');
});
