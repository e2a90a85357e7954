import t from 'tap';
import type { PreparedReload } from '../../src/daemon/daemon.js';
import { PendingReload } from '../../src/workers/pending-reload.js';

/** Makes ready at once, or when it is told to; writes down what becomes of it. */
function reload(
  name: string,
  became: string[],
  until: Promise<void> = Promise.resolve(),
): () => Promise<PreparedReload> {
  return async () => {
    await until;
    return {
      policyEvents: [],
      apply: () => became.push(`${name} applied`),
      abandon: () => became.push(`${name} abandoned`),
    };
  };
}

t.test('what is made ready comes into force, once', async (t) => {
  const became: string[] = [];
  const pending = new PendingReload();
  t.same(await pending.prepare(reload('one', became)), { policyEvents: [] });
  t.same(became, []);
  pending.commit();
  pending.commit();
  t.same(became, ['one applied']);
});

t.test('what was given up while it was being made ready never comes into force', async (t) => {
  const became: string[] = [];
  const pending = new PendingReload();
  let makeReady = () => {};
  const slow = new Promise<void>((resolve) => {
    makeReady = resolve;
  });
  const first = pending.prepare(reload('slow', became, slow));
  pending.abandon();
  t.same(await pending.prepare(reload('next', became)), { policyEvents: [] });
  makeReady();
  t.match(await first, { problem: 'it was given up' });
  pending.commit();
  t.same(became, ['slow abandoned', 'next applied']);
});

t.test('what cannot be made ready says why, and leaves nothing behind', async (t) => {
  const pending = new PendingReload();
  const failing = () => Promise.reject(new Error('no such file'));
  t.same(await pending.prepare(failing), { problem: 'no such file' });
  t.doesNotThrow(() => pending.commit());
});
