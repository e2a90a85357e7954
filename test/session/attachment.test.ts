// Long: everything that a client can leave in a session is a test of its own.

import t, { type Test } from 'tap';
import { answerOf, backendOf, errorIn, rowsIn, rowsOf, signIn, sqlstateOf } from '../support/ask.js';
import { daemonInFrontOf } from '../support/in-process-daemon.js';
import { startPostgres } from '../support/postgres.js';
import type { RawClient } from '../support/raw-client.js';
import { bind, copyDone, errorFields, execute, functionCall, parse, query, sync } from '../support/raw-messages.js';
import { Relay } from '../support/relay.js';

// What clients set, and what ties them to an upstream, in front of a pool with one upstream, or two: whatever one
// leaves behind is met by the next.

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(`
  create role reader login password 'secret';
  create schema one; create schema two;
  create table one.item (name text); insert into one.item values ('one');
  create table two.item (name text); insert into two.item values ('two');
  grant usage on schema one, two to reader; grant select on all tables in schema one, two to reader;
  create function set_it(value text) returns void language plpgsql as
    $$ begin perform set_config('search_path', value, false); end $$;
  create function set_and_fail(value text) returns void language plpgsql as
    $$ begin perform set_config('search_path', value, false); raise exception 'no'; end $$;
  create function sets_for_itself() returns text language sql set search_path = two as
    $$ select current_setting('search_path') $$`);

/** Two clients that take turns on one upstream. */
async function pair(t: Test, parameters: Record<string, string> = {}) {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1, acquireTimeoutMs: 2000' });
  const client = await signIn(t, daemon, server, { parameters });
  return { daemon, client, other: await signIn(t, daemon, server) };
}

/** What a client finds of all that can be set; the other one looks in between, so that neither keeps the upstream. */
const settings = ['search_path', 'role', 'TimeZone', 'application_name', 'work_mem', 'DateStyle', 'statement_timeout'];
const show = `select ${settings.map((name) => `current_setting('${name}')`).join(', ')}`;
const atStart = ['"$user", public', 'none', 'UTC', '', '4MB', 'ISO, MDY', '0'];

async function sees(t: Test, client: RawClient, changes: Record<string, string>, message: string): Promise<void> {
  const expected = settings.map((name, at) => changes[name] ?? atStart[at]);
  t.same(await rowsOf(client, show), [expected], message);
}

interface Change {
  readonly name: string;
  readonly texts: readonly string[];
  /** What the client finds afterwards, beside what everyone finds. */
  readonly leaves: Record<string, string>;
}

