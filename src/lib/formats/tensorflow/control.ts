/** @file Control flow whose conditions are known, such as whether a network is trained: the branch that is taken stays. */
import { Attributes } from './attributes.ts';
import { outputOf, tensorName, type FlatNode, type Flattened } from './flatten.ts';
import type { Known } from './known.ts';

const IFS: ReadonlySet<string> = new Set(['If', 'StatelessIf']);
const SWITCHES: ReadonlySet<string> = new Set(['Switch', 'RefSwitch']);
const MERGES: ReadonlySet<string> = new Set(['Merge', 'RefMerge']);

/** Replaces every If, Switch and Merge whose condition is known; others stay, and are refused by their names. */
export function foldControl(flat: Flattened, known: Known): void {
  while (flat.callBranches((node) => branchOf(node, known))) known.refresh();
  foldSwitches(flat, known);
}

function branchOf(node: FlatNode, known: Known): string | null {
  const taken = IFS.has(node.op) ? known.condition(node.inputs[0]) : null;
  if (taken === null) return null;
  return new Attributes(node.attrs).function(taken ? 'then_branch' : 'else_branch') ?? '';
}

/** Switch gives its input to one of two outputs; what depends on the other is dead, and Merge takes what is not. */
function foldSwitches(flat: Flattened, known: Known): void {
  const dead = new Set<string>();
  for (const node of flat.nodes) {
    const taken = SWITCHES.has(node.op) ? known.condition(node.inputs[1]) : null;
    if (taken === null) continue;
    flat.alias(tensorName(node.name, Number(taken)), node.inputs[0]);
    dead.add(tensorName(node.name, Number(!taken)));
  }
  if (dead.size === 0) return;
  const isDead = (tensor: string) => dead.has(tensor) || dead.has(outputOf(tensor).node);
  spread(flat, dead, isDead);
  for (const node of flat.nodes) {
    const live = MERGES.has(node.op) ? node.inputs.filter((i) => !isDead(flat.resolve(i))) : [];
    if (live.length === 1) flat.alias(node.name, live[0]);
  }
}

/** Everything that depends on something dead is dead, a Merge only if all that it reads is. */
function spread(flat: Flattened, dead: Set<string>, isDead: (tensor: string) => boolean): void {
  const readers = new Map<string, FlatNode[]>();
  for (const node of flat.nodes)
    for (const tensor of [...node.inputs, ...node.controls]) {
      const { node: read } = outputOf(flat.resolve(tensor));
      const known = readers.get(read);
      if (known) known.push(node);
      else readers.set(read, [node]);
    }
  const open = [...dead];
  for (let tensor = open.pop(); tensor !== undefined; tensor = open.pop())
    for (const node of readers.get(outputOf(tensor).node) ?? []) {
      const lives = MERGES.has(node.op) && !node.inputs.every((i) => isDead(flat.resolve(i)));
      if (dead.has(node.name) || lives) continue;
      dead.add(node.name);
      open.push(node.name);
    }
}
