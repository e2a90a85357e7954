// Attempts to get past a policy that knows tables, actions, statement kinds and functions. What it allows is run against a
// real server with the upstream's account, and must neither show the canary nor change what is protected. Run without the
// policy nearly all of them do one or the other: so the oracles see.
import type { EventEmitter } from 'node:events';
import pg from 'pg';
import t from 'tap';
import { JudgeThreads } from '../../src/judge/judge-threads.js';
import { decide, type Principal } from '../../src/policy/decide.js';
import { loadPolicies } from '../../src/policy/load-policies.js';
import { startPostgres } from '../support/postgres.js';

const canary = 'CANARY-4711';

const policies = loadPolicies([
  {
    file: 'attacked.yaml',
    text: `version: 1
catalog: visible
rules:
  - { name: own, tables: [public.orders, public.notes], actions: [select, insert, update, delete, truncate, copy-in, copy-out, lock] }
  - { name: shop, tables: [shop.*], actions: [select] }
  - { name: never, tables: [shop.margins], actions: [select], effect: deny }
statements: { allow: [transaction, set, show, prepare, cursor, discard, explain, temp, call, listen, notify] }
functions: { allow: [public.harmless, shop.*] }`,
  },
]);
const mallory: Principal = {
  user: 'mallory',
  tenant: 'default',
  roles: [],
  attributes: {},
  database: 'shop',
  searchPath: ['public'],
};

const schema = `
  create table orders (id int, note text); create table notes (id int, note text); insert into orders values (1, 'mine');
  create schema hr; create table hr.salaries (id int, name text, amount text); insert into hr.salaries values (1, 'ceo', '${canary}');
  create table hr."Orders" as table hr.salaries; create table public."ORDERS" as table hr.salaries;
  create schema shop; create table shop.margins as table hr.salaries; create table shop.items (id int);
  create view public.all_salaries as table hr.salaries; create materialized view public.copied as table hr.salaries;
  create table hr.parts (id int, amount text) partition by list (id); create table hr.part_1 partition of hr.parts for values in (1);
  insert into hr.parts values (1, '${canary}'); create sequence hr.counter;
  create function public.leak() returns text language sql as $$select amount from hr.salaries limit 1$$;
  create function public.leak_all() returns setof hr.salaries language sql as $$table hr.salaries$$;
  create function hr.leak() returns text language sql as $$select amount from hr.salaries limit 1$$;
  create function public.wipe(int) returns int language sql as $$delete from hr.salaries; select 1$$;
  create procedure public.wipe_all() language sql as $$delete from hr.salaries$$;
  create function public.harmless() returns int language sql as $$select 1$$;
  create operator public.<=> (rightarg = int, function = public.wipe);
  create operator public.=== (leftarg = int, rightarg = int, function = pg_catalog.int4eq);
  select lo_from_bytea(4711, '${canary}')`;

/** What nobody may change, and what one may but the next attempt must not meet. */
const protectedSql = `select md5(string_agg(x, ';')) as state from (
  select s::text as x from hr.salaries s union all select s::text from shop.margins s union all select last_value || '' from hr.counter
  union all select relname || relnamespace from pg_class where relnamespace in ('hr'::regnamespace, 'shop'::regnamespace)
  union all select rolname || rolsuper from pg_roles union all select datname from pg_database
  union all select nspname || coalesce(nspacl::text, '') from pg_namespace where nspname !~ '^pg_'
  union all select proname || prosrc from pg_proc where pronamespace in ('public'::regnamespace, 'hr'::regnamespace)) p(x)`;
const ownSql = `select md5(string_agg(x, ';')) as state from (
  select o::text as x from orders o union all select n::text from notes n
  union all select relname || relhasrules || relhastriggers from pg_class where relnamespace = 'public'::regnamespace) p(x)`;

