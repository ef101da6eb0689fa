/** @file What patterns of exporters' decompositions are written in: products, polynomials and scalars, in whatever order they were built. */
import { sameShape } from '../../graph/dim.ts';
import type { Node, Value } from '../../graph/graph.ts';
import { sizeOf, toNumbers } from '../../tensor/tensor.ts';
import type { Builder } from '../builder.ts';

/** A node being rewritten: its inputs are rewritten already. */
export interface Site {
  readonly node: Node;
  readonly inputs: readonly (Value | null)[];
}

/** What stands for the node's one output, or null where the pattern does not match. */
export type Recogniser = (g: Builder, site: Site) => Value | null;

/** The producer of a value if it is this operator. */
export function producedBy(value: Value | null | undefined, op: string): Node | null {
  const node = value?.producer;
  return node && node.op === op && node.domain === '' ? node : null;
}

/** The number that a constant of one element holds. */
export function scalarOf(value: Value | null | undefined): number | null {
  const constant = value?.constant;
  return constant && sizeOf(constant.shape) === 1 ? toNumbers(constant)[0] : null;
}

/** Equal up to what a float32 constant of four or more digits leaves open. */
export const near = (a: number | null | undefined, b: number): boolean =>
  a !== null && a !== undefined && Math.abs(a - b) <= 1e-4 * Math.max(Math.abs(b), 1e-3);

interface Product {
  readonly coefficient: number;
  readonly factors: readonly Value[];
}

/** Patterns are shallow, and the ways to read a product multiply with each level. */
const DEEPEST_PRODUCT = 2;
const DEEPEST_POLYNOMIAL = 8;
/** x and its gate. */
const MOST_FACTORS = 2;

/** Every way to read a value as a number times at most two values: a product may be one of them itself. */
function productsOf(value: Value, depth: number): Product[] {
  const scalar = scalarOf(value);
  if (scalar !== null) return [{ coefficient: scalar, factors: [] }];
  const whole = { coefficient: 1, factors: [value] };
  const node = depth < DEEPEST_PRODUCT ? value.producer : null;
  return node ? [whole, ...productsOfInputs(node, node.inputs, depth + 1)] : [whole];
}

/** Every way to read a Mul, or a Div by a number; [] for other operators. */
function productsOfInputs(node: Node, inputs: readonly (Value | null)[], depth = 0): Product[] {
  const [a, b] = inputs;
  if (node.domain !== '' || !a || !b || (node.op !== 'Mul' && node.op !== 'Div')) return [];
  const divisor = scalarOf(b);
  if (node.op === 'Div' && !divisor) return [];
  const right = node.op === 'Div' ? [{ coefficient: 1 / divisor!, factors: [] }] : productsOf(b, depth);
  const all = productsOf(a, depth).flatMap((p) =>
    right.map((q) => ({ coefficient: p.coefficient * q.coefficient, factors: [...p.factors, ...q.factors] })),
  );
  return all.filter(({ factors }) => factors.length <= MOST_FACTORS);
}

/** Coefficients by power of x. */
export type Polynomial = ReadonlyMap<number, number>;

const HIGHEST_POWER = 8;

function combine(a: Polynomial, b: Polynomial, sign: number): Polynomial {
  const sum = new Map(a);
  for (const [power, c] of b) sum.set(power, (sum.get(power) ?? 0) + sign * c);
  return sum;
}

function multiply(a: Polynomial, b: Polynomial): Polynomial | null {
  const product = new Map<number, number>();
  for (const [p, c] of a) {
    for (const [q, d] of b) {
      if (p + q > HIGHEST_POWER) return null;
      product.set(p + q, (product.get(p + q) ?? 0) + c * d);
    }
  }
  return product;
}

/** A value as a polynomial in x, or null where it is none of low degree. */
export function polynomialIn(x: Value, value: Value | null | undefined, depth = 0): Polynomial | null {
  if (!value || depth > DEEPEST_POLYNOMIAL) return null;
  if (value === x) return new Map([[1, 1]]);
  const scalar = scalarOf(value);
  if (scalar !== null) return new Map([[0, scalar]]);
  const node = value.producer;
  if (!node || node.domain !== '' || !['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Neg'].includes(node.op)) return null;
  const [a, b] = node.inputs.map((input) => polynomialIn(x, input, depth + 1));
  if (node.op === 'Neg') return a && multiply(a, new Map([[0, -1]]));
  return a && b && combined(node.op, a, b);
}

function combined(op: string, a: Polynomial, b: Polynomial): Polynomial | null {
  if (op === 'Add' || op === 'Sub') return combine(a, b, op === 'Add' ? 1 : -1);
  if (op === 'Mul') return multiply(a, b);
  const number = b.size === 1 ? b.get(0) : undefined;
  if (number === undefined) return null;
  if (op === 'Div') return multiply(a, new Map([[0, 1 / number]]));
  if (!Number.isInteger(number) || number < 1 || number > HIGHEST_POWER) return null;
  return Array.from({ length: number - 1 }, () => a).reduce<Polynomial | null>(
    (power, factor) => power && multiply(power, factor),
    a,
  );
}

/** Whether a value is this polynomial in x: coefficients by power, others zero. */
export function isPolynomial(
  x: Value,
  value: Value | null | undefined,
  expected: Readonly<Record<number, number>>,
): boolean {
  const found = polynomialIn(x, value);
  if (!found) return false;
  const powers = new Set([...found.keys(), ...Object.keys(expected).map(Number)]);
  return [...powers].every((p) => near(found.get(p) ?? 0, expected[p] ?? 0));
}

/** The operator that was recognised, under the node's own names. */
export function recognised(
  g: Builder,
  { node }: Site,
  op: string,
  inputs: readonly Value[],
  attrs: Node['attrs'] = {},
): Value | null {
  const value = g.apply(op, inputs, attrs, { name: node.name, outputs: [node.outputs[0].name] });
  return sameShape(value.shape, node.outputs[0].shape) ? value : null;
}

/**
 * x · gate(x) · coefficient, in any order of multiplication: `match` is asked with each factor as x and the other as the
 * gate. Returns what `match` returns first.
 */
export function gated<T>(site: Site, match: (x: Value, gate: Value, coefficient: number) => T | null): T | null {
  for (const { coefficient, factors } of productsOfInputs(site.node, site.inputs)) {
    const [a, b] = factors;
    const found = b && (match(a, b, coefficient) ?? match(b, a, coefficient));
    if (found) return found;
  }
  return null;
}
