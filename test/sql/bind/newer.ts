/** Good statements of 17 and 18. */
export const newer: readonly string[] = `
select 0x1F, 1_000, 0b11, 0o17, 123_456_789_012
select json_object('a': id, 'b': name), json_array(id, name null on null), json_array(select id from customers) from customers
select json_objectagg(name: id), json_arrayagg(name order by id), json_objectagg(region: id returning jsonb) from customers
select json_arrayagg(name) filter (where vip), json_agg(id) from customers
select json_arrayagg(id) over (partition by region) from customers
select props is json, name is json object, json(name), json_scalar(id), json_serialize(props) from customers
select json_value(props, '$.a'), json_value(props, '$.a' returning int), json_query(props, '$.b'), json_exists(props, '$.c') from customers
select json_value(props, '$.a' passing id as x returning text default lower('X') on empty error on error) from customers
select j.a, j.b from customers c, json_table(c.props, '$[*]' columns (a int path '$.a', b text path '$.b' default 'x' on empty)) j
select * from json_table('[1]'::jsonb, '$[*]' columns (n for ordinality, v int path '$', nested path '$.x' columns (w text path '$')))
select x.a, x.b from orders, xmltable('/r' passing doc columns a int path 'a', b text path 'b' default note, n for ordinality) x
select * from (select id from customers)
select any_value(name) from customers
select system_user, session_user
insert into people (id, name) values (1, 'a') returning old.id, new.name, old, new.*
insert into customers (id, name) values (1, 'a') on conflict (id) do update set name = excluded.name returning old.name, new.name, name
update people set name = 'x' where id = 1 returning with (old as o, new as n) o.name, n.name, people.id
update people set name = 'x' returning old.name || new.name, *
delete from people returning old.name, id
merge into people p using customers c on c.id = p.id when matched then update set name = c.name when not matched by source and p.id > 3 then delete when not matched by target then insert (id) values (c.id) returning merge_action(), p.*, c.id
merge into people p using customers c on c.id = p.id when matched then delete returning old.name, new.name
with t as (merge into people p using customers c on c.id = p.id when matched then delete returning p.id) select * from t
`
  .trim()
  .split('\n');
