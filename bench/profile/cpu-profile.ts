import path from 'node:path';

/** What V8's profiler writes: a tree of calls, and which of its nodes was running at each sample. */
export interface CpuProfile {
  nodes: CallNode[];
  samples: number[];
  /** Microseconds from one sample to the next. */
  timeDeltas: number[];
}

interface CallNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}

export interface Cost {
  name: string;
  /** Milliseconds in it, and in it and all that it calls. */
  selfMs: number;
  totalMs: number;
}

export interface Hotness {
  /** Milliseconds that the thread was not idle. */
  busyMs: number;
  wallMs: number;
  /** Dearest first, by their own time. */
  rooms: Cost[];
  functions: Cost[];
}

const microsPerMs = 1_000;
/** What starting and writing the profile takes is not the daemon's. */
const ownFile = 'bench/profile/hook.mjs';

/** Where the time went, by room and by function. `root`: the folder that paths are shown from. */
export function findHotness({ nodes, samples, timeDeltas }: CpuProfile, root: string): Hotness {
  const selfById = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    selfById.set(id, (selfById.get(id) ?? 0) + (timeDeltas[index] ?? 0) / microsPerMs);
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const rooms = new Map<string, Cost>();
  const functions = new Map<string, Cost>();
  let wallMs = 0;
  let idleMs = 0;

  // A name that is on the stack already has its whole time counted further up.
  const visit = (node: CallNode, above: ReadonlySet<string>): number => {
    if (node.callFrame.url.endsWith(ownFile)) return 0;
    const room = roomOf(node, root);
    const name = nameOf(node, root);
    const isNewRoom = !above.has(room);
    const isNewName = !above.has(name);
    const below = isNewRoom || isNewName ? new Set([...above, room, name]) : above;
    const selfMs = selfById.get(node.id) ?? 0;
    let totalMs = selfMs;
    for (const child of node.children ?? []) {
      const childNode = byId.get(child);
      if (childNode !== undefined) totalMs += visit(childNode, below);
    }
    wallMs += selfMs;
    if (name === '(idle)') idleMs += selfMs;
    else {
      add(rooms, room, selfMs, isNewRoom ? totalMs : 0);
      add(functions, name, selfMs, isNewName ? totalMs : 0);
    }
    return totalMs;
  };

  const [top] = nodes;
  // The root itself runs nothing: what is below it is visited, so that it isn't everyone's caller in the lists.
  for (const child of top?.children ?? []) {
    const node = byId.get(child);
    if (node !== undefined) visit(node, new Set());
  }
  return { wallMs, busyMs: wallMs - idleMs, rooms: sorted(rooms), functions: sorted(functions) };
}

function add(costs: Map<string, Cost>, name: string, selfMs: number, totalMs: number): void {
  const cost = costs.get(name) ?? { name, selfMs: 0, totalMs: 0 };
  cost.selfMs += selfMs;
  cost.totalMs += totalMs;
  costs.set(name, cost);
}

const sorted = (costs: Map<string, Cost>): Cost[] => [...costs.values()].sort((a, b) => b.selfMs - a.selfMs);

/** `src/pool`, `protocol`, `node:net`, a package's name, or V8's own word for what is no JavaScript. */
export function roomOf({ callFrame: { functionName, url } }: Pick<CallNode, 'callFrame'>, root: string): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:')) return url.replace(/^node:internal\//, 'node:').replace(/\/.*/, '');
  const file = relative(url, root);
  const [, dependency] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
  if (dependency !== undefined) return dependency;
  const folders = path.dirname(file).split('/');
  return folders.slice(0, folders[0] === 'src' ? 2 : 1).join('/');
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: CallNode, root: string): string {
  if (url === '') return functionName;
  const file = url.startsWith('node:') ? url : relative(url, root);
  return `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`;
}

/** Compiled files are shown as what they are compiled from; line numbers stay the compiled ones. */
function relative(url: string, root: string): string {
  const file = url.replace(/^file:\/\//, '');
  return path.relative(root, file).replace(/^dist\//, '');
}