const texts: Readonly<Record<string, readonly string[]>> = {
  'more than one statement, strings that end elsewhere': [
    'select 1; table hr.salaries',
    'select 1;;;/**/;table hr.salaries',
    'begin; table hr.salaries; commit',
    "select 'a\\'; table hr.salaries; select '\\'",
    "select E'a\\''; table hr.salaries; select E'\\''",
    "select E'\\\\'; table hr.salaries; --'",
    'select $$a$$; table hr.salaries; select $$b$$',
    'select $a$ $$ $a$; table hr.salaries; select $a$ $$ $a$',
    "select $a$'$a$; table hr.salaries --'",
    '/* /* */ select 1; /* */ */ table hr.salaries',
    "select '/*'; table hr.salaries; select '*/'",
    "select 1 -- '\n; table hr.salaries -- '",
    "select 'x'\n'y'; table hr.salaries; select 'z'",
    "select U&'\\0027'; table hr.salaries; select U&'\\0027'",
    'select "a;b" from (select 1 as "a;b") x; table hr.salaries',
    'select 1 as "\'"; table hr.salaries; select 1 as "\'"',
    "select B'0'; table hr.salaries; select X'0'",
    "select n'a'; table hr.salaries",
    'select 1\r; table hr.salaries',
  ],
  'other statements that read': [
    'table hr.salaries',
    'select * from only hr.salaries',
    'copy hr.salaries to stdout',
    'copy (select * from hr.salaries) to stdout',
    'copy (delete from hr.salaries returning *) to stdout',
    'copy (with x as (update hr.salaries set id = 2 returning *) select * from x) to stdout',
    'declare c cursor with hold for table hr.salaries; fetch all c',
    'begin; declare c cursor for table hr.salaries; fetch c; commit',
    'prepare p as table hr.salaries; execute p',
    'explain analyze delete from hr.salaries',
    'create temp table t as table hr.salaries; select * from pg_temp.t',
    'select * into temp t from hr.salaries; table pg_temp.t',
    'create temp view v as table hr.salaries; table pg_temp.v',
    'insert into orders select id, amount from hr.salaries returning *',
    'insert into orders values (2, (select amount from hr.salaries)) returning *',
    'update orders set note = amount from hr.salaries returning note',
    'update orders set (id, note) = (select id, amount from hr.salaries) returning *',
    'delete from orders using hr.salaries s returning s.amount',
    'merge into orders o using hr.salaries s on false when not matched then insert values (s.id, s.amount); table orders',
    'with x as (table hr.salaries) select * from x',
    'with orders as (table hr.salaries) select * from orders',
    'with recursive x as (select amount from hr.salaries union select amount from x) table x',
    'with x as (insert into hr.salaries values (9) returning *) select 1',
    'with x as (delete from hr.salaries returning *) table x',
    'select (select amount from hr.salaries)',
    'select array(select amount from hr.salaries)',
    'select 1 from orders where (select amount from hr.salaries)::int = 1',
    'select * from orders o left join lateral (table hr.salaries) s on true',
    'select amount from orders natural join hr.salaries',
    'values ((select amount from hr.salaries))',
    'select * from orders order by (select wipe(1) from hr.salaries)',
    'select note from orders union all select amount from hr.salaries',
    'select case when true then (select amount from hr.salaries) end',
    'select coalesce(null, (select amount from hr.salaries))',
    'select * from orders where exists (select from hr.salaries where wipe(1) = 1)',
    'select * from orders tablesample bernoulli ((select wipe(1)))',
    'select max(amount) from hr.salaries',
    'select sum(id) over (order by (select amount from hr.salaries)), (select amount from hr.salaries) from orders',
    'select xmlforest((select amount from hr.salaries) as a)',
    'select jsonb_agg(s) from hr.salaries s',
    'select s::text from hr.salaries s',
    'select (s).amount from hr.salaries s',
    'select row(s.*) from hr.salaries s',
    'select * from hr.salaries for update',
    'select * from hr.parts',
    'select * from hr.part_1',
    'select * from all_salaries',
    'select * from copied',
    'select * from shop.margins',
    'create temp table t (like hr.salaries); insert into pg_temp.t table hr.salaries returning *',
    'notify a; table hr.salaries',
  ],
  'other statements that write': [
    'truncate hr.salaries',
    'truncate orders, hr.salaries',
    'delete from hr.salaries',
    'update hr.salaries set amount = null',
    "insert into hr.salaries values (6, 'me', '1')",
    'create table hr.more (a int)',
    'create view hr.v as select 1',
    'create rule r as on insert to orders do also delete from hr.salaries; insert into orders values (1)',
    'create function public.f() returns text language sql as $$select amount from hr.salaries$$; select f()',
    'create or replace function public.harmless() returns int language sql as $$delete from hr.salaries; select 1$$; select harmless()',
    'create function pg_temp.f() returns int language sql as $$delete from hr.salaries; select 1$$; select pg_temp.f()',
    'do $$begin delete from hr.salaries; end$$',
    "do language plpgsql 'begin delete from hr.salaries; end'",
    'call wipe_all()',
    'call public.wipe_all()',
    'alter table hr.salaries rename to s',
    'alter table hr.salaries set schema shop',
    'drop table hr.salaries cascade',
    'drop schema hr cascade',
    'create role mallory superuser',
    'alter role postgres with nosuperuser',
    'create database evil',
    "alter sequence hr.counter restart with 99; select nextval('hr.counter')",
    'create temp table t (a text default leak()); insert into pg_temp.t default values returning *',
    'create temp table t as select leak() as a; table pg_temp.t',
    'create temp table t (a int, check (wipe(a) = 1)); insert into pg_temp.t values (1)',
    'grant select on hr.salaries to public; revoke all on schema hr from public; create user x',
    'explain analyze create table hr.x as select 1',
    'prepare p as delete from hr.salaries; execute p',
    'with x as (select wipe(1)) table x',
    'merge into hr.salaries s using orders on true when matched then delete',
    'insert into orders values (wipe(1))',
    'lock hr.salaries; delete from hr.salaries',
    'refresh materialized view copied; table copied',
    'comment on table orders is $$x$$; delete from hr.salaries',
  ],
  'who one is': [
    'set role postgres; create role evil',
    'set session authorization postgres; create role evil2',
    'set local role postgres; table hr.salaries',
    "select set_config('role', 'postgres', false); table hr.salaries",
    'reset session authorization; table hr.salaries',
    'set search_path to hr; select amount from salaries',
    'set search_path to hr, public; table salaries',
    "select set_config('search_path', 'hr', false); select leak()",
    'set search_path = hr; table "Orders"',
    'begin; set local search_path to hr; table salaries; commit',
    'set search_path to "$user", hr; table salaries',
    "set standard_conforming_strings = off; select 'a\\'; table hr.salaries; --'",
    'discard plans; table hr.salaries',
  ],
  functions: [
    'select leak()',
    'select public.leak()',
    'select hr.leak()',
    'select * from leak_all()',
    'select (leak_all()).*',
    'select "leak"()',
    'select U&"lea\\006b"()',
    'select * from rows from (leak_all()) x',
    'select * from orders, lateral leak_all()',
    'select harmless(), wipe(1)',
    'select wipe(id) from orders',
    'select * from orders where wipe(1) = 1',
    'select * from orders order by wipe(1)',
    'select count(*) from orders group by wipe(1)',
    'select 1 limit wipe(1)',
    'select <=> 1',
    'select operator(public.<=>) 1',
    'select 1 where <=> id = 1 from orders'.replace('where <=> id = 1 from orders', 'from orders where (<=> id) = 1'),
    "select query_to_xml('table hr.salaries', true, true, '')",
    "select pg_catalog.query_to_xml('table hr.salaries', true, true, '')",
    "select table_to_xml('hr.salaries', true, true, '')",
    "select schema_to_xml('hr', true, true, '')",
    "select database_to_xml(true, true, '')",
    "select * from ts_stat('select amount::tsvector from hr.salaries')",
    "select query_to_xml_and_xmlschema('table hr.salaries', true, true, '')",
    "select convert_from(lo_get(4711), 'utf8')",
    'select convert_from(loread(lo_open(4711, 262144), 100), $$utf8$$)',
    "select nextval('hr.counter'), nextval('hr.counter')",
    "select setval('hr.counter', 99)",
    "select set_config('x.y', amount, false) from hr.salaries; show x.y",
    'begin; declare c cursor for table hr.salaries; select cursor_to_xml($$c$$, 9, true, true, $$$$); commit',
    "select convert_from(data, 'utf8') from pg_largeobject where loid = 4711",
    'prepare q(text) as select $1; execute q(leak())',
    'copy (select leak()) to stdout',
    'insert into orders values (7, leak()) returning note',
    'update orders set note = leak() returning note',
    'values (leak())',
    'begin; declare c cursor for select leak(); fetch all from c; commit',
    "select string_agg(leak(), ',') from orders",
    'select max(leak()) over () from orders',
    'select case when true then leak() end',
    'with x(a) as (select leak()) select a from x',
    'explain analyze select wipe(1)',
    'select array[leak()]',
    'select row(leak())',
    'select json_build_object($$a$$, leak())',
    'select 1 from orders join orders o on wipe(o.id) = 1',
  ],
  names: [
    'table "hr"."salaries"',
    'table HR.SALARIES',
    'table U&"hr".U&"s\\0061laries"',
    'table U&"hr".U&"s!0061laries" uescape \'!\'',
    'select * from "ORDERS"',
    'select * from public."ORDERS"',
    'table hr."Orders"',
    'select h.amount from hr.salaries as h',
    'select orders.amount from hr.salaries as orders',
    'with salaries as (select 1) select * from hr.salaries',
    'with orders as (select * from hr.salaries), notes as (select * from orders) select * from notes',
    'select * from (with orders as (table hr.salaries) table orders) orders',
    'with notes as (select 1) select * from notes, (with notes as (table hr.salaries) table notes) x',
    'with a as (with orders as (table hr.salaries) table orders) table a',
    'select * from shop . margins',
    'select * from/**/hr./**/salaries',
    'select*from"hr"."salaries"',
    'create temp table orders as table hr.salaries; table pg_temp.orders',
    'analyze hr.salaries; select amount from hr.salaries',
    'select * from orders where id in (select id from hr.salaries) union all select 1, amount from hr.salaries',
    'select (x.s).amount from (select s from hr.salaries s) x',
    'select * from hr.salaries *',
  ],
};

