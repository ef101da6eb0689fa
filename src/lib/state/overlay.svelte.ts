/** @file How the result is drawn. Nothing here changes the result. */

export type SignFilter = 'all' | 'positive' | 'negative' | 'absolute';
export type Backdrop = 'colour' | 'grey' | 'none';

export class Overlay {
  opacity = $state(0.9);
  /** Id of the map for values with a sign, and of the one for magnitudes. */
  diverging = $state('tide');
  sequential = $state('ember');
  sign = $state<SignFilter>('all');
  /** Share of the magnitudes within the scale, in percent. */
  percentile = $state(99);
  smooth = $state(true);
  /** Weak values let the picture through. */
  fade = $state(true);
  backdrop = $state<Backdrop>('grey');
}
