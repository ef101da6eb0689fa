/** @file Shapes that name the batch axis, put together while a file runs. */
import { isBatch, type Dim } from '../../graph/dim.ts';
import { create } from '../protobuf/wire.ts';
import * as proto from './proto.ts';
import { ATTRIBUTE, type NodeProto } from './proto.ts';

/** Makes each vector once; `nodes` go before those that read them. */
export class ShapeVectors {
  readonly nodes: NodeProto[] = [];
  readonly #measured: string;
  readonly #unique: (wanted: string) => string;
  readonly #constant: (values: readonly number[], name: string) => string;
  readonly #known = new Map<string, string>();

  /** N is the length of the first axis of the input `measured`. */
  constructor(
    measured: string,
    unique: (wanted: string) => string,
    constant: (values: readonly number[], name: string) => string,
  ) {
    this.#measured = measured;
    this.#unique = unique;
    this.#constant = constant;
  }

  /** Name of the vector. */
  nameOf(dims: readonly Dim[]): string {
    return this.#once(`[${dims}]`, () => {
      const parts = dims.map((d) => (isBatch(d) ? this.#examples(d.times) : this.#number(d)));
      if (parts.length === 1) return parts[0];
      return this.#node('Concat', parts, 'shape', { name: 'axis', type: ATTRIBUTE.int, i: 0 });
    });
  }

  /** Name of the vector for Reshape, which finds the length of the batch axis by itself. */
  open(dims: readonly Dim[]): string {
    const values = dims.map((d) => (isBatch(d) ? -1 : d));
    return this.#once(`open ${values}`, () => this.#constant(values, 'shape'));
  }

  /** [k·N] */
  #examples(times: number): string {
    if (times === 1)
      return this.#once('N', () =>
        this.#node('Shape', [this.#measured], 'examples', { name: 'end', type: ATTRIBUTE.int, i: 1 }),
      );
    return this.#once(`${times}N`, () => this.#node('Mul', [this.#examples(1), this.#number(times)], 'examples'));
  }

  #number = (value: number): string => this.#once(String(value), () => this.#constant([value], 'length'));

  #once(key: string, make: () => string): string {
    let name = this.#known.get(key);
    if (name === undefined) this.#known.set(key, (name = make()));
    return name;
  }

  #node(opType: string, input: string[], wanted: string, attribute?: Partial<proto.AttributeProto>): string {
    const name = this.#unique(wanted);
    const attributes = attribute ? [create(proto.Attribute, attribute)] : [];
    this.nodes.push(create(proto.Node, { opType, input, output: [name], attribute: attributes }));
    return name;
  }
}
