import t, { type Test } from 'tap';
import { answerOf, errorIn, signIn } from '../support/ask.js';
import { startPostgres } from '../support/postgres.js';
import { RawClient } from '../support/raw-client.js';
import { cancelRequest, query } from '../support/raw-messages.js';
import { type SharingDaemon, sharingDaemon } from '../support/sharing.js';
import { until } from '../support/until.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int primary key, name text)');
await server.query("insert into item select n, 'item ' || n from generate_series(1, 100) n");
await server.query('create table other (like item including all)');
await server.query('insert into other select * from item');
await server.query('create table nap (seconds float)');
await server.query('insert into nap values (0)');
await server.query('create view tired as select seconds, pg_sleep(seconds)::text as slept from nap');

const blocked = 'select name from item where id = 1';
const quick = 'select id from other where id = 2';
const tired = 'select seconds from tired where slept is not null';

/** A daemon on whose one lane these texts are shared already. */
async function shared(
  t: Test,
  ...texts: string[]
): Promise<{ daemon: SharingDaemon; connect: () => Promise<RawClient> }> {
  const daemon = await sharingDaemon(t, server, 'size: 3, rescueMs: 500');
  const connect = () => signIn(t, daemon, server);
  const client = await connect();
  for (const text of texts) {
    const { answered } = daemon.reads();
    await until('the shape is shared', async () => {
      await client.ask(text);
      return daemon.reads().answered > answered;
    });
  }
  return { daemon, connect };
}

/** Until a read is on the lane: there it stays for long, and those that come now are behind it. */
function untilSent(daemon: SharingDaemon): Promise<void> {
  const isActive = () => daemon.pools()[0]?.lanes.some(({ lane, active }) => lane === 'shared' && active > 0) === true;
  return until('a read is on the lane', isActive);
}

/** The server process that waits for a lock. */
async function waiterForLock(): Promise<number> {
  let pid = 0;
  await until('a read waits for the lock', async () => {
    const [row] = await server.query("select pid from pg_stat_activity where wait_event_type = 'Lock'");
    pid = Number(row?.pid ?? 0);
    return pid > 0;
  });
  return pid;
}

t.test(
  'a lock that ALTER TABLE holds keeps no other read waiting, and its own is answered when it is gone',
  async (t) => {
    const { daemon, connect } = await shared(t, blocked, quick);
    const [locker, waiter, ...others] = await Promise.all(Array.from({ length: 6 }, connect));
    await locker?.ask('begin');
    await locker?.ask('alter table item add column added int');
    waiter?.send(query(blocked));
    await untilSent(daemon);
    for (let round = 0; round < 3; round += 1) {
      t.same(await Promise.all(others.map((client) => answerOf(client, quick))), ['2', '2', '2', '2']);
    }
    t.ok(daemon.reads().rescued >= 1, JSON.stringify(daemon.reads()));
    await locker?.ask('rollback');
    t.equal((await waiter?.readUntilReady())?.types, 'TDCZ');
  },
);

t.test('a view that sleeps keeps nobody waiting but who reads it', async (t) => {
  const { daemon, connect } = await shared(t, tired, quick);
  await server.query('update nap set seconds = 3');
  t.teardown(() => server.query('update nap set seconds = 0'));
  const [sleeper, ...others] = await Promise.all(Array.from({ length: 4 }, connect));
  sleeper?.send(query(tired));
  await untilSent(daemon);
  t.same(await Promise.all(others.map((client) => answerOf(client, quick))), ['2', '2', '2']);
  t.ok(daemon.reads().rescued >= 1, JSON.stringify(daemon.reads()));
  t.equal((await sleeper?.readUntilReady())?.types, 'TDCZ');
});

t.test('an application that holds a transaction on one connection and waits for another gets on', async (t) => {
  const { connect } = await shared(t, blocked, quick);
  const [holder, reader, second] = await Promise.all([connect(), connect(), connect()]);
  await holder.ask('begin');
  await holder.ask('lock table item in access exclusive mode');
  reader.send(query(blocked));
  await waiterForLock();
  // Only when this is answered does the application go on, and commit.
  t.equal(await answerOf(second, quick), '2');
  await holder.ask('commit');
  t.equal((await reader.readUntilReady()).types, 'TDCZ');
});

