import t, { type Test } from 'tap';
import { askUpstream } from '../../src/backend/postgres/own-query.js';
import { CustomNames } from '../../src/pool/custom-names.js';
import { PooledUpstream } from '../../src/pool/pooled-upstream.js';
import { differenceSql, SessionSettings, wholeSql } from '../../src/pool/session-settings.js';
import { probeSettings, probeState, type SessionState } from '../../src/pool/state-probe.js';
import { startPostgres } from '../support/postgres.js';
import { upstreamAt } from '../support/upstream.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query("create role reader login password 'secret'");

async function pooled(t: Test): Promise<PooledUpstream> {
  return new PooledUpstream(await upstreamAt(t, server.url), 0, 100, new CustomNames());
}

function ask({ connection }: PooledUpstream, sql: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    askUpstream(connection, sql, (answer) => {
      if (answer.kind === 'value') resolve(answer.value);
      else reject(new Error(JSON.stringify(answer)));
    });
  });
}

const stateOf = (upstream: PooledUpstream, ...names: string[]) =>
  new Promise<SessionState | null>((resolve) => probeState(upstream, names, resolve));
const settingsOf = (upstream: PooledUpstream, ...names: string[]) =>
  new Promise<SessionSettings | null>((resolve) => probeSettings(upstream, names, resolve));

t.test('a session that did nothing has no settings of its own, and nothing to keep', async (t) => {
  const state = await stateOf(await pooled(t));
  t.same([...(state?.settings.values ?? [])], []);
  t.equal(state?.isSticky, false);
});

t.test('what was set is found, as it can be set again elsewhere', async (t) => {
  const [from, to] = [await pooled(t), await pooled(t)];
  await ask(
    from,
    `set search_path = "a""b", public; set time zone -3.5; set my.own = 'it''s'; set work_mem = '9MB';
     set statement_timeout = '1min'; set datestyle = 'SQL, DMY'; set role reader`,
  );
  const state = (await stateOf(from, 'my.own')) as SessionState;
  t.equal(state.isSticky, false);
  await ask(to, differenceSql(SessionSettings.none, state.settings) as string);
  const shown = `select concat_ws('; ', current_setting('search_path'), current_setting('timezone'),
    current_setting('my.own'), current_setting('work_mem'), current_setting('statement_timeout'),
    current_setting('datestyle'), current_user)`;
  t.equal(await ask(to, shown), await ask(from, shown));
  t.equal(((await stateOf(to, 'my.own')) as SessionState).settings.key, state.settings.key);
  for (const back of [differenceSql, wholeSql]) {
    await ask(to, back(state.settings, SessionSettings.none) as string);
    t.equal(await ask(to, shown), '"$user", public; UTC; ; 4MB; 0; ISO, MDY; postgres');
    await ask(to, back(SessionSettings.none, state.settings) as string);
    t.equal(await ask(to, shown), await ask(from, shown));
  }
});

t.test('random() doesn’t follow what another client set', async (t) => {
  const upstream = await pooled(t);
  const next = async () => {
    await ask(upstream, 'select setseed(0.5)::text');
    return ask(upstream, 'select random()::text');
  };
  const first = await next();
  t.equal(await next(), first);
  await ask(upstream, 'select setseed(0.5)::text');
  await ask(upstream, wholeSql(SessionSettings.none, SessionSettings.none));
  t.not(await ask(upstream, 'select random()::text'), first);
});

t.test('settings of the application’s own are found by the names in the functions that set them', async (t) => {
  await server.query(`
    create function enter() returns void language plpgsql as
      $$ begin perform Set_Config ( 'App.Tenant', 'acme', false); set app.region = 'EU'; end $$;
    create function other() returns void language sql as $$ select pg_catalog.set_config('app.unused', '', false) $$`);
  const upstream = await pooled(t);
  await ask(upstream, 'select enter()::text');
  t.same(Object.fromEntries((await stateOf(upstream))?.settings.values ?? []), {
    'app.tenant': 'acme',
    'app.region': 'EU',
  });
  t.same([...upstream.customNames.names].sort(), ['app.region', 'app.tenant', 'app.unused']);
  await server.query('drop function enter()');
  t.equal((await stateOf(upstream))?.settings.values.get('app.tenant'), 'acme', 'the names are kept for a while');
});

