/** @file What stands on the stage. */
import type { Container } from 'pixi.js';

/** One thing on the stage. Knows pixi and plain arrays; knows nothing of runes, workers or models. */
export interface Layer<T> {
  readonly view: Container;
  update(data: T): void;
  destroy(): void;
}
