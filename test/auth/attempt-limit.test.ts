import t from 'tap';
import { AttemptLimit } from '../../src/auth/attempt-limit.js';

function limitAt(options: { failuresMax?: number; keysMax?: number } = {}) {
  const clock = { now: 0 };
  const limit = new AttemptLimit({ failuresMax: 3, windowMs: 1000, keysMax: 10, ...options, now: () => clock.now });
  const fail = (key: string, times = 1) => {
    for (let i = 0; i < times; i++) limit.recordFailure(key);
  };
  return { limit, clock, fail };
}

t.test('a key is exhausted after so many failures, and no other is', async (t) => {
  const { limit, fail } = limitAt();
  fail('a', 2);
  t.notOk(limit.isExhausted('a'));
  fail('a');
  t.ok(limit.isExhausted('a'));
  t.notOk(limit.isExhausted('b'));
});

t.test('a window ends after its time, counted from the first failure', async (t) => {
  const { limit, clock, fail } = limitAt();
  fail('a', 2);
  clock.now = 900;
  fail('a');
  t.ok(limit.isExhausted('a'));
  clock.now = 999;
  t.ok(limit.isExhausted('a'));
  clock.now = 1000;
  t.notOk(limit.isExhausted('a'));
  t.equal(limit.size, 0, 'and is forgotten');
  fail('a', 2);
  t.notOk(limit.isExhausted('a'));
});

t.test('failures while exhausted do not make the window longer', async (t) => {
  const { limit, clock, fail } = limitAt();
  fail('a', 3);
  clock.now = 500;
  fail('a', 3);
  clock.now = 1000;
  t.notOk(limit.isExhausted('a'));
});

t.test('memory is bounded: who has failed longest ago is forgotten', async (t) => {
  const { limit, fail } = limitAt();
  fail('a', 3);
  fail('b', 3);
  for (let i = 0; i < 8; i++) fail(`filler ${i}`);
  fail('a');
  fail('one more');
  t.equal(limit.size, 10);
  t.ok(limit.isExhausted('a'));
  t.notOk(limit.isExhausted('b'));
  for (let i = 0; i < 100_000; i++) fail(`flood ${i}`);
  t.equal(limit.size, 10);
});
