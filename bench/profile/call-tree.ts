import path from 'node:path';

/** What calls what, and what each took by itself: milliseconds, or bytes. */
export interface CallTree {
  readonly callFrame: CallFrame;
  readonly self: number;
  readonly children: readonly CallTree[];
}

export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

export interface Cost {
  name: string;
  self: number;
  /** With all that it calls. */
  total: number;
}

export interface Costs {
  /** Dearest first, by their own part. */
  rooms: Cost[];
  functions: Cost[];
}

/** What starting and writing the profile takes is not the daemon's. */
const ownFile = 'bench/profile/hook.mjs';

/** What below the top of the tree took how much, by room and by function. `root`: the folder that paths are shown from. */
export function costsOf(top: CallTree, root: string): Costs {
  const rooms = new Map<string, Cost>();
  const functions = new Map<string, Cost>();

  // A name that is on the stack already has its whole part counted further up.
  const visit = (node: CallTree, above: ReadonlySet<string>): number => {
    if (node.callFrame.url.endsWith(ownFile)) return 0;
    const room = roomOf(node.callFrame, root);
    const name = nameOf(node.callFrame, root);
    const isNewRoom = !above.has(room);
    const isNewName = !above.has(name);
    const below = isNewRoom || isNewName ? new Set([...above, room, name]) : above;
    let total = node.self;
    for (const child of node.children) total += visit(child, below);
    add(rooms, room, node.self, isNewRoom ? total : 0);
    add(functions, name, node.self, isNewName ? total : 0);
    return total;
  };

  // The top itself runs nothing: what is below it is visited, so that it isn't everyone's caller in the lists.
  for (const child of top.children) visit(child, new Set());
  return { rooms: sorted(rooms), functions: sorted(functions) };
}

function add(costs: Map<string, Cost>, name: string, self: number, total: number): void {
  const cost = costs.get(name) ?? { name, self: 0, total: 0 };
  cost.self += self;
  cost.total += total;
  costs.set(name, cost);
}

const sorted = (costs: Map<string, Cost>): Cost[] => [...costs.values()].sort((a, b) => b.self - a.self);

/** `src/pool`, `protocol`, `node:net`, a package's name, or V8's own word for what is no JavaScript. */
export function roomOf({ functionName, url }: CallFrame, root: string): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:')) return url.replace(/^node:internal\//, 'node:').replace(/\/.*/, '');
  const file = relative(url, root);
  const [, dependency] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
  if (dependency !== undefined) return dependency;
  const folders = path.dirname(file).split('/');
  return folders.slice(0, folders[0] === 'src' ? 2 : 1).join('/');
}

function nameOf({ functionName, url, lineNumber }: CallFrame, root: string): string {
  if (url === '') return functionName;
  const file = url.startsWith('node:') ? url : relative(url, root);
  return `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`;
}

/** Compiled files are shown as what they are compiled from; line numbers stay the compiled ones. */
function relative(url: string, root: string): string {
  const file = url.replace(/^file:\/\//, '');
  return path.relative(root, file).replace(/^dist\//, '');
}
