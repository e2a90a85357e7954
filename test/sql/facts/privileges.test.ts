// PostgreSQL is the judge: an account with exactly the privileges that the facts name may run the statement, so the facts
// name everything that is read or written. And without any one of them it may not, so they name little else.
import pg from 'pg';
import t from 'tap';
import { parseStatements } from '../../../src/sql/parser/parse-statements.js';
import type { Action, StatementFacts } from '../../../src/sql/statement-facts.js';
import { startPostgres } from '../../support/postgres.js';

const postgres = await startPostgres();
t.teardown(() => postgres.stop());
await postgres.query(`
  create table public.a (id int primary key, x int, y text);
  create table public.b (id int primary key, a_id int, z text);
  create table public.c (id int primary key, w int);
  create schema other;
  create table other.a (id int primary key, x int);
  create view public.v as select id, x from public.a;
  create table public."Mixed Case" (id int);
  insert into a values (1, 1, 'one'); insert into b values (1, 1, 'uno'); insert into c values (1, 1);
  create role reader login;
  grant usage on schema other to reader`);
const admin = new pg.Client({ connectionString: postgres.url });
const reader = new pg.Client({ connectionString: postgres.url });
await Promise.all([admin.connect(), reader.connect()]);
await reader.query('set role reader');
t.teardown(() => Promise.all([admin.end(), reader.end()]));

const privileges: Readonly<Partial<Record<Action, string>>> = {
  select: 'select',
  insert: 'insert',
  update: 'update',
  delete: 'delete',
  truncate: 'truncate',
  // LOCK TABLE in its strictest mode.
  lock: 'update',
};

interface Need {
  readonly relation: string;
  readonly privilege: string;
}

function needsOf(facts: readonly StatementFacts[]): Need[] {
  const needs = new Map<string, Need>();
  for (const { schema, name, actions } of facts.flatMap(({ relations }) => relations)) {
    for (const action of actions) {
      const privilege = privileges[action];
      const relation = `"${schema ?? 'public'}"."${name}"`;
      if (privilege !== undefined) needs.set(`${relation} ${privilege}`, { relation, privilege });
    }
  }
  return [...needs.values()];
}

/** The SQLSTATE that the statement ends with when run with these privileges alone; null: it ran. */
async function outcome(sql: string, needs: readonly Need[]): Promise<string | null> {
  await admin.query('revoke all on all tables in schema public, other from reader');
  for (const { relation, privilege } of needs) await admin.query(`grant ${privilege} on ${relation} to reader`);
  await reader.query('begin');
  try {
    await reader.query(sql);
    return null;
  } catch (error) {
    return (error as { code?: string }).code ?? 'none';
  } finally {
    await reader.query('rollback');
  }
}

