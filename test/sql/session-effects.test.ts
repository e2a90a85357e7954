import pg from 'pg';
import t from 'tap';
import { databaseToLeave, sessionEffects } from '../../src/sql/session-effects.js';
import { cpuTimeMs } from '../support/cpu-time.js';
import { startPostgres } from '../support/postgres.js';

const effectOf = (text: string): string => {
  const { effect, statements } = sessionEffects(text);
  const names = statements?.flatMap((statement) => statement.names) ?? [];
  return names.length > 0 ? `${effect} ${names}` : effect;
};

const texts: Readonly<Record<string, readonly string[]>> = {
  none: [
    '',
    ' ;; ',
    'select 1',
    'table t',
    '((select 1)) union select 2',
    "select now(), lower(a), count(*) filter (where b) over (partition by c) from t where d in (1, 2) and e = any('{1}')",
    'select a::numeric(10, 2), cast(b as varchar(10)), extract(year from c), coalesce(d, 0) from t as u(a, b, c, d)',
    'select * from (values (1)) v(a) join lateral unnest(b) with ordinality o(c, d) on true',
    'select "lower"(a), pg_catalog.upper(b) from t',
    'with recursive x(a) as (select 1), y as (select 2) select * from x, y group by grouping sets ((a), (b)), rollup (c)',
    "insert into f (a, b) values (1, nextval('s')) on conflict (a) do update set b = excluded.b returning a",
    'insert into temp values (1)',
    'update t set (a, b) = (1, 2) where c = $1',
    'merge into t using s on t.a = s.a when not matched then insert (a) values (1)',
    'copy t (a, b) from stdin',
    'copy (select a from t) to stdout with (format csv)',
    'create table t (a int, b varchar(10) default now(), c int references u (id), primary key (a))',
    'create unique index i on only t using btree (lower(a))',
    'create function f(a int) returns int language sql as $$select set_config()$$',
    'create view v as select f()',
    'alter table t add column a int default 1',
    'drop function f(int)',
    'explain (analyze, costs off) select 1',
    'explain analyze verbose insert into t values (1)',
    'discard plans',
    'fetch 5 from c',
    'lock table t; truncate t; notify n, $$x$$',
    'select pg_advisory_xact_lock(1), pg_notify($1, $2)',
  ],
  local: [
    'begin',
    'start transaction isolation level serializable',
    'commit; rollback; abort; end work',
    'savepoint a; rollback to savepoint a; release a',
    'set local search_path to x',
    'set transaction isolation level repeatable read',
    'set constraints all deferred',
    'set transaction_read_only = on',
    'set session transaction_isolation to serializable',
    'reset transaction_deferrable',
    "select set_config('transaction_read_only', 'on', false)",
    "prepare transaction 'x'; commit prepared 'x'; rollback prepared 'x'",
    'declare c cursor for select 1',
    "select set_config('a.b', $1::text, true)",
  ].map((text) => text),
  unknown: [
    'select f()',
    'select s.f(1)',
    'select pg_catalog.f(1)',
    'select d.pg_catalog.lower(a)',
    'select "Lower"(a)',
    'select (select f()) from t',
    'select * from t join u on f(t.a)',
    'with x as (select 1) select f(1)',
    'values (f())',
    'insert into t values (f())',
    'select setseed(0.5)',
    'select pg_advisory_lock(1)',
    'select pg_try_advisory_lock_shared(1)',
    'select query_to_xml($1, true, true, $2)',
    "select set_config(a, '', false) from t",
    "select set_config(setting_name => 'a', new_value => '', is_local => true)",
    'call p()',
    'do $$begin end$$',
    'execute p(1)',
    'prepare p as select 1',
    'deallocate p',
    'deallocate all',
    'listen c',
    'unlisten *',
    "load 'x'",
    'set seed = 0.5',
    "update pg_settings set setting = 'x' where name = 'search_path'",
    'with x as (select 1) update "pg_settings" set setting = $1 where name = $2',
    'create temp table t (a int)',
    'create or replace temporary view v as select 1',
    'create table pg_temp.t (a int)',
    'create extension x',
    'create function f() returns int begin atomic select 1; select set_config($1, $2, false); end',
    'create table t as select * from u join v on f(u.a)',
    'create table t as select 1 from u where set_config($1, $2, false) is null',
    'create materialized view m as select f()',
    'select * into temp t from u',
    'select * into pg_temp.t from u',
    'declare c cursor with hold for select 1',
    'explain analyze execute p',
    'explain analyze select f()',
    'discard nothing',
    "select 'a",
    "select N'a'",
    "select 'a'\n'b'",
    "select 1; select 'a\n/*",
    'frobnicate',
  ],
};

