/** @file What a graph of TensorFlow is given and gives: by its signature, or by what its nodes leave open. */
import { MOST_AXES } from '../../graph/budget.ts';
import { FormatError } from '../error.ts';
import type { Declared } from '../inputs.ts';
import { Attributes } from './attributes.ts';
import { canonical, outputOf, tensorName, type FlatNode } from './flatten.ts';
import type { GraphDef, NodeDef, ShapeProto, SignatureDef } from './proto.ts';

/** Operators without a result that anybody would look at. */
const SILENT: ReadonlySet<string> = new Set([
  ...['Const', 'NoOp', 'Assert', 'Placeholder', 'PlaceholderWithDefault', 'SaveV2', 'RestoreV2', 'MergeV2Checkpoints'],
  ...['Assign', 'AssignVariableOp', 'VarIsInitializedOp', 'VarHandleOp', 'VariableV2'],
]);

/** The tensors that a person gets: those of the signature, else those that nothing reads. */
export function outputsOf(graph: GraphDef, signature: SignatureDef | null, file: string): string[] {
  const named = (signature?.outputs ?? []).flatMap(({ value }) => (value?.name ? [canonical(value.name)] : []));
  const names = named.length > 0 ? [...new Set(named)] : unread(graph);
  if (names.length === 0)
    throw new FormatError(
      `${file}: no node of the graph gives a result that is not read by another. Export the model with its scores as an output.`,
    );
  return names;
}

function unread({ node }: GraphDef): string[] {
  const read = new Set(node.flatMap(({ input }) => input.map((i) => outputOf(i.replace(/^\^/, '')).node)));
  return node.filter(({ name, op }) => !read.has(name) && !SILENT.has(op)).flatMap(outputsOfNode);
}

/** All outputs of a node that is an end, where it says how many they are. */
function outputsOfNode({ name, op, input, attr }: NodeDef): string[] {
  const calls = op === 'PartitionedCall' || op === 'StatefulPartitionedCall';
  const count = op === 'IdentityN' ? input.length : calls ? new Attributes(attr).typeCount('Tout') : 1;
  return Array.from({ length: Math.max(1, count) }, (_, i) => tensorName(name, i));
}

/** Placeholders among `nodes`, in file order; what the signature says of them comes first. */
export function inputsOf(
  nodes: readonly FlatNode[],
  { versions }: GraphDef,
  signature: SignatureDef | null,
  file: string,
): Declared[] {
  const infos = new Map(
    (signature?.inputs ?? []).flatMap(({ value }) => (value ? [[outputOf(value.name).node, value] as const] : [])),
  );
  const open = nodes.filter((node) => isInput(node, infos.has(node.name)));
  return open.map((node) => {
    const attrs = new Attributes(node.attrs);
    // Before version 24 a scalar stood for a shape that is not known.
    const scalarIsOpen = (versions?.producer ?? 24) < 24;
    const isKnown = (s: ShapeProto | null | undefined) => s && !s.unknownRank && !(scalarIsOpen && s.dim.length === 0);
    const shapes = [infos.get(node.name)?.tensorShape, attrs.shape('shape'), attrs.shape('_output_shapes')];
    return {
      name: node.name,
      dtype: readType(attrs, node, file),
      shape: lengthsOf(shapes.find(isKnown), node, file),
    };
  });
}

/** A default of rank 0 is a switch such as "training": it keeps it. */
function isInput(node: FlatNode, inSignature: boolean): boolean {
  if (node.op === 'Placeholder') return true;
  if (node.op !== 'PlaceholderWithDefault') return false;
  return inSignature || (new Attributes(node.attrs).shape('shape')?.dim.length ?? 0) > 0;
}

function readType(attrs: Attributes, node: FlatNode, file: string): Declared['dtype'] {
  try {
    return attrs.type('dtype');
  } catch (error) {
    throw new FormatError(`${file}: ${node.op} (node "${node.name}"): ${(error as Error).message}`, { cause: error });
  }
}

function lengthsOf(shape: ShapeProto | null | undefined, node: FlatNode, file: string): Declared['shape'] {
  if (!shape) return null;
  const lengths = shape.dim.map(({ size }) => size);
  if (lengths.length > MOST_AXES || lengths.some((d) => d < -1))
    throw new FormatError(
      `${file}: input "${node.name}" has the impossible shape [${lengths.slice(0, MOST_AXES)}]. The file is damaged: export it again.`,
    );
  return lengths.map((d) => (d > 0 ? d : null));
}
