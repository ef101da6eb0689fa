/** @file x · tanh(softplus(x)) → Mish (Misra 2019, arXiv:1908.08681). */
import { gated, near, producedBy, recognised, type Recogniser } from './match.ts';

export const mish: Recogniser = (g, site) =>
  gated(site, (x, gate, coefficient) => {
    const softplus = producedBy(producedBy(gate, 'Tanh')?.inputs[0], 'Softplus');
    return softplus?.inputs[0] === x && near(coefficient, 1) ? recognised(g, site, 'Mish', [x]) : null;
  });
