import t from 'tap';
import { complexityOf, complexityRefusal } from '../../src/sql/complexity.js';
import { parse } from '../support/policed-session.js';

function scoreOf(text: string): number {
  return complexityOf(parse(text).stmts?.[0]?.stmt);
}

t.test('each part of a statement counts what the docs say', async (t) => {
  const list = (count: number) => Array.from({ length: count }, (_, at) => at).join();
  const texts: Readonly<Record<string, number>> = {
    'select 1': 1,
    'select * from a where id = 1': 1,
    'select * from a join b on a.id = b.id left join c using (id)': 5,
    'select * from a, b where a.id = b.id': 3,
    'select * from a natural join b': 3,
    'select * from a, b': 21,
    'select * from a cross join b': 21,
    'select * from a join b on true': 21,
    'select * from a, b, c': 101,
    'select * from a, b, c, d': 501,
    'select * from a where id in (select id from b)': 4,
    'select * from (select * from (select 1) x) y': 9,
    'with x as (select 1) select * from x': 4,
    'select 1 union select 2 union select 3': 9,
    'with recursive x as (select 1 union all select 2) select * from x': 112,
    'select * from generate_series(1, 9)': 11,
    'select sum(a) over (partition by b) from c': 3,
    'select 1 from a group by rollup (b, c)': 7,
    'select 1 from a group by cube (b, c, d)': 17,
    [`select * from a where id in (${list(95)})`]: 10,
    [`select * from a where id = any (array[${list(200)}])`]: 21,
    'update a set b = 1 from c where a.id = c.id': 2,
    'update a set b = 1 from c': 20,
    'delete from a using b, c': 100,
    'insert into a select * from b': 1,
  };
  for (const [text, score] of Object.entries(texts)) t.equal(scoreOf(text), score, text);
  const values = Array.from({ length: 1000 }, () => '(1)').join();
  t.equal(scoreOf(`insert into a values ${values}`), 101, '1,000 rows at once');
});

t.test('what tools write stays far below the default limit, what floods a server does not', async (t) => {
  const bi = `with m as (select date_trunc('month', o.at) as month, c.region, sum(l.price) as total from orders o
    join customers c on c.id = o.customer join lines l on l.orders = o.id join products p on p.id = l.product
    left join discounts d on d.id = o.discount where o.at > now() - interval '1 year' and p.kind in ('a', 'b', 'c') group by 1, 2)
    select month, region, total, lag(total) over (partition by region order by month), rank() over (order by total desc)
    from m where region in (select name from regions where active) order by 1 limit 100`;
  t.ok(scoreOf(bi) < 60, String(scoreOf(bi)));
  const flood = 'select count(*) from pg_class a, pg_class b, pg_class c, pg_class d, pg_class e';
  t.ok(scoreOf(flood) > 1000, String(scoreOf(flood)));
  let nested = 'select 1';
  for (let level = 0; level < 35; level++) nested = `select * from (${nested}) x`;
  t.ok(scoreOf(nested) > 1000, String(scoreOf(nested)));
  const deep = `select ${'abs('.repeat(150)}1${')'.repeat(150)}`;
  t.equal(scoreOf(deep), 132, 'levels beyond the 20th');
  t.ok(scoreOf('select 1 group by cube (a, b, c, d, e, f, g, h, i, j)') > 1000);
});

t.test('a refusal names score and limit', async (t) => {
  t.equal(complexityRefusal(1000, 1000), null);
  t.equal(complexityRefusal(5000, 0), null);
  t.equal(complexityRefusal(1001, 1000), 'statement is too complex: its score is 1001, the limit is 1000');
});
