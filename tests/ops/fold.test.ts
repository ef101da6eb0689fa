import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { N, batch, bindShape, type Dim } from '../../src/lib/graph/dim.ts';
import { constantValue, knownDims, Value, type Attributes } from '../../src/lib/graph/graph.ts';
import { Builder } from '../../src/lib/ops/builder.ts';
import { attributesOf, getOp, type KnownVector } from '../../src/lib/ops/define.ts';
import '../../src/lib/ops/index.ts';
import { int64 } from '../../src/lib/tensor/tensor.ts';
import { evaluate } from '../reference/interpreter.ts';
import { boolTensor, ints, intTensor } from './case.ts';

const knownOf = (v: Value | null): KnownVector | null =>
  v && knownDims(v) && { shape: v.shape as number[], dims: knownDims(v)! };

/** What folding knows of a node's output, and the output itself to evaluate. */
function fold(
  op: string,
  inputs: readonly (Value | null)[],
  attrs: Attributes = {},
): { known: KnownVector | null; y: Value } {
  const y = new Builder().apply(op, inputs, attrs);
  const definition = getOp(op);
  const known = definition.fold!(inputs.map(knownOf), attributesOf(definition, y.producer!), inputs as Value[]);
  return { known, y };
}

/** What is known must be what the operator computes, whatever the batch size. */
function expectTrue({ known, y }: ReturnType<typeof fold>): void {
  if (!known) return;
  for (const n of [1, 2, 3, 7]) {
    const [truth] = evaluate([y], new Map(), n);
    expect(known.shape).toEqual([...truth.shape]);
    expect(
      bindShape(known.dims, n).map((v) => v + 0),
      `N = ${n}`,
    ).toEqual(Array.from(truth.data, (v) => v + 0));
  }
}

const number = fc.integer({ min: -6, max: 12 });
const dim: fc.Arbitrary<Dim> = fc.oneof(
  { weight: 2, arbitrary: number },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }).map((k) => batch(k)) },
);
const vector = (length: number) => fc.array(dim, { minLength: length, maxLength: length }).map(ints);
const nonZero = fc.oneof(
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: -5, max: -1 }),
  fc.integer({ min: 1, max: 4 }).map((k): Dim => batch(k)),
);

describe('what folding claims to know holds for every batch size', () => {
  it.each(['Add', 'Sub', 'Mul', 'Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'])('%s', (op) => {
    fc.assert(fc.property(vector(3), fc.oneof(vector(3), vector(1)), (a, b) => expectTrue(fold(op, [a, b]))));
  });

  it.each(['Max', 'Min'])('%s', (op) => {
    fc.assert(fc.property(fc.array(vector(2), { minLength: 1, maxLength: 3 }), (x) => expectTrue(fold(op, x))));
  });

  it.each(['Div', 'Mod'])('%s', (op) => {
    const divisor = fc.array(nonZero, { minLength: 3, maxLength: 3 }).map(ints);
    fc.assert(fc.property(vector(3), divisor, (a, b) => expectTrue(fold(op, [a, b]))));
  });

  it.each(['Neg', 'Abs', 'Identity', 'Shape', 'Size'])('%s', (op) => {
    fc.assert(fc.property(vector(3), (x) => expectTrue(fold(op, [x]))));
  });

  it('Where', () => {
    const condition = fc
      .array(fc.integer({ min: 0, max: 1 }), { minLength: 3, maxLength: 3 })
      .map((bits) => boolTensor([3], bits));
    fc.assert(fc.property(condition, vector(3), vector(1), (c, a, b) => expectTrue(fold('Where', [c, a, b]))));
  });

  it('Gather, Slice, Concat, Unsqueeze', () => {
    fc.assert(
      fc.property(
        vector(4),
        vector(2),
        fc.integer({ min: -4, max: 3 }),
        fc.integer({ min: -5, max: 5 }),
        (x, other, i, end) => {
          expectTrue(fold('Gather', [x, intTensor([], [i])]));
          expectTrue(fold('Gather', [x, intTensor([2], [i, 0])]));
          expectTrue(fold('Slice', [x, ints([i]), ints([end]), ints([0])]));
          expectTrue(fold('Slice', [x, ints([end]), ints([i]), null, ints([-1])]));
          expectTrue(fold('Concat', [other, x, other], { axis: 0 }));
          expectTrue(fold('Unsqueeze', [x, ints([0])]));
        },
      ),
    );
  });

  it.each(['ReduceProd', 'ReduceSum', 'ReduceMax', 'ReduceMin'])('%s', (op) => {
    fc.assert(
      fc.property(vector(2), fc.integer({ min: 0, max: 1 }), (x, keepdims) =>
        expectTrue(fold(op, [x, ints([0])], { keepdims })),
      ),
    );
  });

  it('Reshape, Transpose, Expand, Tile of matrices', () => {
    const matrix = fc.array(number, { minLength: 6, maxLength: 6 }).map((values) => intTensor([2, 3], values));
    fc.assert(
      fc.property(matrix, (x) => {
        expectTrue(fold('Reshape', [x, ints([3, -1])]));
        expectTrue(fold('Transpose', [x]));
        expectTrue(fold('Expand', [x, ints([2, 1, 3])]));
        expectTrue(fold('Tile', [x, ints([1, 2])]));
        expectTrue(fold('Trilu', [x], { upper: 0 }));
        expectTrue(fold('ReduceSum', [x, ints([])]));
      }),
    );
  });

  it('Split', () => {
    fc.assert(
      fc.property(vector(5), fc.integer({ min: 0, max: 5 }), (x, first) => {
        const ys = new Builder().applyAll('Split', [x, ints([first, 5 - first])], {}, { outputs: ['a', 'b'] });
        ys.forEach((y, index) => {
          const output = { index, shapes: ys.map((v) => v.shape) };
          const known = getOp('Split').fold!([knownOf(x), null], { axis: 0 }, [x], output);
          expect(known).not.toBeNull();
          expectTrue({ known, y });
        });
      }),
    );
  });

  it('Range, ConstantOfShape, Cast', () => {
    const part = fc.tuple(number, number, fc.integer({ min: 1, max: 3 }));
    fc.assert(
      fc.property(part, (values) => {
        const [start, limit, delta] = values.map((v) => intTensor([], [v]));
        expectTrue(fold('Range', [start, limit, delta]));
      }),
    );
    expectTrue(fold('ConstantOfShape', [ints([2, 3])], { value: int64([1], [5]) }));
    expectTrue(fold('Cast', [ints([N, 3])], { to: 7 }));
    expectTrue(fold('Cast', [ints([2, 0])], { to: 9 }));
  });
});

