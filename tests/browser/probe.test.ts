/**
 * What the WebGPU provider of the installed onnxruntime-web runs itself, operator by operator: the answers of a version are
 * written down here, so that an upgrade shows as a difference. `runtime/lower` writes with others what it lacks.
 */
import { wrap } from 'comlink';
import { expect, it } from 'vitest';
import type { Answer, Probe } from './probe.worker.ts';

/** onnxruntime-web 1.30.0; every operator that is not named runs on the GPU. */
const elsewhere: Readonly<Record<Exclude<Answer, 'gpu'>, readonly string[]>> = {
  cpu: [
    ...[
      'CastLike',
      'Celu',
      'EyeLike',
      'IsInf',
      'IsNaN',
      'LRN',
      'LogSoftmax',
      'Mean',
      'MeanVarianceNormalization',
      'Mod',
    ],
    ...['OneHot', 'Or', 'Round', 'Selu', 'Shrink', 'Sign', 'Size', 'Softsign', 'SpaceToDepth', 'Sum', 'Xor'],
  ],
  fails: ['Dropout'],
  'too new': ['GroupNormalization', 'RMSNormalization', 'Swish'],
};

it('WebGPU runs the operators that it ran when this was written', { timeout: 120_000 }, async () => {
  const worker = new Worker(new URL('./probe.worker.ts', import.meta.url), { type: 'module' });
  try {
    const answers = Object.entries(await wrap<Probe>(worker)());
    const found = (answer: Answer) =>
      answers
        .filter(([, a]) => a === answer)
        .map(([op]) => op)
        .sort();
    expect({ cpu: found('cpu'), fails: found('fails'), 'too new': found('too new') }).toEqual(elsewhere);
    expect(found('gpu').length).toBeGreaterThan(80);
  } finally {
    worker.terminate();
  }
});
