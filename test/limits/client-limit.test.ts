import t from 'tap';
import { ClientLimit } from '../../src/limits/client-limit.js';

t.test('no more are in than may be, and one that leaves makes room', async (t) => {
  const limit = new ClientLimit(2);
  t.same([limit.tryEnter(), limit.tryEnter(), limit.tryEnter()], [true, true, false]);
  t.equal(limit.current, 2);
  limit.leave();
  t.ok(limit.tryEnter());
});

t.test('0 is no limit', async (t) => {
  const limit = new ClientLimit(0);
  for (let i = 0; i < 1_000; i++) t.ok(limit.tryEnter()) || t.bailout('refused');
  t.equal(limit.current, 1_000);
});

t.test('a lower limit lets nobody new in until enough have left', async (t) => {
  const limit = new ClientLimit(3);
  for (let i = 0; i < 3; i++) limit.tryEnter();
  limit.max = 1;
  limit.leave();
  limit.leave();
  t.notOk(limit.tryEnter());
  limit.leave();
  t.ok(limit.tryEnter());
});

t.test('leaving without having entered is a bug that shows', async (t) => {
  t.throws(() => new ClientLimit(1).leave());
});
