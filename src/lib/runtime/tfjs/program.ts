/** @file A lowered graph as a list of steps: each tensor is disposed of after the last step that reads it. */
import { nodeLabel, topologicalOrder, type Graph, type Node, type Value } from '../../graph/graph.ts';
import { attributesOf, getOp, type AnyOp } from '../../ops/define.ts';
import type { TensorFlow, TfTensor } from '../../ops/tensorflow.ts';
import { int64, type Tensor } from '../../tensor/tensor.ts';
import type { Feed, DeviceTensor, Program, TfjsBackend } from '../runtime.ts';
import type { Enqueue } from '../queue.ts';
import { useBackend } from './backend.ts';
import { TfjsDeviceTensor, toDevice } from './tensors.ts';

interface Step {
  readonly node: Node;
  readonly op: AnyOp;
  readonly attrs: unknown;
  /** Values that nothing reads any more after this step. */
  readonly last: readonly Value[];
}

type Tensors = Map<Value, TfTensor>;

/** What a program shares with its runtime. */
export interface Home {
  readonly tf: TensorFlow;
  readonly backend: TfjsBackend;
  readonly enqueue: Enqueue;
  /** Throws where what was computed cannot be trusted, because the device is gone. */
  readonly check: () => void;
  readonly onDispose: (program: TfjsProgram) => void;
}

/** What depends on constants alone is computed once; weights that only such steps read are given back. */
export class TfjsProgram implements Program {
  readonly batch: number;
  readonly #graph: Graph;
  readonly #home: Home;
  readonly #constants: Tensors = new Map();
  readonly #steps: readonly Step[];
  #disposed: Promise<void> | null = null;