const changes: readonly Change[] = [
  { name: 'SET', texts: ['set search_path = one, public'], leaves: { search_path: 'one, public' } },
  {
    name: 'SET with a list of odd names',
    texts: [`set search_path = "a""b", 'c, d'`],
    leaves: { search_path: `"a""b", "c, d"` },
  },
  { name: 'SET TIME ZONE', texts: ["set time zone 'Asia/Tokyo'"], leaves: { TimeZone: 'Asia/Tokyo' } },
  { name: 'SET TIME ZONE of hours', texts: ['set time zone -3.5'], leaves: { TimeZone: '<-03:30>+03:30' } },
  { name: 'SET SESSION', texts: ["set session work_mem = '9MB'"], leaves: { work_mem: '9MB' } },
  { name: 'SET ROLE', texts: ['set role reader'], leaves: { role: 'reader' } },
  {
    name: 'several SETs in one text',
    texts: ["set work_mem = '9MB'; set datestyle = 'SQL, DMY'"],
    leaves: { work_mem: '9MB', DateStyle: 'SQL, DMY' },
  },
  { name: 'SET twice', texts: ["set work_mem = '8MB'", "set work_mem = '9MB'"], leaves: { work_mem: '9MB' } },
  {
    name: 'application_name with quotes',
    texts: [`set application_name = 'it''s \\ "x"'`],
    leaves: { application_name: `it's \\ "x"` },
  },
  { name: 'set_config', texts: ["select set_config('work_mem', '9MB', false)"], leaves: { work_mem: '9MB' } },
  {
    name: 'set_config of a name that is not written out',
    texts: ["select set_config('work_' || 'mem', '9MB', false)"],
    leaves: { work_mem: '9MB' },
  },
  { name: 'set_config for the transaction', texts: ["select set_config('work_mem', '9MB', true)"], leaves: {} },
  { name: 'a function that sets', texts: ["select set_it('two')"], leaves: { search_path: 'two' } },
  { name: 'a function that sets, then fails', texts: ["select set_and_fail('two')"], leaves: {} },
  { name: 'a function that sets for itself', texts: ['select sets_for_itself()'], leaves: {} },
  { name: 'DO that sets', texts: ['do $$ begin set search_path = two; end $$'], leaves: { search_path: 'two' } },
  { name: 'SET LOCAL', texts: ['begin', 'set local search_path = one', 'commit'], leaves: {} },
  { name: 'SET LOCAL outside a transaction', texts: ['set local search_path = one'], leaves: {} },
  { name: 'SET in a transaction', texts: ['begin', 'set search_path = one', 'commit'], leaves: { search_path: 'one' } },
  { name: 'SET, then ROLLBACK', texts: ['begin', 'set search_path = one', 'rollback'], leaves: {} },
  {
    name: 'SET before, another rolled back',
    texts: ["set work_mem = '8MB'", 'begin', "set work_mem = '9MB'", 'rollback'],
    leaves: { work_mem: '8MB' },
  },
  {
    name: 'SET, then COMMIT of a failed transaction',
    texts: ['begin', 'set search_path = one', 'select 1/0', 'commit'],
    leaves: {},
  },
  {
    name: 'SET, then ROLLBACK TO before it',
    texts: ['begin', 'savepoint a', 'set search_path = one', 'rollback to a', 'commit'],
    leaves: {},
  },
  {
    name: 'SET, then ROLLBACK TO behind it',
    texts: ['begin', 'set search_path = one', 'savepoint a', 'set search_path = two', 'rollback to a', 'commit'],
    leaves: { search_path: 'one' },
  },
  {
    name: 'SET and a SET LOCAL over it',
    texts: ['begin', "set work_mem = '8MB'", "set local work_mem = '9MB'", 'commit'],
    leaves: { work_mem: '8MB' },
  },
  { name: 'SET in a text that fails', texts: ["set work_mem = '9MB'; select 1/0"], leaves: {} },
  { name: 'SET of what is not taken', texts: ["set work_mem = 'much'"], leaves: {} },
  {
    name: 'RESET',
    texts: ["set work_mem = '9MB'", 'set search_path = one', 'reset work_mem'],
    leaves: { search_path: 'one' },
  },
  { name: 'SET TO DEFAULT', texts: ["set work_mem = '9MB'", 'set work_mem to default'], leaves: {} },
  { name: 'RESET ALL', texts: ["set work_mem = '9MB'", 'set search_path = one', 'reset all'], leaves: {} },
  {
    name: 'RESET ALL keeps the role',
    texts: ['set role reader', "set work_mem = '9MB'", 'reset all'],
    leaves: { role: 'reader' },
  },
  { name: 'RESET ROLE', texts: ['set role reader', 'reset role'], leaves: {} },
  { name: 'DISCARD ALL', texts: ["set work_mem = '9MB'", 'set role reader', 'discard all'], leaves: {} },
  {
    name: 'SET SESSION AUTHORIZATION and back',
    texts: ['set session authorization reader', 'reset session authorization'],
    leaves: {},
  },
  {
    name: 'RESET, then ROLLBACK',
    texts: ["set work_mem = '9MB'", 'begin', 'reset work_mem', 'rollback'],
    leaves: { work_mem: '9MB' },
  },
  { name: 'a transaction in one text', texts: ["begin; set work_mem = '9MB'; commit"], leaves: { work_mem: '9MB' } },
  { name: 'a rolled back transaction in one text', texts: ["begin; set work_mem = '9MB'; rollback"], leaves: {} },
];

