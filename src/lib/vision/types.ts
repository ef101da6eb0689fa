/** @file Pixels and how they become what a model is fed. Plain data. */

/** An image as decoded: 8 bits a channel, row-major RGBA, not premultiplied. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type Layout = 'NCHW' | 'NHWC';
export type ChannelOrder = 'RGB' | 'BGR' | 'grey';

/**
 * centre-crop: the centre of the image in the model's aspect ratio, as large as `cropFraction` of what fits.
 * stretch: the whole image, its aspect ratio lost. fit: the whole image, with bars of the mean colour.
 */
export type ResizeMode = 'centre-crop' | 'stretch' | 'fit';

/** From pixels to what the model is fed: v = (pixel/255 · scale − mean_c) / std_c, per channel in the model's order. */
export interface Preprocessing {
  /** Id of the preset it came from, or 'custom'. */
  readonly preset: string;
  readonly layout: Layout;
  readonly order: ChannelOrder;
  /** Size of the model's input in pixels. */
  readonly width: number;
  readonly height: number;
  readonly resize: ResizeMode;
  /** For centre-crop: 0.875 is torchvision's "resize to 256, crop 224"; 1 takes the largest crop that fits. */
  readonly cropFraction: number;
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What a model was fed. */
export interface Fed {
  /** The tensor turned back into a picture: 8 bits a channel, row-major RGBA. */
  readonly pixels: Pixels;
  readonly shape: readonly number[];
  /** In the model's order, in the model's numbers. */
  readonly channels: readonly FedChannel[];
}

export interface FedChannel {
  readonly name: 'red' | 'green' | 'blue' | 'grey';
  readonly min: number;
  readonly max: number;
  readonly mean: number;
}

export interface PresetInfo {
  readonly id: string;
  readonly title: string;
  readonly description: string;
}