  /** Call with the backend made the current one. */
  constructor(graph: Graph, batch: number, home: Home) {
    this.batch = batch;
    this.#graph = graph;
    this.#home = home;
    const order = topologicalOrder(graph.outputs);
    const constant = constantNodes(order);
    try {
      this.#run(
        stepsOf(
          order.filter((node) => constant.has(node)),
          this.#keptOf(order, constant),
        ),
        this.#constants,
      );
      const rest = order.filter((node) => !constant.has(node));
      rest.forEach((node) => node.inputs.forEach((v) => v && this.#upload(v, this.#constants)));
      graph.outputs.forEach((v) => this.#upload(v, this.#constants));
      this.#steps = stepsOf(rest, new Set([...this.#constants.keys(), ...graph.inputs, ...graph.outputs]));
    } catch (error) {
      this.#constants.forEach((tensor) => tensor.dispose());
      throw error;
    }
  }

  /** Results of constant steps that the others, or the caller, read. */
  #keptOf(order: readonly Node[], constant: ReadonlySet<Node>): Set<Value> {
    const read = order.filter((node) => !constant.has(node)).flatMap((node) => node.inputs);
    return new Set([...read, ...this.#graph.outputs].filter((v): v is Value => v !== null));
  }

  #upload(value: Value, into: Tensors): void {
    const known = value.constant ?? (value.dims && int64([value.dims.length], value.dims as readonly number[]));
    if (known && !into.has(value)) into.set(value, toDevice(this.#home.tf, known));
  }

  run(feeds: readonly Feed[]): Promise<DeviceTensor[]> {
    const { inputs } = this.#graph;
    if (feeds.length !== inputs.length) {
      const names = inputs.map((v) => v.name).join(', ');
      return Promise.reject(new RangeError(`run: ${feeds.length} feeds for ${inputs.length} inputs (${names}).`));
    }
    if (this.#disposed)
      return Promise.reject(new Error('run: the program has been disposed of. Compile the graph again.'));
    return this.#home.enqueue(async () => {
      await useBackend(this.#home.tf, this.#home.backend);
      return this.#runNow(feeds);
    });
  }

  /** Without a pause, so that no other runtime changes the backend meanwhile. */
  #runNow(feeds: readonly Feed[]): DeviceTensor[] {
    const tensors: Tensors = new Map();
    const owned = new Set<TfTensor>();
    try {
      feeds.forEach((feed, i) => {
        const tensor = this.#feed(feed, i);
        if (!(feed instanceof TfjsDeviceTensor)) owned.add(tensor);
        tensors.set(this.#graph.inputs[i], tensor);
      });
      this.#run(this.#steps, tensors);
      return this.#results(tensors, owned);
    } catch (error) {
      this.#graph.inputs.forEach((v) => tensors.delete(v));
      tensors.forEach((tensor) => tensor.dispose());
      throw failure(error);
    } finally {
      owned.forEach((tensor) => tensor.dispose());
    }
  }

  /** What a step made is handed over; what others hold is handed over as one more tensor on the same data. */
  #results(tensors: Tensors, owned: Set<TfTensor>): DeviceTensor[] {
    const { tf, enqueue, check } = this.#home;
    const handed = new Set<Value>(this.#graph.inputs);
    return this.#graph.outputs.map((value) => {
      const tensor = tensors.get(value) ?? this.#constants.get(value)!;
      const free = tensors.has(value) && !handed.has(value) && !owned.has(tensor);
      handed.add(value);
      return new TfjsDeviceTensor(free ? tensor : tf.clone(tensor), value.dtype, enqueue, check);
    });
  }

  #feed(feed: Feed, index: number): TfTensor {
    const { dtype, shape, name } = this.#graph.inputs[index];
    const where = `run: input ${index} ("${name}")`;
    if (feed.shape.join() !== shape.join())
      throw new RangeError(`${where} has shape [${feed.shape}], the program takes [${shape}].`);
    if (feed.dtype !== dtype) throw new TypeError(`${where} is ${feed.dtype}, the program takes ${dtype}.`);
    return feed instanceof TfjsDeviceTensor ? feed.value(where) : toDevice(this.#home.tf, feed as Tensor);
  }

  /** Adds what the steps make to `tensors`, and takes out what none of them reads again. */
  #run(steps: readonly Step[], tensors: Tensors): void {
    for (const step of steps) {
      step.node.inputs.forEach((v) => v && !this.#constants.has(v) && this.#upload(v, tensors));
      const x = step.node.inputs.map((v) => (v ? (tensors.get(v) ?? this.#constants.get(v)) : undefined));
      this.#compute(step, x as readonly TfTensor[]).forEach((y, i) => tensors.set(step.node.outputs[i], y));
      for (const v of step.last) {
        tensors.get(v)?.dispose();
        tensors.delete(v);
      }
    }
  }

  #compute({ node, op, attrs }: Step, x: readonly TfTensor[]): TfTensor[] {
    const { tf } = this.#home;
    try {
      return tf.tidy(() => op.run!(tf, x, { node, attrs }).map((y) => (x.includes(y) ? tf.clone(y) : y)));
    } catch (error) {
      throw new Error(`${nodeLabel(node)}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }

  dispose(): Promise<void> {
    this.#home.onDispose(this);
    this.#disposed ??= this.#home.enqueue(async () => this.#constants.forEach((tensor) => tensor.dispose()));
    return this.#disposed;
  }
}

/** Nodes that no input of the graph reaches. */
function constantNodes(order: readonly Node[]): Set<Node> {
  const found = new Set<Node>();
  const isKnown = (v: Value | null) => !v || v.isConstant || (v.producer !== null && found.has(v.producer));
  for (const node of order) if (node.inputs.every(isKnown)) found.add(node);
  return found;
}

/** The nodes with what each leaves behind; values in `kept` stay. */
function stepsOf(nodes: readonly Node[], kept: ReadonlySet<Value>): Step[] {
  const steps: Step[] = [];
  const seen = new Set<Value>(kept);
  for (const node of nodes.toReversed()) {
    const touched = [...node.outputs, ...node.inputs].filter((v): v is Value => v !== null && !seen.has(v));
    touched.forEach((v) => seen.add(v));
    const op = getOp(node.op, node.domain);
    steps.push({ node, op, attrs: attributesOf(op, node), last: [...new Set(touched)] });
  }
  return steps.reverse();
}

const failure = (error: unknown): Error =>
  new Error(
    `TensorFlow.js: the model failed while running: ${error instanceof Error ? error.message : String(error)}`,
    {
      cause: error,
    },
  );
