/** @file Puts an element of the page beside another, in the browser's top layer: nothing covers or clips it there. */
import { autoUpdate, computePosition, flip, offset, shift, size, type Placement } from '@floating-ui/dom';

/** Left between the element and the window's edge, in CSS pixels. */
const MARGIN = 8;

export interface Floating {
  readonly placement: Placement;
  /** Between the two, in CSS pixels. */
  readonly gap: number;
  /** A list: at least as wide as what it belongs to, and no higher than the room there is. */
  readonly fitted?: boolean;
}

/**
 * Shows `element`, which has `popover="manual"`, beside `anchor` and keeps it there while either moves. The look has to leave
 * the place to this: `position: fixed; inset: auto; margin: 0`. Call what it returns when the element goes.
 */
export function float(element: HTMLElement, anchor: HTMLElement, { placement, gap, fitted = false }: Floating) {
  const room = size({
    padding: MARGIN,
    apply: ({ rects, availableHeight }) => {
      element.style.minWidth = `${rects.reference.width}px`;
      element.style.setProperty('--room', `${availableHeight}px`);
    },
  });
  const middleware = [offset(gap), flip({ padding: MARGIN }), shift({ padding: MARGIN }), ...(fitted ? [room] : [])];
  element.showPopover();
  return autoUpdate(anchor, element, async () => {
    const { x, y } = await computePosition(anchor, element, { placement, strategy: 'fixed', middleware });
    Object.assign(element.style, { left: `${x}px`, top: `${y}px` });
  });
}
