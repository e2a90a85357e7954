SELECT "customers".* FROM "customers";
-- params: [4, 1]
SELECT "customers".* FROM "customers" WHERE "customers"."id" = $1 LIMIT $2;
-- params: ["EU", 1]
SELECT "customers".* FROM "customers" WHERE "customers"."region" = $1 ORDER BY "customers"."id" ASC LIMIT $2;
SELECT "customers".* FROM "customers" ORDER BY "customers"."id" DESC LIMIT 1;
-- params: ["customer 4", 1]
SELECT 1 AS one FROM "customers" WHERE "customers"."name" = $1 LIMIT $2;
SELECT COUNT(*) FROM "orders";
SELECT COUNT(*) AS "count_all", "orders"."status" AS "orders_status" FROM "orders" GROUP BY "orders"."status";
SELECT SUM("orders"."total") AS "sum_total", "orders"."region" AS "orders_region" FROM "orders" GROUP BY "orders"."region" HAVING (SUM(total) > 50);
SELECT "customers"."id", "customers"."name" FROM "customers" WHERE "customers"."active" = TRUE;
SELECT "orders".* FROM "orders" WHERE "orders"."customer_id" IN (1, 2, 3, 4, 5);
SELECT "orders".* FROM "orders" INNER JOIN "customers" ON "customers"."id" = "orders"."customer_id" WHERE "customers"."region" = 'EU';
SELECT DISTINCT "customers".* FROM "customers" INNER JOIN "orders" ON "orders"."customer_id" = "customers"."id" WHERE "orders"."status" = 'paid' AND "customers"."id" < 100 AND 1 = 0;
SELECT DISTINCT "customers"."id", "customers"."name" FROM "customers" INNER JOIN "orders" ON "orders"."customer_id" = "customers"."id";
SELECT "customers"."id" AS t0_r0, "customers"."name" AS t0_r1, "orders"."id" AS t1_r0, "orders"."total" AS t1_r1 FROM "customers" LEFT OUTER JOIN "orders" ON "orders"."customer_id" = "customers"."id" WHERE "orders"."total" > 100;
SELECT DISTINCT "customers"."id", "customers"."created_at" AS alias_0 FROM "customers" LEFT OUTER JOIN "orders" ON "orders"."customer_id" = "customers"."id" WHERE "orders"."total" > 100 ORDER BY "customers"."created_at" DESC LIMIT 3;
SELECT "orders".* FROM "orders" WHERE "orders"."placed_at" BETWEEN '2025-12-01 00:00:00' AND '2026-01-31 23:59:59.999999';
SELECT "orders".* FROM "orders" WHERE "orders"."note" IS NULL AND "orders"."total" >= 100 ORDER BY "orders"."placed_at" DESC, "orders"."id" LIMIT 10 OFFSET 5;
SELECT "orders".* FROM "orders" WHERE NOT ("orders"."status" IN ('new', 'cancelled'));
SELECT "orders".* FROM "orders" WHERE ("orders"."status" = 'paid' OR "orders"."total" < 50);
SELECT "customers".* FROM "customers" WHERE (name ILIKE '%1%') ORDER BY name, id;
SELECT MAX("orders"."total") FROM "orders" WHERE "orders"."region" = 'EU';
SELECT "products"."name" FROM "products" WHERE "products"."discontinued" = FALSE ORDER BY "products"."name" ASC;
SELECT "order_items".* FROM "order_items" INNER JOIN "orders" ON "order_items"."order_id" = "orders"."id" WHERE "orders"."customer_id" = 5;
SELECT COUNT(DISTINCT "orders"."customer_id") FROM "orders";
SELECT COUNT(count_column) FROM (SELECT 1 AS count_column FROM "orders" LIMIT 7) subquery_for_count;
SELECT "customers".* FROM "customers" WHERE "customers"."id" IN (SELECT "orders"."customer_id" FROM "orders" WHERE "orders"."total" > 300);
-- on views: SELECT customers.*, (select count(*) from orders where orders.customer_id = customers.id) AS orders_count FROM "customers" ORDER BY orders_count DESC, customers.id LIMIT 5
SELECT customers.*, count(orders.id) AS orders_count FROM "customers" LEFT JOIN orders ON orders.customer_id = customers.id GROUP BY "customers"."id" ORDER BY orders_count DESC, customers.id LIMIT 5;
SELECT date_trunc('week', placed_at)::date AS week, count(*) FROM "orders" GROUP BY week ORDER BY week;
SELECT "events".* FROM "events" WHERE "events"."kind" = 'buy' AND (payload->>'n')::int > 50;
SELECT "employees".* FROM "employees" WHERE "employees"."manager_id" IS NULL;
