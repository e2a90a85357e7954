import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { ShapeMemory, ShapeRuns, smallBytes } from '../../src/pool/shape-runs.js';

function ranPinned(runs: ShapeRuns, times: number): boolean {
  for (let time = 0; time < times; time += 1) runs.ranPinned(true, 100);
  return runs.isShared;
}

t.test('three fast and small runs in a row share a shape', async (t) => {
  const runs = new ShapeRuns();
  t.notOk(ranPinned(runs, 2));
  runs.ranPinned(false, 100);
  t.notOk(ranPinned(runs, 2), 'a slow one between them starts anew');
  runs.ranPinned(true, smallBytes + 1);
  t.notOk(ranPinned(runs, 2), 'and so does a large one');
  t.ok(ranPinned(runs, 1));
});

t.test('each demotion doubles the runs that it takes, and many good runs on lanes are forgiveness', async (t) => {
  const runs = new ShapeRuns();
  ranPinned(runs, 3);
  runs.demote();
  t.notOk(ranPinned(runs, 5));
  t.ok(ranPinned(runs, 1));
  runs.demote();
  runs.demote();
  t.notOk(ranPinned(runs, 11), 'what isn’t shared can’t be demoted');
  t.ok(ranPinned(runs, 1));
  for (let time = 0; time < 1300; time += 1) runs.ranShared();
  runs.demote();
  t.ok(ranPinned(runs, 6));
});

t.test('what writes is never shared again', async (t) => {
  const runs = new ShapeRuns();
  ranPinned(runs, 3);
  runs.neverShare();
  t.notOk(ranPinned(runs, 100));
});

t.test('shapes are remembered while somebody has them', async (t) => {
  const memory = new ShapeMemory();
  const used = {};
  ranPinned(memory.of(used), 3);
  const others = Array.from({ length: 1000 }, () => {
    const other = {};
    memory.of(other);
    return new WeakRef(other);
  });
  setFlagsFromString('--expose-gc');
  // What was looked at is held until the turn of the event loop ends.
  await new Promise(setImmediate);
  runInNewContext('gc')();
  t.ok(memory.of(used).isShared);
  t.same(
    others.filter((each) => each.deref() !== undefined),
    [],
    'the others are forgotten',
  );
});
