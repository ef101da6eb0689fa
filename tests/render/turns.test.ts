import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Turns } from '../../src/lib/render/turns.ts';

const frames: (() => void)[] = [];
let now = 0;
beforeEach(() => {
  now = frames.length = 0;
  vi.stubGlobal('requestAnimationFrame', (frame: () => void) => frames.push(frame));
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
const nextFrame = () => frames.splice(0).forEach((frame) => frame());

/** Six pictures that take `ms` each, and the names of those that have been drawn. */
function six(ms: number) {
  const turns = new Turns();
  const drawn: string[] = [];
  const targets = Array.from('abcdef', (name) => ({ name }));
  const ask = (target: { name: string }, as = target.name) =>
    turns.ask(target, () => {
      now += ms;
      drawn.push(as);
    });
  targets.forEach((target) => ask(target));
  return { turns, drawn, targets, ask };
}

describe('drawing in turns', () => {
  it('draws nothing at once, and all in one frame where they are quick', () => {
    const { drawn } = six(0.5);
    expect([drawn.length, frames.length]).toEqual([0, 1]);
    nextFrame();
    expect([drawn.join(''), frames.length]).toEqual(['abcdef', 0]);
  });

  it('draws one a frame where each is slow', () => {
    const { drawn } = six(40);
    for (let frame = 1; frame <= 6; frame++) {
      nextFrame();
      expect(drawn.join('')).toBe('abcdef'.slice(0, frame));
    }
    expect(frames.length).toBe(0);
  });

  it('draws the newest of what was asked for one target, once, and nothing for one that is gone', () => {
    const { turns, drawn, targets, ask } = six(40);
    nextFrame();
    ask(targets[1], 'B');
    turns.forget(targets[2]);
    for (let frame = 0; frame < 9; frame++) nextFrame();
    expect(drawn.join('')).toBe('aBdef');
  });
});
