import { defineMethod } from './method.ts';
import { noLayer } from './cam.ts';
import { schema } from './options.ts';
import { activationOf } from './part.ts';
import { modelOn, values } from './program.ts';

/** Layer Activation: what the layer computes on x, whatever the target. */
export const layerActivation = defineMethod({
  id: 'layer-activation',
  title: 'Layer activation',
  family: 'layer',
  description: 'What a layer computes on the image, summed over its channels; it is of no class.',
  citation: {
    authors: 'Olah, Mordvintsev, Schubert',
    year: 2017,
    title: 'Feature Visualization',
    url: 'https://distill.pub/2017/feature-visualization',
  },
  options: schema({}),
  needs: { baseline: false, layer: true, seed: false },
  signed: true,
  unavailable: noLayer,
  graph: (_g, { model, x, layer }) => modelOn(model, x)(layer!),
  async explain(question) {
    const scores = await activationOf(question, question.layer!);
    const [value] = await values(question, [question.x]);
    question.onProgress?.({ done: 1, total: 1 });
    return { scores, value, passes: 2 };
  },
});
