/** @file Matrix products and Einsum as sums over index vectors. */
import {
  at,
  atBroadcast,
  broadcastShape,
  build,
  indices,
  num,
  text,
  type Family,
  type ReferenceOp,
  type RefTensor,
} from '../tensor.ts';

const matMul: ReferenceOp = ([a, b]) => {
  const left: RefTensor = a.shape.length === 1 ? { ...a, shape: [1, ...a.shape] } : a;
  const right: RefTensor = b.shape.length === 1 ? { ...b, shape: [...b.shape, 1] } : b;
  const [rows, inner] = left.shape.slice(-2);
  const columns = right.shape.at(-1)!;
  const stack = broadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  const full = build(a.dtype, [...stack, rows, columns], (index) => {
    const [before, i, j] = [index.slice(0, -2), index.at(-2)!, index.at(-1)!];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += atBroadcast(left, [...before, i, k]) * atBroadcast(right, [...before, k, j]);
    return sum;
  });
  return [
    { ...full, shape: [...stack, ...(a.shape.length === 1 ? [] : [rows]), ...(b.shape.length === 1 ? [] : [columns])] },
  ];
};

const gemm: ReferenceOp = ([a, b, c], attrs) => {
  const [alpha, beta] = [num(attrs, 'alpha', 1), num(attrs, 'beta', 1)];
  const [transA, transB] = [num(attrs, 'transA', 0), num(attrs, 'transB', 0)];
  const shape = [a.shape[transA ? 1 : 0], b.shape[transB ? 0 : 1]];
  return [
    build(a.dtype, shape, ([i, j]) => {
      let sum = 0;
      for (let k = 0; k < a.shape[transA ? 0 : 1]; k++)
        sum += at(a, transA ? [k, i] : [i, k]) * at(b, transB ? [j, k] : [k, j]);
      return alpha * sum + (c ? beta * atBroadcast(c, [i, j]) : 0);
    }),
  ];
};

/** The value of every letter in turn, the product of the operands there added to the output. */
const einsum: ReferenceOp = (x, attrs) => {
  const [left, right] = text(attrs, 'equation', '').replaceAll(' ', '').split('->');
  const dots = '0123456789';
  const hidden = Math.max(
    ...left.split(',').map((term, i) => (term.includes('...') ? x[i].shape.length - term.length + 3 : 0)),
  );
  const terms = left
    .split(',')
    .map((term, i) => term.replace('...', dots.slice(hidden - (x[i].shape.length - term.length + 3), hidden)));
  const letters = [...new Set(terms.join(''))].toSorted();
  const once = letters.filter((l) => /[a-z]/i.test(l) && [...left].filter((c) => c === l).length === 1);
  const output = [...(right?.replace('...', dots.slice(0, hidden)) ?? dots.slice(0, hidden) + once.join(''))];
  const length = (letter: string) =>
    Math.max(...terms.map((term, i) => (term.includes(letter) ? x[i].shape[term.indexOf(letter)] : 1)));
  const summed = letters.filter((l) => !output.includes(l));
  return [
    build(x[0].dtype, output.map(length), (place) => {
      let sum = 0;
      for (const rest of indices(summed.map(length))) {
        const value = (letter: string) =>
          output.includes(letter) ? place[output.indexOf(letter)] : rest[summed.indexOf(letter)];
        sum += x.reduce((product, v, i) => product * atBroadcast(v, [...terms[i]].map(value)), 1);
      }
      return sum;
    }),
  ];
};

export const matmul: Family = { MatMul: matMul, Gemm: gemm, Einsum: einsum };
