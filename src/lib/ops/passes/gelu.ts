/** @file x/2 · (1 + erf(x/√2)) and x/2 · (1 + tanh(√(2/π) · (x + 0.044715x³))) → Gelu (Hendrycks & Gimpel 2016, arXiv:1606.08415). */
import type { Value } from '../../graph/graph.ts';
import { gated, isPolynomial, near, producedBy, recognised, scalarOf, type Recogniser } from './match.ts';

/** v in 1 + v. */
function afterOne(value: Value): Value | null {
  const [a, b] = producedBy(value, 'Add')?.inputs ?? [];
  if (near(scalarOf(b), 1)) return a;
  return near(scalarOf(a), 1) ? b : null;
}

const SLOPE = Math.sqrt(2 / Math.PI);

export const gelu: Recogniser = (g, site) =>
  gated(site, (x, gate, coefficient) => {
    if (!near(coefficient, 0.5)) return null;
    const curve = afterOne(gate);
    const erf = producedBy(curve, 'Erf');
    if (erf && isPolynomial(x, erf.inputs[0], { 1: Math.SQRT1_2 })) return recognised(g, site, 'Gelu', [x]);
    const tanh = producedBy(curve, 'Tanh');
    const matches = tanh && isPolynomial(x, tanh.inputs[0], { 1: SLOPE, 3: SLOPE * 0.044715 });
    return matches ? recognised(g, site, 'Gelu', [x], { approximate: 'tanh' }) : null;
  });
