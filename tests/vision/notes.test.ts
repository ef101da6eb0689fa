import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { imageNotes } from '../../src/lib/vision/header.ts';

const bytes = (name: string): ArrayBuffer => {
  const file = readFileSync(new URL(`../fixtures/vision/${name}`, import.meta.url));
  return new Uint8Array(file).buffer;
};

describe('of an image a person is told', () => {
  it.each(['moving.gif', 'moving.png', 'moving.webp'])('that %s is an animation', (name) =>
    expect(imageNotes(bytes(name))).toEqual(['An animation: its first picture is used.']),
  );
  it('that only the upper 8 of 16 bits are used', () =>
    expect(imageNotes(bytes('deep.png'))).toEqual(['16 bits a channel, of which the upper 8 are used.']));
  it.each(['still.gif', 'half.png', 'turned.jpg', 'cmyk.jpg'])('nothing of %s', (name) =>
    expect(imageNotes(bytes(name))).toEqual([]),
  );
  it('nothing, and without an end, of a file that is cut off anywhere', () => {
    for (const name of ['moving.gif', 'moving.png', 'moving.webp', 'deep.png']) {
      const whole = bytes(name);
      for (let length = 0; length < whole.byteLength; length++)
        expect(imageNotes(whole.slice(0, length)).length).toBeLessThanOrEqual(1);
    }
  });
});
