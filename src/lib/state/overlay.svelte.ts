/** @file How the result is drawn. Nothing here changes the result. */

export type SignFilter = 'all' | 'positive' | 'negative' | 'absolute';
export type Backdrop = 'colour' | 'grey' | 'none';

export class Overlay {
  opacity = $state(0.9);
  /** Whether the page is dark: on black, light colours stand out; on white, dark ones. */
  dark = $state(false);
  #diverging = $state<string | null>(null);
  /** Id of the colour map for magnitudes. */
  sequential = $state('ember');
  sign = $state<SignFilter>('all');
  /** Share of the magnitudes within the scale, in percent. */
  percentile = $state(99);
  smooth = $state(true);
  /** Weak values let the picture through. */
  fade = $state(true);
  backdrop = $state<Backdrop>('grey');

  /** Id of the colour map for values with a sign: what the person chose, else what suits the page. */
  get diverging(): string {
    return this.#diverging ?? (this.dark ? 'night' : 'tide');
  }

  /** null while nobody chose. */
  get chosenDiverging(): string | null {
    return this.#diverging;
  }

  set diverging(id: string) {
    this.#diverging = id;
  }
}