t.test('settings are their own client’s, however they are made and unmade', async (t) => {
  for (const { name, texts, leaves } of changes) {
    t.test(name, async (t) => {
      const { client, other } = await pair(t);
      for (const text of texts) await client.ask(text);
      await sees(t, other, {}, 'the other one finds none of it');
      await sees(t, client, leaves, 'the client itself finds what PostgreSQL would have kept');
      await sees(t, other, {}, 'and still the other one does not');
    });
  }
});

t.test('settings made by extended queries are followed as well', async (t) => {
  for (const { name, texts, leaves } of changes) {
    if (texts.some((text) => text.replace(/\$\$.*\$\$/, '').includes(';'))) continue;
    t.test(name, async (t) => {
      const { client, other } = await pair(t);
      for (const text of texts) {
        client.send(parse(text), bind(), execute(), sync());
        await client.readUntilReady();
      }
      await sees(t, other, {}, 'the other one finds none of it');
      await sees(t, client, leaves, 'the client itself finds what PostgreSQL would have kept');
    });
  }
});

t.test('a setting by a function call message is followed', async (t) => {
  const { client, other } = await pair(t);
  const [oid] = await server.query("select 'set_config(text, text, bool)'::regprocedure::oid::int as oid");
  client.send(functionCall(Number(oid?.oid), ['work_mem', '9MB', 'f']));
  await client.readUntilReady();
  await sees(t, other, {}, 'the other one');
  await sees(t, client, { work_mem: '9MB' }, 'the client');
});

t.test('a setting made by a statement that was prepared before is followed', async (t) => {
  const { client, other } = await pair(t);
  client.send(parse('select set_it($1)', 'setting'), sync());
  await client.readUntilReady();
  await sees(t, other, {}, 'the other one');
  client.send(bind({ statement: 'setting', values: ['two'] }), execute(), sync());
  await client.readUntilReady();
  await sees(t, other, {}, 'the other one');
  await sees(t, client, { search_path: 'two' }, 'the client');
});

t.test('what a client starts with is what RESET and DISCARD go back to', async (t) => {
  const start = { TimeZone: 'Asia/Tokyo', options: '-c work_mem=7MB -c search_path=one' };
  const mine = { TimeZone: 'Asia/Tokyo', work_mem: '7MB', search_path: 'one' };
  const { client, other } = await pair(t, start);
  await sees(t, client, mine, 'at the start');
  await sees(t, other, {}, 'the other one');
  for (const back of [
    ['reset timezone', 'reset work_mem', 'reset search_path'],
    ['set timezone to default', 'set work_mem to default', 'set search_path to default'],
    ['reset all'],
    ['discard all'],
    ['begin; reset all; commit'],
  ]) {
    await client.ask("set timezone to 'Asia/Kathmandu'; set work_mem to '9MB'; set search_path to two");
    for (const text of back) await client.ask(text);
    await sees(t, client, mine, back.join('; '));
    await sees(t, other, {}, 'the other one');
    await sees(t, client, mine, `${back.join('; ')}, seen again`);
  }
});

t.test('a setting that a trigger makes is followed where the server reports it', async (t) => {
  const { client, other } = await pair(t);
  await server.query(`
    create table watched (a int);
    create function on_watched() returns trigger language plpgsql as
      $$ begin perform set_config('TimeZone', 'Asia/Tokyo', false); perform set_config('role', 'reader', false);
         return new; end $$;
    create trigger sets before insert on watched for each row execute function on_watched()`);
  await client.ask('insert into watched values (1)');
  await sees(t, other, {}, 'the other one');
  await sees(t, client, { TimeZone: 'Asia/Tokyo', role: 'reader' }, 'the client');
});

const own = "select current_setting('app.tenant', true)";
const isUnset = (value: string | null) => value === null || value === '';

