/** @file x · HardSigmoid(x), x · clip(x + 3, 0, 6)/6 and x · clip(x/6 + ½, 0, 1) → HardSwish (Howard et al. 2019, arXiv:1905.02244). */
import type { Value } from '../../graph/graph.ts';
import { gated, isPolynomial, near, producedBy, recognised, scalarOf, type Recogniser } from './match.ts';

/** The factor k for which gate = k · clip(x/6 + ½, 0, 1); null where there is none. */
function gateScale(x: Value, gate: Value): number | null {
  const hard = producedBy(gate, 'HardSigmoid');
  if (hard) {
    const { alpha = 0.2, beta = 0.5 } = hard.attrs as Readonly<Record<string, number>>;
    return hard.inputs[0] === x && near(alpha, 1 / 6) && near(beta, 0.5) ? 1 : null;
  }
  const clip = producedBy(gate, 'Clip');
  const scale = scalarOf(clip?.inputs[2]);
  if (!clip || !scale || scalarOf(clip.inputs[1]) !== 0) return null;
  return isPolynomial(x, clip.inputs[0], { 0: scale / 2, 1: scale / 6 }) ? scale : null;
}

export const hardSwish: Recogniser = (g, site) =>
  gated(site, (x, gate, coefficient) => {
    const scale = gateScale(x, gate);
    return scale !== null && near(coefficient * scale, 1) ? recognised(g, site, 'HardSwish', [x]) : null;
  });
