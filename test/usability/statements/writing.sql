insert into orders (tenant_id, customer_id, total) values (2, 1, 10);
insert into orders (tenant_id, customer_id, total) values (2, 1, 10) returning id;
insert into orders (tenant_id, customer_id, clerk, total) values (2, 1, 'ann', 10), (2, 2, 'ann', 20) returning *;
insert into orders (tenant_id, customer_id, clerk) values (2, 1, 'eve');
insert into orders (tenant_id, customer_id, clerk) values (3, 1, 'ann');
insert into orders (tenant_id, customer_id, clerk) select 2, id, 'ann' from customers where region = 'EU' returning id, customer_id;
insert into orders (id, tenant_id, customer_id) values (1001, 2, 1) on conflict (id) do nothing returning id;
insert into orders (id, tenant_id, customer_id, note) values (1001, 2, 1, 'x') on conflict (id) do update set note = excluded.note returning id, note;
update orders set note = 'seen' where id = 4;
update orders set note = 'seen' where id = 4 returning id, note;
update orders set note = 'seen';
update orders set status = 'paid', total = total * 1.1 where status = 'new' returning *;
update orders o set note = c.name from customers c where c.id = o.customer_id and c.region = 'EU';
update orders set total = (select coalesce(sum(i.price * i.quantity), 0) from order_items i where i.order_id = orders.id) where id < 30;
update orders set (status, note) = ('cancelled', 'gone') where total < 50;
update orders set (total, note) = (select sum(i.price), max('n' || i.line) from order_items i where i.order_id = orders.id) where id < 10;
update orders set clerk = 'eve', tenant_id = 3 where id < 20;
-- on views: update orders set note = null, currency = 'EUR' where id = 8
update orders set note = default, currency = default where id = 8;
delete from orders where id = 4;
delete from orders where status = 'cancelled' returning id;
delete from orders o using customers c where c.id = o.customer_id and not c.active;
delete from orders where id in (select order_id from order_items where quantity > 3);
delete from orders;
insert into order_items (order_id, line, product_id, tenant_id) values (4, 9, 1, 2);
insert into order_items (order_id, line, product_id, tenant_id) values (1, 9, 1, 2);
update order_items set quantity = quantity + 1 where order_id = 4 returning *;
delete from order_items where order_id = 4;
insert into customers (tenant_id, name, region) values (2, 'new one', 'EU') returning id, name;
insert into customers (tenant_id, name, region, tags, profile) values (2, 'b', 'US', '{a,b}', '{"lang": "fr"}');
update customers set name = upper(name) where region = 'EU' returning id, name;
update customers set profile = profile || '{"seen": true}', tags = tags || 'x' where id < 9;
update customers set profile = jsonb_set(profile, '{age}', '1') where (profile->>'age')::int > 30;
update products set stock = stock - 1 where sku = 'SKU-4' returning stock;
update products set price = price * 2 where category_id in (select id from categories where name like '%1');
insert into products (tenant_id, sku, name, price) values (2, 'SKU-4', 'again', 1) on conflict (tenant_id, sku) do update set price = excluded.price, stock = products.stock + 1 returning id, price, stock;
with moved as (delete from order_items where order_id = 4 returning *) insert into order_items (order_id, line, product_id, tenant_id) select order_id, line + 10, product_id, tenant_id from moved;
with o as (insert into orders (tenant_id, customer_id, clerk) values (2, 3, 'ann') returning id) select count(*) from o;
with o as (update orders set note = 'w' where id < 9 returning id, note) select note, count(*) from o group by note;
-- params: [2, 1, "12.50", "n"]
insert into orders (tenant_id, customer_id, total, note) values ($1, $2, $3, $4) returning id;
-- params: ["paid", 4]
update orders set status = $1 where id = $2;
-- params: [4]
delete from orders where id = $1;
-- params: [2, 5, "ann", "1.00", "new"]
INSERT INTO "public"."orders" ("tenant_id","customer_id","clerk","total","status") VALUES ($1,$2,$3,$4,CAST($5::text AS "public"."order_status")) RETURNING "public"."orders"."id";
-- params: ["shipped", 4]
UPDATE "public"."orders" SET "status" = CAST($1::text AS "public"."order_status") WHERE ("public"."orders"."id" = $2 AND 1=1) RETURNING "public"."orders"."id", "public"."orders"."status"::text;
-- params: [2, 5]
INSERT INTO "orders"("tenant_id", "customer_id", "note", "clerk") VALUES ($1, $2, DEFAULT, DEFAULT) RETURNING "id", "status", "total";
UPDATE "orders" SET "note" = 'django', "total" = ("orders"."total" + 1) WHERE "orders"."id" = 8;
DELETE FROM "orders" WHERE "orders"."id" IN (4, 8, 16);
INSERT INTO "orders" ("tenant_id", "customer_id", "clerk", "status", "placed_at", "total", "note", "currency", "region") VALUES (2, 7, 'ann', 'new'::order_status, '2026-05-01 00:00:00+00'::timestamptz, 5, NULL, 'EUR', 'EU') RETURNING "orders"."id";
INSERT INTO orders (tenant_id, customer_id, clerk, total) SELECT p0::INTEGER, p1::INTEGER, p2::VARCHAR, p3::NUMERIC FROM (VALUES (2, 1, 'ann', 1.5, 0), (2, 2, 'ann', 2.5, 1)) AS imp_sen(p0, p1, p2, p3, sen_counter) ORDER BY sen_counter RETURNING orders.id;
UPDATE orders SET note='alchemy' WHERE orders.id = 4 RETURNING orders.id, orders.note;
insert into orders (clerk,currency,customer_id,note,placed_at,region,status,tenant_id,total,id) values ('ann','EUR',3,'h','2026-01-01 00:00:00+00','EU','new',2,1,2001);
update orders set note='hib',total=3 where id=4;
INSERT INTO "orders" ("tenant_id", "customer_id", "clerk") VALUES (2, 4, 'ann') RETURNING "id";
UPDATE "orders" SET "note" = 'rails', "status" = 'paid' WHERE "orders"."id" = 4;
INSERT INTO "products" ("tenant_id","sku","name","price") VALUES (2, 'SKU-4', 'n', 3), (2, 'SKU-99', 'm', 4) ON CONFLICT ("tenant_id","sku") DO UPDATE SET "name"=excluded."name" RETURNING "id";
merge into orders o using (values (4, 'm'), (8, 'n')) v(id, note) on v.id = o.id when matched then update set note = v.note;
merge into orders o using (values (4, 'm'), (3001, 'n')) v(id, note) on v.id = o.id when matched then update set note = v.note when not matched then insert (id, tenant_id, customer_id, note, clerk) values (v.id, 2, 1, v.note, 'ann');
merge into orders o using (values (4, 'm'), (3001, 'n')) v(id, note) on v.id = o.id when matched and o.total > 1 then delete when not matched then do nothing;
merge into orders using products on products.id = orders.id and products.stock > 10 when matched then update set note = products.name when not matched then insert (id, tenant_id, customer_id, clerk) values (products.id + 5000, 2, 1, 'eve');
merge into products p using order_items i on i.product_id = p.id and i.order_id = 4 when matched then update set stock = p.stock - i.quantity;
merge into orders o using (values (3, 'hidden'), (4, 'm')) v(id, note) on v.id = o.id when matched then update set note = v.note when not matched then do nothing;
merge into orders o using (select customer_id as c, count(*) as n from orders group by 1) s on s.c = o.customer_id and o.status = 'new' when matched and s.n > 1 then update set total = s.n when matched then delete;
merge into orders as o using (values (8, 'x')) v(id, note) on (o.id = v.id) when matched then update set note = v.note, clerk = 'eve', tenant_id = 3;
merge into orders o using (values (4)) v(id) on o.id = v.id when not matched by source and o.status = 'new' then delete;
merge into orders o using (values (4)) v(id) on o.id = v.id when not matched by source then update set note = 'lonely' when matched then update set note = 'here' returning merge_action(), o.id, o.note;
merge into orders o using (values (4, 'm'), (3001, 'n')) v(id, note) on v.id = o.id when matched then delete when not matched then insert (id, tenant_id, customer_id, note, clerk) values (v.id, 2, 1, v.note, 'ann') returning merge_action(), o.id;
with m as (merge into orders o using (values (4, 'm')) v(id, note) on v.id = o.id when matched then update set note = v.note returning o.id) select count(*) from m;
merge into customers c using (values (4, 'merged'), (900, 'new')) v(id, name) on c.id = v.id when matched then update set name = v.name when not matched then insert (id, tenant_id, name, region) values (v.id, 2, v.name, 'EU');
merge into customers c using (values (900, 'new')) v(id, name) on c.id = v.id when not matched then insert values (v.id, 2, v.name);
