/**
 * @file Dilated convolutions as older versions wrote them: blocks of pixels spread over examples (SpaceToBatchND), an ordinary
 * convolution, and back (BatchToSpaceND). With block b, paddings p and crops c this is a convolution of dilation b whose image
 * is padded by p − c.
 */
import type { AttrEntry, AttrValue } from './proto.ts';
import { Value as AttrType } from './proto.ts';
import { create } from '../protobuf/wire.ts';
import { Attributes } from './attributes.ts';
import { outputOf, type FlatNode, type Flattened } from './flatten.ts';
import type { Known } from './known.ts';

const CONVOLUTIONS: ReadonlySet<string> = new Set(['Conv2D', 'DepthwiseConv2dNative', '_FusedConv2D']);
/** What may stand between the convolution and the way back: it treats every pixel alike. */
const POINTWISE: ReadonlySet<string> = new Set(['BiasAdd', 'Relu', 'Relu6', 'Elu', 'Identity']);

/** Writes every such group of nodes as one convolution. */
export function joinDilated(flat: Flattened, known: Known): void {
  const readers = countReaders(flat);
  const replaced = new Map<FlatNode, FlatNode>();
  for (const back of flat.nodes) {
    if (back.op !== 'BatchToSpaceND') continue;
    let inner = known.producer(back.inputs[0]);
    while (inner && POINTWISE.has(inner.op) && readers.get(inner.name) === 1) inner = known.producer(inner.inputs[0]);
    if (!inner || !CONVOLUTIONS.has(inner.op) || readers.get(inner.name) !== 1) continue;
    const joined = dilated(inner, known.producer(inner.inputs[0]), back, known);
    if (!joined) continue;
    replaced.set(inner, joined);
    replaced.set(back, { ...back, op: 'Identity', inputs: [back.inputs[0]] });
  }
  if (replaced.size > 0) flat.nodes = flat.nodes.map((n) => replaced.get(n) ?? n);
  known.refresh();
}

function countReaders(flat: Flattened): Map<string, number> {
  const readers = new Map<string, number>();
  for (const { inputs } of flat.nodes)
    for (const tensor of inputs) {
      const { node } = outputOf(flat.resolve(tensor));
      readers.set(node, (readers.get(node) ?? 0) + 1);
    }
  return readers;
}

function dilated(conv: FlatNode, space: FlatNode | undefined, back: FlatNode, known: Known): FlatNode | null {
  if (space?.op !== 'SpaceToBatchND' || !isPlain(conv)) return null;
  const [block, pads, same, crops] = [space.inputs[1], space.inputs[2], back.inputs[1], back.inputs[2]].map((t) =>
    known.numbers(t),
  );
  if (block?.length !== 2 || pads?.length !== 4 || crops?.length !== 4 || same?.join() !== block.join()) return null;
  const explicit = pads.map((p, i) => p - crops[i]);
  if (explicit.some((p) => p < 0)) return null;
  const list = (i: readonly number[]) => ({
    list: { s: [], i: [...i], f: new Float32Array(0), b: [], type: [], shape: [] },
  });
  const changed = {
    dilations: list([1, ...block, 1]),
    explicit_paddings: list([0, 0, ...explicit, 0, 0]),
    padding: { s: new TextEncoder().encode('EXPLICIT') },
  };
  const kept = conv.attrs.filter(({ key }) => !Object.hasOwn(changed, key));
  return {
    ...conv,
    inputs: [space.inputs[0], ...conv.inputs.slice(1)],
    attrs: [...kept, ...Object.entries(changed).map(([key, value]) => entry(key, value))],
  };
}

const entry = (key: string, value: Partial<AttrValue>): AttrEntry => ({ key, value: create(AttrType, value) });

/** Without padding and strides of its own, channels last. */
function isPlain({ attrs }: FlatNode): boolean {
  const read = new Attributes(attrs);
  try {
    return (
      read.string('padding') === 'VALID' &&
      read.string('data_format', 'NHWC') === 'NHWC' &&
      read.ints('strides').every((s) => s === 1) &&
      read.ints('dilations', []).every((d) => d === 1)
    );
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