/** Statements whose every need is PostgreSQL's own. */
const exact = [
  'select 1',
  'select * from a',
  'table a',
  'select x from only a',
  'select count(*) from a',
  'select a from a',
  'select to_jsonb(t) from a t',
  'select * from v',
  'select * from "Mixed Case"',
  'select * from PUBLIC.A',
  'select * from other.a',
  'select * from a join b on b.a_id = a.id',
  'select * from a natural join b',
  'select * from a, b, lateral (select * from c where c.id = b.id) l',
  'select * from (a cross join b) j(p, q, r)',
  'select (select max(w) from c) from a',
  'select 1 where exists (select from b where z = $$uno$$)',
  'select * from a where id in (select a_id from b union select id from c)',
  'select * from a tablesample system (100)',
  'select array(select id from b)',
  'select case when exists (select from c) then 1 end',
  'values (1, (select max(id) from b))',
  'select x from a order by (select 1 from b limit 1)',
  'select x from a group by x having count(*) > (select count(*) from c)',
  'select sum(x) over (order by (select max(id) from b)) from a',
  'select x from a limit (select count(*) from b)',
  'select x from a union all select id from b',
  'select id from a except (select id from b intersect select id from c)',
  'select * from generate_series(1, (select max(id) from a)) g',
  'select * from rows from (unnest(array(select id from b))) u',
  'with a as (select * from b) select * from a',
  'with a as (select * from a) select * from a',
  'with recursive a as (select 1 as id union all select id + 1 from a where id < 3) select * from a',
  'with recursive t as (select id from a union all select t.id + 1 from t join c on c.id = t.id) select * from t',
  'with x as (select * from a), y as (select * from x) select * from y, b',
  'with x as (select 1) select * from (with a as (select * from x) select * from a) s, other.a',
  'select * from a where id = (with b as (select 1 as id) select id from b)',
  'with a as (select 1 as id) select * from a, (select * from public.a) p',
  'with x as materialized (select * from a), a as (select 2) select * from x, a',
  'with moved as (delete from a returning *) insert into b (id, z) select id + 10, y from moved',
  'with w as (insert into c values (7, 7) returning id) select * from w',
  'insert into c values (2, 2)',
  'insert into "Mixed Case" default values',
  'insert into c select id + 10, x from a',
  'insert into c values (3, (select max(id) from b))',
  'insert into c values (4, 4) returning id',
  'insert into c values (1, 1) on conflict do nothing',
  'insert into c as t values (1, 1) on conflict (id) do update set w = t.w + excluded.w',
  'insert into c values (1, 1) on conflict (id) do update set w = (select max(x) from a) where c.id = 1',
  'with a as (select 9 as id) insert into c select id, id from a',
  'update c set w = 1',
  'update c set w = w + 1',
  'update c set w = 1 where id = 1',
  'update c set w = a.x from a where a.id = c.id',
  'update c set (w, id) = (select 5, 5) where id = 1',
  'update c set w = 2 returning w',
  'with a as (select 1 as id) update c set w = a.id from a where c.id = 1',
  'delete from c',
  'delete from c where id = 1',
  'delete from c using a where a.id = c.id',
  'delete from c returning *',
  'truncate c',
  'lock table c',
  'lock table a, b in access exclusive mode',
  'select * from a for update',
  'select * from a, b for share of b',
  'select * from a as t join b on true for update of t',
  'select * from (select * from a) s for no key update',
  'select * from (select * from a join b on true) s, c for update of s',
  'select * from (select * from a for update) s, c',
  'with t as (select * from a) select * from t, b for update of b',
  'select 1 from b where id in (select id from a for key share)',
  'explain select * from a',
  'explain analyze delete from c where id = 1',
  'explain (analyze, costs off) with x as (update c set w = 1 returning *) select * from x, b',
  'declare k cursor for select * from a, b',
  'prepare p as select * from a where id = $1',
  'copy (select * from a where id > (select count(*) from b)) to stdout',
  'create temp table mine as select a.id, b.z from a join b on true',
  'select * into temp mine from a',
  'create temp view seen as select * from a',
];

/** Statements for which we ask for more: the client may say less, but what it touches isn't told from the text alone. */
const cautious: Readonly<Record<string, string>> = {
  'update c set w = 1 returning 5': 'a RETURNING counts as reading',
  'insert into c values (8, 8) returning 1': 'a RETURNING counts as reading',
  'update c set w = (select max(id) from b)': 'a column of another table counts as one of its own',
  'delete from c using a': 'a join counts as reading',
};

t.test('with the privileges that the facts name, and no others, a statement runs', async (t) => {
  for (const sql of [...exact, ...Object.keys(cautious)]) {
    const { result } = parseStatements(sql);
    if (!result.ok) t.fail(`${sql}: ${result.message}`);
    else t.equal(await outcome(sql, needsOf(result.statements)), null, sql);
  }
});

t.test('without any one of them it is refused', async (t) => {
  for (const sql of exact.filter((text) => !/^(prepare|create temp view|lock)/.test(text))) {
    const { result } = parseStatements(sql);
    const needs = result.ok ? needsOf(result.statements) : [];
    for (const missing of needs) {
      const found = await outcome(
        sql,
        needs.filter((need) => need !== missing),
      );
      t.equal(found, '42501', `${sql} without ${missing.privilege} on ${missing.relation}`);
    }
  }
});
