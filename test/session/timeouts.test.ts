import t from 'tap';
import { answerOf, errorIn, rowsIn, signIn, sqlstateOf } from '../support/ask.js';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import { bind, execute, parse, query, sync } from '../support/raw-messages.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int primary key)');

const timedOut = { S: 'ERROR', C: '57014', M: 'canceling statement due to statement timeout' };

for (const mode of ['transaction', 'session'] as const) {
  t.test(`a statement that takes too long is cancelled, in PostgreSQL’s words, pool mode ${mode}`, async (t) => {
    const daemon = await daemonInFrontOf(t, server, { mode, database: 'limits: { queryTimeoutMs: 300 }' });
    const client = await signIn(t, daemon, server);
    t.match(errorIn(await client.ask('select pg_sleep(60)')), timedOut);
    t.equal(await answerOf(client, 'select 1'), '1', 'the client goes on');

    client.send(parse('select pg_sleep(60)'), bind(), execute(), sync());
    const batch = await client.readUntilReady();
    t.equal(batch.types, '12EZ');
    t.match(errorIn(batch), timedOut);

    await client.ask('begin');
    t.match(errorIn(await client.ask('select pg_sleep(60)')), timedOut);
    t.equal(await sqlstateOf(client, 'select 1'), '25P02', 'a transaction has failed');
    await client.ask('rollback');
  });
}

t.test('each statement has its own time', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { database: 'limits: { queryTimeoutMs: 800 }' });
  const client = await signIn(t, daemon, server);
  await client.ask('begin');
  for (let part = 0; part < 4; part += 1) t.equal(await sqlstateOf(client, 'select pg_sleep(0.3)'), null);
  t.equal(await sqlstateOf(client, 'commit'), null);
});

t.test('what is cancelled for another reason says so', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { database: 'limits: { queryTimeoutMs: 5000 }' });
  const client = await signIn(t, daemon, server);
  await client.ask("set lock_timeout to '50ms'");
  const holder = await signIn(t, server, server);
  await holder.ask('begin; lock table item');
  t.match(errorIn(await client.ask('select * from item')), {
    C: '55P03',
    M: 'canceling statement due to lock timeout',
  });
  await client.ask("set statement_timeout to '50ms'");
  t.match(errorIn(await client.ask('select pg_sleep(1)')), timedOut, 'the server’s own limit is the server’s to say');
});

t.test('timeouts hit nobody but whose time is up, on upstreams that are shared', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 4', database: 'limits: { queryTimeoutMs: 100 }' });
  let isOver = false;
  const neighbours = Array.from({ length: 4 }, async () => {
    const client = await signIn(t, daemon, server);
    const failures: (string | null)[] = [];
    while (!isOver) failures.push(await sqlstateOf(client, 'select pg_sleep(0.003)'));
    return failures.filter((failure) => failure !== null);
  });
  const outcomes = new Map<string | null, number>();
  const slow = Array.from({ length: 3 }, async (_, number) => {
    const client = await signIn(t, daemon, server);
    for (let round = 0; round < 15; round += 1) {
      // Around the moment when the cancel is sent, which is some ticks after the time is up.
      const outcome = await sqlstateOf(client, `select pg_sleep(${0.1 + ((round * 3 + number) % 15) * 0.02})`);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  });
  await Promise.all(slow);
  isOver = true;
  t.same((await Promise.all(neighbours)).flat(), []);
  t.same([...outcomes.keys()].sort(), ['57014', null], JSON.stringify([...outcomes]));
});

t.test('a transaction that does nothing for too long is ended, as by PostgreSQL', async (t) => {
  const daemon = await daemonInFrontOf(t, server, {
    pool: 'size: 1',
    database: 'limits: { idleInTransactionMs: 300 }',
  });
  const [idle, failed] = [await signIn(t, daemon, server), await signIn(t, daemon, server)];
  const fatal = { S: 'FATAL', C: '25P03', M: 'terminating connection due to idle-in-transaction timeout' };
  await idle.ask('begin; insert into item values (1)');
  t.match(errorIn(await idle.readUntilClosed()), fatal);
  await failed.ask('begin');
  await failed.ask('select 1/0');
  t.match(errorIn(await failed.readUntilClosed()), fatal, 'also one that has failed');
  const other = await signIn(t, daemon, server);
  t.equal(await answerOf(other, 'select count(*) from item'), '0', 'what it did is rolled back');
});

t.test('one that works, or ends in time, is not, nor a client without a transaction', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { database: 'limits: { idleInTransactionMs: 400 }' });
  const client = await signIn(t, daemon, server);
  const idle = await signIn(t, daemon, server);
  await client.ask('begin');
  t.equal(await sqlstateOf(client, 'select pg_sleep(0.9)'), null, 'a long statement');
  for (let part = 0; part < 6; part += 1) {
    t.equal(await sqlstateOf(client, 'select pg_sleep(0.1)'), null);
  }
  t.equal(await sqlstateOf(client, 'commit'), null);
  t.equal(await answerOf(client, 'select pg_sleep(0.9), 1'), '');
  t.equal(await answerOf(idle, 'select 1'), '1');
});

t.test('waiting for an upstream is no part of a statement’s time', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1', database: 'limits: { queryTimeoutMs: 300 }' });
  const holder = await signIn(t, daemon, server);
  const client = await signIn(t, daemon, server);
  await holder.ask('begin');
  client.send(query('select 1'));
  await daemon.untilWaiting(1);
  for (let part = 0; part < 3; part += 1) await holder.ask('select pg_sleep(0.2)');
  await holder.ask('commit');
  t.same(rowsIn(await client.readUntilReady()), [['1']]);
});
