/**
 * @file How large a graph may be. Shapes are only numbers until something allocates them, and a file of a hundred bytes
 * can announce an exabyte; so they are added up while a graph is typed, before a runtime sees it.
 */
import { bindShape } from './dim.ts';
import { nodeLabel, type Node } from './graph.ts';

/** Elements of the largest value for one example: 512 MiB in float32, an eighth of a WebAssembly heap. */
export const LARGEST_VALUE = 2 ** 27;

/** Elements of all values of a graph for one example. The largest published classifiers stay below a tenth of it. */
export const LARGEST_GRAPH = 2 ** 31;

/** Most axes of a value: more than any exporter writes, and still cheap to walk. */
export const MOST_AXES = 32;

/** Adds up the elements of values as they are made. */
export class Budget {
  #spent = 0;

  /**
   * Counts the outputs of `node` for one example. Throws a RangeError naming it where a length is no whole number from
   * 0, where one of them or their sum is too large, or where it has too many axes.
   */
  spend(node: Node): void {
    const where = nodeLabel(node);
    for (const { shape } of node.outputs) {
      const lengths = bindShape(shape, 1);
      if (lengths.some((d) => !Number.isSafeInteger(d) || d < 0))
        throw new RangeError(
          `${where}: its output would have the shape [${shape}], whose lengths are not all whole numbers from 0. Check the sizes that the node is given.`,
        );
      if (lengths.length > MOST_AXES)
        throw new RangeError(
          `${where}: its output would have ${lengths.length} axes, the most is ${MOST_AXES}. Check the shape that the node is given.`,
        );
      // An empty tensor still has the strides of its other axes.
      const elements = lengths.reduce((n, d) => n * Math.max(d, 1), 1);
      this.#spent += elements;
      if (elements > LARGEST_VALUE)
        throw new RangeError(
          `${where}: its output of the shape [${shape}] would have ${elements} elements, the most is ${LARGEST_VALUE}. Check the sizes that the node is given, or export the model for a smaller image.`,
        );
      if (this.#spent > LARGEST_GRAPH)
        throw new RangeError(
          `${where}: with its output the values of this graph have ${this.#spent} elements, the most is ${LARGEST_GRAPH}. Export the model for a smaller image.`,
        );
    }
  }
}
