/** @file What tests of the lab ask for where nothing else matters. */
import type { AttributionRequest, ModelInfo } from '../../src/lib/model/types.ts';

/** Saliency of the fourth class's logit for image 1, but for what `change` says. */
export const requestOn = (info: ModelInfo, change: Partial<AttributionRequest> = {}): AttributionRequest => ({
  image: 1,
  preprocessing: info.preprocessing,
  method: 'saliency',
  options: {},
  target: { kind: 'logit', index: 3 },
  baseline: { kind: 'black' },
  layer: null,
  seed: 1,
  ...change,
});
