import { expect, it } from 'vitest';
import { backward } from '../../src/lib/autodiff/backward.ts';
import { deepliftComplete } from '../../src/lib/autodiff/rule-sets.ts';
import { Value } from '../../src/lib/graph/graph.ts';
import { cloneBetween } from '../../src/lib/graph/rewrite.ts';
import '../../src/lib/ops/index.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { float32 } from '../../src/lib/tensor/tensor.ts';
import { random } from '../../src/lib/tensor/random.ts';
import { evaluateInFloat32 } from '../reference/float32.ts';
import { ref } from '../reference/tensor.ts';

it('keeps DeepLIFT’s sum in float32 through eight normalisations of a constant reference', () => {
  const [width, depth] = [16, 8];
  const rng = random(5);
  const normals = (n: number) => Float32Array.from({ length: n }, rng.normal);
  const g = new Builder();
  const x = new Value('float32', [1, width], { name: 'x' });
  const xRef = new Value('float32', [1, width], { name: 'x′' });
  let h: Value = x;
  for (let layer = 0; layer < depth; layer++) {
    const scale = g.constant(float32([width], new Float32Array(width).fill(1)));
    const weight = g.constant(
      float32(
        [width, width],
        normals(width * width).map((v) => v / Math.sqrt(width)),
      ),
    );
    h = g.matmul(g.apply('LayerNormalization', [h, scale], { epsilon: 1e-6 }), weight);
  }
  const onReference = cloneBetween(new Map([[x, xRef]]), [h]);
  const seed = g.constant(float32([1, width], normals(width)));
  const [m] = backward(g, deepliftComplete, { y: h, seed, xs: [x], reference: onReference });
  const total = g.reduceSum(g.mul(m, g.sub(x, xRef)), [1]);
  const expected = g.reduceSum(g.mul(seed, g.sub(h, onReference(h))), [1]);
  const feeds = new Map([
    [x, ref('float32', [1, width], normals(width))],
    [xRef, ref('float32', [1, width], new Float32Array(width))],
  ]);
  const [sum, difference] = evaluateInFloat32([total, expected], feeds).map((t) => t.data[0]);
  expect(Math.abs(sum / difference - 1)).toBeLessThan(1e-4);
});
