import t from 'tap';
import { parseStatements } from '../../../src/sql/parser/parse-statements.js';
import type { StatementFacts } from '../../../src/sql/statement-facts.js';

function factsOf(sql: string): StatementFacts {
  const { result } = parseStatements(sql);
  if (!result.ok) throw new Error(`${sql}: ${result.message}`);
  if (result.statements.length !== 1) throw new Error(`${sql} is ${result.statements.length} statements`);
  return result.statements[0] as StatementFacts;
}

/** `a: select update; s.b: insert`, sorted. */
const relationsOf = (sql: string): string =>
  factsOf(sql)
    .relations.map(
      ({ schema, name, actions }) => `${schema === null ? '' : `${schema}.`}${name}: ${[...actions].sort().join(' ')}`,
    )
    .sort()
    .join('; ');

t.test('relations are found wherever they are read or written', async (t) => {
  const expected: Readonly<Record<string, string>> = {
    'select * from A, "A", s."B c"': 'A: select; a: select; s.B c: select',
    'select * from d.s.t': 's.t: select',
    [`select * from ${'x'.repeat(70)}`]: `${'x'.repeat(63)}: select`,
    'select * from U&"\\0061b"': 'ab: select',
    'with t as (select * from t), u as (select * from t) select * from t, u': 't: select',
    'with recursive t as (select * from t) select * from t': '',
    'with t as (select 1) select * from public.t': 'public.t: select',
    'with t as (select 1) insert into t select * from t': 't: insert',
    'with t as (select 1) update t set a = 1': 't: update',
    'select * from (with t as (select 1) select * from t) x, t': 't: select',
    'insert into t select * from u returning *': 't: insert select; u: select',
    'insert into t values (1) on conflict do nothing': 't: insert',
    'insert into t values (1) on conflict (a) do nothing': 't: insert select',
    'insert into t values (1) on conflict (a) do update set b = 1': 't: insert select update',
    'merge into t using (select * from u) s on s.a = t.a when matched then delete when not matched then insert values (1)':
      't: delete insert select; u: select',
    'merge into t using u on true when matched then do nothing': 't: select; u: select',
    'copy t to stdout': 't: copy-out select',
    'copy t (a) from stdin': 't: copy-in insert',
    'copy (select * from t join u on true) to stdout': 't: copy-out select; u: copy-out select',
    'copy (delete from t returning *) to stdout': 't: copy-out delete select',
    'truncate t, s.u': 's.u: truncate; t: truncate',
    'lock t': 't: lock',
    'analyze t (a), u': 't: analyze; u: analyze',
    'vacuum full t': 't: analyze',
    'select * from t for update': 't: select update',
    'select * from t x, u for share of x': 't: select update; u: select',
    'select * from (select * from t) s for update': 't: select update',
    'create view v as select * from t': 't: select',
    'create table n as table t': 't: select',
    'create materialized view m as select * from t': 't: select',
    'create rule r as on insert to t do also insert into u select * from v': 'u: insert; v: select',
    'create policy p on t using (a in (select a from u))': 'u: select',
    'create function f() returns int begin atomic select a from t; end': 't: select',
    'create table t (a int references u, like v) inherits (w)': '',
    'create schema s create view v as select * from t': 't: select',
    'explain (analyze) delete from t where a = 1': 't: delete select',
    'prepare p as update t set a = 1 where b = 2': 't: select update',
    'declare c cursor for select * from t': 't: select',
    'select * from xmltable($$/a$$ passing (select a from t) columns b int)': 't: select',
    "select * from json_table((select a from t), '$.b' columns (c int))": 't: select',
  };
  for (const [sql, relations] of Object.entries(expected)) t.equal(relationsOf(sql), relations, sql);
});

