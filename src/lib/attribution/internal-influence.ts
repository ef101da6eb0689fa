import { gradient as gradientRules } from '../autodiff/rule-sets.ts';
import { noLayer } from './cam.ts';
import { sumAlong, sumAlongGraph } from './layer-path.ts';
import { defineMethod, missingRules } from './method.ts';
import { integer, schema } from './options.ts';
import { pathQuadrature } from './path-options.ts';
import { values } from './program.ts';
import { quadratures } from './quadrature.ts';

/**
 * Internal Influence (Leino, Sen, Datta, Fredrikson & Li 2018, arXiv:1802.03788), with the uniform distribution on the path
 * from x′ to x:
 *
 *     score = ∫₀¹ ∂F/∂A (x′ + α (x − x′)) dα
 */
export const internalInfluence = defineMethod({
  id: 'internal-influence',
  title: 'Internal influence',
  family: 'layer',
  description:
    'How strongly the score reacts to each unit of a layer, averaged on the way from the baseline to the image.',
  citation: {
    authors: 'Leino, Sen, Datta, Fredrikson, Li',
    year: 2018,
    title: 'Influence-Directed Explanations for Deep Convolutional Networks',
    url: 'https://arxiv.org/abs/1802.03788',
  },
  options: schema({
    steps: integer(
      { title: 'Steps', description: 'Points on the path: more is slower and closer to the integral.' },
      { minimum: 1, maximum: 1000, default: 32 },
    ),
    quadrature: pathQuadrature('gauss-legendre'),
  }),
  needs: { baseline: true, layer: true, seed: false },
  signed: true,
  unavailable: (model) => noLayer(model) ?? missingRules(model, gradientRules),
  graph: (g, site, { steps, quadrature }) => sumAlongGraph(g, site, 'slope', quadratures[quadrature](steps)),
  async explain(question, { steps, quadrature }) {
    const scores = await sumAlong(question, question.layer!, 'slope', quadratures[quadrature](steps));
    const [value, baselineValue] = await values(question, [question.x, question.baseline!]);
    return { scores, value, baselineValue, passes: steps + 2 };
  },
});
