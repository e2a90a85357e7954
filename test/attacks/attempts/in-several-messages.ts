import { next } from '../attacking.js';

/** What one message prepares another one uses: definitions that run something later, on closed tables and on `people`. */
const steps: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'temporary tables that run what is not allowed': [
    ['create temp table t (a int, s text default leak())', 'insert into t values (1) returning *'],
    ['create temp table t (a int, s text default lower(hr.leak()))', 'insert into t values (1) returning s'],
    [
      'create temp table t (s text[] default array[case when true then leak() end])',
      'insert into t default values returning *',
    ],
    [
      "create temp table t (s text default query_to_xml('table hr.salaries', true, true, ''))",
      'insert into t default values returning *',
    ],
    ["create temp table t (s bigint default nextval('hr.counter'))", 'insert into t default values returning *'],
    [
      "create temp table t (s text default convert_from(lo_get(4711), 'utf8'))",
      'insert into t default values returning *',
    ],
    ['create temp table t (a int check (wipe(a) = 1))', 'insert into t values (1)'],
    ['create temp table t (a int, check (a > 0 or <=> a = 1))', 'insert into t values (0)'],
    ['create temp table t (a int, constraint c check (wipe(a) is not null) not valid)', 'insert into t values (0)'],
    ['create temp table t (a int, exclude using btree (a with =) where (wipe(a) = 1))', 'insert into t values (0)'],
    ['create temp table t (a int) partition by list ((wipe(a)))', 'insert into t values (0)'],
    [
      'create temp table t (a int)',
      'insert into t values (1)',
      'alter table pg_temp.t add column s text default leak()',
      'table t',
    ],
    [
      'create temp table t (a int)',
      'insert into t values (1)',
      'alter table pg_temp.t alter column a type text using leak()',
      'table t',
    ],
    ['create temp table t (a int)', 'insert into t values (1)', 'alter table pg_temp.t alter a type int using wipe(a)'],
    [
      'create temp table t (a text)',
      'alter table pg_temp.t alter a set default leak()',
      'insert into t default values returning *',
    ],
    [
      'begin',
      'create temp table t (a text default leak()) on commit drop',
      'insert into t default values returning *',
      'commit',
    ],
    ['create table pg_temp.t (s text default leak())', 'insert into pg_temp.t default values returning *'],
    [
      'create temp table if not exists t (a int, s text default public.leak())',
      'insert into t (a) values (1), (2)',
      'table t',
    ],
  ],
  'tables like others': [
    ['create temp table t (like hr.salaries including all)', 'insert into t (id) values (1) returning *'],
    ['create temp table t (like people)', 'select secret from t'],
    ['create temp table t (like people including defaults)', 'insert into t (id) values (1) returning secret, ssn'],
    ['create temp table t (like people including comments including statistics)', 'table t'],
    ['create temp table t (p people)', 'insert into t select p from people p returning (p).secret'],
    ['create temp table t (p people[])', 'insert into t select array_agg(p) from people p returning p'],
    ['create temp table t (p hr.salaries)', 'select (p).amount from t'],
    ['create temp table t (r regclass)', "insert into t values ('hr.salaries') returning r"],
    [
      'create temp table t (o oid default $$hr.salaries$$::regclass)',
      'insert into t default values returning o::regclass',
    ],
    ['create temp view v as select * from people', 'alter view pg_temp.v rename to w', 'select * from w'],
    ['create temp table t as select * from people with no data', 'insert into t select * from people', 'table t'],
  ],
  'what may only be read, through a temporary view': [
    ...['insert into v values (2)', 'update v set id = 2', 'delete from v', 'copy v from stdin'].map((text) => [
      'create temp view v as select id from shop.items',
      text,
    ]),
    ['create temp view v as table shop.items', 'insert into v values (1) on conflict do nothing returning *'],
    ['create temp view v as table shop.items', 'with gone as (delete from v returning *) select * from gone'],
    ['create temp view v as table shop.items', 'merge into v using orders o on v.id = o.id when matched then delete'],
    ['create temp view v as table shop.items', 'create temp view w as table v', 'update w set id = 2'],
    ['create temp view v as table shop.items', 'prepare p as delete from v', 'execute p'],
    ['create temp view v as table shop.items', 'begin; select * from v for update', 'select * from shop.items'],
    ['create temp view v as table visits', 'update v set person = 3', "update v set note = 'x' where id = 2"],
    ['create or replace temp view v as table people', "update v set name = 'x'", 'delete from v', 'table v'],
    ['create temp view v as table shop.items', 'alter view v alter id set default 7', 'insert into v default values'],
  ],
  'names and time': [
    ['prepare p as select * from people', 'create temp table people as select 1 as id', 'execute p', 'table people'],
    ['prepare p as table people', 'set search_path = pg_temp, public', 'execute p'],
    ['create temp table people as select * from people', 'drop table pg_temp.people', 'select secret from people'],
    ['declare c cursor with hold for table people', 'create temp table people (secret text)', 'fetch all c'],
    [
      'create temp view people as table public.people',
      'create or replace temp view people as table public.people',
      'table people',
    ],
    [
      'begin',
      'savepoint a',
      'create temp table people (secret text)',
      'rollback to a',
      'select * from people',
      'rollback',
    ],
    ['create temp table salaries (amount text)', 'set search_path = hr', 'table salaries'],
    [
      'create temp view pg_class as select 1 as oid',
      "select relname from pg_catalog.pg_class where relname = 'salaries'",
      'table hr.salaries',
    ],
    ['set client_min_messages = debug5', 'select name from people order by ssn, pay', 'select secret from people'],
    ["set search_path = ''", 'select * from people', 'select * from public.people'],
    [
      'begin',
      'declare c scroll cursor for select * from people',
      'fetch last c',
      'move backward all c',
      'fetch all c',
      'commit',
    ],
    ['prepare p(text) as select $1', 'execute p((select secret from people limit 1))', 'execute p(leak())'],
  ],
};

export const inSeveralMessages: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(steps).map(([kind, attempts]) => [kind, attempts.map((texts) => texts.join(next))]),
);