async function cancellable(t: Test, daemon: SharingDaemon) {
  const client = await RawClient.connect(daemon);
  t.teardown(() => client.destroy());
  const { processId, secretKey } = await client.login({
    ...{ user: server.superuser, password: server.password, database: 'postgres' },
  });
  const cancel = async () => {
    const request = await RawClient.connect(daemon);
    request.send(cancelRequest(processId, secretKey));
    await request.readUntilClosed();
    await request.destroy();
  };
  return { client, cancel };
}

const canceled = { S: 'ERROR', C: '57014', M: 'canceling statement due to user request' };

t.test(
  'a cancel reaches the read of the client that asked, at the head of a lane and behind it, and no other',
  async (t) => {
    const { daemon, connect } = await shared(t, blocked, quick);
    const holder = await connect();
    const [first, second] = [await cancellable(t, daemon), await cancellable(t, daemon)];
    const neighbours = [await connect(), await connect()];
    for (const whom of ['head', 'behind'] as const) {
      await holder.ask('begin');
      await holder.ask('lock table item in access exclusive mode');
      first.client.send(query(blocked));
      await waiterForLock();
      for (const each of [second.client, ...neighbours]) each.send(query(quick));
      const target = whom === 'head' ? first : second;
      if (whom === 'behind') second.client.send(query(blocked));
      if (whom === 'behind') await second.client.readUntilReady();
      await target.cancel();
      t.match(errorIn(await target.client.readUntilReady()), canceled, whom);
      await holder.ask('commit');
      if (whom === 'head') t.equal((await second.client.readUntilReady()).types, 'TDCZ');
      else t.equal((await first.client.readUntilReady()).types, 'TDCZ');
      for (const each of neighbours) t.equal((await each.readUntilReady()).types, 'TDCZ');
      t.equal(await answerOf(target.client, quick), '2', 'the client goes on');
    }
  },
);

t.test('reads without an answer run again when their upstream is lost; nobody notices', async (t) => {
  const { daemon, connect } = await shared(t, blocked, quick);
  const holder = await connect();
  const clients = await Promise.all(Array.from({ length: 5 }, connect));
  await holder.ask('begin');
  await holder.ask('lock table item in access exclusive mode');
  for (const [at, client] of clients.entries()) client.send(query(at % 2 === 0 ? blocked : quick));
  const processId = await waiterForLock();
  await server.query(`select pg_terminate_backend(${processId})`);
  await holder.ask('commit');
  for (const client of clients) t.equal((await client.readUntilReady()).types, 'TDCZ');
  t.ok(daemon.reads().rerun >= 1, JSON.stringify(daemon.reads()));
});

t.test("the server's own timeout is the client's to see", async (t) => {
  const { daemon } = await shared(t, quick);
  const patient = await signIn(t, daemon, server, { parameters: { options: '-c statement_timeout=300' } });
  const { answered } = daemon.reads();
  await until('the shape is shared', async () => {
    await patient.ask(tired);
    return daemon.reads().answered > answered;
  });
  await server.query('update nap set seconds = 30');
  t.teardown(() => server.query('update nap set seconds = 0'));
  t.match(errorIn(await patient.ask(tired)), { C: '57014', M: 'canceling statement due to statement timeout' });
});

t.test('a client that reads slowly keeps nobody waiting, and loses nothing', async (t) => {
  const large = (length: number) => `select repeat('x', ${length}), 'large'`;
  const { daemon, connect } = await shared(t, large(10), quick);
  const [slow, other] = [await connect(), await connect()];
  slow.socket.pause();
  slow.send(query(large(50_000_000)));
  for (let round = 0; round < 20; round += 1) t.equal(await answerOf(other, quick), '2');
  slow.socket.resume();
  const { messages } = await slow.readUntilReady();
  t.equal(messages.find(({ type }) => type === 'D')?.body.length, 2 + 4 + 50_000_000 + 4 + 5);
  t.equal(await answerOf(slow, quick), '2');
  const { answered } = daemon.reads();
  await slow.ask(large(10));
  t.equal(daemon.reads().answered, answered, 'the shape is not shared for now');
});