t.test('each statement is of the kinds that a policy may name, and reading and writing of none', async (t) => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    '': ['select 1', 'insert into t values (1)', 'copy t from stdin', 'truncate t', 'lock t', 'analyze t'],
    transaction: ['begin', 'commit', 'rollback to a', 'set transaction read only', 'set constraints all deferred'],
    set: [
      'set work_mem = 1',
      'set local a.b = c',
      'reset all',
      'reset role',
      'set role none',
      "select set_config('a', 'b', false)",
    ],
    show: ['show all', 'show work_mem'],
    prepare: ['execute p', 'deallocate p', 'deallocate all', 'prepare p as select 1'],
    cursor: ['declare c cursor for select 1', 'fetch c', 'move 5 c', 'close all'],
    discard: ['discard all', 'discard plans'],
    explain: ['explain select 1', 'explain analyze insert into t values (1)'],
    listen: ['listen c', 'unlisten *'],
    notify: ['notify c', "select pg_notify('c', 'x')"],
    temp: [
      'create temp table t (a int)',
      'create temp view v as select 1',
      'create temp sequence s',
      'create temp table t as select 1',
      'select 1 into temp t',
      'create table pg_temp.t (a int)',
      'create index on pg_temp.t (a)',
      'alter table pg_temp.t add column b int',
      'alter table pg_temp.t rename to u',
      'drop table pg_temp.t, pg_temp.u',
    ],
    ddl: [
      'create table t (a int)',
      'create table t as select 1',
      'select 1 into t',
      'create materialized view m as select 1',
      'refresh materialized view m',
      'alter table t add column b int',
      'alter table pg_temp.t inherit t',
      'create temp table t () inherits (u)',
      'drop table pg_temp.t, u',
      'drop table t',
      'drop function pg_temp.f()',
      'truncate t cascade',
      'create function f() returns int language sql as $$select 1$$',
      'create trigger x before insert on t execute function f()',
      'comment on table t is $$x$$',
      'reindex table t',
      'cluster t',
      'alter table t owner to x',
    ],
    do: ['do $$begin end$$'],
    call: ['call p()'],
    vacuum: ['vacuum', 'vacuum t', 'analyze'],
    'set-role': ['set role x', 'set session authorization x', 'set local role x'],
    'large-object': ['select lo_get(1)', 'select lo_create(0)'],
    'explain prepare': ['explain execute p'],
    'ddl explain': ['explain analyze create table t as select 1'],
    'ddl set': ['create function f() returns int language sql set work_mem = 1 as $$select 1$$'],
  };
  for (const [kinds, list] of Object.entries(expected))
    for (const sql of list) t.equal([...factsOf(sql).kinds].sort().join(' '), kinds, sql);
});

t.test('what no policy ever allows is named', async (t) => {
  const statements = `grant select on t to x; revoke all on t from x; grant a to b; alter default privileges grant select on tables to x;
    create role x; alter role x superuser; alter role x set role = y; drop role x; create user x; alter system set work_mem = 1;
    alter database d set search_path = x; create database d; drop database d; load 'x'; create extension x; alter extension x update;
    drop extension x; copy t from program 'x'; copy t to program 'x'; copy t from '/etc/passwd'; copy (select 1) to '/tmp/x';
    prepare transaction 'x'; commit prepared 'x'; rollback prepared 'x'; create server s foreign data wrapper f;
    create foreign data wrapper f; create foreign table t (a int) server s; import foreign schema s from server t into u;
    create user mapping for x server s; create publication p for all tables; create subscription s connection 'x' publication p;
    create event trigger e on ddl_command_start execute function f(); drop event trigger e; create language l; create tablespace s location '/x';
    create access method m type index handler h; security label on table t is 'x'; reassign owned by x to y; drop owned by x; checkpoint;
    alter server s options (set a 'b'); drop server s; alter table all in tablespace a set tablespace b; comment on role x is 'y';
    alter function f() depends on extension x; alter role x rename to y; alter database x owner to y; create transform for int language l (from sql with function f(internal), to sql with function g(internal));
    create function f() returns int language c as 'x', 'y'; create or replace procedure p() as 'x' language 'C'`;
  for (const sql of statements.split(/;\s*/)) {
    const { forbidden, unknown } = factsOf(sql);
    t.type(forbidden, 'string', sql);
    t.equal(unknown, null);
  }
});

