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
export const near = (a: number | null | undefined, b: number): boolean => a !== null && a !== undefined && Math.abs(a - b) <= 1e-4 * Math.max(Math.abs(b), 1e-3);

export interface Product {
  readonly coefficient: number;
  readonly factors: readonly Value[];
}

const times = (a: Product, b: Product): Product => ({ coefficient: a.coefficient * b.coefficient, factors: [...a.factors, ...b.factors] });

/** Patterns are shallow; without a bound a chain of squares would have 2ⁿ factors. */
const DEEPEST_PRODUCT = 4;
const DEEPEST_POLYNOMIAL = 8;

/** A value as a number times values that are no products themselves. */
function productOf(value: Value, depth: number): Product {
  const scalar = scalarOf(value);
  if (scalar !== null) return { coefficient: scalar, factors: [] };
  const node = depth < DEEPEST_PRODUCT ? value.producer : null;
  return (node && productOfInputs(node, node.inputs, depth + 1)) ?? { coefficient: 1, factors: [value] };
}

/** The product that a Mul or a Div by a number is of its inputs; null for other operators. */
export function productOfInputs(node: Node, inputs: readonly (Value | null)[], depth = 0): Product | null {
  const [a, b] = inputs;
  if (node.domain !== '' || !a || !b) return null;
  if (node.op === 'Mul') return times(productOf(a, depth), productOf(b, depth));
  const divisor = node.op === 'Div' ? scalarOf(b) : null;
  return divisor ? times(productOf(a, depth), { coefficient: 1 / divisor, factors: [] }) : null;
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
  return Array.from({ length: number - 1 }, () => a).reduce<Polynomial | null>((power, factor) => power && multiply(power, factor), a);
}

/** Whether a value is this polynomial in x: coefficients by power, others zero. */
export function isPolynomial(x: Value, value: Value | null | undefined, expected: Readonly<Record<number, number>>): boolean {
  const found = polynomialIn(x, value);
  if (!found) return false;
  const powers = new Set([...found.keys(), ...Object.keys(expected).map(Number)]);
  return [...powers].every((p) => near(found.get(p) ?? 0, expected[p] ?? 0));
}

/** The operator that was recognised, under the node's own names. */
export function recognised(g: Builder, { node }: Site, op: string, inputs: readonly Value[], attrs: Node['attrs'] = {}): Value | null {
  const value = g.apply(op, inputs, attrs, { name: node.name, outputs: [node.outputs[0].name] });
  return sameShape(value.shape, node.outputs[0].shape) ? value : null;
}

/**
 * x · gate(x) · coefficient, in any order of multiplication: `match` is asked with each factor as x and the other as the
 * gate. Returns what `match` returns first.
 */
export function gated<T>(site: Site, match: (x: Value, gate: Value, coefficient: number) => T | null): T | null {
  const product = productOfInputs(site.node, site.inputs);
  if (product?.factors.length !== 2) return null;
  const [a, b] = product.factors;
  return match(a, b, product.coefficient) ?? match(b, a, product.coefficient);
}