t.test('a setting of the application’s own is followed as any other', async (t) => {
  const { client, other } = await pair(t);
  await client.ask("set app.tenant = 'acme'");
  t.ok(isUnset(await answerOf(other, own)));
  t.equal(await answerOf(client, own), 'acme');
  await client.ask("select set_it('two')");
  t.ok(isUnset(await answerOf(other, own)), 'also behind something that has to be asked about');
  t.equal(await answerOf(client, own), 'acme');
  await client.ask('reset app.tenant');
  t.ok(isUnset(await answerOf(client, own)));
});

t.test('a setting of its own that a function makes stays with its client, on every upstream', async (t) => {
  await server.query(`create or replace function enter(tenant text) returns void language plpgsql as
    $$ begin perform set_config('app.tenant', tenant, false); end $$`);
  const { client, other } = await pair(t);
  await client.ask("select enter('acme')");
  t.ok(isUnset(await answerOf(other, own)));
  t.equal(await answerOf(client, own), 'acme');
  await other.ask("select enter('other')");
  t.equal(await answerOf(client, own), 'acme');
  t.equal(await answerOf(other, own), 'other');
});

t.test('one whose name is nowhere to be read is at least never the next client’s', async (t) => {
  const { daemon, client, other } = await pair(t);
  await client.ask("do $$ begin perform set_config('app.' || 'tenant', 'acme', false); end $$");
  t.ok(isUnset(await answerOf(other, own)));
  await client.ask("do $$ begin perform set_config('app.' || 'tenant', 'acme', false); end $$");
  t.ok(isUnset(await answerOf(await signIn(t, daemon, server, { parameters: { application_name: 'new' } }), own)));
  await client.ask("do $$ begin perform set_config('app.' || 'tenant', 'acme', false); end $$");
  t.equal(await answerOf(client, own), 'acme', 'while nobody else came it is there');
});

t.test('what is reported for a transaction alone costs no question', async (t) => {
  const relay = await Relay.start(t, server);
  const daemon = await daemonInFrontOf(t, relay.reachable, { pool: 'size: 1' });
  const client = await signIn(t, daemon, server);
  let questions = 0;
  relay.onRequest = (chunk) => {
    if (chunk.includes('pg_my_temp_schema') || chunk.includes('pg_catalog.current_setting')) questions += 1;
  };
  await client.ask('begin');
  await client.ask("set local timezone to 'Asia/Tokyo'");
  await client.ask('commit');
  await client.ask('select 1');
  t.equal(questions, 0);
  await client.ask("set timezone to 'Asia/Tokyo'");
  await client.ask('select 1');
  t.equal(questions, 1, 'unlike what stays');
});

t.test('statements mean what the client’s own settings say', async (t) => {
  const { client, other } = await pair(t);
  await client.ask('set search_path = one');
  await other.ask('set search_path = two');
  for (let round = 0; round < 3; round += 1) {
    t.equal(await answerOf(client, 'select name from item'), 'one');
    t.equal(await answerOf(other, 'select name from item'), 'two');
  }
});

t.test('a role, once taken, holds on every upstream, and is not the next client’s', async (t) => {
  const { client, other } = await pair(t);
  await client.ask('set role reader');
  t.equal(await sqlstateOf(client, 'create table one.mine ()'), '42501');
  t.equal(await answerOf(other, 'select current_user'), server.superuser);
  t.equal(await answerOf(client, 'select current_user'), 'reader');
  await client.ask('reset role');
  await client.ask('set session authorization reader');
  t.equal(await answerOf(other, 'select session_user'), server.superuser);
  t.equal(await answerOf(client, 'select session_user'), 'reader');
});

interface Tie {
  readonly name: string;
  readonly tie: string;
  /** Ends it; null: only its client's leaving does. */
  readonly untie: string | null;
  /** Run by the client while it is tied, gives what it had left there. */
  readonly proof: string;
  readonly proves: string;
}

