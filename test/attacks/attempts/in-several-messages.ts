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
};

export const inSeveralMessages: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(steps).map(([kind, attempts]) => [kind, attempts.map((texts) => texts.join(next))]),
);
