/** @file What nodes compute from constants alone, before any graph is built: conditions, block sizes. */
import { sizeOf, toNumbers, type Tensor } from '../../tensor/tensor.ts';
import { outputOf, type FlatNode, type Flattened } from './flatten.ts';

/** The tensor of a Const node, or null where it cannot be read. */
export type ConstantOf = (node: FlatNode) => Tensor | null;

/** Largest constant that takes part. */
const MOST = 64;
/** Longest chain of nodes behind a condition. */
const DEEPEST = 64;

const PASSING: ReadonlySet<string> = new Set([
  'Identity',
  'StopGradient',
  'Snapshot',
  'PlaceholderWithDefault',
  'Cast',
]);

type Numbers = readonly number[];

const pairs: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  LogicalAnd: (a, b) => a !== 0 && b !== 0,
  LogicalOr: (a, b) => a !== 0 || b !== 0,
  Equal: (a, b) => a === b,
  NotEqual: (a, b) => a !== b,
  Greater: (a, b) => a > b,
  GreaterEqual: (a, b) => a >= b,
  Less: (a, b) => a < b,
  LessEqual: (a, b) => a <= b,
};

export class Known {
  readonly #flat: Flattened;
  readonly #constantOf: ConstantOf;
  #byName = new Map<string, FlatNode>();

  constructor(flat: Flattened, constantOf: ConstantOf) {
    this.#flat = flat;
    this.#constantOf = constantOf;
    this.refresh();
  }

  /** After nodes were replaced. */
  refresh(): void {
    this.#byName = new Map(this.#flat.nodes.map((n) => [n.name, n]));
  }

  /** The node that a tensor is the first output of. */
  producer(tensor: string): FlatNode | undefined {
    const { node, index } = outputOf(this.#flat.resolve(tensor));
    return index === 0 ? this.#byName.get(node) : undefined;
  }

  /** The elements of a small tensor; null where they are not known. */
  numbers(tensor: string | undefined, depth = 0): Numbers | null {
    const node = tensor === undefined ? undefined : this.producer(tensor);
    if (!node || depth > DEEPEST) return null;
    if (node.op === 'Const') {
      const constant = this.#constantOf(node);
      return constant && sizeOf(constant.shape) <= MOST ? toNumbers(constant) : null;
    }
    const of = (i: number) => this.numbers(node.inputs[i], depth + 1);
    if (PASSING.has(node.op)) return of(0);
    if (node.op === 'LogicalNot') return of(0)?.map((v) => Number(v === 0)) ?? null;
    return Object.hasOwn(pairs, node.op) ? compared(pairs[node.op], of(0), of(1)) : null;
  }

  /** Whether a scalar is true; null where that is not known. */
  condition(tensor: string | undefined): boolean | null {
    const known = this.numbers(tensor);
    return known?.length === 1 ? known[0] !== 0 : null;
  }
}

function compared(f: (a: number, b: number) => boolean, a: Numbers | null, b: Numbers | null): Numbers | null {
  return a?.length === 1 && b?.length === 1 ? [Number(f(a[0], b[0]))] : null;
}