t.test('what a text leaves behind is told from its tokens, or it is unknown', async (t) => {
  for (const [effect, list] of Object.entries(texts))
    for (const text of list) t.equal(sessionEffects(text).effect, effect, text);
});

t.test('what can be neither carried over nor asked about nor taken back', async (t) => {
  const staying = [
    'select setseed(0.5)',
    'set seed to 0.5',
    'SET LOCAL "seed" = 0.5',
    "select set_config('seed', $1, false)",
    'do $$begin perform setseed(0.5); end$$',
    "select dblink_connect('c', $1)",
    "select pg_backup_start('x')",
    "select pg_create_logical_replication_slot('x', 'y', true)",
  ];
  for (const text of staying) t.ok(sessionEffects(text).staysBehind, text);
  const others = ["select 'setseed'", 'select f(seed) from t', 'update t set seed = 1', 'set search_path to seed'];
  for (const text of others) t.notOk(sessionEffects(text).staysBehind, text);
});

t.test('settings are named as they are stored', async (t) => {
  const expected: Readonly<Record<string, string>> = {
    'set Search_Path to a, b': 'settings search_path',
    "SET SESSION DateStyle = 'ISO'": 'settings datestyle',
    'set a.B.c = 1': 'settings a.b.c',
    'set "My"."Setting" to 1': 'settings my.setting',
    "set time zone 'UTC'": 'settings timezone',
    'set time zone local': 'reset timezone',
    'set time zone default': 'reset timezone',
    "set timezone to 'local'": 'settings timezone',
    'set work_mem to default': 'reset work_mem',
    'set session work_mem = default': 'reset work_mem',
    "set work_mem to 'default'": 'settings work_mem',
    'set local work_mem to default': 'local work_mem',
    'set session authorization default': 'reset session_authorization,role',
    "set names 'utf8'": 'settings client_encoding',
    "set schema 'x'": 'settings search_path',
    'set role x': 'settings role',
    'set role to x': 'settings role',
    'set session authorization x': 'settings session_authorization,role',
    'set session characteristics as transaction read only':
      'settings default_transaction_isolation,default_transaction_read_only,default_transaction_deferrable',
    'set xml option document': 'settings xmloption',
    'set local x.y to 1': 'local x.y',
    'reset work_mem': 'reset work_mem',
    'reset role': 'reset role',
    'reset time zone': 'reset timezone',
    'reset session authorization': 'reset session_authorization,role',
    'reset all': 'reset',
    'discard all': 'reset',
    "select set_config('Search_Path', '', false)": 'settings search_path',
    "select pg_catalog.set_config('a', 'b', false), set_config('c', 'd', true)": 'settings a,c',
    "select set_config('search_path', 'a', true)": 'local search_path',
    'begin; set a = 1; commit': 'settings a',
    'set a = 1; reset b; select f()': 'unknown a,b',
  };
  for (const [text, effect] of Object.entries(expected)) t.equal(effectOf(text), effect, text);
});

t.test('commands and their targets are told', async (t) => {
  const expected: Readonly<Record<string, readonly [string, string | null]>> = {
    'deallocate "My Plan"': ['deallocate', 'My Plan'],
    'DEALLOCATE PREPARE P': ['deallocate', 'p'],
    'deallocate all': ['deallocate all', null],
    'execute S_1 (1, 2)': ['execute', 's_1'],
    'prepare p (int) as select $1': ['prepare', 'p'],
    'rollback work to savepoint S': ['rollback to', 's'],
    'release savepoint s': ['release', 's'],
    'commit and chain': ['commit and chain', null],
    'rollback and no chain': ['rollback', null],
    'listen "Channel"': ['listen', 'Channel'],
    'discard temporary': ['discard temp', null],
    '/* hint */ SELECT 1': ['select', null],
  };
  for (const [text, [command, target]] of Object.entries(expected)) {
    t.match(sessionEffects(text).statements, [{ command, target }], text);
    t.equal(sessionEffects(text).first, command);
  }
});

