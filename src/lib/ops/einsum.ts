/** @file Einsum: a product of tensors summed over named axes. Its gradient is again an Einsum. */
import { bindShape, concrete, type Dim, type Shape } from '../graph/dim.ts';
import type { OutputType, Value } from '../graph/graph.ts';
import { string } from './attributes.ts';
import type { Builder } from './builder.ts';
import { bilinear } from './combinators.ts';
import { defineOp, type BackwardRule, type InferSite } from './define.ts';
import { refusePairs } from './matmul.ts';
import type { TensorFlow, TfTensor } from './tensorflow.ts';

interface Parsed {
  /** One letter an axis, an ellipsis spelt out in letters that the equation does not use. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly lengths: ReadonlyMap<string, Dim>;
}

const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];

/** Replaces `...` by letters that the equation does not use. Throws a RangeError where it stands for different ranks. */
function spellEllipsis(
  equation: string,
  terms: readonly string[],
  shapes: readonly Shape[],
): { spell: (term: string) => string; letters: string } {
  const ranks = terms.flatMap((term, i) => (term.includes('...') ? [shapes[i].length - (term.length - 3)] : []));
  if (new Set(ranks).size > 1) {
    throw new RangeError(`equation "${equation}": the ellipsis stands for ${ranks.join(' and ')} axes.`);
  }
  const free = LETTERS.filter((letter) => !terms.some((term) => term.includes(letter)));
  const letters = free.slice(0, ranks[0] ?? 0).join('');
  return { letters, spell: (term) => term.replace('...', letters) };
}

/** Without an arrow the output has the ellipsis first, then every letter that occurs once, in alphabetical order. */
function impliedOutput(terms: readonly string[]): string {
  const all = terms.join('').replaceAll('...', '');
  const single = [...new Set(all)].filter((letter) => all.split(letter).length === 2).toSorted();
  return (terms.some((term) => term.includes('...')) ? '...' : '') + single.join('');
}

/** Throws a RangeError where equation and shapes disagree, or where one term repeats a letter (a diagonal). */
export function parseEinsum(equation: string, shapes: readonly Shape[]): Parsed {
  const [left, right] = equation.replaceAll(/\s/g, '').split('->');
  const terms = left.split(',');
  if (terms.length !== shapes.length)
    throw new RangeError(`equation "${equation}" has ${terms.length} operands, the node ${shapes.length}.`);
  const { spell, letters } = spellEllipsis(equation, terms, shapes);
  const inputs = terms.map(spell);
  const output = spell(right ?? impliedOutput(terms));
  const lengths = new Map<string, Dim>();
  inputs.forEach((term, i) => {
    if (term.length !== shapes[i].length)
      throw new RangeError(
        `equation "${equation}": operand ${i} has shape [${shapes[i]}], "${terms[i]}" names ${term.length} axes.`,
      );
    if (new Set(term).size < term.length)
      throw new RangeError(
        `equation "${equation}": operand "${terms[i]}" repeats an index. Diagonals are not supported.`,
      );
    [...term].forEach((letter, axis) =>
      lengths.set(
        letter,
        joinLengths(lengths.get(letter) ?? 1, shapes[i][axis], letters.includes(letter) ? '...' : letter, equation),
      ),
    );
  });
  if (new Set(output).size < output.length || [...output].some((letter) => !lengths.has(letter))) {
    throw new RangeError(`equation "${equation}": the output must name axes of the operands, each once.`);
  }
  return { inputs, output, lengths };
}

function joinLengths(a: Dim, b: Dim, letter: string, equation: string): Dim {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  throw new RangeError(`equation "${equation}": axis "${letter}" is ${a} and ${b} long.`);
}

function inferEinsum({ x, attrs: { equation }, where }: InferSite<{ equation: string }>): OutputType[] {
  const { output, lengths } = parseEinsum(
    equation,
    x.map((v) => v.shape),
  );
  for (const [letter, length] of lengths) if (!output.includes(letter)) concrete(length, where);
  return [{ dtype: x[0].dtype, shape: refusePairs([...output].map((letter) => lengths.get(letter)!)) }];
}

/** ∂/∂(operand i): the same product with dy in its place, its axes the operand's. */
function einsumInputGradient(
  g: Builder,
  i: number,
  dy: Value,
  x: readonly Value[],
  { inputs, output, lengths }: Parsed,
): Value {
  const others = x.flatMap((v, j) => (j === i ? [] : [{ v, term: inputs[j] }]));
  const reachable = output + others.map((o) => o.term).join('');
  // Axes that were broadcast are summed; axes summed on their own in the forward product are spread again.
  const present = [...inputs[i]].filter(
    (letter, axis) => reachable.includes(letter) && x[i].shape[axis] === lengths.get(letter),
  );
  const equation = `${[output, ...others.map((o) => o.term)].join(',')}->${present.join('')}`;
  const gathered = g.apply('Einsum', [dy, ...others.map((o) => o.v)], { equation });
  const aligned = g.reshape(
    gathered,
    [...inputs[i]].map((letter) => (present.includes(letter) ? lengths.get(letter)! : 1)),
  );
  return g.expand(aligned, x[i].shape);
}

const einsumGradient: BackwardRule<{ equation: string }> = (g, { x, dy: [dy], attrs, wants }) => {
  const parsed = parseEinsum(
    attrs.equation,
    x.map((v) => v.shape),
  );
  return x.map((_, i) => (wants(i) ? einsumInputGradient(g, i, dy, x, parsed) : null));
};

const rules = bilinear(einsumGradient);

/** An operand and one letter for each of its axes. */
interface Named {
  readonly value: TfTensor;
  readonly letters: string;
}

const lengthIn = ({ value, letters }: Named, letter: string): number => value.shape[letters.indexOf(letter)];

/** The operand with its axes in the order of `groups`, each group folded into one; axes it lacks are left out. */
function inGroups(tf: TensorFlow, operand: Named, groups: readonly string[]): TfTensor {
  const order = [...groups.join('')].map((letter) => operand.letters.indexOf(letter));
  const folded = groups.map((group) => [...group].reduce((n, letter) => n * lengthIn(operand, letter), 1));
  return tf.reshape(tf.transpose(operand.value, order), folded);
}

/** Two operands as one matrix product: letters of both are its batch where `kept` names them, else they are summed. */
function contractPair(tf: TensorFlow, a: Named, b: Named, kept: string): Named {
  const own = (operand: Named, other: Named): Named => {
    const lone = [...operand.letters].filter((letter) => !other.letters.includes(letter) && !kept.includes(letter));
    const axes = lone.map((letter) => operand.letters.indexOf(letter));
    const letters = [...operand.letters].filter((letter) => !lone.includes(letter)).join('');
    return axes.length === 0 ? operand : { value: tf.sum(operand.value, axes), letters };
  };
  const [left, right] = [own(a, b), own(b, a)];
  const shared = [...left.letters].filter((letter) => right.letters.includes(letter));
  const batch = shared.filter((letter) => kept.includes(letter)).join('');
  const summed = shared.filter((letter) => !kept.includes(letter)).join('');
  const [rows, columns] = [left, right].map(({ letters }) => [...letters].filter((l) => !shared.includes(l)).join(''));
  const product = tf.matMul(inGroups(tf, left, [batch, rows, summed]), inGroups(tf, right, [batch, summed, columns]));
  const lengths = [...batch, ...rows].map((l) => lengthIn(left, l)).concat([...columns].map((l) => lengthIn(right, l)));
  return { value: tf.reshape(product, lengths), letters: batch + rows + columns };
}

function runEinsum(tf: TensorFlow, x: readonly TfTensor[], { inputs, output }: Parsed): TfTensor {
  const operands = x.map((value, i): Named => ({ value, letters: inputs[i] }));
  const total = operands.slice(1).reduce((sofar, next, i) => {
    const needed = output + inputs.slice(i + 2).join('');
    return contractPair(tf, sofar, next, needed);
  }, operands[0]);
  const axes = [...total.letters].flatMap((letter, i) => (output.includes(letter) ? [] : [i]));
  const letters = [...total.letters].filter((letter) => output.includes(letter)).join('');
  return inGroups(tf, { value: axes.length > 0 ? tf.sum(total.value, axes) : total.value, letters }, [...output]);
}

export const Einsum = defineOp('Einsum', {
  doc: 'products of the operands’ elements, summed over every index that the output does not name',
  run: (tf, x, { attrs }) => [
    runEinsum(
      tf,
      x,
      parseEinsum(
        attrs.equation,
        x.map((v) => v.shape),
      ),
    ),
  ],
  attrs: { equation: string('') },
  infer: inferEinsum,
  gradient: einsumGradient,
  deeplift: (g, site) => {
    const varying = site.x.filter((v, i) => v !== site.xRef[i]).length;
    if (varying > 2)
      throw new Error(
        `Einsum "${site.attrs.equation}": DeepLIFT has no rule for a product of ${varying} operands that all depend on the image. Split it into products of two.`,
      );
    return rules.deeplift(g, site);
  },
  relevance: rules.relevance,
  layer: 'dense',
  flops: (x, _y, { equation }) =>
    bindShape(
      [
        ...parseEinsum(
          equation,
          x.map((v) => v.shape),
        ).lengths.values(),
      ],
      1,
    ).reduce((n, d) => n * d, 1),
});