t.test('functions and foreign operators are found wherever they are called', async (t) => {
  const expected: Readonly<Record<string, string>> = {
    'select F(1), "F"(2), s.g(3)': 'F f s.g',
    'select * from f() where g() order by h() limit i()': 'f g h i',
    'select sum(a) filter (where f()) over (order by g()) from t': 'f g sum',
    'select * from t tablesample s.m (1)': 's.m',
    'select a <=> b, a operator(public.+) c, -d, e like f, g between 1 and 2, h in (1)': '<=> public.+',
    'select a <=> any (select b from t), c = all (select d from t)': '<=>',
    'select a from t order by a using <=>': '<=>',
    'insert into t values (f()) on conflict (a) do update set b = g() returning h()': 'f g h',
    'update t set a = f() where b = g()': 'f g',
    'select extract(year from a), substring(b from 1), a at time zone c, coalesce(d, 1), current_user':
      'pg_catalog.extract pg_catalog.substring pg_catalog.timezone',
    'call s.p(f())': 'f s.p',
    'create table t (a int default f(), check (g(a)))': 'f g',
    'create index on t (f(a)) where g(a)': 'f g',
    "select json_value(a, '$.x'), json_scalar(b), json_array(c)": 'json_array json_scalar json_value',
    'execute p(f())': 'f',
    'select (with x as (select f()) select g() from x)': 'f g',
    'select d.s.f(1)': 's.f',
  };
  for (const [sql, functions] of Object.entries(expected)) {
    const found = factsOf(sql).functions.map(({ schema, name }) => `${schema === null ? '' : `${schema}.`}${name}`);
    t.equal(found.sort().join(' '), functions, sql);
  }
});

t.test('settings that are set and read', async (t) => {
  const set = (sql: string) =>
    factsOf(sql).settings.map(({ name, value, isKnown }) => [name, isKnown ? value : undefined]);
  t.same(set('set Search_Path to a, "B c", "d""e", select_x, "select"'), [
    ['search_path', 'a, "B c", "d""e", select_x, "select"'],
  ]);
  t.same(set("set search_path to 'a, b'"), [['search_path', '"a, b"']]);
  t.same(set("set search_path to ''"), [['search_path', '""']]);
  t.same(set('set datestyle to iso, mdy'), [['datestyle', 'iso, mdy']]);
  t.same(set('set work_mem = -1.5'), [['work_mem', '-1.5']]);
  t.same(set("set time zone interval '1' hour"), [['timezone', "INTERVAL '1'"]]);
  t.same(set('set x to default'), [['x', null]]);
  t.same(set('reset all'), [['*', null]]);
  t.same(set('set session characteristics as transaction read only'), [['default_transaction_read_only', '1']]);
  t.same(set("select set_config('A.b', 'c', true), set_config('d', $1, false), set_config('e', null, false)"), [
    ['a.b', 'c'],
    ['d', undefined],
    ['e', null],
  ]);
  t.same(factsOf('select set_config($1, $2, false)').functions, [{ schema: null, name: 'set_config' }]);
  t.same(factsOf("select set_config(new_value => 'x', setting_name => 'role', is_local => false)").functions.length, 1);
  t.same(factsOf("select current_setting('A'), pg_catalog.current_setting('b', true)").settingsRead, ['a', 'b']);
  t.same(factsOf('show Work_Mem').settingsRead, ['work_mem']);
  t.same(factsOf('select current_setting($1)').functions.length, 1);
});

t.test('facts that hang on a literal say so, whether it is there or a parameter', async (t) => {
  for (const sql of [
    "set a = 'b'",
    "select set_config('a', 'b', true)",
    'select set_config($1, $2, true)',
    "select current_setting('a')",
  ]) {
    t.equal(factsOf(sql).hangsOnLiterals, true, sql);
  }
  for (const sql of ["select * from t where a = 'b'", "copy t to '/x'", "notify a, 'b'", 'fetch 5 c']) {
    t.equal(factsOf(sql).hangsOnLiterals, false, sql);
  }
});

t.test('names of prepared statements and cursors are told', async (t) => {
  const expected = {
    'execute "P"': 'P',
    'deallocate p': 'p',
    'deallocate all': null,
    'prepare q as select 1': 'q',
    'fetch c': 'c',
    'close all': null,
  };
  for (const [sql, target] of Object.entries(expected)) t.equal(factsOf(sql).target, target, sql);
});
