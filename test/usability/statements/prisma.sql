SELECT "public"."customers"."id", "public"."customers"."name", "public"."customers"."region" FROM "public"."customers" WHERE 1=1 OFFSET 0;
-- params: [4, 1, 0]
SELECT "public"."customers"."id", "public"."customers"."tenant_id", "public"."customers"."name", "public"."customers"."region", "public"."customers"."active" FROM "public"."customers" WHERE ("public"."customers"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3;
-- params: ["%customer%", 0]
SELECT "public"."customers"."id", "public"."customers"."name" FROM "public"."customers" WHERE "public"."customers"."name"::text LIKE $1 ORDER BY "public"."customers"."id" ASC OFFSET $2;
-- params: ["EU", true, 10, 0]
SELECT "public"."customers"."id", "public"."customers"."name" FROM "public"."customers" WHERE ("public"."customers"."region" = $1 AND "public"."customers"."active" = $2) ORDER BY "public"."customers"."created_at" DESC LIMIT $3 OFFSET $4;
-- params: [1, 2, 3, 0]
SELECT "public"."orders"."id", "public"."orders"."customer_id", "public"."orders"."status"::text, "public"."orders"."total" FROM "public"."orders" WHERE "public"."orders"."customer_id" IN ($1,$2,$3) OFFSET $4;
-- params: ["paid", 0]
SELECT "public"."orders"."id", "public"."orders"."status"::text FROM "public"."orders" WHERE "public"."orders"."status" = CAST($1::text AS "public"."order_status") OFFSET $2;
-- params: [0]
SELECT COUNT(*) FROM (SELECT "public"."orders"."id" FROM "public"."orders" WHERE 1=1 OFFSET $1) AS "sub";
-- params: ["EU", 0]
SELECT COUNT(*) FROM (SELECT "public"."customers"."id" FROM "public"."customers" WHERE "public"."customers"."region" = $1 OFFSET $2) AS "sub";
-- params: [0]
SELECT COUNT(*), SUM("total"), AVG("total"), MIN("total"), MAX("total") FROM (SELECT "public"."orders"."id", "public"."orders"."total" FROM "public"."orders" WHERE 1=1 OFFSET $1) AS "sub";
-- params: [0]
SELECT COUNT(*), "public"."orders"."region" FROM "public"."orders" WHERE 1=1 GROUP BY "public"."orders"."region" ORDER BY "public"."orders"."region" ASC OFFSET $1;
-- params: [100, 0]
SELECT SUM("public"."orders"."total"), "public"."orders"."customer_id" FROM "public"."orders" WHERE 1=1 GROUP BY "public"."orders"."customer_id" HAVING SUM("public"."orders"."total") > $1 OFFSET $2;
-- params: [100, 0]
SELECT "public"."customers"."id", "public"."customers"."name" FROM "public"."customers" WHERE ("public"."customers"."id") IN (SELECT "t1"."customer_id" FROM "public"."orders" AS "t1" WHERE ("t1"."total" > $1 AND "t1"."customer_id" IS NOT NULL)) OFFSET $2;
-- params: [0]
SELECT "public"."customers"."id" FROM "public"."customers" WHERE ("public"."customers"."id") NOT IN (SELECT "t1"."customer_id" FROM "public"."orders" AS "t1" WHERE (1=1 AND "t1"."customer_id" IS NOT NULL)) OFFSET $1;
-- params: ["DE", 0]
SELECT "public"."orders"."id" FROM "public"."orders" LEFT JOIN "public"."customers" AS "j1" ON ("j1"."id") = ("public"."orders"."customer_id") WHERE ("j1"."region" <> $1 AND ("j1"."id" IS NOT NULL)) OFFSET $2;
-- params: [3]
SELECT "t1"."id", "t1"."name", "Order_orders"."__prisma_data__" AS "orders" FROM "public"."customers" AS "t1" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'total', "t2"."total") AS "__prisma_data__" FROM (SELECT "t1o".* FROM "public"."orders" AS "t1o" WHERE "t1"."id" = "t1o"."customer_id" ORDER BY "t1o"."id" /* root select */) AS "t2" /* inner select */) AS "t3" /* middle select */) AS "t4" /* outer select */) AS "Order_orders" ON TRUE WHERE "t1"."id" > $1;
-- params: [2]
SELECT "t1"."id", "t1"."total", "Order_customer"."__prisma_data__" AS "customer" FROM "public"."orders" AS "t1" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'name', "t2"."name") AS "__prisma_data__" FROM (SELECT "t0".* FROM "public"."customers" AS "t0" WHERE "t1"."customer_id" = "t0"."id" LIMIT 1 /* root select */) AS "t2") AS "Order_customer" ON TRUE WHERE "t1"."id" % $1 = 0;
-- params: [0]
SELECT "public"."customers"."id", COALESCE("aggr_selection_0_Order"."_aggr_count_orders", 0) AS "_aggr_count_orders" FROM "public"."customers" LEFT JOIN (SELECT "public"."orders"."customer_id", COUNT(*) AS "_aggr_count_orders" FROM "public"."orders" WHERE 1=1 GROUP BY "public"."orders"."customer_id") AS "aggr_selection_0_Order" ON ("public"."customers"."id" = "aggr_selection_0_Order"."customer_id") WHERE 1=1 OFFSET $1;
-- params: [5, 3, 0]
SELECT "public"."customers"."id" FROM "public"."customers", (SELECT "public"."customers"."id" AS "customers_id_0" FROM "public"."customers" WHERE ("public"."customers"."id") = ($1)) AS "order_cmp" WHERE "public"."customers"."id" >= "order_cmp"."customers_id_0" ORDER BY "public"."customers"."id" ASC LIMIT $2 OFFSET $3;
-- params: ["{\"lang\":\"de\"}", 0]
SELECT "public"."customers"."id" FROM "public"."customers" WHERE ("public"."customers"."profile"::jsonb @> $1 AND jsonb_typeof("public"."customers"."profile") = 'object') OFFSET $2;
-- params: ["vip1", 0]
SELECT "public"."customers"."id" FROM "public"."customers" WHERE "public"."customers"."tags" @> ARRAY[$1]::text[] OFFSET $2;
SELECT 1;
