/** Statements over every construct of a query. All of them are good ones. */
export const selects: readonly string[] = `
select * from customers
select c.* from customers c
select customers.* from customers
select shop.customers.* from shop.customers
select shop.customers.name from shop.customers
select postgres.shop.customers.name from shop.customers
select postgres.shop.customers.name from postgres.shop.customers
select id, name from customers where region = 'EU' and vip
select c.id as x, c.name as "Y" from customers as c
select Id, NAME from CUSTOMERS
select "Col 1", "select" from "Od d"."T able"
select t."select" from "Od d"."T able" t
table customers
table only parent
table shop.orders
select * from only parent
select * from parent *
select * from only (parent)
select * from parent
select more from child
select * from parts
select v from parts_1
select * from big
select n from sums
select a, c from dropped
select * from dropped as d (x, y)
select x, c from dropped as d (x)
select d.x from dropped d (x)
select last_value from numbers
select * from customers c, orders o where c.id = o.customer_id
select name, total from customers join orders on customers.id = customer_id
select name, total from customers c left join orders o on c.id = o.customer_id and o.total > 5
select * from customers c right join orders o on c.id = o.customer_id
select * from customers c full join orders o on c.id = o.customer_id
select * from customers cross join dept
select id from customers natural join dept
select * from customers natural join people
select id, customers.id, people.id from customers natural join people
select * from customers join people using (id)
select * from customers c join people p using (id, name)
select id from customers full join people using (id)
select id from customers right join people using (id)
select j.id, j.shade from (customers join people using (id)) as j
select j.a from (customers join people using (id)) as j (a)
select u.id from customers join people using (id) as u
select c.name, u.id from customers c join people p using (id) as u
select * from (customers join people using (id)) join dept using (id)
select * from customers c join (orders o join lines l on l.order_id = o.id) on c.id = o.customer_id
select c.name, x.n from customers c, lateral (select count(*) as n from orders o where o.customer_id = c.id) x
select c.name, x.total from customers c left join lateral (select total from orders where customer_id = c.id) x on true
select c.name, g from customers c, generate_series(1, c.id) g
select c.name, g.g from customers c cross join lateral generate_series(1, c.id) as g
select o.id, other.orders.extra from shop.orders o, other.orders
select shop.orders.id, other.orders.id from shop.orders, other.orders
select * from (select id, name from customers) s
select s.a from (select id, name from customers) s (a)
select s.b from (select id as b from (select id from customers) i) s
select (select name from customers where id = 1)
select id, (select max(total) from orders o where o.customer_id = c.id) from customers c
select id from customers where exists (select 1 from orders where customer_id = customers.id)
select id from customers where exists (select from orders where customer_id = customers.id)
select id from customers where id in (select customer_id from orders)
select id from customers where id not in (select customer_id from orders where total > 3)
select id from customers where id = any (select customer_id from orders)
select id from customers where (id, name) in (select customer_id, note from orders)
select id from customers where (id, name) = (select customer_id, note from orders)
select id from orders where total > all (select price from lines)
select array(select name from customers order by born)
select id from customers order by name
select id as name from customers order by name
select id from customers order by 1, lower(name) desc nulls last
select name as n from customers order by n
select id from customers order by region using <
select region, count(*) from customers group by region
select region, count(*) from customers group by 1
select upper(region) as r, count(*) from customers group by r
select region as name, count(*) from customers group by name, region
select region, count(*) filter (where vip) from customers group by region having count(*) > 1 and max(born) > '2000-01-01'
select id, name, count(*) from customers group by id
select c.id, c.name, count(o.id) from customers c left join orders o on o.customer_id = c.id group by c.id
select region, vip, count(*) from customers group by rollup (region, vip)
select region, vip, grouping(region) from customers group by cube (region, vip)
select region, vip, count(*) from customers group by grouping sets ((region), (vip), (region, vip), ())
select region, count(*) from customers group by distinct rollup (region), rollup (region, vip)
select (region, vip), count(*) from customers group by (region, vip)
select distinct region from customers
select distinct on (region) region, name from customers order by region, born desc
select distinct on (1) region, name from customers
select name, row_number() over (partition by region order by born) from customers
select name, sum(id) over w, rank() over (w order by name) from customers window w as (partition by region)
select sum(total) over (order by placed range between '1 day' preceding and current row) from orders
select sum(qty) over (order by no rows between 1 preceding and unbounded following exclude ties) from lines
select first_value(name) over (order by id groups 2 preceding) from customers
select percentile_cont(0.5) within group (order by price) from lines
select mode() within group (order by region) from customers
select rank(5) within group (order by id) from customers
select string_agg(name, ',' order by born desc), array_agg(distinct region) from customers
select count(distinct (region, name)) from customers
select count(*), count(c), count(c.*) from customers c
select id from customers limit 5 offset 2
select id from customers order by id fetch first 3 rows with ties
select id from customers for update
select c.id from customers c join orders o on true for update of c
select id from customers for no key update skip locked
select id from (select id from customers) s for share
select id from customers for key share nowait
select 1 union select 2
select id from customers union all select id from people
select id, 'a' from customers union select no, sku from lines
select null union select id from customers
select 'x' union all select name from customers order by 1
select id from customers except select customer_id from orders
(select id from customers limit 1) union (select id from people order by id limit 2) order by id
select id from customers intersect (select id from people union select boss from dept)
select id as a from customers union select id from people order by a
select 1::int2 union select 2.5
values (1, 'a'), (2, 'b')
values (1), (2.5), (null)
select * from (values (1, 'a'), (2, 'b')) as v (n, s)
select v.column1 from (values (1)) v
select column2 from (values (1, 'b')) x
values (1), (2) order by column1 limit 1
with t as (select id, name from customers) select name from t
with t (a, b) as (select id, name from customers) select a from t
with t as (select id from customers), u as (select id from t) select * from u
with t as (select id from customers) select * from t as q (z), t
with customers as (select id from people) select * from customers
with customers as (select id from customers) select * from customers
with customers as (select 1 as one) select * from shop.customers
with t as materialized (select id from customers) select * from t join orders on customer_id = t.id
with recursive t (n) as (values (1) union all select n + 1 from t where n < 5) select n from t
with recursive t as (select id, boss from dept union select d.id, d.boss from dept d join t on t.boss = d.id) select * from t
with recursive a as (select id from b), b as (select id from customers) select * from a
with recursive t as (select id, boss from dept union all select d.id, d.boss from dept d, t where d.boss = t.id) search depth first by id set ord select * from t order by ord
with recursive t as (select id, boss from dept union all select d.id, d.boss from dept d, t where d.boss = t.id) cycle id set looped using path select id, looped, path from t
with recursive t as (select id, boss from dept union all select d.id, d.boss from dept d, t where d.boss = t.id) search breadth first by id, boss set ord cycle id set c to 'y' default 'n' using p select * from t
select * from (with t as (select id from customers) select * from t) s
select (with t as (select id from customers) select max(id) from t)
with t as (select 1) select (with u as (select id from people) select max(id) from u), * from t
with t as (insert into people (id) values (1) returning id) select * from t
with t as (update people set name = 'x' where id = 1 returning id, name) select name from t
with t as (delete from people returning *) select count(*) from t
select f('a'), f(1.5), f(1::int8), f(name), f(credit) from customers
select f(1, 2), f(null), f(nick), f(email) from customers
select other.f(born), other.f(now()::date) from customers
select g(1), g(1, 'a'), g(a => 1), g(1, c => false), g(b => 'x', a => 2)
select many(1, 2, 3), many(variadic array[1, 2]), many('a', 'b'), many('a', variadic array['b'])
select anyone(1, array[2]), anyone(name, tags), anyone('a'::text, '{b}') from customers
select common(1, 2.5), common(id, credit), common('a', 'b') from customers
select upper(mood), upper(name), upper('x') from customers
select lower(name), other.lower(name) from customers
select name <-> 'x', id <-> 3, 'a' operator(shop.<->) 'b' from customers
select mood = 'ok', mood = any (array['ok', 'sad']::mood[]), mood in ('ok') from customers
select id + 1, id + 1.5, id::int8 + 1, id * credit, -id, - credit, id % 2, id / 2.0, @ id from customers
select qty + no, qty * price, price + 1, qty || sku from lines
select name || 'x', name || id, 'x' || name, tags || '{a}', tags || name, tags || tags, props || '{}' from customers
select born + 1, born - born, now() - interval '1 day', born + interval '1 month', placed - now() from customers, orders
select born > '2000-01-01', born between '2000-01-01' and current_date, placed < now() from customers, orders
select props -> 'a', props ->> 'a', props #> '{a,b}', props @> '{"a": 1}', props ? 'a', props['a'], props['a']['b'] from customers
select data -> 0, data ->> 'x', doc from orders
select tags[1], tags[1:2], array_length(tags, 1), cardinality(tags), 'a' = any(tags), tags @> array['a'] from customers
select id = 1, id <> 1, id != 1, id in (1, 2, 3), id in (1, id), id not in (1, 2.5) from customers
select (id, name) = (1, 'a'), row(id, name) < row(2, 'b'), (id, name) in ((1, 'a'), (2, 'b')) from customers
select id between 1 and 5, id not between 1 and 5, id between symmetric 5 and 1 from customers
select name like 'a%', name ilike 'a%', name not like 'x', name similar to 'a', name like 'a!%' escape '!', name ~ 'a', name ~* 'b' from customers
select nullif(id, 1), coalesce(name, email, 'x'), greatest(id, 2.5), least(born, current_date) from customers
select case when vip then 1 else 2.5 end, case id when 1 then 'a' when 2 then name end, case when true then null else id end from customers
select id is null, vip is true, vip is not unknown, name is distinct from 'x', (id, name) is null from customers
select not vip, vip and id > 1 or name = 'x' from customers
select cast(id as text), id::text::varchar(3), credit::int, '1'::int, date '2020-01-01', interval '1 day' from customers
select int4(credit), text(mood), bool(id), name(name), date(now()) from customers
select home, (home).street, (home).zip + 1, (c.home).street from customers c
select (customers).name, (c).id, (c.*).name from customers c, customers
select name(c), id(c) from customers c
select p.full_name, full_name(p), (p).full_name from people p
select c from customers c
select row_to_json(c), to_jsonb(c), c::text, c is null from customers c
select row(c.*), row(c.*, 1), (c.id, c.name) from customers c
select (pair(1)).x, (pair(id)).*, (listed(1)).v from customers
select a from one() a
select x from generate_series(1, 3) x
select x.x, ordinality from generate_series(1, 3) with ordinality x
select * from unnest(array[1, 2], array['a']) as u (n, s)
select * from rows from (generate_series(1, 2), unnest(array['a', 'b'])) with ordinality as r (a, b, c)
select * from rows from (listed(1), one())
select * from unnest(array[1]) with ordinality
select r.a from loose() as r (a int, b text)
select r.b from rows from (loose() as (a int, b text), one()) r
select * from json_to_recordset('[]') as (a int, b text)
select t.tag from customers c, unnest(c.tags) as t (tag)
select e.key, e.value from customers c, jsonb_each(c.props) e
select * from current_date d, current_user
select id from customers tablesample system (10)
select x.id from customers as x tablesample bernoulli (10) repeatable (1)
select current_date, current_timestamp(3), localtime, current_user, session_user, current_schema, current_catalog
select extract(year from born), position('a' in name), substring(name from 2 for 3), trim(both 'x' from name), overlay(name placing 'x' from 1) from customers
select placed at time zone 'UTC', normalize(name), name is normalized, (placed, now()) overlaps (now(), placed) from orders, customers
select substring(name, 1, 2), substring(name from 'a'), substr(name, 1), left(name, 1), right(name, 2) from customers
select array[1, 2.5], array[[1], [2]], array[id, null], array[]::int[], array['a', name], array[tags, tags] from customers
select xmlelement(name a, xmlattributes(customers.id as b), name), xmlforest(orders.id, name as n), xmlconcat(doc, doc), xmlserialize(content doc as text), doc is document from customers, orders
select xmlparse(document '<a/>'), xmlpi(name x, 'y'), xmlroot('<a/>'::xml, version '1.0', standalone yes)
select name collate "C", name < 'x' collate "POSIX" from customers order by name collate "C"
select tableoid, ctid, xmin, c.xmax from customers c
select customers.tableoid, id from customers
select 12345678901, 123456789012345678901234567890, 1.5, 1e3, 'a', b'101', x'1F', true, null
select $$a$$, E'a\\nb', U&'d\\0061t'
select count(*) from customers c having max(c.id) = (select max(c.id) from people)
select (select count(c.id) from people) from customers c
select (select max(p.id + c.id) from people p) from customers c
select id from customers where name = 'x' and (region = 'y' or vip) and not (id > 3 and born is null)
select id from customers c where (c.id = 1 and c.vip) and (c.name = 'a')
select c.name from customers c join orders o on c.id = o.customer_id and o.total > 3 where c.vip and o.note like 'x%'
select 1 from customers a join customers b on a.id = b.id join lines c on c.no = b.id
select a.name from customers a, customers b, (select id from customers) c where a.id = b.id and c.id = a.id
select shop.total(id), total(id) from customers
select total from orders group by total having total(1) > 0
select array_agg(c) from customers c
select c.id from customers c where c = c
select sum(id), avg(qty), min(name), max(price), bool_or(vip), every(vip), stddev(price) from customers, lines
select sum(qty), sum(no), sum(price), sum(total), sum(order_id) from lines, orders
select round(total), round(total, 1), round(price), abs(no), abs(qty), power(no, 2), sqrt(no), mod(no, 2) from orders, lines
select length(name), char_length(email), concat(name, id, null), format('%s', name), to_char(now(), 'YYYY'), to_char(id, '9') from customers
select coalesce(null, null), coalesce(null, 1), nullif('a', 'b')
select min(c.name) from customers c having min(c.id) > 0
select lead(name, 1, 'x') over (order by id), ntile(4) over (order by id), lag(id) over (order by name) from customers
select pg_typeof(id), format_type(23, null), version(), now(), txid_current() from customers
select * from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relname = 'x'
select relname::text || '.' || relkind::text from pg_class where relacl is null and oid = 1
select oid::regclass, relnamespace::regnamespace::text from pg_class
select table_name, column_name from information_schema.columns where table_schema = 'shop'
select id from customers where id = '5' and born = '2020-01-01' and vip = 'true' and mood > 'sad'
select x.* from (select 1 as a, 'b' as b) x
select a.*, b.* from (select id from customers) a join (select id from people) b using (id)
select from customers
select
select limit 1
select all id from customers
select count(*) from (select from customers) s
with recursive t as (select 1 as n union all select * from t) cycle n set looped using path select * from t
with recursive t as (select id, boss from dept union all select d.id, d.boss from dept d, t where d.boss = t.id) search depth first by id set ord select * from (select * from t) s
select array_agg(x) || array_agg(x) from (values (row(1, 2)), (row(3, 4))) v (x)
select id from people union select boss from dept order by 1
values (2), (1) order by column1 + 1
select lower('x' collate "C"), f('x' collate "C") from people
select count(distinct id), sum(id order by name), percentile_disc(0.5) within group (order by id), rank(1) within group (order by id) from people
select rank() over (order by id), sum(id) filter (where id > 1) over (), lag(name) over (order by id) from people
select satisfies_hash_partition(0, 2, 1, variadic array[1, 2])
select format('%s', variadic array[1, 2])
select spanned(int4range(1, 2), 4), spanned(numrange(1, 2), 4)
`
  .trim()
  .split('\n');

/** Of these the server notes dependencies that aren't reads: on a function's row type, on what a literal names. */
export const described: readonly string[] = `
select * from listed(3), pair(1), one(), people_of('x')
select l.k, p.y, one, answer, q.name from listed(3) l, pair(1) p, one(), people_of('x') q
select q from people_of('x') q
select a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) from pg_attribute a where a.attrelid = 'customers'::regclass
select id from customers where tableoid = 'customers'::regclass
`
  .trim()
  .split('\n');
