import { describe, expect, it } from 'vitest';
import {
  MAX_ZOOM,
  NO_ZOOM,
  cellAt,
  cellRect,
  fit,
  pan,
  reveal,
  toImage,
  toStage,
  union,
  zoomAt,
} from '../../src/lib/render/viewport.ts';

const bounds = { x: 0, y: 0, width: 200, height: 100 };
const stage = { width: 400, height: 400 };

describe('the viewport', () => {
  it('shows the whole picture, centred, as large as it fits', () => {
    expect(fit(bounds, stage)).toEqual({ scale: 2, x: 0, y: 100 });
    expect(toStage(fit(bounds, stage), bounds)).toEqual({ x: 0, y: 100, width: 400, height: 200 });
  });

  it('fits bounds that begin beyond the picture (a model that sees padding)', () => {
    const seen = union(bounds, { x: 0, y: -50, width: 200, height: 200 });
    expect(seen).toEqual({ x: 0, y: -50, width: 200, height: 200 });
    expect(toStage(fit(seen, stage), seen)).toEqual({ x: 0, y: 0, width: 400, height: 400 });
  });

  it('keeps the point under the pointer in place while zooming', () => {
    const at = { x: 150, y: 220 };
    let zoom = zoomAt(NO_ZOOM, 4, { x: 200, y: 200 }, bounds, stage);
    const before = toImage(fit(bounds, stage, zoom), at);
    zoom = zoomAt(zoom, 1.5, at, bounds, stage);
    const after = toImage(fit(bounds, stage, zoom), at);
    expect(after.x).toBeCloseTo(before.x, 6);
    expect(after.y).toBeCloseTo(before.y, 6);
  });

  it('never zooms out beyond the whole picture nor in beyond the limit', () => {
    expect(zoomAt(NO_ZOOM, 0.5, { x: 0, y: 0 }, bounds, stage)).toEqual(NO_ZOOM);
    expect(zoomAt(NO_ZOOM, 1e6, { x: 0, y: 0 }, bounds, stage).factor).toBe(MAX_ZOOM);
  });

  it('shows no gap at the edge, however far it is moved', () => {
    const zoom = pan({ factor: 4, centre: { x: 0.5, y: 0.5 } }, { x: 1e5, y: 1e5 }, bounds, stage);
    const shown = toStage(fit(bounds, stage, zoom), bounds);
    expect(shown.x).toBeCloseTo(0, 9);
    expect(shown.y).toBeCloseTo(0, 9);
  });

  it('follows the pointer when moved', () => {
    const zoom = { factor: 4, centre: { x: 0.5, y: 0.5 } };
    const before = fit(bounds, stage, zoom);
    const after = fit(bounds, stage, pan(zoom, { x: 30, y: -20 }, bounds, stage));
    expect([after.x - before.x, after.y - before.y]).toEqual([expect.closeTo(30, 6), expect.closeTo(-20, 6)]);
  });
});

describe('what is to be seen', () => {
  const area = { x: 180, y: 80, width: 10, height: 10 };

  it('is brought in by moving as little as is needed, and stays where it is once there', () => {
    const zoom = { factor: 8, centre: { x: 0.2, y: 0.2 } };
    const revealed = reveal(zoom, area, bounds, stage);
    const { x, y, width, height } = toStage(fit(bounds, stage, revealed), area);
    expect([x + width, y + height]).toEqual([expect.closeTo(400, 6), expect.closeTo(400, 6)]);
    const again = reveal(revealed, area, bounds, stage);
    expect(again.centre.x).toBeCloseTo(revealed.centre.x, 9);
    expect(again.centre.y).toBeCloseTo(revealed.centre.y, 9);
  });

  it('is in the middle where it is larger than the stage', () => {
    const zoom = { factor: 32, centre: { x: 0.2, y: 0.2 } };
    const { x, width } = toStage(fit(bounds, stage, reveal(zoom, area, bounds, stage)), area);
    expect(x + width / 2).toBeCloseTo(200, 6);
  });

  it('changes nothing of a picture that is not zoomed', () => {
    expect(reveal(NO_ZOOM, area, bounds, stage)).toBe(NO_ZOOM);
  });
});

describe('moving', () => {
  it('answers at once after a zoom into a corner', () => {
    const zoom = zoomAt(NO_ZOOM, 4, { x: 0, y: 100 }, bounds, stage);
    const before = fit(bounds, stage, zoom);
    const after = fit(bounds, stage, pan(zoom, { x: -25, y: 0 }, bounds, stage));
    expect(after.x - before.x).toBeCloseTo(-25, 6);
  });
});

describe('the score under a point', () => {
  const area = { x: 50, y: 0, width: 100, height: 100 };
  const map = { width: 4, height: 4 };

  it('is the one whose cell covers the point', () => {
    expect(cellAt({ x: 50, y: 0 }, area, map)).toEqual({ x: 0, y: 0 });
    expect(cellAt({ x: 149.9, y: 60 }, area, map)).toEqual({ x: 3, y: 2 });
  });

  it('is none outside of what the model sees', () => {
    expect(cellAt({ x: 49, y: 10 }, area, map)).toBeNull();
    expect(cellAt({ x: 150, y: 10 }, area, map)).toBeNull();
  });

  it('lies in the rectangle that is marked', () => {
    const rect = cellRect({ x: 3, y: 2 }, area, map);
    expect(rect).toEqual({ x: 125, y: 50, width: 25, height: 25 });
    expect(cellAt({ x: rect.x + 1, y: rect.y + 1 }, area, map)).toEqual({ x: 3, y: 2 });
  });
});
