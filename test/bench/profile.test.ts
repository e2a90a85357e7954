import t from 'tap';
import { roomOf } from '../../bench/profile/call-tree.js';
import { allocationsOf, type CpuProfile, timesOf } from '../../bench/profile/v8-profiles.js';

const root = '/repository';
const at = (functionName: string, file: string) => ({
  callFrame: {
    functionName,
    url: file === '' || file.startsWith('node:') ? file : `file://${root}/${file}`,
    lineNumber: 9,
  },
});

// One millisecond a sample.
function profileOf(nodes: CpuProfile['nodes'], samples: number[]): CpuProfile {
  return { nodes, samples, timeDeltas: samples.map(() => 1_000) };
}

t.test('a room is a folder of ours, a package, a part of Node, or what V8 calls it', async (t) => {
  const rooms = [
    at('send', 'dist/src/wire/batched-writer.js'),
    at('send', 'dist/src/backend/postgres/postgres-upstream.js'),
    at('next', 'dist/protocol/frame-reader.js'),
    at('start', 'dist/src/cli.js'),
    at('get', 'node_modules/lru-cache/index.js'),
    at('norm', 'node_modules/@scope/name/index.js'),
    at('write', 'node:net'),
    at('push', 'node:internal/streams/readable'),
    at('writev', ''),
    at('(program)', ''),
  ].map(({ callFrame }) => roomOf(callFrame, root));
  t.same(rooms, [
    ...['src/wire', 'src/backend', 'protocol', 'src', 'lru-cache', '@scope/name'],
    ...['node:net', 'node:streams', '(native)', '(program)'],
  ]);
});

t.test('a function that calls itself has its whole time counted once', async (t) => {
  const walk = at('walk', 'dist/src/sql/scan.js');
  const nodes = [
    { id: 1, ...at('(root)', ''), children: [2] },
    { id: 2, ...walk, children: [3] },
    { id: 3, ...walk, children: [4] },
    { id: 4, ...at('indexOf', '') },
  ];
  const { functions, rooms } = timesOf(profileOf(nodes, [2, 3, 4]), root);
  t.same(functions, [
    { name: 'walk src/sql/scan.js:10', self: 2, total: 3 },
    { name: 'indexOf', self: 1, total: 1 },
  ]);
  t.same(
    rooms.map(({ name, total }) => [name, total]),
    [
      ['src/sql', 3],
      ['(native)', 1],
    ],
  );
});

t.test('idle time is not busy, and the profiling itself is neither', async (t) => {
  const nodes = [
    { id: 1, ...at('(root)', ''), children: [2, 3, 5] },
    { id: 2, ...at('(idle)', '') },
    { id: 3, ...at('', 'bench/profile/hook.mjs'), children: [4] },
    { id: 4, ...at('dispatch', '') },
    { id: 5, ...at('(garbage collector)', '') },
  ];
  const { busyMs, wallMs, functions } = timesOf(profileOf(nodes, [2, 2, 4, 4, 4, 5]), root);
  t.equal(wallMs, 3);
  t.equal(busyMs, 1);
  t.same(
    functions.map(({ name }) => name),
    ['(garbage collector)'],
  );
});

t.test('bytes are those of the function that allocated them, and of all that called it', async (t) => {
  const leaf = { ...at('subarray', 'node:buffer'), selfSize: 300, children: [] };
  const send = { ...at('send', 'dist/src/wire/batched-writer.js'), selfSize: 100, children: [leaf] };
  const head = { ...at('(root)', ''), selfSize: 0, children: [send] };
  const { bytes, rooms } = allocationsOf({ head }, root);
  t.equal(bytes, 400);
  t.same(rooms, [
    { name: 'node:buffer', self: 300, total: 300 },
    { name: 'src/wire', self: 100, total: 400 },
  ]);
});
