import { type CallFrame, type CallTree, type Cost, type Costs, costsOf } from './call-tree.js';

/** What V8's processor profiler writes: a tree of calls, and which of its nodes was running at each sample. */
export interface CpuProfile {
  nodes: { id: number; callFrame: CallFrame; children?: number[] }[];
  samples: number[];
  /** Microseconds from one sample to the next. */
  timeDeltas: number[];
}

/** What its heap profiler writes: a tree of calls with the bytes that each allocated, as far as samples tell. */
export interface HeapProfile {
  head: HeapNode;
}

interface HeapNode {
  callFrame: CallFrame;
  selfSize: number;
  children: HeapNode[];
}

const microsPerMs = 1_000;

/** Where the time went, milliseconds. */
export function timesOf(profile: CpuProfile, root: string): Costs & { busyMs: number; wallMs: number } {
  const { rooms, functions } = costsOf(treeOf(profile), root);
  const wallMs = sumOf(rooms);
  const isBusy = ({ name }: Cost) => name !== '(idle)';
  const busy = rooms.filter(isBusy);
  return { rooms: busy, functions: functions.filter(isBusy), busyMs: sumOf(busy), wallMs };
}

/** What allocated how many bytes. */
export function allocationsOf({ head }: HeapProfile, root: string): Costs & { bytes: number } {
  const costs = costsOf(fromHeapNode(head), root);
  return { ...costs, bytes: sumOf(costs.rooms) };
}

const sumOf = (costs: readonly Cost[]): number => costs.reduce((sum, { self }) => sum + self, 0);

function treeOf({ nodes, samples, timeDeltas }: CpuProfile): CallTree {
  const selfById = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    selfById.set(id, (selfById.get(id) ?? 0) + (timeDeltas[index] ?? 0) / microsPerMs);
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const build = (id: number): CallTree[] => {
    const node = byId.get(id);
    if (node === undefined) return [];
    const { callFrame, children = [] } = node;
    return [{ callFrame, self: selfById.get(id) ?? 0, children: children.flatMap(build) }];
  };
  const [top] = nodes.flatMap(({ id }, at) => (at === 0 ? build(id) : []));
  if (top === undefined) throw new Error('a profile without nodes');
  return top;
}

function fromHeapNode({ callFrame, selfSize, children }: HeapNode): CallTree {
  return { callFrame, self: selfSize, children: children.map(fromHeapNode) };
}
