import t from 'tap';
import { parseSql } from '../../../src/sql/parser/parse-statements.js';
import { areLiteralsBindable } from '../../../src/sql/sharing/bindable-literals.js';
import { readCatalog } from '../../support/catalog.js';
import { startPostgres } from '../../support/postgres.js';
import { mustBind } from '../bind/binding.js';
import { schema } from './statements.js';

const server = await startPostgres();
t.teardown(() => server.stop());
await server.query(schema);
const index = await readCatalog(server);

const bindable = [
  'select name from shop.customers where id = 5',
  "select name from shop.customers where 5 = id and region <> 'x'",
  'select name from shop.customers where id in (1, -2, - 3) or id between 4 and 5',
  "select name from shop.customers where name like 'a%' and region not ilike 'b%' limit 10 offset 20",
  "select name from shop.customers where born >= '2026-01-01' and seen < cast('2026-01-01' as timestamptz)",
  "select name from shop.customers where born = '2026-01-01'::date",
  'select count(*) from shop.orders o join shop.customers c on c.id = o.customer and c.id = 7 where total > 5',
  'select (select max(total) from shop.orders where customer = 8) from shop.customers where id = 8 order by 1',
  'with late as (select * from shop.orders where id > 9 limit 3) select * from late',
  'select count(*), max(id) from shop.orders group by customer order by 2',
  "select region, count(*) from shop.customers group by region having region > 'm'",
];

const asWritten = {
  'a parameter': "select name from shop.customers where id = $1 and region = 'x'",
  'an item of the list': "select 1, 'a' from shop.customers where id = 5",
  'computed with': 'select name from shop.customers where id = 5 + 1',
  'computed with a column': 'select name from shop.customers where id + 1 = 5',
  'a width': 'select name from shop.customers where name = cast(id as char(3))',
  'the width of a literal': "select name from shop.customers where name = 'abc'::varchar(2)",
  'an interval, whose fields choose a unit': "select 1 from shop.customers where age(seen) > '1'::interval hour",
  'a literal by its syntax': "select name from shop.customers where born = date '2026-01-01'",
  'an argument': "select coalesce(name, 'x') from shop.customers where id = 5",
  'a literal beside another': "select name from shop.customers where 1 = 1 and id = 5 and 'a' = 'b'",
  'larger than int4': 'select name from shop.customers where id = 12345678901',
  'with a fraction': 'select id from shop.orders where total = 1.5',
  'cast by what may fail': "select id from shop.orders where total > '5'::float8 or total::float8 > '5'::numeric",
};

function isBindable(sql: string): boolean {
  return areLiteralsBindable(mustBind(index, sql), parseSql(sql), Buffer.from(sql));
}

t.test('what is compared with a column, or limits rows, may be a parameter', async (t) => {
  for (const sql of bindable) t.equal(isBindable(sql), true, sql);
});

t.test('what may have to be a literal, or be computed with, stays one', async (t) => {
  for (const [what, sql] of Object.entries(asWritten)) t.equal(isBindable(sql), false, `${what}: ${sql}`);
});
