/** @file x · sigmoid(αx) → Swish; α = 1 is SiLU (Ramachandran et al. 2017, arXiv:1710.05941). */
import { gated, near, polynomialIn, producedBy, recognised, type Recogniser } from './match.ts';

export const swish: Recogniser = (g, site) =>
  gated(site, (x, gate, coefficient) => {
    const sigmoid = producedBy(gate, 'Sigmoid');
    if (!sigmoid || !near(coefficient, 1)) return null;
    const inner = polynomialIn(x, sigmoid.inputs[0]);
    const alpha = inner?.get(1);
    return inner?.size === 1 && alpha !== undefined ? recognised(g, site, 'Swish', [x], { alpha }) : null;
  });