const ties: readonly Tie[] = [
  {
    name: 'a temporary table',
    tie: 'create temp table own as select 7 as a',
    untie: 'drop table own',
    proof: 'select a from own',
    proves: '7',
  },
  {
    name: 'a temporary table, by SELECT INTO',
    tie: 'select 7 as a into temp own',
    untie: 'discard temp',
    proof: 'select a from own',
    proves: '7',
  },
  {
    name: 'a temporary view',
    tie: 'create temp view own as select 7 as a',
    untie: 'drop view own',
    proof: 'select a from own',
    proves: '7',
  },
  {
    name: 'a temporary sequence',
    tie: 'create temp sequence own start 7',
    untie: 'discard all',
    proof: "select nextval('own') > 6",
    proves: 't',
  },
  {
    name: 'an advisory lock',
    tie: 'select pg_advisory_lock(7)',
    untie: 'select pg_advisory_unlock(7)',
    proof: "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()",
    proves: '1',
  },
  {
    name: 'an advisory lock that was tried',
    tie: 'select pg_try_advisory_lock_shared(7)',
    untie: 'select pg_advisory_unlock_all()',
    proof: "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()",
    proves: '1',
  },
  {
    name: 'LISTEN in DO',
    tie: "do $$ begin execute 'listen news'; end $$",
    untie: 'unlisten news',
    proof: 'select * from pg_listening_channels()',
    proves: 'news',
  },
  {
    name: 'a held cursor',
    tie: 'declare c cursor with hold for select generate_series(7, 9)',
    untie: 'close c',
    proof: 'fetch 1 from c',
    proves: '7',
  },
  {
    name: 'SQL PREPARE',
    tie: 'prepare p (int) as select $1 + 1',
    untie: 'deallocate p',
    proof: 'execute p(6)',
    proves: '7',
  },
];

for (const { name, tie, untie, proof, proves } of ties) {
  t.test(`${name} ties its client to its upstream`, async (t) => {
    const { client, other } = await pair(t);
    await client.ask(tie);
    t.equal(await sqlstateOf(other, 'select 1'), '53300', 'the one upstream is taken');
    t.equal(await answerOf(client, proof), proves);
    if (untie !== null) t.equal(await sqlstateOf(client, untie), null);
    t.equal(await answerOf(other, 'select 1'), '1', 'until it is undone');
  });

  t.test(`${name} ties its client, and DISCARD ALL unties it`, async (t) => {
    const { client, other } = await pair(t);
    await client.ask(tie);
    t.equal(await sqlstateOf(client, 'discard all'), null);
    t.equal(await answerOf(other, 'select 1'), '1');
  });

  t.test(`${name} is gone with its client`, async (t) => {
    const { daemon, client } = await pair(t);
    const processId = await backendOf(client);
    await client.ask(tie);
    await client.destroy();
    const next = await signIn(t, daemon, server);
    t.equal(await backendOf(next), processId, 'the upstream is used again');
    const state = `select (select count(*) from pg_locks where locktype = 'advisory'), (select count(*) from pg_cursors),
      (select count(*) from pg_prepared_statements where from_sql), (select count(*) from pg_listening_channels()),
      to_regclass('own') is null`;
    t.same(await rowsOf(next, state), [['0', '0', '0', '0', 't']]);
  });

  t.test(`${name} that was rolled back ties nobody`, async (t) => {
    const { client, other } = await pair(t);
    await client.ask('begin');
    await client.ask(tie);
    await client.ask('rollback');
    // A session lock and a prepared statement outlive their transaction.
    const outlives = /lock|PREPARE/.test(name);
    t.equal(await sqlstateOf(other, 'select 1'), outlives ? '53300' : null);
  });
}

t.test('statements that leave nothing behind tie nobody', async (t) => {
  const { client, other } = await pair(t);
  for (const text of [
    'create temp table own (a int) on commit drop',
    'begin; declare c cursor for select 1; fetch c; commit',
    'select pg_advisory_xact_lock(7)',
    'begin; select pg_advisory_xact_lock(7); commit',
    'notify news',
    'do $$ begin perform 1; end $$',
    'select * from generate_series(1, 3)',
    'explain analyze select 1',
    'create table one.passing (); drop table one.passing',
    'select lo_unlink(lo_create(0))',
  ]) {
    t.equal(await sqlstateOf(client, text), null, text);
    t.equal(await answerOf(other, 'select 1'), '1', `after: ${text}`);
  }
});

