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

t.test('shapes are remembered while they are used, in a bounded number', async (t) => {
  const memory = new ShapeMemory();
  const [used, unused] = [{}, {}];
  memory.of(unused).neverShare();
  ranPinned(memory.of(used), 3);
  for (let at = 0; at < 50_000; at += 1) {
    memory.of({});
    if (at % 1000 === 0) memory.of(used);
  }
  t.ok(memory.of(used).isShared);
  t.notOk(memory.of(unused).isWriting, 'the other one is forgotten');
});