t.test('a megabyte is read without delay, more is not read', async (t) => {
  const texts = [
    `select ${"set_config('a',".repeat(60_000)}`,
    `select 1${'+'.repeat(1_000_000)}`,
    'begin;'.repeat(170_000),
  ];
  for (const text of texts) {
    const started = cpuTimeMs();
    sessionEffects(text);
    t.ok(cpuTimeMs() - started < 2_000, text.slice(0, 20));
  }
  t.same(sessionEffects(' '.repeat(1_048_577)), {
    effect: 'unknown',
    first: '',
    statements: null,
    seesPrepared: false,
    drawsNumbers: true,
    seesNumbers: false,
    staysBehind: false,
  });
});

t.test('which database nobody may be connected to', async (t) => {
  const left: Readonly<Record<string, string | null>> = {
    'drop database a': 'a',
    'Drop Database If Exists "A b" with (force)': 'A b',
    'create database a': 'template1',
    'create database a template b': 'b',
    'create database a owner c template = "B" encoding utf8': 'B',
    'alter database a rename to b': 'a',
    'alter database a set tablespace b': 'a',
    'alter database a set work_mem to 1': null,
    'alter database a owner to b': null,
    'drop table a': null,
    'create table a ()': null,
    'drop database': null,
    'select 1; drop database a': null,
  };
  for (const [text, database] of Object.entries(left)) t.equal(databaseToLeave(sessionEffects(text)), database, text);
});

const stateSql = `select json_build_object(
  'settings', (select json_object_agg(name, setting) from pg_settings where source = 'session' and name not like 'transaction%'),
  'who', current_setting('role') || current_setting('session_authorization'),
  'listening', (select count(*) from pg_listening_channels()), 'prepared', (select count(*) from pg_prepared_statements),
  'cursors', (select count(*) from pg_cursors), 'temporary', (select count(*) from pg_class where relnamespace = pg_my_temp_schema()),
  'locks', (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()))::text as state`;

t.test('what is said to leave nothing behind leaves nothing behind in a server', async (t) => {
  const postgres = await startPostgres();
  t.teardown(() => postgres.stop());
  await postgres.query('create table t (a int, b text); create sequence s');
  const statements = [
    "select now(), lower(b), pg_notify('a', 'b'), pg_advisory_xact_lock(1), nextval('s') from t",
    "select set_config('a.b', 'c', true), set_config('work_mem', '1MB', true)",
    'begin; set local work_mem to 99; commit',
    'begin; set transaction isolation level serializable; declare c cursor for select 1; fetch c; commit',
    "begin; select set_config('work_mem', '1MB', true); rollback",
    'create table u (a int default 1, b varchar(10) default now()); drop table u',
    'insert into t values (1) on conflict do nothing; truncate t',
    'explain analyze select count(*) from t',
    'create function f() returns text language sql as $$select set_config($1$a.b$1$, $1$c$1$, false)$$'.replaceAll(
      '$1$',
      "'",
    ),
    'create view v as select f()',
    'begin; lock table t; savepoint a; rollback to a; commit and chain; rollback',
    'select query_to_xml is null from (select 1) x(query_to_xml)',
    'discard plans; discard sequences',
    'select 1 as set_config, 2 as "pg_advisory_lock"',
    "select 'select pg_advisory_lock(1)', $$set work_mem = '1MB'$$ /* ; set work_mem = '1MB'; */ -- ; listen x",
    "select E'\\'; set work_mem = ''1MB''; --'",
    'notify a',
  ];
  for (const text of statements) {
    t.match(effectOf(text), /^(none|local)/, text);
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const before = (await client.query(stateSql)).rows[0].state;
    await client.query(text);
    t.equal((await client.query(stateSql)).rows[0].state, before, text);
    await client.end();
  }
});
