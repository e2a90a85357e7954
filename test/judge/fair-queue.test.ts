import fc from 'fast-check';
import t from 'tap';
import { FairQueue } from '../../src/judge/fair-queue.js';

t.test('clients take turns, and items of one keep their order', async (t) => {
  const queue = new FairQueue<string>(100, 100);
  for (const item of ['a1', 'a2', 'a3', 'b1', 'a4', 'c1', 'b2']) queue.push(item[0], item);
  const taken: string[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) taken.push(item);
  t.same(taken, ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
});

t.test('a client that comes late waits for one item of each, not for all of one', async (t) => {
  const queue = new FairQueue<string>(2_000, 2_000);
  for (let i = 0; i < 1_000; i++) queue.push('many', `many${i}`);
  queue.push('few', 'few');
  t.same([queue.shift(), queue.shift()], ['many0', 'few']);
});

t.test('a full queue takes nothing, and one client cannot fill it', async (t) => {
  const queue = new FairQueue<number>(3, 2);
  t.same([queue.push('a', 1), queue.push('a', 2), queue.push('a', 3)], [true, true, false]);
  t.same([queue.push('b', 4), queue.push('c', 5)], [true, false]);
  t.equal(queue.size, 3);
  queue.shift();
  t.ok(queue.push('c', 5));
  t.same(queue.drain().sort(), [2, 4, 5]);
  t.equal(queue.size, 0);
  t.equal(queue.shift(), undefined);
});

t.test('nothing is lost or doubled', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(5), { nil: null })), (steps) => {
      const queue = new FairQueue<number>(1_000, 1_000);
      const taken: number[] = [];
      const given: number[] = [];
      for (const [index, client] of steps.entries()) {
        if (client === null) taken.push(...[queue.shift()].filter((item) => item !== undefined));
        else if (queue.push(client, index)) given.push(index);
      }
      t.same([...taken, ...queue.drain()].sort(), given.sort());
    }),
    { numRuns: 200 },
  );
});