describe('folding knows', () => {
  const dims = (op: string, inputs: readonly (Value | null)[], attrs?: Attributes) =>
    fold(op, inputs, attrs).known?.dims ?? null;

  it('that N is not −1, which is how exporters guard an Expand', () => {
    expect(dims('Equal', [ints([N, 3]), intTensor([], [-1])])).toEqual([0, 0]);
  });

  it('that N is at least 1', () => {
    expect(dims('Max', [ints([N]), intTensor([], [1])])).toEqual([N]);
    expect(dims('Greater', [ints([N]), intTensor([], [0])])).toEqual([1]);
    expect(dims('Less', [ints([N]), intTensor([], [1])])).toEqual([0]);
  });

  it('how many elements an example has', () => {
    expect(dims('ReduceProd', [ints([N, 3, 4]), null], { keepdims: 0 })).toEqual([batch(12)]);
    expect(dims('Div', [ints([batch(12)]), ints([4])])).toEqual([batch(3)]);
    expect(dims('Div', [ints([batch(12)]), ints([N])])).toEqual([12]);
  });

  it('the length of a part of an axis', () => {
    expect(dims('Div', [ints([7]), ints([2])])).toEqual([3]);
    expect(dims('Mod', [ints([batch(6)]), ints([3])])).toEqual([0]);
  });

  it('nothing that depends on the batch size', () => {
    expect(dims('Add', [ints([N]), intTensor([], [1])])).toBeNull();
    expect(dims('Equal', [ints([N]), intTensor([], [4])])).toBeNull();
    expect(dims('Div', [ints([N]), intTensor([], [2])])).toBeNull();
    expect(dims('ConstantOfShape', [ints([N])])).toBeNull();
  });

  it('sizes computed in floats, as in interpolate(scale_factor)', () => {
    const scale = constantValue({ dtype: 'float32', shape: [2], data: Float32Array.of(1.5, 1.5) });
    const sizes = constantValue({ dtype: 'float32', shape: [2], data: Float32Array.of(7, 5) });
    const scaled = dims('Mul', [sizes, scale])!;
    expect(scaled).toEqual([10.5, 7.5]);
    const floor = dims('Floor', [
      constantValue({ dtype: 'float32', shape: [2], data: Float32Array.from(scaled as number[]) }),
    ]);
    expect(floor).toEqual([10, 7]);
  });

  it('the batch axis through floats', () => {
    const known = { shape: [1], dims: [batch(3)] };
    const input = new Value('float32', [1]);
    expect(getOp('Floor').fold!([known], {}, [input])!.dims).toEqual([batch(3)]);
    expect(getOp('Cast').fold!([known], { to: 7 }, [input])!.dims).toEqual([batch(3)]);
    const halved = getOp('Mul').fold!([known, { shape: [], dims: [0.5] }], {}, [input, input])!;
    expect(halved.dims).toEqual([batch(1.5)]);
    expect(getOp('Floor').fold!([halved], {}, [input])).toBeNull();
  });
});
