import { N } from '../../../src/lib/graph/dim.ts';
import { floats, weight, x, type Case, type Cases } from '../case.ts';

const smooth: readonly Case[] = [{ inputs: [x([N, 6])] }];
const kinked = (avoid: readonly number[]): Case => ({ inputs: [x([N, 8], { low: -5, high: 5, avoid })] });
const withAttributes = (c: Case, title: string, attrs: Case['attrs']): Case => ({ ...c, title, attrs });

export const activation: Cases = {
  Relu: [kinked([0])],
  LeakyRelu: [
    kinked([0]),
    withAttributes(kinked([0]), 'alpha 0.3', { alpha: 0.3 }),
    withAttributes(kinked([0]), 'alpha −0.4', { alpha: -0.4 }),
  ],
  PRelu: [
    { title: 'a slope a channel', inputs: [x([N, 3, 2, 2], { avoid: [0] }), weight([3, 1, 1])] },
    { title: 'a slope that varies', inputs: [x([N, 4], { avoid: [0] }), x([N, 4])] },
  ],
  Elu: [kinked([0]), withAttributes(kinked([0]), 'alpha 0.5', { alpha: 0.5 })],
  Selu: [kinked([0]), withAttributes(kinked([0]), 'own constants', { alpha: 2, gamma: 3 })],
  Celu: [kinked([0]), withAttributes(kinked([0]), 'alpha 2', { alpha: 2 })],
  Sigmoid: smooth,
  HardSigmoid: [kinked([-2.5, 2.5]), withAttributes(kinked([-3, 3]), 'slope 1/6', { alpha: 1 / 6, beta: 0.5 })],
  HardSwish: [kinked([-3, 3])],
  Tanh: smooth,
  Softplus: smooth,
  Softsign: [kinked([0])],
  Gelu: [...smooth, { title: 'tanh approximation', inputs: [x([N, 6])], attrs: { approximate: 'tanh' } }],
  Mish: smooth,
  Swish: [...smooth, { title: 'alpha 1.702', inputs: [x([N, 6])], attrs: { alpha: 1.702 } }],
  ThresholdedRelu: [kinked([1]), withAttributes(kinked([2]), 'alpha 2', { alpha: 2 })],
  Clip: [
    { title: 'ReLU6', inputs: [x([N, 8], { low: -4, high: 9, avoid: [0, 6] }), floats([], [0]), floats([], [6])] },
    { title: 'low bound only', inputs: [x([N, 8], { avoid: [-1] }), floats([], [-1])] },
    { title: 'high bound only', inputs: [x([N, 8], { avoid: [1] }), null, floats([], [1])] },
    { title: 'no bounds', inputs: [x([N, 3])] },
  ],
  Shrink: [kinked([-0.5, 0.5]), withAttributes(kinked([-1.5, 1.5]), 'soft', { lambd: 1.5, bias: 1.5 })],
};
