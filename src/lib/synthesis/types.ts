/** @file The nouns of activation maximisation, as plain data: they cross the worker and stand in permalinks. */

export interface PictureSize {
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
}

export type ParametrisationKind = 'pixels' | 'fourier' | 'maco';

/**
 * What is made large. `channel` and `neuron` count along the layer's own axes; a neuron of a layer of tokens has its
 * token as `x` and 0 as `y`. Without `y` and `x` a neuron lies in the middle.
 */
export type Term =
  | { readonly kind: 'channel'; readonly layer: string; readonly channel: number }
  | {
      readonly kind: 'neuron';
      readonly layer: string;
      readonly channel: number;
      readonly y?: number;
      readonly x?: number;
    }
  /** Mean of the squared activations of the whole layer (DeepDream, Mordvintsev, Olah & Tyka 2015). */
  | { readonly kind: 'layer'; readonly layer: string }
  /** The activation's mean over positions v along `direction` d: v·d · max(0.1, cos(v, d))^power. */
  | {
      readonly kind: 'direction';
      readonly layer: string;
      readonly direction: readonly number[];
      readonly power: number;
    }
  | { readonly kind: 'logit'; readonly index: number }
  /** The layer's activations on an image, exaggerated: ⟨a, a′⟩ · max(0.1, ⟨a, a′⟩ / (‖a′‖ ‖a‖))^power. */
  | { readonly kind: 'caricature'; readonly layer: string; readonly power: number };

export interface WeightedTerm {
  readonly weight: number;
  readonly term: Term;
}

/** Σ weight · term − diversity · Σ_{a≠b} ⟨G_a, G_b⟩ / batch, with G the normalised Gram matrices of a layer's channels. */
export interface Objective {
  readonly terms: readonly WeightedTerm[];
  readonly diversity?: { readonly layer: string; readonly weight: number };
}

/** Weights of what is subtracted from the objective, each of the picture in 0…1; 0 leaves it out. */
export interface Regularisers {
  /** Σ |differences of neighbouring pixels|. */
  readonly totalVariation: number;
  /** Σ |x − 0.5|. */
  readonly l1: number;
  /** ‖x − 0.5‖₂. */
  readonly l2: number;
  /** ½ Σ (x − blurred x)², a 3×3 binomial blur. */
  readonly blur: number;
}

/** Pixels, factors and degrees; each step draws anew. Beyond the picture lies grey without end, so there is no width of a pad. */
export interface Transform {
  /** Largest shift before scaling. */
  readonly jitter: number;
  readonly scales: readonly number[];
  readonly degrees: readonly number[];
  /** Largest shift after rotating. */
  readonly lastJitter: number;
}

export type OptimiserKind = 'adam' | 'nadam';

export interface Recipe {
  readonly parametrisation: ParametrisationKind;
  readonly transform: Transform;
  readonly optimiser: OptimiserKind;
  readonly learningRate: number;
  readonly regularisers: Regularisers;
  readonly steps: number;
  readonly seed: number;
}
