import { describe, expect, it } from 'vitest';
import type { Library } from '../../src/lib/state/library.ts';
import { Mask } from '../../src/lib/state/mask.svelte.ts';
import type { Workspace } from '../../src/lib/state/workspace.svelte.ts';

const workspace = (more = {}) =>
  ({
    picture: { info: { id: 1 }, url: '/site/gallery/cat.png', source: { url: '/site/gallery/cat.png' } },
    prediction: { crop: { x: 10, y: 0, width: 80, height: 80 } },
    preprocessing: { width: 8, height: 8 },
    inputs: { several: false },
    ...more,
  }) as unknown as Workspace;

const rows = ({ places }: Mask) =>
  Array.from({ length: 8 }, (_, y) => Array.from(places!.slice(8 * y, 8 * y + 8), (v) => (v ? '#' : '.')).join(''));

describe('a mask', () => {
  it('is a rectangle, as much of it as lies in the image, and can be cut into', () => {
    const mask = new Mask(workspace());
    expect(mask.places).toBeNull();
    mask.rectangle({ left: 6, top: -1, width: 5, height: 3 });
    mask.erasing = true;
    mask.rectangle({ left: 7, top: 0, width: 1, height: 1 });
    expect(rows(mask).slice(0, 3)).toEqual(['......#.', '......##', '........']);
    expect(mask.share).toBeCloseTo(3 / 64, 6);
    mask.clear();
    expect(mask.places).toBeNull();
  });

  it('is painted in strokes without gaps, round at the ends', () => {
    const mask = new Mask(workspace());
    mask.brush = 1;
    mask.stroke({ x: 1, y: 4 }, { x: 7, y: 4 });
    expect(rows(mask).slice(2, 6)).toEqual(['........', '########', '########', '........']);
    const before = mask.version;
    mask.stroke({ x: 1, y: 1 }, { x: 1, y: 1 });
    expect(mask.version).toBeGreaterThan(before);
  });

  it('comes with an example: the part that the model sees', async () => {
    const library = {
      images: [{ url: '/site/gallery/cat.png', file: 'cat.png', mask: 'cat.mask.png' }],
    } as unknown as Library;
    const mask = new Mask(workspace());
    expect(mask.exampleIn(library)).toBe('/site/gallery/cat.mask.png');
    expect(mask.exampleIn({ images: [] } as unknown as Library)).toBeNull();
    const asked: unknown[] = [];
    await mask.takeExample('/m.png', async (...what) => {
      asked.push(what);
      return Uint8Array.from({ length: 64 }, (_, i) => (i < 8 ? 200 : 100));
    });
    expect(asked).toEqual([['/m.png', { left: 10, top: 0, width: 80, height: 80 }, 8, 8]]);
    expect(rows(mask).slice(0, 2)).toEqual(['########', '........']);
    expect(mask.origin).toBe('example');
    await mask.takeExample('/m.png', () => Promise.reject(new Error('gone')));
    expect(mask.problem).toMatch(/could not be loaded. Paint/);
    expect(mask.places).not.toBeNull();
  });

  it('is for models with one image', () => {
    expect(new Mask(workspace({ inputs: { several: true } })).view).toBeNull();
  });
});
