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
insert into people (id) values (1) on conflict on constraint nothing do nothing
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
`
  .trim()
  .split('\n');
