/** @file What the keys do in a grid or a list of channels. */
import type { Maps } from '../state/maps.svelte.ts';

/** `columns` channels stand side by side, `page` rows are in sight. With Shift the arrows move within a channel. */
export function gridKeys(maps: Maps, columns: number, page: number): Record<string, (within: boolean) => void> {
  const move = (dx: number, dy: number) => (within: boolean) =>
    within ? maps.stepWithin(dx, dy) : maps.step(dx + dy * columns);
  return {
    ArrowLeft: move(-1, 0),
    ArrowRight: move(1, 0),
    ArrowUp: move(0, -1),
    ArrowDown: move(0, 1),
    PageUp: () => maps.step(-page * columns),
    PageDown: () => maps.step(page * columns),
    Home: () => maps.stepTo(0),
    End: () => maps.stepTo(Infinity),
    Enter: () => maps.cursor && maps.enlarge(maps.cursor.channel),
    Escape: () => (maps.cursor = null),
    '+': () => maps.zoomBy(1),
    '=': () => maps.zoomBy(1),
    '-': () => maps.zoomBy(-1),
    '0': () => (maps.zoom = 1),
  };
}
