/** Statements that the server refuses while it reads them. */
export const refused: readonly string[] = `
select * from nowhere
select * from shop.nowhere
select * from nowhere.orders
select * from customers_pkey
select * from shop.address
select nothing from customers
select now(null::void)
select c.nothing from customers c
select customers.id from customers c
select x.id from customers c
select other.orders.id from shop.orders
select shop.c.id from shop.customers c
select id from customers, orders
select customer_id, id from orders join lines on order_id = id join customers on id = 1
select * from customers, customers
select * from customers c, orders c
select * from customers join orders using (nothing)
select * from customers join orders using (region)
select * from customers a join customers b on a.id = b.id join customers c using (id)
select * from dropped d (x, y, z)
select d.b from dropped d
select b from dropped
select x.a from dropped d (x)
select * from customers c, (select * from orders where customer_id = c.id) o
select * from (select * from orders where customer_id = c.id) o, customers c
select * from customers c right join lateral (select c.id) x on true
select * from (customers join people using (id)) as j where people.id = 1
select * from customers c join people p on c.id = q.id, dept q
select id from customers where n = 1 and name as n
with t as (select * from u), u as (select 1) select * from t
with t as (select 1), t as (select 2) select * from t
with t (a, b) as (select 1) select * from t
with t as (select 1) select * from public.t
with recursive t as (select * from t) select * from t
select (with t as (delete from people returning id) select id from t)
select nofunction(1)
select shop.lower('x')
select f(1)
select other.f(1)
select f(id) from customers
select g(1, b => 'x', b => 'y')
select g(nothing => 1)
select id @#@ 1 from customers
select name + 1 from customers
select name = born from customers
select mood = name from customers
select id::nothing from customers
select id::nowhere.int from customers
select name collate "nothing" from customers
select 1 order by 2
select id, name as id from customers order by id
select id from customers group by 2
select 1 union select 1, 2
select 1 union select 'x'::text
select id from customers union select id from people order by id + 1
values (1), (1, 2)
select * from unnest(1)
select * from loose()
select (select id, name from customers)
select id in (select id, name from customers) from customers
select (id, name) = (1, 2, 3) from customers
select id from customers for update of nothing
with t as (select 1) select * from t for update of t
select array[]
select * from customers tablesample nothing (1)
select *
select customers.nothing.id from customers
select a.b.c.d.e from customers
select nodb.shop.customers.id from customers
select * from nodb.shop.customers
select (home).nothing from customers
select (name).x from customers
insert into nowhere values (1)
insert into people (nothing) values (1)
insert into people (id, id) values (1, 2)
insert into people (id) values (1, 2)
insert into people (id, name) values (1)
insert into people values (1, 'a', 'b', 2, 3)
insert into people (id) values (1) returning nothing
insert into people (id) values (people.id)
insert into people (id) values (1) on conflict (nothing) do nothing
insert into customers (id) values (1) on conflict (id) do update set name = name
insert into people select id, name, region, 1, 2 from customers
update people set nothing = 1
update people p set name = people.shade
update people set name = c.name from customers c where id = 1
update people set name = x.n from (select people.name as n) x
update people p set p.name = 'x'
update people set (name, shade) = (1, 2, 3)
update people set (name, shade) = (select 1)
with t as (select 1) update t set a = 1
delete from people where nothing = 1
delete from people p where people.id = 1
delete from people using people where true
merge into people p using customers c on c.id = p.id when not matched then insert (id) values (p.id)
merge into people p using customers c on c.id = p.id when matched then update set nothing = 1
merge into people p using (select p.id) c on c.id = p.id when matched then delete
copy nowhere to stdout
copy people (nothing) to stdout
copy (select nothing from people) to stdout
truncate nowhere
lock nowhere
explain select * from nowhere
declare c cursor for select nothing from people
create table x as select nothing from people
create view x as select nothing from people
select nothing into x from people
prepare p as select nothing from people
select nme from people
select people.nme from people
select p.nme from people p
select nme from people p, people q
select idd from people p, dept d
select x.name from people p
select peple.name from people
select people.name from people p
select shop.people.name from people p
select people.* from people p
select shop.people.* from people p
select nowhere.people.name from people p
select zzzzzzzz from people
select p.zzzzzzzz from people p
select n from people
select from people where kindd = 'x'
select id from parent where kindd = 'x'
select "Col1" from "Od d"."T able"
select f1, g from people a, (select id as g, name as h from dept) ss
select 1 from people a, (select a.name as g) ss
select 1 from people a, (select name as g) ss
select 1 from people a cross join (select name as g) ss
select 1 from people a, people b, (select name as g) ss
select 1 from people a right join lateral generate_series(0, a.id) g on true
select 1 from people a full join lateral (select a.id) g on true
select 1 from people x join (dept y cross join parent z) j on x.id = y.id
select y.id from people x join (dept y cross join parent z) j on x.id = j.boss
select x.id from (people x join dept using (id)) j
select u.id from people join dept using (id) as v
select v.name from people join dept using (id) as v
select nme from (select name from people) s
select s.nme from (select name from people) s
select (select nme from dept) from people
select (select people.nme from dept) from people
with t as (select name from people) select nme from t
with t as (select name from people) select t.name from t u
with t as (select 1 from u), u as (select 1) select 1 from t
with t as (select 1 from t) select 1 from t
with recursive t as (select 1 from t) select 1 from t
with recursive t as (select 1 from t union select 2) select 1 from t
with t (a, b) as (select 1) select 1 from t
select name from people union select nme from dept
select id from people union select boss from dept order by boss
select id from people union select boss from dept order by id + 1
select id from people union select boss from dept order by idd + 1
select id from people union select boss from dept for no key update
values (1) order by column2
values (1) order by nothing + 1
insert into people (id) values (name)
insert into people (id) values (1), (2, 3)
insert into people (id) select 1, lower('x')
insert into people (id, name) values ((1, 'x'))
insert into people as p (id) values (1) returning people.id
insert into people (id) values (1) returning excluded.id
insert into customers (id, name) values (1, 'a') on conflict (id) do update set name = excluded.nme
insert into customers (id, name) values (1, 'a') on conflict (id) do update set name = nme
insert into customers as c (id, name) values (1, 'a') on conflict (id) do update set name = customers.name
insert into customers (id, name) values (1, 'a') on conflict (id) do update set name = 'x' returning excluded.id
insert into people select 1 into x
update people set name = nme
update people set nme = name
update people set nothing = nme
update people set name = x.n from (select name as n) x
update people set name = x.n from lateral (select people.name as n) x
update people set (id, name) = (dept.*) from dept
delete from people using (select people.id) x
delete from people using lateral (select people.id) x
merge into people p using customers c on c.id = p.id when not matched then insert (id) values (shade)
merge into people using people on true when matched then delete
merge into people p using customers as p on true when matched then delete
select * from people as f (a, b, c, d, e)
select * from (table people) as f (a, b, c, d, e)
select * from (people cross join dept) as f (a, b, c, d, e, f, g, h)
select * from generate_series(1, 2) as f (a, b)
select * from xmltable('/' passing null columns v int) as f (a, b)
with t as (select 1) select * from t as f (a, b)
select id from people for update of p
select id from people p for share of shop.people
select id from people p, generate_series(1, 2) g for no key update of g
select id from (people p cross join dept) j for key share of j
with t as (select 1) select 1 from t for share of t
select 1 from (select 1 into x) s
select (row(1, 2)).nothing
select (name).nothing from customers
select '{}'::nothing[]
select nowhere.f(1)
select f('x' collate "C", 1, 2)
select lower(distinct 'x') from people
select lower('x') over () from people
select lower(*) from people
select lower('x' order by id) from people
select lower('x') filter (where true) from people
select text(distinct 1) from people
select count() from people
select count() over () from people
select sum() within group (order by id) from people
select sum(id) within group (order by id) from people
select percentile_cont(0.5) from people
select percentile_cont(0.5, id) from people
select percentile_cont(0.5) within group (order by id) over () from people
select percentile_cont(0.5, 0.6) within group (order by weight) from people
select rank(1) within group (order by id, name) from people
select rank() from people
select row_number() from people
select pg_catalog.row_number() from people
select pg_catalog.lower('x') over () from people
select tidy(1)
select shop.tidy(1)
call lower('x')
call sum(1)
call int4(1)
call tidy('x', 1)
call nothing(1)
call tidy(m => 1)
truncate nowhere.x
analyze nowhere
copy nowhere.x from stdin
select spanned(int4range(1, 2), 4.5)
select spanned(numrange(1, 2), name) from people
insert into customers (id, name) values (1, 'a') on conflict (idd) do update set name = 'x'
insert into customers (id, name) values (1, 'a') on conflict (idd) do nothing
`
  .trim()
  .split('\n');