const postgres = await startPostgres();
t.teardown(() => postgres.stop());
const parser = new JudgeThreads();
t.teardown(() => parser.close());
await postgres.query('create database clean');
await postgres.query(schema, 'clean');

let database = '';
let databases = 0;

async function freshDatabase(): Promise<void> {
  if (database !== '') await postgres.query(`drop database if exists ${database} with (force)`);
  for (const evil of ['mallory', 'evil', 'evil2', 'x']) await postgres.query(`drop role if exists ${evil}`);
  await postgres.query('drop database if exists evil');
  await postgres.query('alter role postgres superuser');
  database = `attempts_${++databases}`;
  await postgres.query(`create database ${database} template clean`);
}

const stateOf = (sql: string): Promise<unknown> =>
  postgres.query(sql, database).then(
    ([row]) => row?.state,
    () => 'gone',
  );

/** Runs a text as the upstream's account, and says what came of it. */
async function run(sql: string): Promise<{ readonly what: 'canary' | 'state' | null; readonly said: string }> {
  if (database === '') await freshDatabase();
  const [before, ownBefore] = [await stateOf(protectedSql), await stateOf(ownSql)];
  const said = await answerTo(sql);
  const isChanged = (await stateOf(protectedSql)) !== before;
  if (isChanged || (await stateOf(ownSql)) !== ownBefore) await freshDatabase();
  return { what: said.includes(canary) ? 'canary' : isChanged ? 'state' : null, said };
}

