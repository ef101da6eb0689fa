/**
 * @file What each operator's gradient costs beside the operator itself, on WASM in Node on one thread: every node of every
 * model of a folder is run alone, once for itself and once with its gradient to all of its inputs that are no weights. Prints
 * a Markdown table, operators that take most time first.
 *
 *     node bench/operators.ts FOLDER [models…] [--runs 8] [--nodes]
 *
 * FOLDER is what scripts/reach/export.py wrote. Times are onnxruntime's own, of the kernels alone, each node's fastest run. Nodes
 * that are equal in all but their weights' values are run once and counted as often as they occur. What fuses with its neighbour
 * in a model, as a ReLU does, does not here. `--nodes` prints the nodes whose gradient takes most.
 */
import { parseArgs } from 'node:util';
import { backward } from '../src/lib/autodiff/backward.ts';
import { gradient, ruleFor } from '../src/lib/autodiff/rule-sets.ts';
import { BatchError, bindShape } from '../src/lib/graph/dim.ts';
import { topologicalOrder, Value, type Graph, type Node } from '../src/lib/graph/graph.ts';
import { copyNode } from '../src/lib/graph/rewrite.ts';
import { Builder } from '../src/lib/ops/builder.ts';
import { isFloat } from '../src/lib/tensor/dtype.ts';
import type { FloatTensor } from '../src/lib/tensor/tensor.ts';
import { image } from './models.ts';
import { kernelsOf } from './profile.ts';
import { loadReach, reachModels } from './reach.ts';
import { machine, table } from './report.ts';

interface Case {
  readonly op: string;
  readonly key: string;
  readonly forward: Graph;
  readonly both: Graph;
  readonly feeds: readonly FloatTensor[];
  count: number;
}

const isData = (v: Value | null): v is Value => v !== null && !v.isConstant;

/** The node on inputs of its own; null where nothing can flow back, or an input is no float. */
function caseOf(node: Node): Case | null {
  const data = node.inputs.filter(isData);
  if (data.length === 0 || !data.every((v) => v.dtype === 'float32') || !isFloat(node.outputs[0].dtype)) return null;
  if (node.body || !ruleFor(gradient, node)) return null;
  const fresh = new Map([...new Set(data)].map((v, i) => [v, new Value('float32', v.shape, { name: `x${i}` })]));
  const bound = copyNode(
    node,
    node.inputs.map((v) => (v && fresh.get(v)) ?? v),
  );
  const [y] = bound.outputs;
  const xs = [...fresh.values()];
  const seed = new Value('float32', y.shape, { name: 'seed' });
  const flows = flowsOf(y, seed, xs);
  if (!flows) return null;
  const shapes = node.inputs.map((v) => v && `${v.dtype}[${bindShape(v.shape, 1)}]${v.isConstant ? '=' : ''}`);
  return {
    op: node.op,
    key: `${node.op}(${shapes.join(', ')}) ${JSON.stringify(node.attrs)}`,
    forward: { name: node.op, inputs: xs, outputs: [y] },
    both: { name: node.op, inputs: [...xs, seed], outputs: [y, ...flows] },
    feeds: [...xs, seed].map((v) => image(bindShape(v.shape, 1))),
    count: 1,
  };
}

/** null where an input belongs to all examples: alone, its gradient would be a sum over them. */
function flowsOf(y: Value, seed: Value, xs: readonly Value[]): Value[] | null {
  try {
    return backward(new Builder(), gradient, { y, seed, xs });
  } catch (error) {
    if (error instanceof BatchError) return null;
    throw error;
  }
}

function casesOf(folder: string, names: readonly string[]): Case[] {
  const cases = new Map<string, Case>();
  for (const name of names) {
    const { forward } = loadReach(folder, name);
    for (const node of topologicalOrder(forward.outputs)) {
      const found = caseOf(node);
      const before = found && cases.get(found.key);
      if (before) before.count++;
      else if (found) cases.set(found.key, found);
    }
  }
  return [...cases.values()];
}

interface Row {
  nodes: number;
  forward: number;
  both: number;
}

const total = (kernels: readonly { readonly time: number }[]): number =>
  kernels.reduce((sum, { time }) => sum + time, 0);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '8' }, nodes: { type: 'boolean', default: false } },
});
const [folder, ...names] = positionals;
const rows = new Map<string, Row>();
const nodes: (readonly [string, number, number, number])[] = [];
for (const one of casesOf(folder, names.length > 0 ? names : reachModels(folder))) {
  const runs = Number(values.runs);
  const forward = total(await kernelsOf(one.forward, one.feeds.slice(0, -1), runs));
  const both = total(await kernelsOf(one.both, one.feeds, runs));
  const row = rows.get(one.op) ?? { nodes: 0, forward: 0, both: 0 };
  rows.set(one.op, row);
  row.nodes += one.count;
  row.forward += one.count * forward;
  row.both += one.count * both;
  nodes.push([one.key, one.count, forward, both]);
}
const ms = (microseconds: number) => (microseconds / 1000).toFixed(2);
const ordered = [...rows].sort(([, a], [, b]) => b.both - a.both);
console.log(`${machine()}, one thread.\n`);
console.log(
  table(
    ['operator', 'nodes', 'forward, ms', 'backward, ms', 'backward / forward'],
    ordered.map(([op, { nodes: count, forward, both }]) => [
      op,
      count,
      ms(forward),
      ms(both - forward),
      ((both - forward) / forward).toFixed(2),
    ]),
  ),
);
if (values.nodes) {
  const slowest = nodes.toSorted((a, b) => b[1] * (b[3] - b[2]) - a[1] * (a[3] - a[2])).slice(0, 40);
  for (const [key, count, forward, both] of slowest) console.log(`${count} × ${ms(forward)} → ${ms(both)}: ${key}`);
}
process.exit(0);