t.test('any number of names can be asked for', async (t) => {
  const upstream = await pooled(t);
  const names = Array.from({ length: 300 }, (_, at) => `my.name_${at}`);
  await ask(upstream, names.map((name) => `set ${name} = 'x'`).join(';'));
  t.equal((await stateOf(upstream, ...names))?.settings.values.size, 300);
  t.equal((await settingsOf(upstream, ...names))?.values.size, 300);
});

t.test('who a session is is found', async (t) => {
  const upstream = await pooled(t);
  await ask(upstream, 'set session authorization reader');
  t.equal((await stateOf(upstream))?.settings.values.get('session_authorization'), 'reader');
  await ask(upstream, 'reset session authorization');
  t.same([...((await stateOf(upstream))?.settings.values ?? [])], []);
});

t.test('what lasts for a transaction alone is no setting', async (t) => {
  const upstream = await pooled(t);
  await ask(upstream, "begin; set local work_mem = '9MB'; set transaction isolation level serializable; commit");
  t.same([...((await stateOf(upstream))?.settings.values ?? [])], []);
});

for (const [name, sql] of Object.entries({
  'a temporary table': 'create temp table own ()',
  'a temporary type': "create type pg_temp.own as enum ('a')",
  'a temporary function': "create function pg_temp.own() returns int language sql as 'select 1'",
  'a temporary operator': 'create operator pg_temp.=== (leftarg = int, rightarg = int, function = int4eq)',
  'a temporary collation': "create collation pg_temp.own (locale = 'C')",
  LISTEN: 'listen news',
  'SQL PREPARE': 'prepare p as select 1',
  'a held cursor': 'declare c cursor with hold for select 1',
  'an advisory lock': 'select pg_advisory_lock(1)::text',
})) {
  t.test(`${name} is to be kept, until DISCARD ALL`, async (t) => {
    const upstream = await pooled(t);
    await ask(upstream, sql);
    t.equal((await stateOf(upstream))?.isSticky, true);
    await ask(upstream, 'discard all');
    t.equal((await stateOf(upstream))?.isSticky, false);
  });
}

t.test('an advisory lock of another session is not this one’s', async (t) => {
  await ask(await pooled(t), 'select pg_advisory_lock(2)::text');
  t.equal((await stateOf(await pooled(t)))?.isSticky, false);
});

t.test('a session is read alike in another role, encoding and search path', async (t) => {
  const upstream = await pooled(t);
  await ask(
    upstream,
    `create schema evil; create function evil.current_setting(text) returns text language sql as
    $$ select 'wrong' $$; create function evil.current_setting(text, bool) returns text language sql as $$ select 'wrong' $$;
    create function evil.same(text, text) returns bool language sql as 'select false';
    create operator evil.= (leftarg = text, rightarg = text, function = evil.same);
    grant usage on schema evil to reader; set search_path = evil, pg_catalog; set role reader;
    set my.own = 'größe'; set client_encoding to 'LATIN1'; set standard_conforming_strings to off`,
  );
  const state = await stateOf(upstream, 'my.own');
  t.equal(state?.settings.values.get('role'), 'reader');
  t.equal(state?.settings.values.get('my.own'), 'größe');
  t.equal(state?.settings.values.get('search_path'), 'evil, pg_catalog');
  const named = await settingsOf(upstream, 'search_path', 'role', 'no.such');
  t.same(
    [...(named?.values ?? [])],
    [
      ['search_path', 'evil, pg_catalog'],
      ['role', 'reader'],
    ],
  );
});

t.test('a server that does not say leaves it unknown', async (t) => {
  const failed = await pooled(t);
  await ask(failed, 'begin');
  await ask(failed, 'select 1/0').catch(() => {});
  t.equal(await stateOf(failed), null, 'in a failed transaction');
  t.equal(await settingsOf(failed, 'timezone'), null);
  const lost = await pooled(t);
  const state = stateOf(lost);
  lost.connection.destroy();
  t.equal(await state, null, 'nor one that is gone');
});