t.test('a client that is tied gets its notifications while it does nothing', async (t) => {
  const { client } = await pair(t);
  await client.ask("do $$ begin execute 'listen news'; end $$");
  await server.query("notify news, 'fresh'");
  const { type, body } = await client.read();
  t.equal(type, 'A');
  t.match(body.toString('latin1', 4), 'news\0fresh\0');
});

t.test('a transaction keeps its upstream, and gives it back when it ends', async (t) => {
  const { client, other } = await pair(t);
  await client.ask('begin');
  t.equal(await sqlstateOf(other, 'select 1'), '53300');
  await client.ask('select 1/0');
  t.equal(await sqlstateOf(other, 'select 1'), '53300', 'also when it has failed');
  await client.ask('rollback and chain');
  t.equal(await sqlstateOf(other, 'select 1'), '53300', 'also when the next one has begun with its end');
  await client.ask('commit');
  t.equal(await answerOf(other, 'select 1'), '1');
});

t.test('a batch keeps its upstream up to its Sync', async (t) => {
  const { client, other } = await pair(t);
  client.send(parse('select 1'), bind(), execute(), Buffer.from('H\0\0\0\x04'));
  await client.readUntil('C');
  t.equal(await sqlstateOf(other, 'select 1'), '53300');
  client.send(sync());
  await client.readUntilReady();
  t.equal(await answerOf(other, 'select 1'), '1');
});

t.test('a copy keeps its upstream up to its end', async (t) => {
  const { client, other } = await pair(t);
  client.send(query('copy one.item from stdin'));
  await client.readUntil('G');
  t.equal(await sqlstateOf(other, 'select 1'), '53300');
  client.send(copyDone());
  await client.readUntilReady();
  t.equal(await answerOf(other, 'select 1'), '1');
});

t.test('what a client may not set is refused in the server’s words, at its start and later', async (t) => {
  const daemon = await daemonInFrontOf(t, server, { pool: 'size: 1' });
  for (const parameters of [
    { TimeZone: 'nowhere' },
    { options: '-c no_such_setting=1' },
    { options: '-c shared_buffers=1' },
  ]) {
    const direct = await signIn(t, server, server, { parameters }).catch((error: Error) => error.message);
    const through = await signIn(t, daemon, server, { parameters }).catch((error: Error) => error.message);
    t.equal(through, direct, JSON.stringify(parameters));
  }
  const client = await signIn(t, daemon, server);
  t.match(errorIn(await client.ask("set timezone to 'nowhere'")), { C: '22023' });
  t.equal(await answerOf(client, 'show timezone'), 'UTC');
});

t.test('a session that a client leaves in its own encoding does not disturb the next one', async (t) => {
  const { client, other } = await pair(t, { client_encoding: 'LATIN1' });
  client.send(query(Buffer.from("select 'gr\xf6\xdfe'", 'latin1') as unknown as string));
  t.equal(
    (await client.readUntilReady()).messages.find(({ type }) => type === 'D')?.body.toString('latin1', 6),
    'größe',
  );
  t.equal(await answerOf(other, "select 'größe'"), 'größe');
  await client.ask("set client_encoding to 'UTF8'");
  t.equal(await answerOf(client, "select 'größe'"), 'größe');
});

t.test('notices of a client’s statements are its own', async (t) => {
  const { client, other } = await pair(t);
  const reply = await client.ask("do $$ begin raise notice 'mine'; end $$");
  t.match(
    reply.messages.filter(({ type }) => type === 'N').map(({ body }) => errorFields(body).M),
    ['mine'],
  );
  t.notOk((await other.ask('select 1')).types.includes('N'));
  t.same(rowsIn(await other.ask('select 2')), [['2']]);
});
