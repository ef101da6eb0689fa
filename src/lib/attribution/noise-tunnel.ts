import { add, map } from '../tensor/arithmetic.ts';
import { random } from '../tensor/random.ts';
import { zerosLike } from '../tensor/tensor.ts';
import { defineMethod, type Method } from './method.ts';
import { copiesOption, noiseOf, noiseOption, noiseTable, statisticOption } from './noise.ts';
import { choice, schema } from './options.ts';
import { values } from './program.ts';
import { noisyDraws, standardError, statisticOver, statistics, type SmoothGradType } from './smoothgrad.ts';

/**
 * Captum's NoiseTunnel: any method at noisy copies of the image, and the mean, mean square or variance of its scores. Of
 * `methods`, each with its default options. SmoothGrad is this of the gradient, in one program.
 */
export const noiseTunnelOver = (methods: readonly Method[]) =>
  defineMethod({
    id: 'noise-tunnel',
    title: 'Noise tunnel',
    family: 'gradient',
    description: 'Another method averaged over noisy copies of the image.',
    citation: {
      authors: 'Smilkov, Thorat, Kim, Viégas, Wattenberg',
      year: 2017,
      title: 'SmoothGrad: removing noise by adding noise',
      url: 'https://arxiv.org/abs/1706.03825',
    },
    options: schema({
      method: choice(
        { title: 'Averaged', description: 'The method of which the mean is taken, with its usual options.' },
        Object.fromEntries(methods.map(({ id, title }) => [id, title])),
        methods[0].id,
      ),
      type: statisticOption('scores'),
      samples: copiesOption(10),
      noise: noiseOption(0.15),
    }),
    needs: { baseline: true, layer: false, seed: true },
    signed: true,
    unavailable: (model) => (methods.some((m) => m.unavailable(model) === null) ? null : methods[0].unavailable(model)),
    graph(g, site, { method, type, samples, noise }) {
      const inner = methods.find(({ id }) => id === method)!;
      const shape = { type: type as SmoothGradType, samples, like: site.x };
      return statisticOver(g, noiseTable(g, site, noise, noisyDraws(site, samples)), shape, (noise) =>
        inner.graph(g, { ...site, x: g.add(site.x, noise) }),
      );
    },
    async explain(question, { method, type, samples, noise }) {
      const inner = methods.find(({ id }) => id === method)!;
      const reason = inner.unavailable(question.model);
      if (reason !== null)
        throw new RangeError(`${inner.title}: ${reason} Choose another method for the noise tunnel.`);
      const draw = noiseOf(question, noise, random(question.seed));
      let [sum, squares] = [zerosLike(question.x), zerosLike(question.x)];
      let passes = 1;
      for (let k = 0; k < samples; k++) {
        question.signal?.throwIfAborted();
        const x = add(question.x, draw());
        const found = await inner.explain({ ...question, x, onProgress: undefined });
        sum = add(sum, found.scores);
        squares = add(
          squares,
          map(found.scores, (v) => v * v),
        );
        passes += found.passes;
        question.onProgress?.({ done: k + 1, total: samples });
      }
      const [value] = await values(question, [question.x]);
      const { mean, meanSquare, variance } = statistics(sum, squares, samples);
      const scores = { smoothgrad: mean, 'smoothgrad-squared': meanSquare, vargrad: variance }[type as SmoothGradType];
      const check = type === 'smoothgrad' && samples > 1 ? standardError(mean, variance, samples) : undefined;
      return { scores, value, check, passes };
    },
  });
