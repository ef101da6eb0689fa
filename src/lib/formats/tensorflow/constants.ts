/** @file The tensors of Const nodes: in the node, or beside the model under the node's name. Each is read once, when it is needed. */
import { sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { Attributes } from './attributes.ts';
import type { FlatNode } from './flatten.ts';
import { computed, decodeTensor } from './tensors.ts';

/** Most elements of all constants that are lists, which may stand for more than they hold: 256 MiB. */
const MOST_FILLED = 2 ** 26;

export class Constants {
  readonly #weights: ReadonlyMap<string, Tensor>;
  readonly #read = new Map<string, Tensor>();
  /** Elements that the file need not hold. */
  #filled = 0;

  constructor(weights: ReadonlyMap<string, Tensor>) {
    this.#weights = weights;
  }

  /** In the element type that graphs compute in. Throws an error saying what is wrong with it. */
  of(node: FlatNode): Tensor {
    const known = this.#read.get(node.name);
    if (known) return known;
    const stored = this.#weights.get(node.name) ?? this.#inNode(node);
    const made = computed(stored);
    this.#read.set(node.name, made);
    return made;
  }

  /** null where it cannot be read: whoever needs it says so. */
  peek(node: FlatNode): Tensor | null {
    try {
      return this.of(node);
    } catch {
      return null;
    }
  }

  #inNode({ attrs }: FlatNode): Tensor {
    const proto = new Attributes(attrs).tensor('value');
    if (!proto) throw new RangeError('it has no value. The file is damaged: export it again.');
    const tensor = decodeTensor(proto);
    if (!proto.tensorContent?.length) this.#filled += sizeOf(tensor.shape);
    if (this.#filled > MOST_FILLED)
      throw new RangeError(
        `with its value the constants that this file writes in short have ${this.#filled} elements, the most is ${MOST_FILLED}. Choose a smaller model.`,
      );
    return tensor;
  }
}
