import { next } from '../attacking.js';

/**
 * On `visits`, whose filter is a query and so costs more than most that a client writes: what could run before it, and what
 * isn't in a row but tells of one. The costs of hidden visits are 0 in one database and not in the other.
 */
export const beforeTheFilter: Readonly<Record<string, readonly string[]>> = {
  'beside a row lock': [
    'select v.id from visits v join orders o on 10 / v.cost > 0 for update of v',
    'select v.id from visits v join orders o on 10 / v.cost > 0 for key share of v skip locked',
    "select v.id from visits v join orders o on v.note like 'C%\\' for update of v",
    'select v.id from visits v join orders o on v.note::int > 0 for share of v nowait',
    'select v.id from orders o join visits v on (o.id, 10 / v.cost) > (0, 0) for no key update of v',
    'select v.id from visits v join orders o on true, lateral generate_series(1, 10 / v.cost) g where o.id > 0 and 10 / v.cost > g for update of v',
    'select v.id from visits v, generate_series(1, 10 / v.cost) g for update of v',
    'select v.id from visits v, lateral (select 10 / v.cost as x) y where y.x > 0 for update of v',
    'select v.id from visits v, lateral (select 10 / v.cost as x offset 0) y for update of v',
    'select id from (select id, cost from visits for update) v where 10 / v.cost > 0',
    'select id from (select id, cost from visits) v where 10 / v.cost > 0 for update',
    'with v as (select id, cost from visits for update) select id from v where 10 / cost > 0',
    'select id from orders o where exists (select from visits v where 10 / v.cost > 0 for update)',
    'select id from visits where 10 / cost > 0 order by 10 / cost for update',
    'select id from visits v where (select 10 / v.cost) > 0 for update',
    'select v.id from (visits v join orders o using (id)) where 10 / v.cost > 0 for update of v',
    `begin${next}declare c cursor for select id, cost from visits for update${next}fetch all from c${next}rollback`,
  ],
  'beside a plain read': [
    'select v.id from visits v, generate_series(1, 10 / v.cost) g',
    'select v.id from visits v cross join lateral unnest(array[10 / v.cost]) u',
    "select v.id from visits v, rows from (generate_series(1, 10 / v.cost), json_array_elements('[1]')) g",
    'select o.id, v.id from orders o left join visits v on 10 / v.cost = o.id',
    'select o.id, v.id from orders o full join visits v on o.id = v.id and v.cost > 0',
    'select id from visits v where row(10 / v.cost, 1) > row(0, 0)',
    'select * from (select distinct 10 / cost as x from visits) v where x > 0',
    'select * from (select 10 / cost as x, row_number() over () from visits) v where x > 0',
    'with v as not materialized (select * from visits) select id from v where 10 / cost > 0',
    'select 10 / cost from visits union select 1',
    'select v.id from visits v join people p on p.pay / v.cost = 0',
    'select id, 10 / cost from visits order by 10 / cost',
    'select count(*) filter (where 10 / cost > 0) from visits having sum(10 / cost) > 0',
    "select id from visits where note like '%-\\'",
    'select id from visits where sqrt(cost - 1) >= 0 and ln(cost) > 0',
    'copy (select id from visits where 10 / cost > 0) to stdout',
    "create temp table v as select 10 / cost as x from visits where note::text > ''",
  ],
  changing: [
    "update visits set note = 'x' where 10 / cost > 0",
    "update visits v set note = 'x' from orders o where 10 / v.cost > o.id returning v.id",
    "merge into orders using visits v on 10 / v.cost = orders.id when matched then update set note = 'x'",
    'update visits set cost = default',
    "update visits set (note, cost) = ('x', default) where id = 1",
    'update people set pay = default',
    'update people set ssn = default where id = 1',
    "insert into people (id, region) values (1, 'EU') on conflict (id) do update set pay = default",
    'merge into people p using orders o on p.id = o.id when matched then update set ssn = default',
  ],
  'names of what is hidden': [
    "select has_column_privilege('people', 'secret', 'select')",
    "select has_column_privilege('people', 6::int2, 'select')",
    "select pg_get_serial_sequence('people', 'secret')",
    "select has_column_privilege(c.oid, 'secret', 'select') from pg_class c where relname = 'people'",
  ],
  "types that are called as PostgreSQL's": [
    `create temp table text (a int)${next}create temp table people (secret text)${next}select secret from people${next}select secret from public.people`,
    `create temp table int8 (a int)${next}create temp table regclass (a int)${next}select * from people where id::int8 = 2`,
    'begin; create temp table text (a int); create temp table oid (a int); create temp table people (a int); table people; rollback; table people',
  ],
};