/** Everything that reaches a client: rows, copied bytes, notices, errors. */
async function answerTo(sql: string): Promise<string> {
  const client = new pg.Client({ connectionString: postgres.urlFor(database) });
  await client.connect();
  await client.query('set search_path to public');
  let said = '';
  // `connection` has every message before the client makes something of it.
  const { connection } = client as unknown as { connection: EventEmitter };
  connection.on('copyData', ({ chunk }: { chunk: Buffer }) => {
    said += chunk.toString();
  });
  connection.on('notice', (notice) => {
    said += JSON.stringify(notice);
  });
  try {
    const result = await client.query(sql);
    said += JSON.stringify(result);
  } catch (error) {
    said += JSON.stringify(error, Object.getOwnPropertyNames(error));
  }
  await client.end();
  return said;
}

t.test('nothing that the policy allows shows or changes what it protects', async (t) => {
  let attempts = 0;
  let noticed = 0;
  for (const [kind, list] of Object.entries(texts)) {
    for (const sql of list) {
      attempts++;
      const parsed = await parser.parse(sql, 'mallory');
      const isAllowed = parsed.ok && decide(policies, mallory, parsed.statements).verdict === 'allow';
      const { what, said } = await run(sql);
      if (what !== null) noticed++;
      if (isAllowed) t.equal(what, null, `${kind}: ${sql} -> ${said.slice(0, 200)}`);
      else t.pass(`${kind}: ${sql}`);
    }
  }
  t.comment(`${attempts} attempts; without a policy ${noticed} of them show the canary or change something`);
  t.ok(noticed > attempts * 0.9, 'the oracles see');
});
