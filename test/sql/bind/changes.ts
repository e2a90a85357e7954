/** Changing statements over every construct. All of them are good ones, on 15 and later. */
export const changes: readonly string[] = `
insert into people values (1, 'a', 'b', 1.5)
insert into people values (1, 'a'), (2, default)
insert into people (name, id) values ('a', 1)
insert into people (id) select id from customers
insert into people select id, name, 'x' from customers where vip
insert into people (id, name) select 1, 'a' union select id, name from customers
insert into people default values
insert into people as p (id) values (1) returning p.id, p.name
insert into people (id) values (1) returning *
insert into people (id) values (1) returning id + 1 as x, (select max(id) from customers)
insert into shop.people (id) values ((select max(id) from customers))
insert into customers (id, name) values (1, 'a') on conflict do nothing
insert into customers (id, name) values (1, 'a') on conflict (id) do nothing
insert into customers (id, name) values (1, 'a') on conflict (id) do update set name = excluded.name
insert into customers as c (id, name) values (1, 'a') on conflict (id) do update set name = c.name || excluded.name where c.vip and excluded.region = 'x' returning c.id
insert into customers (id, name) values (1, 'a') on conflict on constraint customers_pkey do update set (name, region) = (excluded.name, default)
insert into customers (id, name) values (1, 'a') on conflict (id) do update set (name, region) = (select shade, name from people where people.id = excluded.id)
insert into customers (id, name, home.zip) values (1, 'a', 5)
insert into customers (id, name, tags[1]) values (1, 'a', 'x')
insert into customers (id, name, home, tags, props, mood, born) values (1, 'a', ('s', 1), '{a}', '{}', 'ok', '2020-01-01')
with t as (select id from customers) insert into people (id) select id from t
insert into people (id) with t as (select id from customers) select id from t
insert into orders (id, total) values (1, 5), (2, 5.5), (3, null)
insert into people (id, name) values (1, 'a') returning people.*, people
insert into big (id) values (3) returning total
insert into "Od d"."T able" ("select") values ('x') returning "Col 1"
insert into parent (id) values (1)
insert into parts (id, day) values (1, '2025-02-01')
update people set name = 'x'
update people set name = upper(name) where id = 1
update people set name = default, shade = null
update people as p set name = p.shade where p.id = 1 returning p.weight
update only parent set kind = 'x'
update people p set name = c.name from customers c where c.id = p.id
update people set name = c.name, shade = o.note from customers c join orders o on o.customer_id = c.id where c.id = people.id returning people.*, c.region
update people set (name, shade) = (select name, region from customers where customers.id = people.id)
update people set (name, shade) = ('a', default), weight = 1
update people set (name, shade) = row (shade, name) where id in (select id from dept)
update customers set home.zip = 5, tags[2] = 'x', tags[1:2] = '{a,b}', home.street = name
update customers set props['a'] = '1', props['b']['c'] = to_jsonb(id)
update customers set credit = credit + 1, born = born + 1, mood = 'ok'
with t as (select id from customers) update people set name = 'x' from t where t.id = people.id
update people set name = 'x' where exists (select 1 from customers where customers.id = people.id) returning *
update people set id = (select max(id) from customers), weight = id
update parent set kind = 'x' where id = 1
update parent * set kind = 'x'
update big set total = 3 where id = 1
update people p set name = x.name from lateral (select name from customers) x
delete from people
delete from people where id = 1 returning *
delete from only parent where id = 1
delete from people p using customers c where c.id = p.id and c.vip returning p.id, c.name
delete from people using customers join orders on customers.id = customer_id where people.id = customers.id
with t as (select id from customers) delete from people where id in (select id from t)
delete from people where not exists (select from customers where customers.id = people.id)
delete from people p where p.name = (select max(name) from people q where q.id <> p.id)
delete from customers where vip returning name, (select count(*) from orders where customer_id = customers.id)
merge into people p using customers c on c.id = p.id when matched then update set name = c.name when not matched then insert (id, name) values (c.id, c.name)
merge into people using (select id, name from customers) s on s.id = people.id when matched and s.name is null then delete when matched then update set (name, shade) = (s.name, default) when not matched and s.id > 3 then insert values (s.id, s.name) when not matched then do nothing
merge into only parent t using people s on t.id = s.id when matched then do nothing when not matched then insert default values
with x as (select id from customers) merge into people p using x on x.id = p.id when matched then delete
merge into people p using customers c join orders o on o.customer_id = c.id on c.id = p.id when matched and case when c.vip then true else false end then update set weight = o.total
with t as (insert into people (id) values (1) returning id) insert into dept (id) select id from t
with t as (delete from people returning id, name) update customers set name = t.name from t where t.id = customers.id
update people set name = shade, weight = weight + id where id = 1
update people set (name, weight) = (shade, id), shade = name
`
  .trim()
  .split('\n');

/** Where something is withheld of the table these are refused: whether such a constraint is there isn't known. */
export const openChanges: readonly string[] = [
  'insert into dept (id) values (1) on conflict on constraint apart do nothing',
];
