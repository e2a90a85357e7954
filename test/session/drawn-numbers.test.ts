import pg from 'pg';
import t, { type Test } from 'tap';
import { answerOf, backendOf, signIn, sqlstateOf } from '../support/ask.js';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import type { RawClient } from '../support/raw-client.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query('create table item (id int generated always as identity, name text); create sequence tickets');

const insert = "insert into item (name) values ('x')";
const current = "select currval('item_id_seq')";
/** object_not_in_prerequisite_state: not yet defined in this session */
const undefinedYet = '55000';

async function newest(): Promise<string> {
  const [row] = await server.query('select max(id)::text as id from item');
  return String(row?.id);
}

async function clients(t: Test, pool: string): Promise<[RawClient, RawClient]> {
  const daemon = await daemonInFrontOf(t, server, { mode: 'auto', pool });
  return [await signIn(t, daemon, server), await signIn(t, daemon, server)];
}

t.test('a client is told what it has drawn, in later exchanges too', async (t) => {
  const [client, other] = await clients(t, 'size: 3');
  await client.ask(insert);
  const own = await newest();
  t.equal(await answerOf(client, 'select lastval()'), own);
  t.equal(await answerOf(client, current), own);
  await other.ask(insert);
  t.equal(await answerOf(client, current), own);
  t.equal(await answerOf(client, "select nextval('tickets')"), '1');
  t.equal(await answerOf(client, "select currval('tickets')"), '1');
});

t.test('never what another has drawn', async (t) => {
  const [client, other] = await clients(t, 'size: 1');
  await other.ask(insert);
  t.equal(await sqlstateOf(client, current), undefinedYet, 'it has drawn nothing');
  await client.destroy();
});

t.test('nor when another took its upstream in between', async (t) => {
  const [client, other] = await clients(t, 'size: 1');
  await client.ask(insert);
  await other.ask(insert);
  t.equal(await sqlstateOf(client, 'select lastval()'), undefinedYet);
  await client.ask(insert);
  t.equal(await answerOf(client, 'select lastval()'), await newest(), 'from then on it is told');
});

t.test('once anybody has asked, who draws keeps its upstream', async (t) => {
  const [client, other] = await clients(t, 'size: 3');
  await client.ask(insert);
  await client.ask('select lastval()');
  await other.ask(insert);
  const own = await newest();
  t.not(await backendOf(client), await backendOf(other));
  await client.ask(insert);
  t.equal(await answerOf(other, 'select lastval()'), own);
});

t.test('who listens or deallocates draws nothing, and keeps no upstream for it', async (t) => {
  const daemon = await daemonInFrontOf(t, server, {
    mode: 'auto',
    pool: 'size: 1, reserve: 0, acquireTimeoutMs: 5000',
  });
  const asking = await signIn(t, daemon, server);
  await asking.ask('select lastval()');
  await asking.destroy();
  const [client, other] = [await signIn(t, daemon, server), await signIn(t, daemon, server)];
  for (const sql of ['listen news', 'unlisten news', 'prepare p as select 1', 'deallocate p', 'deallocate all']) {
    t.equal(await sqlstateOf(client, sql), null, sql);
  }
  t.equal(await answerOf(other, 'select 1'), '1');
});

t.test('in a transaction that draws nothing, and in one that has failed', async (t) => {
  const [client, other] = await clients(t, 'size: 1');
  await other.ask(insert);
  await client.ask('begin; select 1/0');
  t.equal(await sqlstateOf(client, 'select lastval()'), '25P02');
  await client.ask('rollback; begin');
  t.equal(await sqlstateOf(client, 'select lastval()'), undefinedYet);
  await client.ask('rollback');
});

t.test('to drivers that prepare as well', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { mode: 'auto', pool: 'size: 2' });
  const account = { user: server.superuser, password: server.password, database: 'postgres' };
  const [client, other] = [new pg.Client({ ...daemon, ...account }), new pg.Client({ ...daemon, ...account })];
  t.teardown(() => Promise.all([client.end(), other.end()]));
  await Promise.all([client.connect(), other.connect()]);
  const lastval = async (of: pg.Client) => {
    const { rows } = await of.query<{ id: string }>({ name: 'last', text: 'select lastval() as id' });
    return rows[0]?.id;
  };
  await other.query(insert);
  await t.rejects(lastval(client), { code: undefinedYet });
  await client.query('insert into item (name) values ($1)', ['x']);
  t.equal(await lastval(client), await newest());
});
